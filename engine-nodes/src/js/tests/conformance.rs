//! The recorded expressions of n8n, evaluated by the script engine alone. They lie outside of the project; without them there is nothing to test.

use std::path::Path;
use std::sync::Arc;

use engine_core::expression::{FixedScope, Scope};
use serde_json::{Value, json};

use super::{JsEngine, JsLimits, evaluate, scope_on};

/// Pairs that differ, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("e0160", "recorded as a date without a time by another tool than the others, which record a DateTime as a DateTime"),
    ("e0554", "the version and the number of the process that recorded it"),
];

fn pairs() -> Option<Value> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let text = above.map(|folder| folder.join("shared/conformance/expressions.json")).find_map(|file| std::fs::read_to_string(file).ok())?;
    Some(serde_json::from_str(&text).unwrap())
}

fn scope_of(pair: &Value, probe: &Value) -> FixedScope {
    let scope = scope_on(pair["items"].as_array().unwrap().iter().cloned());
    if pair["context"] != "probe" {
        return scope;
    }
    let text = |value: &Value| value.as_str().unwrap().into();
    let mut facts = scope.facts().clone();
    facts.time_zone = text(&probe["timezone"]);
    facts.workflow.id = text(&probe["workflow"]["id"]);
    facts.workflow.name = text(&probe["workflow"]["name"]);
    facts.execution.id = text(&probe["$execution"]["id"]);
    facts.execution.mode = text(&probe["$execution"]["mode"]);
    facts.variables = Arc::new(probe["$vars"].as_object().unwrap().clone());
    facts.node.parameters = Arc::new(probe["node"]["parameters"].as_object().unwrap().clone());
    scope.with_facts(facts)
}

/// Equal as the checker has it: numbers by value, with a little room.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other))),
        _ => a == b,
    }
}

#[test]
fn gives_what_n8n_gives() {
    let Some(recorded) = pairs() else { return };
    let engine = JsEngine::with_marked_values(JsLimits::default());
    let mut wrong = Vec::new();
    for pair in recorded["pairs"].as_array().unwrap() {
        let (id, expression) = (pair["id"].as_str().unwrap(), pair["expression"].as_str().unwrap());
        let scope = scope_of(pair, &recorded["context"]["probe"]);
        let got = match expression.strip_prefix('=') {
            Some(template) => evaluate(&engine, template, &scope),
            None => Ok(Some(json!(expression))),
        };
        let right = match (&got, pair.get("value")) {
            (Ok(value), Some(expect)) => same(&value.clone().unwrap_or_else(|| json!({"$undefined": true})), expect),
            (Err(_), None) => true,
            _ => false,
        };
        let listed = DIFFERENT.iter().any(|(different, _)| *different == id);
        if right == listed {
            wrong.push(format!("{id} {expression}\n  got {got:?}\n  n8n {} {}", pair["value"], pair["error"]));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
