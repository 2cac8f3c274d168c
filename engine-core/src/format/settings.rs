//! Workflow settings: n8n's names, and a few of the engine's own.

use serde_json::{Value, json};

use super::fields::Fields;
use super::node::whole;
use crate::model::{Durability, ExecutionOrder, Json, Settings};
use crate::problem::{Problem, ProblemCode};

/// Reads settings. `default_order` is what an absent order means in the format at hand.
pub(super) fn read(settings: Json, default_order: ExecutionOrder, problems: &mut Vec<Problem>) -> Settings {
    let mut fields = Fields { rest: settings, path: "/settings".to_owned(), node: None, problems };
    let execution_order = match fields.rest.get("executionOrder").and_then(Value::as_str) {
        Some("v1") => ExecutionOrder::V1,
        Some("v0") => ExecutionOrder::V0,
        Some("parallel") => ExecutionOrder::Parallel,
        Some(other) => {
            let message = format!("executionOrder {other:?} is not known: use parallel, v1 or v0");
            fields.problem("executionOrder", ProblemCode::InvalidSetting, message);
            default_order
        }
        None => default_order,
    };
    let timezone = text_unless(&mut fields, "timezone", "DEFAULT");
    let error_workflow = text_unless(&mut fields, "errorWorkflow", "DEFAULT").map(Into::into);
    let execution_timeout = fields.number("executionTimeout");
    Settings {
        execution_order,
        timezone,
        error_workflow,
        execution_timeout,
        max_parallel_nodes: read_parallel(&mut fields),
        durability: read_durability(&mut fields),
        extra: fields.rest,
    }
}

/// A text; one that is empty or says "as the engine has it" stays in the rest.
fn text_unless(fields: &mut Fields<'_>, key: &str, default: &str) -> Option<String> {
    match fields.rest.get(key).and_then(Value::as_str) {
        Some(text) if text.is_empty() || text == default => None,
        _ => fields.text(key),
    }
}

fn read_parallel(fields: &mut Fields<'_>) -> Option<usize> {
    let number = fields.number("maxParallelNodes")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    if number.fract() == 0.0 && (1.0..=100_000.0).contains(&number) {
        return Some(number as usize);
    }
    fields.problem("maxParallelNodes", ProblemCode::InvalidSetting, "maxParallelNodes must be a whole number from 1 to 100000".to_owned());
    None
}

fn read_durability(fields: &mut Fields<'_>) -> Option<Durability> {
    let text = fields.text("durability")?;
    let durability = serde_json::from_value(json!(text)).ok();
    if durability.is_none() {
        let message = format!("durability {text:?} is not known: use memory, result or journal");
        fields.problem("durability", ProblemCode::InvalidSetting, message);
    }
    durability
}

/// Writes settings.
pub(super) fn write(settings: &Settings, default_order: ExecutionOrder) -> Json {
    let mut fields = settings.extra.clone();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    let order = match settings.execution_order {
        ExecutionOrder::Parallel => "parallel",
        ExecutionOrder::V1 => "v1",
        ExecutionOrder::V0 => "v0",
    };
    put("executionOrder", (settings.execution_order != default_order).then(|| json!(order)));
    put("timezone", settings.timezone.as_ref().map(|zone| json!(zone)));
    put("errorWorkflow", settings.error_workflow.as_ref().map(|id| json!(id)));
    put("executionTimeout", settings.execution_timeout.map(whole));
    put("maxParallelNodes", settings.max_parallel_nodes.map(Value::from));
    put("durability", settings.durability.map(|durability| json!(durability)));
    fields
}
