//! What jsonrepair 3.13 gives.

use serde_json::json;

use super::*;

#[track_caller]
fn check(text: &str, expect: &Value) {
    assert_eq!(parse_leniently(text).ok().as_ref(), Some(expect), "{text}");
}

#[test]
fn quotes_are_added_and_escaped() {
    check("{a: 'b', 'c': 1,}", &json!({"a": "b", "c": 1}));
    check("{\"text\": hello world, \"n\": 5}", &json!({"text": "hello world", "n": 5}));
    check("{“k”: ‘v’}", &json!({"k": "v"}));
    check("{\\\"a\\\": \\\"b\\\"}", &json!({"a": "b"}));
    check("{\"q\": \"say \"hi\" now\"}", &json!({"q": "say \"hi\" now"}));
    check("{\"a\":\"b,c,\"d\":\"e\"}", &json!({"a": "b,c", "d": "e"}));
    check("{\"a\": \"b, \"c\": 1}", &json!({"a": "b", "c": 1}));
    check("{\"u\": https://x.org/a?b=1, \"v\": \"https://y.org}", &json!({"u": "https://x.org/a?b=1", "v": "https://y.org"}));
    check("{\"a\": \"x\" + 'y'}", &json!({"a": "xy"}));
}

#[test]
fn line_breaks_and_wrong_escapes_stay_in_texts() {
    check("{\"t\": \"one\ntwo\tthree\"}", &json!({"t": "one\ntwo\tthree"}));
    check("{\"t\": \"\\u00e9 \\q\"}", &json!({"t": "é q"}));
}

#[test]
fn missing_and_superfluous_parts_are_mended() {
    check("[\"a\" \"b\" 3 4]", &json!(["a", "b", 3, 4]));
    check("[1,2,3,...]", &json!([1, 2, 3]));
    check("{,a: 1 \"b\" 2, c:}}", &json!({"a": 1, "b": 2, "c": null}));
    check("{\"a\": [1, {\"b\": 2", &json!({"a": [1, {"b": 2}]}));
    check("{\"a\": 1},", &json!({"a": 1}));
    check("{/* c */ \"a\": 1 // d\n}", &json!({"a": 1}));
    check("```json\n{\"a\": 1}\n```", &json!({"a": 1}));
    check("{\"a\":1}\n{\"b\":2}\n", &json!([{"a": 1}, {"b": 2}]));
    check("callback({a: 1});", &json!({"a": 1}));
}

#[test]
fn values_of_other_languages_become_values() {
    check("{\"a\": undefined, \"b\": None, \"c\": True}", &json!({"a": null, "b": null, "c": true}));
    check("{\"a\": 007, \"b\": 1., \"c\": 2e, \"d\": 12abc}", &json!({"a": "007", "b": 1.0, "c": 2.0, "d": "12abc"}));
    check("{\"re\": /a\\/b/}", &json!({"re": "/a\\/b/"}));
}

#[test]
fn what_cannot_be_mended_is_an_error() {
    for text in ["", "{\"a\" ]}", "{:1}", "[1] x", "\"\\u00zz\"", &"[".repeat(300)] {
        assert!(parse_leniently(text).is_err(), "{text}");
    }
}
