//! The conditions of If 1, Filter 1 and Switch 1 and 2: `value1`, an operation, `value2`, compared as JavaScript compares them.

use std::borrow::Cow;

use engine_core::expression::js;
use serde_json::Value;

use crate::conversion::{Dates, Pattern};

/// The data types of the old conditions, in the order in which they are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegacyType {
    Boolean,
    DateTime,
    Number,
    String,
}

/// The old operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegacyOperation {
    After,
    Before,
    Contains,
    NotContains,
    EndsWith,
    NotEndsWith,
    Equal,
    NotEqual,
    Larger,
    LargerEqual,
    Smaller,
    SmallerEqual,
    StartsWith,
    NotStartsWith,
    IsEmpty,
    IsNotEmpty,
    Regex,
    NotRegex,
}

impl LegacyType {
    /// All types, in the order in which they are evaluated.
    pub(crate) const ALL: [Self; 4] = [Self::Boolean, Self::DateTime, Self::Number, Self::String];

    /// n8n's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::DateTime => "dateTime",
            Self::Number => "number",
            Self::String => "string",
        }
    }

    /// The type of a name; anything else is a text.
    pub(crate) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::String)
    }

    /// The operation that a condition without one has.
    pub(crate) fn default_operation(self) -> LegacyOperation {
        match self {
            Self::Boolean | Self::String => LegacyOperation::Equal,
            Self::DateTime => LegacyOperation::After,
            Self::Number => LegacyOperation::Smaller,
        }
    }
}

impl LegacyOperation {
    /// The operation of n8n's name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "after" => Self::After,
            "before" => Self::Before,
            "contains" => Self::Contains,
            "notContains" => Self::NotContains,
            "endsWith" => Self::EndsWith,
            "notEndsWith" => Self::NotEndsWith,
            "equal" => Self::Equal,
            "notEqual" => Self::NotEqual,
            "larger" => Self::Larger,
            "largerEqual" => Self::LargerEqual,
            "smaller" => Self::Smaller,
            "smallerEqual" => Self::SmallerEqual,
            "startsWith" => Self::StartsWith,
            "notStartsWith" => Self::NotStartsWith,
            "isEmpty" => Self::IsEmpty,
            "isNotEmpty" => Self::IsNotEmpty,
            "regex" => Self::Regex,
            "notRegex" => Self::NotRegex,
            _ => return None,
        })
    }

    /// Whether the condition holds; `None` stands for `undefined`.
    ///
    /// # Errors
    /// When a value of a date condition is no date, or a pattern is none.
    pub(crate) fn holds(self, kind: LegacyType, sides: (Option<&Value>, Option<&Value>)) -> Result<bool, String> {
        let (left, right) = sides;
        if kind == LegacyType::DateTime {
            // Emptiness is asked of numbers here, so a date is never empty: n8n converts first.
            let (left, right) = (millis(left)?, millis(right)?);
            return self.compare(Some(&left), Some(&right));
        }
        self.compare(left, right)
    }

    fn compare(self, left: Option<&Value>, right: Option<&Value>) -> Result<bool, String> {
        let texts = || (text(left), text(right));
        let ordered = |accept: fn(std::cmp::Ordering) -> bool| js::compare(&or_zero(left), &or_zero(right)).is_some_and(accept);
        let matches = || Pattern::of_literal(&text(right)).map(|pattern| pattern.is_match(&text(left)));
        Ok(match self {
            Self::After | Self::Larger => ordered(std::cmp::Ordering::is_gt),
            Self::Before | Self::Smaller => ordered(std::cmp::Ordering::is_lt),
            Self::LargerEqual => ordered(std::cmp::Ordering::is_ge),
            Self::SmallerEqual => ordered(std::cmp::Ordering::is_le),
            Self::Equal => identical(left, right),
            Self::NotEqual => !identical(left, right),
            Self::Contains | Self::NotContains => {
                let (left, right) = texts();
                left.contains(&*right) == (self == Self::Contains)
            }
            Self::StartsWith | Self::NotStartsWith => text_only(left, "startsWith")?.starts_with(&*called_with(right)) == (self == Self::StartsWith),
            Self::EndsWith | Self::NotEndsWith => text_only(left, "endsWith")?.ends_with(&*called_with(right)) == (self == Self::EndsWith),
            Self::IsEmpty => is_empty(left),
            Self::IsNotEmpty => !is_empty(left),
            Self::Regex => matches()?,
            Self::NotRegex => !matches()?,
        })
    }
}

/// `===`: `undefined` equals only itself.
fn identical(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => js::strict_equals(left, right),
        (None, None) => true,
        _ => false,
    }
}

/// `(value || '').toString()`.
fn text(value: Option<&Value>) -> Cow<'_, str> {
    value.filter(|value| js::truthy(value)).map_or(Cow::Borrowed(""), js::to_string)
}

/// A text, whose methods these operations are: nothing else has them.
fn text_only<'a>(value: Option<&'a Value>, method: &str) -> Result<&'a str, String> {
    match value {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => {
            Err(format!("Cannot read properties of {} (reading '{method}')", if value.is_none() { "undefined" } else { "null" }))
        }
        Some(_) => Err(format!("value1.{method} is not a function")),
    }
}

/// The argument of a method of texts.
fn called_with(value: Option<&Value>) -> Cow<'_, str> {
    value.map_or(Cow::Borrowed("undefined"), js::to_string)
}

/// `value || 0`.
fn or_zero(value: Option<&Value>) -> Cow<'_, Value> {
    value.filter(|value| js::truthy(value)).map_or_else(|| Cow::Owned(Value::from(0)), Cow::Borrowed)
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(values)) => values.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

/// A date as milliseconds since the epoch: a number is that already.
fn millis(value: Option<&Value>) -> Result<Value, String> {
    match value {
        Some(Value::Number(number)) => Ok(Value::Number(number.clone())),
        Some(Value::String(text)) if Dates::parse_script(text).is_some() => {
            Ok(Dates::parse_script(text).map_or(Value::Null, |date| date.millis().into()))
        }
        other => Err(format!("The value \"{}\" is not a valid DateTime.", other.map_or(Cow::Borrowed("undefined"), js::to_string))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kind: LegacyType, operation: &str, sides: &(Value, Value), expect: Result<bool, &str>) {
        let got = LegacyOperation::of(operation).unwrap().holds(kind, (Some(&sides.0), Some(&sides.1)));
        assert_eq!(got, expect.map_err(str::to_owned), "{operation} {sides:?}");
    }

    #[test]
    fn compares_as_javascript_does() {
        use LegacyType::{Boolean, DateTime, Number, String};
        check(Boolean, "equal", &(json!(true), json!(true)), Ok(true));
        check(Boolean, "equal", &(json!("true"), json!(true)), Ok(false));
        check(Number, "larger", &(json!("10"), json!(9)), Ok(true));
        check(Number, "larger", &(json!("10"), json!("9")), Ok(false));
        check(Number, "smallerEqual", &(json!(null), json!(0)), Ok(true));
        check(Number, "isEmpty", &(json!(0), json!(0)), Ok(false));
        check(String, "contains", &(json!(null), json!("")), Ok(true));
        check(String, "regex", &(json!("Ann"), json!("/^a/i")), Ok(true));
        check(String, "notRegex", &(json!("Ann"), json!("^a")), Ok(true));
        check(String, "isEmpty", &(json!({}), json!("")), Ok(true));
        check(String, "startsWith", &(json!("123"), json!(12)), Ok(true));
        check(String, "startsWith", &(json!(123), json!(12)), Err("value1.startsWith is not a function"));
        check(String, "notEndsWith", &(json!(null), json!("x")), Err("Cannot read properties of null (reading 'endsWith')"));
        check(DateTime, "after", &(json!("2024-01-02"), json!("2024-01-01T00:00:00.000Z")), Ok(true));
        check(DateTime, "before", &(json!("x"), json!("2024-01-01")), Err("The value \"x\" is not a valid DateTime."));
        check(DateTime, "after", &(json!("20240115"), json!("2024")), Err("The value \"20240115\" is not a valid DateTime."));
        check(DateTime, "after", &(json!("2024-02"), json!("2024")), Ok(true));
    }
}
