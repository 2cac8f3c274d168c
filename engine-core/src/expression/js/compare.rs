//! Equality and order.

use std::cmp::Ordering;

use serde_json::Value;

use super::{as_f64, text_to_number, to_number, to_string};

/// `a === b`. Arrays and objects are equal only when they are the same value in memory.
pub fn strict_equals(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => same_number(as_f64(a), as_f64(b)),
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => std::ptr::eq(a, b),
        _ => false,
    }
}

/// `a == b`: texts, numbers and booleans are compared as numbers where their types differ; null equals only null.
pub fn loose_equals(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => a.is_null() && b.is_null(),
        (Value::String(a), Value::Number(_) | Value::Bool(_)) => same_number(text_to_number(a), to_number(b)),
        (Value::Number(_) | Value::Bool(_), Value::String(b)) => same_number(to_number(a), text_to_number(b)),
        (Value::Number(_), Value::Bool(_)) | (Value::Bool(_), Value::Number(_)) => same_number(to_number(a), to_number(b)),
        (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Object(_)) => std::ptr::eq(a, b),
        (Value::Array(_) | Value::Object(_), _) => loose_equals(&Value::String(to_string(a).into_owned()), b),
        (_, Value::Array(_) | Value::Object(_)) => loose_equals(a, &Value::String(to_string(b).into_owned())),
        _ => strict_equals(a, b),
    }
}

/// `a < b`: two texts by their UTF-16 units, everything else as numbers; false when either is NaN.
pub fn less_than(a: &Value, b: &Value) -> bool {
    compare(a, b) == Some(Ordering::Less)
}

/// How `a` stands to `b` for `<`, `<=`, `>` and `>=`; `None` when either is NaN, which makes all four false.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    let primitive = |value: &Value| matches!(value, Value::Array(_) | Value::Object(_)).then(|| Value::String(to_string(value).into_owned()));
    let (left, right) = (primitive(a), primitive(b));
    match (left.as_ref().unwrap_or(a), right.as_ref().unwrap_or(b)) {
        (Value::String(a), Value::String(b)) => Some(compare_text(a, b)),
        (a, b) => to_number(a).partial_cmp(&to_number(b)),
    }
}

/// The order of two texts by their UTF-16 units, which `<` and `sort()` use. It differs from Rust's only for characters beyond U+FFFF:
/// they stand before U+E000.
pub fn compare_text(a: &str, b: &str) -> Ordering {
    const fn rank(byte: u8) -> u16 {
        // Lead bytes 0xEE and 0xEF begin U+E000 to U+FFFF; larger ones begin what UTF-16 writes with surrogates.
        if matches!(byte, 0xEE | 0xEF) { byte as u16 + 0x100 } else { byte as u16 }
    }
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

#[expect(clippy::float_cmp, reason = "JavaScript's own equality of numbers")]
fn same_number(a: f64, b: f64) -> bool {
    a == b
}
