//! Finds the values of the scope: items, parameters, facts.

use std::sync::Arc;

use serde_json::Value;

use super::ast::{Expr, Fact, ItemAt, NodeItemsAt, Root};
use super::eval::{Context, Stop, eval, no_files};
use super::value::Val;
use super::{clock, fail};
use crate::expression::{ExpressionErrorKind, NodeItems};
use crate::model::{Batch, Item};

/// The value of a root.
pub(super) fn resolve<'a>(root: &'a Root, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    start(root, cx).and_then(|value| guard(root, value))
}

/// The value from which members of a root are looked up. What comes out in the end goes through [`guard`].
pub(super) fn start<'a>(root: &'a Root, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let scope = cx.scope;
    Ok(match root {
        // Without such an item there is nothing to take the JSON from: JavaScript would throw.
        Root::Json(at) => Val::Object(item(at, cx)?.ok_or(Stop::Throw)?.json()),
        Root::Item(at) => item(at, cx)?.map_or(Val::Undefined, Val::Item),
        Root::Binary => current(cx)?.binary().map_or_else(no_files, Val::Files),
        Root::Input => Val::Items(input(cx)?),
        Root::Items(at) => Val::Items(items(at, cx)?),
        Root::IsExecuted(node) => Val::Bool(scope.other_node(node)?.executed),
        Root::RunIndexOf(node) => {
            let other = scope.other_node(node)?;
            if other.executed { Val::count(other.run_index) } else { Val::Number(-1.0) }
        }
        Root::ParametersOf(node) => Val::Object(&cx.held.node(scope.other_node(node)?).parameters),
        Root::ContextOf(node) => Val::Object(&cx.held.node(scope.other_node(node)?).context),
        Root::Parameters => Val::Object(&scope.facts().node.parameters),
        Root::Variables => Val::Object(&scope.facts().variables),
        Root::Own(name) => scope.variables().and_then(|variables| variables.get(*name)).map_or(Err(Stop::GiveUp), |value| Ok(Val::of(value)))?,
        Root::Fact(fact) => known(*fact, cx)?,
    })
}

/// Parameters that hold expressions are for the script engine, which evaluates them when they are read.
pub(super) fn guard<'a>(root: &Root, value: Val<'a>) -> Result<Val<'a>, Stop> {
    if !matches!(root, Root::Parameters | Root::ParametersOf(_)) {
        return Ok(value);
    }
    let dynamic = match &value {
        Val::Text(text) => text.starts_with('='),
        Val::Array(items) => items.iter().any(holds_expression),
        Val::Object(object) => object.values().any(holds_expression),
        _ => false,
    };
    if dynamic { Err(Stop::GiveUp) } else { Ok(value) }
}

fn holds_expression(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('='),
        Value::Array(items) => items.iter().any(holds_expression),
        Value::Object(object) => object.values().any(holds_expression),
        _ => false,
    }
}

fn item<'a>(at: &'a ItemAt, cx: Context<'a>) -> Result<Option<&'a Item>, Stop> {
    match at {
        ItemAt::Current => current(cx).map(Some),
        ItemAt::First => Ok(input(cx)?.first()),
        ItemAt::Last => Ok(input(cx)?.last()),
        ItemAt::Paired(node, index) => {
            let index = index.as_ref().map_or(Ok(cx.scope.item_index()), |index| item_index(index, cx))?;
            cx.scope.paired_item(node, index)?.map(|found| Some(cx.held.item(found))).ok_or(Stop::Throw)
        }
        ItemAt::FirstOf(at) => Ok(items(at, cx)?.first()),
        ItemAt::LastOf(at) => Ok(items(at, cx)?.last()),
        ItemAt::Beside(node) => {
            let batch: &Batch = cx.held.batch(cx.scope.node_items(&NodeItems::beside(node))?);
            batch.as_slice().get(cx.scope.item_index()).map(Some).ok_or_else(|| no_item(cx.scope.item_index()))
        }
    }
}

fn items<'a>(at: &'a NodeItemsAt, cx: Context<'a>) -> Result<&'a [Item], Stop> {
    let query = NodeItems { output: at.output, run: at.run, ..NodeItems::of(&at.node) };
    Ok(cx.held.batch(cx.scope.node_items(&query)?).as_slice())
}

fn input(cx: Context<'_>) -> Result<&[Item], Stop> {
    let input = cx.scope.input().as_slice();
    if input.is_empty() { Err(fail(ExpressionErrorKind::NotExecuted, "no execution data available: the node has no input items")) } else { Ok(input) }
}

fn current(cx: Context<'_>) -> Result<&Item, Stop> {
    input(cx)?.get(cx.scope.item_index()).ok_or_else(|| no_item(cx.scope.item_index()))
}

fn no_item(index: usize) -> Stop {
    fail(ExpressionErrorKind::OutOfRange, format!("no data found for item index {index}"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn item_index<'a>(index: &'a Expr, cx: Context<'a>) -> Result<usize, Stop> {
    let number = eval(index, cx)?.as_number().ok_or(Stop::GiveUp)?;
    if number.fract() == 0.0 && (0.0..1e9).contains(&number) { Ok(number as usize) } else { Err(Stop::GiveUp) }
}

fn known<'a>(fact: Fact, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let (scope, facts) = (cx.scope, cx.scope.facts());
    let maybe = |text: &'a Option<Arc<str>>| text.as_deref().map_or(Val::Undefined, Val::text);
    Ok(match fact {
        Fact::ItemIndex => Val::count(scope.item_index()),
        Fact::RunIndex => Val::count(scope.run_index()),
        Fact::Now => Val::owned(clock::now(scope.now(), &facts.time_zone)?),
        Fact::Today => Val::owned(clock::today(scope.now(), &facts.time_zone)?),
        Fact::WorkflowId => Val::text(&facts.workflow.id),
        Fact::WorkflowName => Val::text(&facts.workflow.name),
        Fact::WorkflowActive => Val::Bool(facts.workflow.active),
        Fact::ExecutionId => Val::text(&facts.execution.id),
        Fact::ExecutionMode => Val::text(&facts.execution.mode),
        Fact::ResumeUrl => maybe(&facts.execution.resume_url),
        Fact::ResumeFormUrl => maybe(&facts.execution.resume_form_url),
        Fact::NodeId => Val::text(&facts.node.id),
        Fact::NodeVersion => facts.node.version.map_or(Val::Undefined, |version| Val::Number(version.as_f64())),
        Fact::WebhookId => maybe(&facts.node.webhook_id),
        Fact::PreviousName => scope.previous().map_or(Val::Undefined, |source| Val::text(&source.node)),
        Fact::PreviousOutput => scope.previous().map_or(Val::Undefined, |source| Val::Number(f64::from(source.output))),
        Fact::PreviousRun => scope.previous().map_or(Val::Undefined, |source| Val::Number(f64::from(source.run))),
    })
}
