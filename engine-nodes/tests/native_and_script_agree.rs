//! The native evaluator and the script engine give the same value for the same expression, whatever it is.

#![cfg(feature = "js")]
#![expect(clippy::unwrap_used, reason = "the fixed parts of the test cannot fail")]

use std::cell::Cell;
use std::sync::Arc;

use engine_core::expression::{Evaluation, ExpressionErrorKind, FixedScope, ScriptEngine, Template};
use engine_core::model::Item;
use engine_nodes::js::JsEngine;
use futures::executor::block_on;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const ATOMS: &str = r#"0 1 2 (-1) 3.7 (-2.5) 1e21 1e-7 0.1 NaN Infinity (-0) 1.005 255 4294967295 0xff 'a' '' '10' '9' '0x1f' '1e3' 'abc' 'a,b,,c' 'é€' 'a\u{1F600}b' '1,2' 'true'
    '.5' '$&' "$'" 'length' 't' 'ß' true false null undefined [] ({}) [1,2] [null] ['a','b',3] ({a:1,2:'x'}) [[1,[2]],undefined] $json.n $json.i $json.t $json.e $json.nul
    $json.yes $json.no $json.list $json.o $json.none $json.empty $json.emoji $json.zz $json.o.a.b $json.list[3] $json.list[0] $json.zz?.x $json.o[0] $json.neg $json.small
    $json.when $json.html $json.zz.y $json.nul?.x $input.all().length $input.first().json.t $input.last().json.n $itemIndex $runIndex $('Prev').item.json.i $('Two').first().json.x
    $('Two').all().length $node.Prev.json.t $prevNode.name $execution.mode $('Nobody').item.json.a $json.list.map $input.first()?.json?.n"#;

const UNARY: &str = "! - + typeof| void|";
const BINARY: &str = "+ - * / % == != === !== < <= > >= |in| && || ??";
const MEMBERS: &str = ".length .a .b .t .x ?.a ?.length ['a'] [0] ?.[1] .trim .y";
const METHODS: &str = "trim() trimStart() trimEnd() toLowerCase() toUpperCase() toString() includes(%) startsWith(%) endsWith(%) indexOf(%) split(%) slice(%) slice(%,%) substring(%)
    substring(%,%) charAt(%) at(%) replace(%,%) replaceAll(%,%) padStart(%) padEnd(%,%) join(%) join() concat(%) toFixed(%) abs() base64Encode() ceil() first() floor() isEmpty()
    isNotEmpty() keys() last() round() round(2) toInt() toJsonString() toNumber() urlEncode() values()";
const FUNCTIONS: &str = "Math.abs(%) Math.ceil(%) Math.floor(%) Math.max(%,%) Math.min(%,%) Math.round(%) Math.sign(%) Math.sqrt(%) Math.trunc(%) JSON.stringify(%) JSON.stringify(%,null,2)
    Object.keys(%) Object.values(%) Object.entries(%) Array.isArray(%) Boolean(%) Number(%) String(%) isNaN(%) isFinite(%) parseFloat(%) parseInt(%) parseInt(%,10)
    encodeURIComponent(%) $if(%,%,%) $if(%,%) $ifEmpty(%,%) $not(%) `x${%}y${%}` [%,%] ({a:%,1:%}) ((%)?(%):(%))";

#[test]
fn for_any_expression() {
    let engine = JsEngine::default();
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) });
    let native = Cell::new(0);
    let run = runner.run(&expression(), |code| {
        native.set(native.get() + u32::from(agree(&engine, &code)));
        Ok(())
    });
    run.unwrap();
    assert!(native.get() > cases() / 2, "only {} were native", native.get());
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1500)
}

/// Compares both answers; says whether the native evaluator had one.
fn agree(engine: &JsEngine, code: &str) -> bool {
    let scope = scope();
    let Ok(template) = Template::compile(&format!("{{{{ {code} }}}}"), None) else { return false };
    // Exactly: also which numbers JSON does not know.
    let native = block_on(template.evaluate_exactly(&scope));
    if native.as_ref().is_err_and(|error| error.kind() == ExpressionErrorKind::NeedsScriptEngine) {
        return false;
    }
    let script = engine.compile_expression(code).and_then(|script| match script.try_evaluate(&scope) {
        Some(answer) => answer,
        None => block_on(script.evaluate(Arc::new(scope.clone()))),
    });
    assert!(same(&native, &script), "{code}\n  native {native:?}\n  script {script:?}");
    true
}

fn scope() -> FixedScope {
    let first = json!({
        "n": 2.5, "i": 7, "t": "text", "e": "", "nul": null, "yes": true, "no": false, "list": [1, "b", null, [2, 3]], "none": [], "empty": {},
        "o": {"0": "zero", "a": {"b": "deep"}, "k y": 1}, "emoji": "a\u{1F600}b", "neg": -3.5, "small": 1e-7, "html": "<b>&</b>", "when": "2024-01-02T03:04:05.000Z"
    });
    let items = vec![Item::from_value(first), Item::from_value(json!({"n": 10, "t": "other"}))];
    FixedScope::new(items).coming_from("Prev").with_node("Two", vec![Item::from_value(json!({"x": [1, {"y": "z"}]}))])
}

fn same(native: &Evaluation, script: &Evaluation) -> bool {
    match (native, script) {
        (Ok(Some(native)), Ok(Some(script))) => same_value(native, script),
        (Ok(None), Ok(None)) => true,
        (Err(native), Err(script)) => native.kind() == script.kind(),
        _ => false,
    }
}

/// Numbers by value: an integral float is an integer.
fn same_value(native: &Value, script: &Value) -> bool {
    match (native, script) {
        (Value::Number(native), Value::Number(script)) => native.as_f64() == script.as_f64(),
        (Value::Array(native), Value::Array(script)) => {
            native.len() == script.len() && native.iter().zip(script).all(|(native, script)| same_value(native, script))
        }
        (Value::Object(native), Value::Object(script)) => {
            native.len() == script.len() && native.iter().all(|(key, value)| script.get(key).is_some_and(|other| same_value(value, other)))
        }
        _ => native == script,
    }
}

fn expression() -> impl Strategy<Value = String> {
    one_of(ATOMS).prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (one_of(UNARY), inner.clone()).prop_map(|(operator, operand)| format!("{operator} ({operand})")),
            (inner.clone(), one_of(BINARY), inner.clone()).prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
            (inner.clone(), one_of(BINARY), inner.clone()).prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            (inner.clone(), one_of(MEMBERS)).prop_map(|(object, member)| format!("({object}){member}")),
            (inner.clone(), inner.clone()).prop_map(|(object, index)| format!("({object})[{index}]")),
            (inner.clone(), one_of(METHODS), [inner.clone(), inner.clone()])
                .prop_map(|(object, method, parts)| format!("({object}).{}", fill(&method, &parts))),
            (inner.clone(), one_of(METHODS), [inner.clone(), inner.clone()])
                .prop_map(|(object, method, parts)| format!("({object})?.{}", fill(&method, &parts))),
            (one_of(FUNCTIONS), [inner.clone(), inner.clone(), inner]).prop_map(|(function, parts)| fill(&function, &parts)),
        ]
    })
}

/// One of these words, in which a stroke stands for a blank.
fn one_of(words: &'static str) -> impl Strategy<Value = String> {
    let blank = |word: &str| if word == "||" { word.to_owned() } else { word.replace('|', " ") };
    prop::sample::select(words.split_whitespace().map(blank).collect::<Vec<_>>())
}

/// Fills the places marked with a percent sign.
fn fill(form: &str, parts: &[String]) -> String {
    let mut parts = parts.iter().cycle();
    let place = |(index, text): (usize, &str)| if index == 0 { text.to_owned() } else { format!("{}{text}", parts.next().unwrap()) };
    form.split('%').enumerate().map(place).collect()
}
