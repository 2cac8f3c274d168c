//! Expressions whose values n8n gave. The recorded pairs are not part of the project; where they are not beside it, there is nothing to check.

#![expect(clippy::unwrap_used, reason = "a recording that is not as expected fails the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine_core::expression::{ExecutionFacts, ExpressionErrorKind, Facts, FixedScope, NodeFacts, Template, WorkflowFacts};
use engine_core::model::{Item, Json, NodeVersion};
use serde_json::{Value, json};

/// How many of the recorded pairs the native evaluator answers. It may grow, never shrink.
const NATIVE_AT_LEAST: usize = 160;

#[test]
fn what_is_native_gives_what_n8n_gives() {
    let Some(path) = recorded() else { return };
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let pairs = recorded["pairs"].as_array().unwrap();
    let native = pairs.iter().filter(|pair| check(pair, &recorded["context"])).count();
    println!("{native} of {} natively", pairs.len());
    assert!(native >= NATIVE_AT_LEAST, "only {native} natively");
}

fn recorded() -> Option<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/conformance/expressions.json")).find(|path| path.exists())
}

/// Compares one pair; false when it needs a script engine.
fn check(pair: &Value, contexts: &Value) -> bool {
    let expression = pair["expression"].as_str().unwrap();
    let scope = scope(pair, &contexts[pair["context"].as_str().unwrap_or_default()]);
    let answer =
        Template::compile(expression.strip_prefix('=').unwrap_or(expression), None).and_then(|template| template.evaluate_now(&scope).unwrap());
    match answer {
        Err(error) if error.kind() == ExpressionErrorKind::NeedsScriptEngine => return false,
        Err(error) => assert!(pair.get("error").is_some(), "{expression}: error {error}, n8n {}", pair["value"]),
        Ok(value) => {
            assert!(pair.get("error").is_none(), "{expression}: {value:?}, n8n error {}", pair["error"]);
            assert!(same(&value.unwrap_or_else(|| json!({"$undefined": true})), &pair["value"]), "{expression}: n8n {}", pair["value"]);
        }
    }
    true
}

/// Numbers are compared by value; NaN is null in JSON.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs)),
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len() && ours.iter().all(|(key, value)| theirs.get(key).is_some_and(|theirs| same(value, theirs)))
        }
        _ => ours == theirs || (ours.is_null() && *theirs == json!({"$number": "NaN"})),
    }
}

fn scope(pair: &Value, context: &Value) -> FixedScope {
    let items: Vec<Item> = pair["items"].as_array().unwrap().iter().cloned().map(Item::from_value).collect();
    let text = |value: &Value| Arc::<str>::from(value.as_str().unwrap_or_default());
    let object = |value: &Value| Arc::new(value.as_object().cloned().unwrap_or_else(Json::new));
    let node = &context["node"];
    let facts = Facts {
        workflow: WorkflowFacts {
            id: text(&context["workflow"]["id"]),
            name: text(&context["workflow"]["name"]),
            active: context["workflow"]["active"] == true,
        },
        execution: ExecutionFacts { id: text(&context["$execution"]["id"]), mode: text(&context["$execution"]["mode"]), ..ExecutionFacts::default() },
        node: NodeFacts {
            name: text(&node["name"]),
            version: Some(NodeVersion::ONE),
            parameters: object(&node["parameters"]),
            ..NodeFacts::default()
        },
        variables: object(&context["$vars"]),
        time_zone: context["timezone"].as_str().unwrap_or("America/New_York").into(),
    };
    // In the recordings the items came from a node of this name.
    FixedScope::new(items).with_facts(facts).coming_from("Prev")
}
