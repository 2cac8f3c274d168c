//! One field to be set: its name, its type, its value.

use std::borrow::Cow;

use engine_core::expression::{Scope, js, not_finite};
use engine_core::model::Json;
use engine_core::node::{NodeError, Parameter};
use serde_json::Value;

use super::json_text::JsonText;
use super::plan::Options;
use crate::conversion::{Conversion, Dates, FieldPath, FieldType, type_name};

/// One field to be set.
#[derive(Debug)]
pub(super) struct Field {
    name: Name,
    kind: FieldType,
    value: FieldValue,
    options: Options,
}

#[derive(Debug)]
enum Name {
    Constant(FieldPath),
    PerItem(Parameter),
}

#[derive(Debug)]
enum FieldValue {
    /// Converted already.
    Ready(Value),
    /// To be converted for each item; a constant is here when it cannot be converted, so that each item fails.
    PerItem(Parameter),
    /// An object whose text may hold expressions.
    Json(JsonText),
}

/// Why a value cannot be set, and what the user can do.
const HELP: &str = "change the type of the field, or let conversion errors be ignored in the options";

impl Field {
    /// Reads `{name, type, value}`; `None` when the type is an expression.
    pub(super) fn of_assignment(entry: &Parameter, options: Options) -> Option<Self> {
        let kind = match entry.get("type") {
            None => FieldType::String,
            Some(kind) => FieldType::of(kind.constant()?.as_str()?).unwrap_or(FieldType::String),
        };
        Some(Self::new(entry, (kind, entry.get("value")), options))
    }

    /// Reads `{name, type: "numberValue", numberValue, ...}`; `None` when the type is an expression.
    pub(super) fn of_typed_entry(entry: &Parameter, options: Options) -> Option<Self> {
        let key = match entry.get("type") {
            None => "stringValue".to_owned(),
            Some(kind) => kind.constant()?.as_str()?.to_owned(),
        };
        let kind = FieldType::of(key.trim_end_matches("Value")).unwrap_or(FieldType::String);
        let value = entry.get(&key);
        match (kind, &value) {
            (FieldType::Object, Some(parameter @ Parameter::Expression(_))) => {
                Some(Self { name: Name::of(entry, options), kind, value: FieldValue::Json(JsonText::compile(parameter)), options })
            }
            _ => Some(Self::new(entry, (kind, value), options)),
        }
    }

    fn new(entry: &Parameter, (kind, value): (FieldType, Option<Parameter>), options: Options) -> Self {
        let name = Name::of(entry, options);
        let parameter = value.unwrap_or(Parameter::Constant(Value::Null));
        // The conversion of dates and times of day depends on the run; no other does.
        let timeless = Dates::new("UTC", engine_core::model::Timestamp::EPOCH);
        let convert = Converter { field: "", kind, options, dates: &timeless };
        let value = match &parameter {
            Parameter::Constant(value) if kind != FieldType::DateTime => convert.convert(Some(value), 0).ok(),
            _ => None,
        };
        Self { name, kind, value: value.map_or(FieldValue::PerItem(parameter), FieldValue::Ready), options }
    }

    /// Sets the field.
    pub(super) async fn set(&self, json: &mut Json, scope: &dyn Scope, dates: &Dates) -> Result<(), NodeError> {
        let name = match &self.name {
            Name::Constant(path) => Cow::Borrowed(path),
            Name::PerItem(name) => {
                let name = name.resolve(scope).await?;
                Cow::Owned(FieldPath::with_dots(&name.as_ref().map_or("undefined".into(), js::to_string), self.options.dots))
            }
        };
        let value = match &self.value {
            FieldValue::Ready(value) => value.clone(),
            FieldValue::PerItem(parameter) => {
                let convert = Converter { field: name.as_str(), kind: self.kind, options: self.options, dates };
                match parameter {
                    Parameter::Constant(value) => convert.convert(Some(value), scope.item_index())?,
                    _ => convert.convert_owned(parameter.resolve_exactly(scope).await?, scope.item_index())?,
                }
            }
            FieldValue::Json(text) => text.object_or_null(scope).await?,
        };
        name.set(json, value);
        Ok(())
    }
}

impl Name {
    fn of(entry: &Parameter, options: Options) -> Self {
        match entry.get("name").unwrap_or(Parameter::Constant(Value::Null)) {
            Parameter::Constant(Value::Null) => Self::Constant(FieldPath::with_dots("", options.dots)),
            Parameter::Constant(name) => Self::Constant(FieldPath::with_dots(&js::to_string(&name), options.dots)),
            parameter => Self::PerItem(parameter),
        }
    }
}

/// The conversion of a value to the type of its field.
struct Converter<'a> {
    field: &'a str,
    kind: FieldType,
    options: Options,
    dates: &'a Dates,
}

impl Converter<'_> {
    /// Like [`convert`](Self::convert), without a copy of what has the type already.
    fn convert_owned(&self, value: Option<Value>, item: usize) -> Result<Value, NodeError> {
        match (&value, self.kind) {
            (Some(Value::String(_)), FieldType::String)
            | (Some(Value::Number(_)), FieldType::Number)
            | (Some(Value::Bool(_)), FieldType::Boolean)
            | (Some(Value::Array(_)), FieldType::Array)
            | (Some(Value::Object(_)), FieldType::Object)
                if value.as_ref().and_then(not_finite::marked).is_none() =>
            {
                Ok(value.unwrap_or_default())
            }
            _ => self.convert(value.as_ref(), item),
        }
    }

    fn convert(&self, value: Option<&Value>, item: usize) -> Result<Value, NodeError> {
        let missing = value.is_none_or(Value::is_null);
        let version = self.options.rules.version;
        if missing && (version.at_least(3, 2) || self.kind != FieldType::String) {
            return Ok(Value::Null);
        }
        if missing && !version.at_least(3, 1) {
            // Version 3 makes a text of it.
            return Ok(Value::from(if value.is_none() { "undefined" } else { "null" }));
        }
        let Some(value) = value.filter(|value| !value.is_null()) else {
            let got = if value.is_none() { "undefined" } else { "null" };
            return self.failed(&format!("'{}' expects a {} but we got '{got}'", self.field, self.kind.name()), (&Value::Null, item));
        };
        if let Some(number) = not_finite::marked(value) {
            return self.convert_not_finite(number, item);
        }
        if self.kind == FieldType::String && type_name(value) == "object" {
            return Ok(Value::String(js::stringify(value)));
        }
        match Conversion::loose(self.dates).convert(self.field, value, self.kind) {
            Ok(value) => Ok(value.into_owned()),
            Err(error) => self.failed(&error.to_string(), (value, item)),
        }
    }

    /// `NaN` is neither a number nor a boolean, the infinities are numbers; all of them are texts.
    fn convert_not_finite(&self, number: f64, item: usize) -> Result<Value, NodeError> {
        let text = js::number_to_string(number);
        match self.kind {
            FieldType::String => Ok(Value::String(text)),
            FieldType::Any => Ok(Value::Null),
            FieldType::Number if !number.is_nan() => Ok(Value::Null),
            kind => self.failed(&format!("'{}' expects a {} but we got '{text}'", self.field, kind.name()), (&Value::Null, item)),
        }
    }

    fn failed(&self, message: &str, (value, item): (&Value, usize)) -> Result<Value, NodeError> {
        if self.options.ignore_errors {
            return Ok(value.clone());
        }
        Err(NodeError::fatal(format!("{message} [item {item}]")).with_description(HELP))
    }
}
