//! The engine's data as scripts see it: like plain values in every respect, and converted only as far as it is touched.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{JsEngine, check_on, evaluate, scope_on};

#[test]
fn objects_pass_for_plain_ones() {
    let item = || json!({"b": 1, "a": {"x": [1, 2]}, "list": (0..12).collect::<Vec<_>>(), "n": null});
    let check = |code: &str, expect: Value| check_on(item(), &format!("{{{{ {code} }}}}"), expect);
    check("Object.keys($json)", json!(["b", "a", "list", "n"]));
    check("Object.entries($json.a)", json!([["x", [1, 2]]]));
    check("({...$json}).b", json!(1));
    check("JSON.stringify($json)", json!(r#"{"b":1,"a":{"x":[1,2]},"list":[0,1,2,3,4,5,6,7,8,9,10,11],"n":null}"#));
    check("JSON.stringify($json, null, 1).length > 50", json!(true));
    check("Object.assign({}, $json, {b: 2}).b", json!(2));
    check("(({b, ...rest}) => rest)($json).a", json!({"x": [1, 2]}));
    check("'b' in $json && !('zz' in $json) && 'toString' in $json", json!(true));
    check("$json.hasOwnProperty('b') && !$json.hasOwnProperty('zz') && Object.hasOwn($json, 'n')", json!(true));
    check("$json.toString() + typeof $json + ($json instanceof Object)", json!("[object Object]objecttrue"));
    check("$json.a === $json.a && $json.list === $json.list", json!(true));
    check("(() => { const k = []; for (const key in $json) k.push(key); return k.join() })()", json!("b,a,list,n"));
    check("Object.keys($json).length + Object.values($json).length", json!(8));
    check("Object.fromEntries(Object.entries($json).filter(([k]) => k === 'b'))", json!({"b": 1}));
    check("$json.missing === undefined && $json.n === null", json!(true));
    check("[$json].flat()[0].b", json!(1));
    check("Object.isFrozen($json)", json!(false));
}

#[test]
fn lists_pass_for_arrays() {
    let item = || json!({"list": (0..12).collect::<Vec<_>>(), "deep": (0..10).map(|i| json!({"i": i, "l": [i]})).collect::<Vec<_>>()});
    let check = |code: &str, expect: Value| check_on(item(), &format!("{{{{ {code} }}}}"), expect);
    check("Array.isArray($json.list) && $json.list instanceof Array", json!(true));
    check("$json.list.length + $json.list[3] + $json.list.at(-1)", json!(26));
    check("$json.list.map(x => x * 2).slice(0, 3)", json!([0, 2, 4]));
    check("$json.list.filter(x => x > 9)", json!([10, 11]));
    check("[...$json.list].reverse()[0]", json!(11));
    check("$json.list.concat([1]).length", json!(13));
    check("[0].concat($json.list).length", json!(13));
    check("$json.list.join('')", json!("01234567891011"));
    check("`${$json.list}`", json!("0,1,2,3,4,5,6,7,8,9,10,11"));
    check("(([a, b, ...c]) => [a, b, c.length])($json.list)", json!([0, 1, 10]));
    check("$json.list.includes(5) && $json.list.indexOf(5) === 5 && 5 in $json.list", json!(true));
    check("$json.deep[4].i + $json.deep[4].l[0]", json!(8));
    check("$json.deep.find(x => x.i === 3).l", json!([3]));
    check("$json.deep.reduce((s, x) => s + x.i, 0)", json!(45));
    check("JSON.stringify($json.deep).length", json!(161));
    check("$json.deep[2] === $json.deep[2] && $json.deep.indexOf($json.deep[2]) === 2", json!(true));
    check("Object.keys($json.list).length", json!(12));
    check("$json.list[99] === undefined && $json.list['x'] === undefined", json!(true));
    check("Array.from($json.list, x => x + 1)[11]", json!(12));
    check("Math.max(...$json.list)", json!(11));
    check("$json.list.slice().sort((a, b) => b - a)[0]", json!(11));
    check("$json.list.last() + $json.list.sum()", json!(77));
    check("(() => { let s = 0; for (const x of $json.list) s += x; return s })()", json!(66));
}

#[test]
fn changes_are_the_scripts_own() {
    let item = || json!({"a": {"b": 1}, "list": (0..12).collect::<Vec<_>>()});
    let check = |code: &str, expect: Value| check_on(item(), &format!("{{{{ {code} }}}}"), expect);
    check("(() => { $json.a.b = 2; $json.c = 3; return $json })()", json!({"a": {"b": 2}, "list": (0..12).collect::<Vec<_>>(), "c": 3}));
    check("(() => { delete $json.a; return Object.keys($json) })()", json!(["list"]));
    check("(() => { $json.list.push(12); $json.list[0] = 'x'; return [$json.list.length, $json.list[0], $json.list[1]] })()", json!([13, "x", 1]));
    check("(() => { $json.list.length = 2; return $json.list })()", json!([0, 1]));
    check("(() => { const x = $json.list[3]; $json.list.sort((a, b) => b - a); return [x, $json.list[0]] })()", json!([3, 11]));
    check("(() => { const a = $json.a; $json.x = 1; a.b = 5; return [$json.a.b, $json.a === a] })()", json!([5, true]));
}

#[test]
fn keys_that_are_numbers_come_first() {
    check_on(json!({"b": 1, "10": 2, "2": 3}), "{{ Object.keys($json).map(x => x) }}", json!(["2", "10", "b"]));
}

#[test]
fn values_beyond_json_come_out_as_json_has_them() {
    let check = |code: &str, expect: Value| check_on(json!({}), &format!("{{{{ {code} }}}}"), expect);
    check("[NaN, 1 / 0, undefined, () => 1, null]", json!([null, null, null, null, null]));
    check("({a: undefined, b: () => 1, c: Symbol('x'), d: 1})", json!({"d": 1}));
    check("[new Date(0), new Map([[1, 2]]), new Set([1]), /a/]", json!(["1970-01-01T00:00:00.000Z", {}, {}, {}]));
    check("new Date(NaN)", json!(null));
    check("({toJSON() { return {a: 1} } })", json!({"a": 1}));
    check("[new String('a'), new Number(1), Object(true)]", json!(["a", 1, true]));
    check("[1.5, -0, 1e300, 2 ** 52]", json!([1.5, 0, 1e300, 4_503_599_627_370_496_u64]));
    check("new Uint8Array([1, 2])", json!({"0": 1, "1": 2}));
    check("'\\ud800x'", json!("\u{fffd}x"));
    check("DateTime.fromISO('2024-01-02T03:04:05Z', {zone: 'utc'})", json!("2024-01-02T03:04:05.000Z"));
    check("12345678901234567890n", json!("12345678901234567890"));
}

fn values() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |number| serde_json::Number::from_f64(number).map(Value::Number))
    ];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool), numbers, ".{0,12}".prop_map(Value::String)];
    leaf.prop_recursive(4, 64, 14, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..14).prop_map(Value::Array),
            // Keys that JavaScript would move to the front are left out.
            proptest::collection::vec(("[a-z_ é\u{0}\"]{0,6}", inner), 0..10).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whether a script hands a value back untouched, touches every part of it, or builds it anew, it is the same.
    #[test]
    fn values_come_back_as_they_went(value in values()) {
        static ENGINE: LazyLock<JsEngine> = LazyLock::new(JsEngine::default);
        let engine = &*ENGINE;
        let scope = scope_on([json!({"v": value.clone()})]);
        let touch = "(() => { const seen = []; const walk = x => { if (typeof x === 'object' && x) for (const k of Object.keys(x)) walk(x[k]); seen.push(x) }; walk($json.v); return $json.v })()";
        let copy = "(function copy(x) { return Array.isArray(x) ? x.map(y => copy(y)) : typeof x === 'object' && x ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, copy(v)])) : x })($json.v)";
        for code in ["[$json.v][0]", touch, copy, "JSON.parse(JSON.stringify($json.v))"] {
            let got = evaluate(engine, &format!("{{{{ {code} }}}}"), &scope).unwrap();
            prop_assert_eq!(normal(&got.unwrap()), normal(&value), "{}", code);
        }
    }
}

/// Numbers as JavaScript has them, and keys in any order.
fn normal(value: &Value) -> Value {
    match value {
        Value::Number(number) => engine_core::expression::js::from_f64(number.as_f64().unwrap()),
        Value::Array(list) => list.iter().map(normal).collect(),
        Value::Object(fields) => Value::Object(fields.iter().map(|(key, value)| (key.clone(), normal(value))).collect()),
        other => other.clone(),
    }
}
