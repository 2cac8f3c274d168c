//! One side of a condition, converted to the type that the operator works on.

use std::borrow::Cow;

use engine_core::expression::{js, not_finite};
use engine_core::model::Json;
use serde_json::Value;

use crate::conversion::{Dates, FieldType, to_array, to_boolean, to_number, to_object, to_text};

/// What a condition is given for one of its sides.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    /// JavaScript's `undefined`: no such field.
    Undefined,
    /// JavaScript's `NaN` or an infinity, which no JSON holds.
    NotFinite(f64),
    /// A value.
    Value(&'a Value),
}

/// A side after conversion.
#[derive(Clone, Debug)]
pub(super) enum Operand<'a> {
    Undefined,
    Null,
    Number(f64),
    Text(Cow<'a, str>),
    Flag(bool),
    /// Milliseconds since the epoch.
    Date(i64),
    List(Cow<'a, [Value]>),
    Object(Cow<'a, Json>),
}

/// How strictly sides are converted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strictness {
    pub(super) strict: bool,
    /// Version of the filter: 2 reads texts as booleans, 3 takes blank texts and empty lists for no number.
    pub(super) version: u8,
}

impl<'a> Given<'a> {
    pub(super) fn of(value: Option<&'a Value>) -> Self {
        match value {
            None => Self::Undefined,
            Some(value) => not_finite::marked(value).map_or(Self::Value(value), Self::NotFinite),
        }
    }

    /// Converts to a type; `None` when that is not possible.
    pub(super) fn convert(self, to: FieldType, how: Strictness, dates: &Dates) -> Option<Operand<'a>> {
        let value = match self {
            Self::Undefined => return Some(Operand::Undefined),
            Self::NotFinite(number) => return not_finite_as(number, to, how),
            Self::Value(Value::Null) => return Some(Operand::Null),
            Self::Value(value) => value,
        };
        if how.strict { strictly(value, to, dates) } else { loosely(value, to, (how, dates)) }
    }

    /// JavaScript's `typeof`, and the value as text: for messages.
    pub(super) fn describe(self) -> (&'static str, Cow<'a, str>) {
        match self {
            Self::Undefined => ("undefined", Cow::Borrowed("undefined")),
            Self::NotFinite(number) => ("number", Cow::Owned(js::number_to_string(number))),
            Self::Value(value) => (crate::conversion::type_name(value), js::to_string(value)),
        }
    }
}

/// `NaN` or an infinity as a type: a number, or where types are converted, a text, or what JavaScript takes for true.
fn not_finite_as<'a>(number: f64, to: FieldType, how: Strictness) -> Option<Operand<'a>> {
    match to {
        FieldType::Any | FieldType::Number => Some(Operand::Number(number)),
        FieldType::String if !how.strict => Some(Operand::Text(Cow::Owned(js::number_to_string(number)))),
        FieldType::Boolean if !how.strict => Some(Operand::Flag(!number.is_nan())),
        _ => None,
    }
}

fn strictly<'a>(value: &'a Value, to: FieldType, dates: &Dates) -> Option<Operand<'a>> {
    match (to, value) {
        (FieldType::Any, value) => Some(as_it_is(value)),
        (FieldType::String, Value::String(text)) => Some(Operand::Text(Cow::Borrowed(text))),
        (FieldType::Number, Value::Number(number)) => Some(Operand::Number(js::as_f64(number))),
        (FieldType::Boolean, Value::Bool(flag)) => Some(Operand::Flag(*flag)),
        (FieldType::Array, Value::Array(values)) => Some(Operand::List(Cow::Borrowed(values))),
        (FieldType::Object, Value::Object(fields)) => Some(Operand::Object(Cow::Borrowed(fields))),
        (FieldType::DateTime, value) => dates.parse_value(value).map(|date| Operand::Date(date.millis())),
        _ => None,
    }
}

fn loosely<'a>(value: &'a Value, to: FieldType, (how, dates): (Strictness, &Dates)) -> Option<Operand<'a>> {
    match to {
        FieldType::Any => Some(as_it_is(value)),
        FieldType::String => Some(Operand::Text(to_text(value))),
        FieldType::Number if how.version >= 3 && is_blank(value) => Some(Operand::Null),
        FieldType::Number => to_number(value).map(Operand::Number),
        FieldType::Boolean => {
            let read = if how.version >= 2 { to_boolean(value) } else { None };
            Some(Operand::Flag(read.unwrap_or_else(|| js::truthy(value))))
        }
        FieldType::Array => to_array(value).map(Operand::List),
        FieldType::Object => to_object(value).map(Operand::Object),
        FieldType::DateTime => dates.parse_value(value).map(|date| Operand::Date(date.millis())),
        _ => None,
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::String(text) => js::trim(text).is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn as_it_is(value: &Value) -> Operand<'_> {
    match value {
        Value::Null => Operand::Null,
        Value::Bool(flag) => Operand::Flag(*flag),
        Value::Number(number) => Operand::Number(js::as_f64(number)),
        Value::String(text) => Operand::Text(Cow::Borrowed(text)),
        Value::Array(values) => Operand::List(Cow::Borrowed(values)),
        Value::Object(fields) => Operand::Object(Cow::Borrowed(fields)),
    }
}

impl Operand<'_> {
    /// Neither undefined, nor null, nor NaN.
    pub(super) fn exists(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Number(number) => !number.is_nan(),
            _ => true,
        }
    }

    /// The text; empty for what is none.
    pub(super) fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    /// The list; empty for what is none.
    pub(super) fn list(&self) -> &[Value] {
        if let Self::List(values) = self { values } else { &[] }
    }

    /// The number that JavaScript's `<` and `>` see.
    pub(super) fn as_number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Number(number) => *number,
            Self::Flag(flag) => f64::from(u8::from(*flag)),
            Self::Text(text) => js::text_to_number(text),
            _ => f64::NAN,
        }
    }

    /// JavaScript's `===`.
    pub(super) fn identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined, Self::Undefined) | (Self::Null, Self::Null) => true,
            #[expect(clippy::float_cmp, reason = "JavaScript's own equality of numbers")]
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Flag(a), Self::Flag(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            _ => false,
        }
    }
}
