//! JavaScript's conversions, comparisons and text operations on JSON values.
//!
//! The expression evaluator calls them, and so do nodes whose behaviour is defined by JavaScript's: filter conditions, type conversion,
//! sorting. They do what ECMA-262 says for values that came from JSON; what JSON cannot hold (`undefined`, functions, dates) is the
//! caller's matter. Numbers are compared and converted as 64-bit floats, as in JavaScript, even where the JSON holds a longer integer.

mod compare;
mod number;
mod stringify;
mod text;

use std::borrow::Cow;

use serde_json::Value;

pub use compare::{compare, compare_text, less_than, loose_equals, strict_equals};
pub(crate) use number::{digits_to_f64, write_number};
pub use number::{from_f64, number_to_string, text_to_number, to_fixed};
pub(crate) use stringify::{array_index, stringify_array, stringify_object};
pub use stringify::{entries, stringify, stringify_pretty};
pub use text::{is_whitespace, trim, trim_end, trim_start, utf16_len, utf16_slice};

/// `String(value)`: an array is its elements joined with commas, an object `[object Object]`.
pub fn to_string(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(number) => Cow::Owned(number_to_string(as_f64(number))),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => Cow::Owned(join(items, ",")),
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// `items.join(separator)`: null gives an empty text.
pub fn join(items: &[Value], separator: &str) -> String {
    let mut out = String::new();
    write_joined(items, separator, &mut out);
    out
}

/// `Number(value)`: null is 0, a text is read by [`text_to_number`], an array by way of its text, an object is NaN.
pub fn to_number(value: &Value) -> f64 {
    match value {
        Value::Null | Value::Bool(false) => 0.0,
        Value::Bool(true) => 1.0,
        Value::Number(number) => as_f64(number),
        Value::String(text) => text_to_number(text),
        Value::Array(_) => text_to_number(&to_string(value)),
        Value::Object(_) => f64::NAN,
    }
}

/// `Boolean(value)`: false for null, false, 0 and the empty text.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => as_f64(number) != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// The 64-bit float that JavaScript would have read for this number.
#[expect(clippy::cast_precision_loss, reason = "JavaScript rounds long integers the same way when it reads them")]
pub fn as_f64(number: &serde_json::Number) -> f64 {
    if let Some(integer) = number.as_i64() {
        integer as f64
    } else if let Some(integer) = number.as_u64() {
        integer as f64
    } else {
        number.as_f64().unwrap_or(f64::NAN)
    }
}

fn write_joined(items: &[Value], separator: &str, out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Null => {}
            Value::Array(inner) => write_joined(inner, ",", out),
            Value::Number(number) => write_number(as_f64(number), out),
            other => out.push_str(&to_string(other)),
        }
    }
}

#[cfg(test)]
mod tests;
