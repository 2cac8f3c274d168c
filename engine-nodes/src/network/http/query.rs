//! Query strings and forms from JSON values, as JavaScript's HTTP libraries write them.

use std::fmt::Write as _;

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

/// How the elements of a list are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArrayFormat {
    /// `a[]=1&a[]=2`
    #[default]
    Brackets,
    /// `a[0]=1&a[1]=2`
    Indices,
    /// `a=1&a=2`
    Repeat,
}

/// The pairs of a query: lists by `format`, objects as `a[b]=1`. What is null is left out.
pub fn query_pairs(fields: &Json, format: ArrayFormat) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        push(name.clone(), value, format, &mut pairs);
    }
    pairs
}

fn push(name: String, value: &Value, format: ArrayFormat, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let name = match format {
                    ArrayFormat::Indices => format!("{name}[{index}]"),
                    // An element that is an object or a list needs a number, or its parts could not be told from the next one's.
                    ArrayFormat::Brackets if value.is_object() || value.is_array() => format!("{name}[{index}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    ArrayFormat::Repeat => name.clone(),
                };
                push(name, value, format, pairs);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                push(format!("{name}[{key}]"), value, format, pairs);
            }
        }
        scalar => pairs.push((name, js::to_string(scalar).into_owned())),
    }
}

/// Pairs as `application/x-www-form-urlencoded`, blanks as `%20`: every server reads that, in queries too.
pub fn encode_form<'a>(pairs: impl IntoIterator<Item = &'a (String, String)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode(name, &mut out);
        out.push('=');
        encode(value, &mut out);
    }
    out
}

/// `encodeURIComponent`.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            write!(out, "%{byte:02X}").unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: Value, format: ArrayFormat, expect: &str) {
        let Value::Object(fields) = value else { panic!("an object") };
        assert_eq!(encode_form(&query_pairs(&fields, format)), expect);
    }

    #[test]
    fn scalars_are_written_as_javascript_does() {
        check(json!({"a": 1, "b": 1.5, "c": true, "d": "x y&z=ü", "e": null}), ArrayFormat::Brackets, "a=1&b=1.5&c=true&d=x%20y%26z%3D%C3%BC");
    }

    #[test]
    fn lists_are_named_by_format() {
        let list = || json!({"a": [1, "b"]});
        check(list(), ArrayFormat::Brackets, "a%5B%5D=1&a%5B%5D=b");
        check(list(), ArrayFormat::Indices, "a%5B0%5D=1&a%5B1%5D=b");
        check(list(), ArrayFormat::Repeat, "a=1&a=b");
        check(json!({"a": []}), ArrayFormat::Repeat, "");
    }

    #[test]
    fn objects_are_named_by_path() {
        check(json!({"a": {"b": {"c": 1}}}), ArrayFormat::Brackets, "a%5Bb%5D%5Bc%5D=1");
        check(json!({"a": [{"b": 1}, {"b": 2}]}), ArrayFormat::Brackets, "a%5B0%5D%5Bb%5D=1&a%5B1%5D%5Bb%5D=2");
    }
}
