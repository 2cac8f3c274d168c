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

#[test]
fn extension_functions_at_their_edges() {
    for (code, expect) in [
        ("'x'.hash(null) === 'x'.hash('md5')", json!(true)),
        ("'x'.hash(5)", json!(null)),
        ("'a.b'.quote('.')", json!(".a\\.b.")),
        ("'ab a'.quote('b')", json!("b\\bab\\b \\ba\\bb")),
        ("'R$ 12'.toNumber() + 'CHF 5'.toInt()", json!(17)),
        ("'2024-01-05'.toDateTime(null).day", json!(5)),
        ("DateTime.utc(2024, 1, 5).format('EEEE', 'de') + DateTime.utc(2024, 1, 5).format('EEEE', {locale: 'de'})", json!("FridayFreitag")),
        ("'mailto:joe@mail.example.org'.extractDomain()", json!("mail.example.org")),
        ("'me@[10.0.0.1]'.extractEmail()", json!("me@[10.0.0.1]")),
        ("'to me@example.org'.isEmail()", json!(false)),
        ("'http://me:pw@example.org/'.isUrl()", json!(false)),
        ("'(https://example.org/a)'.extractUrl()", json!("https://example.org/a)")),
        ("'https://nowhere'.extractUrl()", json!(null)),
        ("'a > b\\n> c'.removeMarkdown()", json!("a  b\n c")),
        ("'é 😀'.replaceSpecialChars()", json!("e ?")),
        ("(1234.5).format(7)", json!("1,234.5")),
        ("$average(1, NaN)", json!(null)),
        ("DateTime.fromISO('2024-01-01T00:30:00Z').isBetween('2024-01-02', '2024-01-01')", json!(true)),
        ("DateTime.fromISO('2024-01-01').isBetween('nonsense', '2024-01-01')", json!(null)),
        ("DateTime.fromISO('2024-01-03').diffTo('2024-01-01', ['days'])", json!(2)),
        ("DateTime.fromISO('2024-01-03').diffTo('2024-01-01', [])", json!(2)),
        ("DateTime.fromISO('2024-01-03').diffTo('2024-01-01', ['days', 'hours'])", json!({"days": 2, "hours": 0})),
        ("$ifEmpty(new Date(0), 'd') + $ifEmpty(DateTime.fromISO('2024-01-01'), 'd').year", json!("d2024")),
        ("new Date(0).diffTo('2024-01-01')", json!(null)),
        ("DateTime.fromISO('1900-01-01').diffToNow() < 0", json!(true)),
        ("DateTime.fromISO('2900-01-01').diffToNow('years') > 0", json!(true)),
        ("'' + new Date(0)", json!("Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)")),
    ] {
        check(code, expect);
    }
}

#[test]
fn short_lists_are_sorted_in_the_order_of_v8() {
    check("[4, 3, 3, 2, 9].sort((a, b) => (a > b ? 1 : -1))", json!([2, 3, 3, 4, 9]));
    check("[1, 2, 3, 4, 5].sort(() => -1)", json!([5, 4, 3, 2, 1]));
    check("['a1', 'b0', 'c1', 'd1'].sort((a, b) => (a[1] > b[1] ? 1 : -1)).join()", json!("b0,d1,c1,a1"));
    check("[3, undefined, 1].sort((a, b) => a - b)", json!([1, 3, null]));
    check("Array.from({length: 200}, (_, i) => (i * 7) % 200).sort((a, b) => a - b).every((value, index) => value === index)", json!(true));
}
