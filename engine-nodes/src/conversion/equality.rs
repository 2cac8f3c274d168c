//! When nodes take two values for the same: by content, or nearly. `None` is a field that is not there.

use engine_core::expression::js;
use serde_json::Value;

/// Equal by content: numbers by value, objects whatever the order of their keys.
pub(crate) fn deep_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => js::strict_equals(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| deep_equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| deep_equal(value, other)))
        }
        _ => a == b,
    }
}

/// [`deep_equal`], where a field that is not there equals only another such.
pub(crate) fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => deep_equal(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Nearly equal, as the option "fuzzy compare" of several nodes has it: `3` and `"3"`, `true` and `"True"` and `1`, all that is empty, an object and
/// its JSON text. From version 2 of the comparison on (`null_is_zero`) null also equals 0.
pub(crate) fn nearly_same(a: Option<&Value>, b: Option<&Value>, null_is_zero: bool) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return match a.or(b) {
            Some(value) => is_empty(value),
            None => true,
        };
    };
    match (a, b) {
        (Value::Null, other) | (other, Value::Null) => is_empty(other) || (null_is_zero && is_zero(other)),
        _ if is_empty(a) && is_empty(b) => true,
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            js::number_to_string(js::as_f64(number)) == *text
        }
        (Value::Array(_) | Value::Object(_), Value::String(text)) => is_json_of(text, a),
        (Value::String(text), Value::Array(_) | Value::Object(_)) => is_json_of(text, b),
        (Value::Bool(truth), Value::String(text)) | (Value::String(text), Value::Bool(truth)) => match text.to_lowercase().as_str() {
            "true" | "1" => *truth,
            "false" | "0" => !truth,
            _ => false,
        },
        (Value::Bool(truth), Value::Number(number)) | (Value::Number(number), Value::Bool(truth)) => is_number(number, f64::from(u8::from(*truth))),
        _ => deep_equal(a, b),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_number(number, 0.0),
        Value::String(text) => text == "0",
        _ => false,
    }
}

#[expect(clippy::float_cmp, reason = "compared with 0 and 1, which are exact")]
fn is_number(number: &serde_json::Number, wanted: f64) -> bool {
    js::as_f64(number) == wanted
}

fn is_json_of(text: &str, value: &Value) -> bool {
    serde_json::from_str(text).is_ok_and(|parsed| deep_equal(&parsed, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equality_is_by_content() {
        let check = |a: Value, b: Value, expect: bool| {
            assert_eq!(deep_equal(&a, &b), expect, "{a} {b}");
            assert_eq!(deep_equal(&b, &a), expect, "{b} {a}");
        };
        check(json!(1), json!(1.0), true);
        check(json!({"a": 1, "b": [2]}), json!({"b": [2.0], "a": 1}), true);
        check(json!({"a": 1}), json!({"a": 1, "b": 2}), false);
        check(json!([1, 2]), json!([2, 1]), false);
        check(json!("1"), json!(1), false);
        check(json!(null), json!(false), false);
        assert!(same(None, None));
        assert!(!same(None, Some(&Value::Null)));
    }

    #[test]
    fn near_equality_bridges_types() {
        let check = |a: Option<Value>, b: Option<Value>, expect: [bool; 2]| {
            let got = |zero| nearly_same(a.as_ref(), b.as_ref(), zero);
            assert_eq!([got(false), got(true)], expect, "{a:?} {b:?}");
            assert_eq!([nearly_same(b.as_ref(), a.as_ref(), false), nearly_same(b.as_ref(), a.as_ref(), true)], expect, "{b:?} {a:?}");
        };
        let always = |a: Value, b: Value, expect: bool| check(Some(a), Some(b), [expect; 2]);
        always(json!(3), json!("3"), true);
        always(json!(3), json!("3.0"), false);
        always(json!(true), json!("TRUE"), true);
        always(json!(true), json!("1"), true);
        always(json!(false), json!("0"), true);
        always(json!(false), json!("no"), false);
        always(json!(true), json!(1), true);
        always(json!(false), json!(1), false);
        always(json!(null), json!(""), true);
        always(json!([]), json!(""), true);
        always(json!([]), json!(null), true);
        always(json!({}), json!(null), false);
        always(json!({"a": [1]}), json!("{\"a\":[1]}"), true);
        always(json!("x"), json!("X"), false);
        always(json!([]), json!({}), false);
        check(Some(json!(null)), Some(json!(0)), [false, true]);
        check(Some(json!(null)), Some(json!("0")), [false, true]);
        check(None, Some(json!("")), [true; 2]);
        check(None, Some(json!(null)), [true; 2]);
        check(None, Some(json!(0)), [false; 2]);
        check(None, None, [true; 2]);
    }
}
