//! Tables of expressions and their values, as a JavaScript engine gives them.

mod access;
mod hostile;
mod language;
mod methods;

use serde_json::{Value, json};

use crate::expression::{Evaluation, ExpressionErrorKind, FixedScope, Template};
use crate::model::{Binary, Item, Timestamp};

/// A scope with two items; the first is at hand. It came from the node `Prev`.
fn scope() -> FixedScope {
    let first = json!({
        "n": 2.5, "i": 7, "big": 9_007_199_254_740_993_u64, "t": "text", "e": "", "nul": null, "yes": true, "no": false,
        "list": [1, "b", null, [2, 3]], "o": {"a": {"b": "deep"}, "k y": 1, "0": "zero"}, "none": [], "empty": {}, "emoji": "a\u{1F600}b",
        "key": "t", "bad": "constructor", "same": {"x": 1}, "when": "2024-01-02T03:04:05.000Z", "b": 2, "1": "one"
    });
    let file = Binary::inline("hello", "text/plain").with_file_name("a.txt");
    let first = Item::from_value(first).with_binary([("data".to_owned(), file)].into());
    let second = Item::from_value(json!({"n": 10, "second": true}));
    let others = vec![Item::from_value(json!({"x": "first"})), Item::from_value(json!({"x": "second"}))];
    FixedScope::new(vec![first, second]).coming_from("Prev").with_node("Other Node", others).at_time(Timestamp::from_millis(1_700_000_000_123))
}

fn evaluate(template: &str) -> Evaluation {
    Template::compile(template, None).and_then(|template| template.evaluate_now(&scope()).unwrap())
}

/// The code of a chunk gives this value.
fn check(code: &str, expect: Value) {
    assert_eq!(evaluate(&format!("{{{{ {code} }}}}")), Ok(Some(expect)), "{code}");
}

/// The code of a chunk is undefined, or throws.
fn undefined(code: &str) {
    assert_eq!(evaluate(&format!("{{{{ {code} }}}}")), Ok(None), "{code}");
}

/// The code of a chunk fails with an error of this kind.
fn fails(code: &str, expect: ExpressionErrorKind) {
    let kind = evaluate(&format!("{{{{ {code} }}}}")).map_err(|error| error.kind());
    assert_eq!(kind, Err(expect), "{code}");
}

/// The code of a chunk is left to a script engine.
fn script(code: &str) {
    fails(code, ExpressionErrorKind::NeedsScriptEngine);
}
