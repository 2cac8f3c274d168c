//! Numbers that JSON does not know: `NaN` and the infinities, on their way from an expression to a node that tells them from null.
//!
//! Script engines and the native evaluator mark them; [`Template::evaluate`](super::Template::evaluate) makes null of the mark, and
//! [`Template::evaluate_exactly`](super::Template::evaluate_exactly) hands it on. A mark never gets into an item.

use serde_json::Value;

use crate::model::Json;

/// No field that somebody writes by hand has this name.
const MARK: &str = "\u{0}number";

/// The value that stands for a number: the number itself, or a mark where JSON does not know it.
pub fn mark(number: f64) -> Value {
    if number.is_finite() {
        return super::js::from_f64(number);
    }
    Value::Object(Json::from_iter([(MARK.to_owned(), Value::String(super::js::number_to_string(number)))]))
}

/// The number that a mark stands for; `None` for any other value.
pub fn marked(value: &Value) -> Option<f64> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.get(MARK)?.as_str().map(super::js::text_to_number).map(|number| if number.is_finite() { f64::NAN } else { number })
}

/// The value as JSON holds it: a mark becomes null.
pub fn as_json(value: Value) -> Value {
    if marked(&value).is_some() { Value::Null } else { value }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_are_read_back_and_other_values_are_none() {
        for number in [f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(marked(&mark(number)), Some(number));
        }
        assert!(marked(&mark(f64::NAN)).is_some_and(f64::is_nan));
        assert_eq!(mark(1.5), json!(1.5));
        assert_eq!(marked(&json!({"number": "NaN"})), None);
        assert_eq!(as_json(mark(f64::NAN)), Value::Null);
        assert_eq!(as_json(json!({"a": 1})), json!({"a": 1}));
    }
}
