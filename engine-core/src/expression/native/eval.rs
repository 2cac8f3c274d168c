//! Evaluation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::ast::{Expr, ItemAt, Key, Literal, Logic, Root, Unary};
use super::held::Held;
use super::member::{self, PropertyKey};
use super::operators::check_length;
use super::value::Val;
use super::{fail, functions, methods, roots};
use crate::expression::{ExpressionError, ExpressionErrorKind, Scope, js};
use crate::model::Binary;

/// The most memory, in bytes, that the calls of one evaluation may make; it bounds their time as well.
const MOST_MADE: usize = if cfg!(test) { 16 << 20 } else { 256 << 20 };

/// What an evaluation works with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) scope: &'a dyn Scope,
    pub(super) held: &'a Held,
}

/// Why an evaluation ended without a value.
#[derive(Debug)]
pub(super) enum Stop {
    /// A `?.` met null or undefined; the chain around it is undefined.
    Short,
    /// JavaScript would throw.
    Throw,
    /// An error that fails the item.
    Fail(Box<ExpressionError>),
    /// Beyond what the evaluator can represent.
    GiveUp,
}

impl From<ExpressionError> for Stop {
    fn from(error: ExpressionError) -> Self {
        Self::Fail(Box::new(error))
    }
}

static NO_FILES: BTreeMap<String, Binary> = BTreeMap::new();

/// Evaluates an expression.
pub(super) fn eval<'a>(expr: &'a Expr, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    match expr {
        Expr::Path(root, keys) => path(root, keys, cx),
        Expr::Literal(literal) => Ok(constant(literal)),
        Expr::Root(root) => roots::resolve(root, cx),
        Expr::Member { object, key, optional } => {
            let object = receiver(object, *optional, cx)?;
            member::get(&object, &PropertyKey::from(key))
        }
        Expr::Index { object, index, optional } => indexed(object, index, *optional, cx),
        Expr::Chain(inner) => match eval(inner, cx) {
            Err(Stop::Short) => Ok(Val::Undefined),
            other => other,
        },
        Expr::Method { object, method, arguments, optional } => {
            let object = receiver(object, *optional, cx)?;
            // A method is looked up before its arguments are evaluated; extension functions are not members of the value.
            if object.is_nullish() && !method.is_extension() {
                return Err(Stop::Throw);
            }
            methods::call(*method, object, &all(arguments, cx)?).and_then(|made| counted(made, cx))
        }
        Expr::Function(function, arguments) => functions::call(*function, all(arguments, cx)?).and_then(|made| counted(made, cx)),
        Expr::Unary(operator, operand) => unary(*operator, &eval(operand, cx)?),
        Expr::Arithmetic(operator, operands) => {
            let [left, right] = operands.as_ref();
            operator.apply(eval(left, cx)?, eval(right, cx)?)
        }
        Expr::Comparison(operator, operands) => {
            let [left, right] = operands.as_ref();
            operator.apply(eval(left, cx)?, eval(right, cx)?).map(Val::Bool)
        }
        Expr::Logic(operator, operands) => logic(*operator, operands, cx),
        Expr::Conditional(parts) => {
            let [test, then, otherwise] = parts.as_ref();
            eval(if eval(test, cx)?.truthy() { then } else { otherwise }, cx)
        }
        Expr::Template(texts, values) => template(texts, values, cx),
        Expr::Array(items) => all(items, cx).map(|items| Val::List(items.into())),
        Expr::Object(entries) => record(entries, cx).map(|entries| Val::Record(entries.into())),
        Expr::IndexedObject(entries) => {
            let mut entries = record(entries, cx)?;
            entries.sort_by_key(|(key, _)| js::array_index(key).map_or(u64::MAX, u64::from));
            Ok(Val::Record(entries.into()))
        }
    }
}

fn path<'a>(root: &'a Root, keys: &'a [Key], cx: Context<'a>) -> Result<Val<'a>, Stop> {
    if let Root::Json(ItemAt::Current) = root
        && let Some(found) = plain_path(keys, cx.scope)
    {
        return Ok(Val::of(found));
    }
    let mut value = roots::start(root, cx)?;
    for key in keys {
        value = member::get(&value, &PropertyKey::from(key))?;
    }
    roots::guard(root, value)
}

/// The value of an expression that is nothing but `$json.a.b`. `None` says nothing about the value.
pub(super) fn plain_member<'a>(expr: &Expr, scope: &'a dyn Scope) -> Option<&'a Value> {
    match expr {
        Expr::Path(Root::Json(ItemAt::Current), keys) => plain_path(keys, scope),
        _ => None,
    }
}

/// The quick way for names alone, and members of objects down to the end. `None` says nothing about the value.
fn plain_path<'a>(keys: &[Key], scope: &'a dyn Scope) -> Option<&'a Value> {
    let (last, before) = keys.split_last()?;
    let mut object = scope.input().get(scope.item_index())?.json();
    for key in before {
        let Key::Name(name) = key else { return None };
        object = member::lookup(object, name)?.as_object()?;
    }
    let Key::Name(name) = last else { return None };
    member::lookup(object, name)
}

/// Fails when the calls of an evaluation have made more than they may.
fn counted<'a>(made: Val<'a>, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let bytes = match &made {
        Val::Text(Cow::Owned(text)) => text.len(),
        Val::List(items) => size_of_val::<[Val<'_>]>(items),
        _ => return Ok(made),
    };
    if cx.held.count(bytes) > MOST_MADE {
        Err(fail(ExpressionErrorKind::Limit, "the expression makes more than 256 MiB of values"))
    } else {
        Ok(made)
    }
}

pub(super) fn constant(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Undefined => Val::Undefined,
        Literal::Null => Val::Null,
        Literal::Bool(value) => Val::Bool(*value),
        Literal::Number(number) => Val::Number(*number),
        Literal::Text(text) => Val::text(text),
    }
}

fn receiver<'a>(object: &'a Expr, optional: bool, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let object = eval(object, cx)?;
    if optional && object.is_nullish() { Err(Stop::Short) } else { Ok(object) }
}

fn indexed<'a>(object: &'a Expr, index: &'a Expr, optional: bool, cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let object = receiver(object, optional, cx)?;
    let index = eval(index, cx)?;
    if object.is_nullish() {
        return Err(Stop::Throw);
    }
    member::get(&object, &member::property_key(&index)?)
}

fn all<'a>(exprs: &'a [Expr], cx: Context<'a>) -> Result<Vec<Val<'a>>, Stop> {
    exprs.iter().map(|expr| eval(expr, cx)).collect()
}

fn unary<'a>(operator: Unary, operand: &Val<'_>) -> Result<Val<'a>, Stop> {
    Ok(match operator {
        Unary::Not => Val::Bool(!operand.truthy()),
        Unary::Negate => Val::Number(-operand.to_number()?),
        Unary::Plus => Val::Number(operand.to_number()?),
        Unary::TypeOf => Val::text(operand.type_name()),
        Unary::Void => Val::Undefined,
    })
}

fn logic<'a>(operator: Logic, operands: &'a [Expr; 2], cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let [left, right] = operands;
    let left = eval(left, cx)?;
    let decided = match operator {
        Logic::And => !left.truthy(),
        Logic::Or => left.truthy(),
        Logic::Coalesce => !left.is_nullish(),
    };
    if decided { Ok(left) } else { eval(right, cx) }
}

fn template<'a>(texts: &'a [Box<str>], values: &'a [Expr], cx: Context<'a>) -> Result<Val<'a>, Stop> {
    let mut out = String::new();
    for (index, text) in texts.iter().enumerate() {
        out.push_str(text);
        if let Some(value) = values.get(index) {
            out.push_str(&eval(value, cx)?.to_text()?);
        }
        check_length(out.len())?;
    }
    Ok(Val::owned(out))
}

fn record<'a>(entries: &'a [(Box<str>, Expr)], cx: Context<'a>) -> Result<Vec<(Cow<'a, str>, Val<'a>)>, Stop> {
    entries.iter().map(|(key, value)| Ok((Cow::Borrowed(&**key), eval(value, cx)?))).collect()
}

pub(super) fn no_files<'a>() -> Val<'a> {
    Val::Files(&NO_FILES)
}
