//! Tests of the engine as a whole.

mod conformance;
mod data;
mod hostile;
mod isolation;

use engine_core::expression::{Evaluation, FixedScope, Scope, Template};
use engine_core::model::Item;
use futures::executor::block_on;
use serde_json::{Value, json};

use super::{JsEngine, JsLimits};

/// What an expression, with its braces, gives for an item.
fn evaluate(engine: &JsEngine, expression: &str, scope: &dyn Scope) -> Evaluation {
    let template = Template::compile_scripted(expression, engine)?;
    block_on(template.evaluate(scope))
}

/// A scope with a node `Prev` before the node at hand, from which these items came.
fn scope_on(items: impl IntoIterator<Item = Value>) -> FixedScope {
    FixedScope::new(items.into_iter().map(Item::from_value).collect::<Vec<_>>()).coming_from("Prev")
}

/// Checks the value of an expression for an item; undefined is null.
fn check_on(item: Value, expression: &str, expect: Value) {
    let scope = scope_on([item]);
    let got = evaluate(&JsEngine::default(), expression, &scope);
    assert_eq!(got.map(Option::unwrap_or_default), Ok(expect), "{expression}");
}

/// Checks the value of the code of an expression.
fn check(code: &str, expect: Value) {
    check_on(json!({}), &format!("{{{{ {code} }}}}"), expect);
}

#[test]
fn evaluates() {
    check("1 + 1", json!(2));
    check("[1, 2].map(x => x * 2)", json!([2, 4]));
    check_on(json!({"a": {"b": [1, {"c": "x"}]}}), "{{ $json.a.b[1].c }}", json!("x"));
}
