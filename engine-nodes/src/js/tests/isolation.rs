//! What one evaluation does, another never sees, and nothing of the host's can be reached.

use serde_json::{Value, json};

use super::{JsEngine, evaluate, scope_on};

fn value(engine: &JsEngine, code: &str) -> Value {
    let scope = scope_on([json!({"a": {"b": [1, {"c": 2}]}, "list": (0..20).collect::<Vec<_>>()})]);
    evaluate(engine, &format!("{{{{ {code} }}}}"), &scope).unwrap_or_else(|error| Some(json!({ "error": error.message() }))).unwrap_or(Value::Null)
}

/// Attempts to leave something behind, and what would show it.
const ATTEMPTS: &[(&str, &str)] = &[
    ("Array.prototype.x = 1", "typeof [].x"),
    ("(() => { Array.prototype.map = () => 'bad' })()", "typeof [1].map(x => x) === 'string' ? 'bad' : 'undefined'"),
    ("Object.assign(Object, {x: 1})", "typeof Object.x"),
    ("(x = 1, y = 2)", "typeof x"),
    ("(() => { Math.x = 1; JSON.parse = 1 })()", "typeof Math.x"),
    ("(() => { String['proto' + 'type'].x = 1 })()", "typeof ''.x"),
    ("(() => { DateTime.x = 1 })()", "typeof DateTime.x"),
    ("(() => { $now.plus.x = 1; $now.__x = 2 })()", "typeof $now.plus.x"),
    ("(() => { Intl.NumberFormat.x = 1 })()", "typeof Intl.NumberFormat.x"),
    (
        "(() => { $input.x = 1; $.x = 1; zip.x = 1 })()",
        "typeof zip.x + typeof $input.x + typeof $.x === 'undefinedundefinedundefined' ? 'undefined' : 'bad'",
    ),
    ("($json.a.b[1].c = 9)", "$json.a.b[1].c === 2 ? 'undefined' : 'bad'"),
    (
        "($json.list.push(1), $json.list[0] = 'x', delete $json.a)",
        "$json.list.length === 20 && $json.list[0] === 0 && $json.a.b.length === 2 ? 'undefined' : 'bad'",
    ),
    ("(function f() { f.x = 1; return typeof f.x })()", "typeof f"),
    ("[].map.x = 1", "typeof [].map.x"),
    ("(() => { $if = 1; $json = 2; Object = 3 })()", "typeof Object.keys === 'function' ? 'undefined' : 'bad'"),
    ("(() => { RegExp.x = 1; /a/.exec('a') })()", "typeof RegExp.x"),
    ("Symbol.iterator.x = 1", "typeof Symbol.iterator.x"),
    ("(async () => { await 1; Array.y = 1 })()", "typeof Array.y"),
];

#[test]
fn nothing_is_left_behind() {
    let engine = JsEngine::default();
    for (attempt, sign) in ATTEMPTS {
        value(&engine, attempt);
        assert_eq!(value(&engine, sign), json!("undefined"), "after {attempt}");
    }
    assert_eq!(value(&engine, "[3, 1].sort().concat($json.a.b[0]).map(x => x * 2)"), json!([2, 6, 2]));
}

#[test]
fn the_host_cannot_be_reached() {
    let engine = JsEngine::default();
    for code in [
        "globalThis.process",
        "(() => {}).constructor('return 1')()",
        "(() => {})['constr' + 'uctor']('return 1')()",
        "[].map['constructor']('return 1')()",
        "(function () { return this })()",
        "(function () { return typeof this })() === 'object' ? this : undefined",
        "new Function('return 1')()",
        "eval('1')",
        "(0, eval)('1')",
        "Reflect.ownKeys($json)",
        "new Proxy({}, {})",
        "Object.getPrototypeOf([])",
        "Object.getOwnPropertyDescriptor({a: 1}, 'a')",
        "Object.defineProperty({}, 'a', {value: 1})",
        "require('fs')",
        "process.mainModule",
        "process.binding",
        "import.meta",
        "arguments[0]",
        "(() => arguments)()",
        "$evaluateExpression.constructor('return 1')()",
        "Error.captureStackTrace",
        "new Error().stack.host",
    ] {
        let got = value(&engine, code);
        assert!(got.is_null() || got.get("error").is_some(), "{code}: {got}");
    }
}

#[test]
fn data_is_never_evaluated() {
    let engine = JsEngine::default();
    let scope = scope_on([json!({"a": "={{ 1 + 1 }}", "b": "{{ 1 + 1 }}"})]);
    for (template, expect) in
        [("{{ [$json.a][0] }}", "={{ 1 + 1 }}"), ("x{{ [$json.b][0] }}", "x{{ 1 + 1 }}"), ("{{ `${$json.a}` }}", "={{ 1 + 1 }}")]
    {
        assert_eq!(evaluate(&engine, template, &scope), Ok(Some(json!(expect))));
    }
}
