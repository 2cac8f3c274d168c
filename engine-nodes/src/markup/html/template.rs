//! Templates: HTML with `{{ }}` in it, without the `=` that other parameters with expressions begin with.

use engine_core::expression::js;
use serde_json::Value;

/// Splits a template into text and expressions, in turn and beginning with text, so that the expressions are compiled like any other.
pub(super) fn split(template: &str) -> Value {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, inside)) = rest.split_once("{{") {
        let Some((code, after)) = inside.split_once("}}") else { break };
        // A mark keeps text that begins with `=` from being taken for an expression.
        parts.push(Value::String(format!("{MARK}{text}")));
        parts.push(Value::String(format!("={{{{{code}}}}}")));
        rest = after;
    }
    parts.push(Value::String(format!("{MARK}{rest}")));
    Value::Array(parts)
}

const MARK: char = '|';

/// Puts text and values together. Values appear as JavaScript writes them; one that is not there as `undefined`.
pub(super) fn join(parts: &[Option<Value>]) -> String {
    let mut html = String::new();
    for (index, part) in parts.iter().enumerate() {
        match part {
            Some(Value::String(text)) if index % 2 == 0 => html.push_str(text.strip_prefix(MARK).unwrap_or(text)),
            Some(value) => html.push_str(&js::to_string(value)),
            None => html.push_str("undefined"),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_and_expressions_in_turn() {
        assert_eq!(split("a {{ 1 }}=b{{ x }}"), json!(["|a ", "={{ 1 }}", "|=b", "={{ x }}", "|"]));
        assert_eq!(split("a {{ open"), json!(["|a {{ open"]));
        let parts = [Some(json!("|a ")), Some(json!({"x": 1})), Some(json!("|=b")), None, Some(json!("|")), Some(json!(null)), Some(json!("|"))];
        assert_eq!(join(&parts), "a [object Object]=bundefinednull");
    }
}
