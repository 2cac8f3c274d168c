//! Values during an evaluation: JavaScript's, borrowed from the scope wherever they come from there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Number, Value};

use super::eval::Stop;
use super::fail;
use super::operators::check_length;
use crate::expression::{ExpressionErrorKind, js, not_finite};
use crate::model::{Binary, Item, Json};

/// A JavaScript value.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    /// A number as it stands in the data, to be passed on unchanged.
    Exact(&'a Number),
    Text(Cow<'a, str>),
    Array(&'a Vec<Value>),
    Object(&'a Json),
    /// An array that the expression made.
    List(Rc<[Val<'a>]>),
    /// An object that the expression made, its keys in JavaScript's order.
    Record(Rc<[(Cow<'a, str>, Val<'a>)]>),
    /// `$input.all()`.
    Items(&'a [Item]),
    /// `$input.first()`.
    Item(&'a Item),
    /// `$binary`.
    Files(&'a BTreeMap<String, Binary>),
    /// `$binary.key`.
    File(&'a Binary),
    /// A built-in function that was not called.
    Function,
}

impl<'a> Val<'a> {
    /// A value that stands in the data.
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Exact(number),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::Array(items),
            Value::Object(object) => Self::Object(object),
        }
    }

    pub(super) const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(super) fn owned(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    #[expect(clippy::cast_precision_loss, reason = "no list has 2^53 elements")]
    pub(super) const fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    pub(super) const fn is_nullish(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    /// True for arrays and objects of every kind, and functions.
    pub(super) const fn is_object(&self) -> bool {
        !matches!(self, Self::Undefined | Self::Null | Self::Bool(_) | Self::Number(_) | Self::Exact(_) | Self::Text(_))
    }

    pub(super) fn truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Exact(number) => js::as_f64(number) != 0.0,
            Self::Text(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// `typeof value`.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Bool(_) => "boolean",
            Self::Number(_) | Self::Exact(_) => "number",
            Self::Text(_) => "string",
            Self::Function => "function",
            _ => "object",
        }
    }

    /// `Number(value)`.
    pub(super) fn to_number(&self) -> Result<f64, Stop> {
        Ok(match self {
            Self::Undefined => f64::NAN,
            Self::Null | Self::Bool(false) => 0.0,
            Self::Bool(true) => 1.0,
            Self::Number(number) => *number,
            Self::Exact(number) => js::as_f64(number),
            Self::Text(text) => js::text_to_number(text),
            _ => js::text_to_number(&self.to_text()?),
        })
    }

    /// The number that the value is, if it is one.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Exact(number) => Some(js::as_f64(number)),
            _ => None,
        }
    }

    /// `String(value)`.
    pub(super) fn to_text(&self) -> Result<Cow<'_, str>, Stop> {
        Ok(match self {
            Self::Undefined => Cow::Borrowed("undefined"),
            Self::Null => Cow::Borrowed("null"),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Number(number) => Cow::Owned(js::number_to_string(*number)),
            Self::Exact(number) => Cow::Owned(js::number_to_string(js::as_f64(number))),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Array(items) => Cow::Owned(js::join(items, ",")),
            Self::List(items) => Cow::Owned(join(items, ",")?),
            Self::Object(_) | Self::Record(_) | Self::Item(_) | Self::Files(_) | Self::File(_) => Cow::Borrowed("[object Object]"),
            Self::Items(items) => Cow::Owned(vec!["[object Object]"; items.len()].join(",")),
            Self::Function => return Err(Stop::GiveUp),
        })
    }

    /// `String(value)`, of a value that is needed no more.
    pub(super) fn into_text(self) -> Result<Cow<'a, str>, Stop> {
        match self {
            Self::Text(text) => Ok(text),
            other => other.to_text().map(|text| Cow::Owned(text.into_owned())),
        }
    }

    /// An object turned into the text that stands for it in operations; other values as they are.
    pub(super) fn into_primitive(self) -> Result<Self, Stop> {
        if self.is_object() { self.into_text().map(Self::Text) } else { Ok(self) }
    }

    /// The result of a whole chunk.
    pub(super) fn into_json(self) -> Result<Option<Value>, Stop> {
        match self {
            Self::Undefined => Ok(None),
            Self::Function => Err(fail(ExpressionErrorKind::Call, "this is a function, please add ()")),
            Self::Number(number) => Ok(Some(not_finite::mark(number))),
            other => other.into_value().map(Some),
        }
    }

    /// True when JSON holds the value exactly.
    pub(super) fn fits_json(&self) -> bool {
        match self {
            Self::Number(number) => number.is_finite(),
            Self::List(items) => items.iter().all(|item| !matches!(item, Self::Undefined) && item.fits_json()),
            Self::Record(entries) => entries.iter().all(|(_, value)| !matches!(value, Self::Undefined) && value.fits_json()),
            _ => true,
        }
    }

    /// The value as JSON: within arrays undefined and NaN are null, within objects undefined is left out.
    fn into_value(self) -> Result<Value, Stop> {
        Ok(match self {
            Self::Undefined | Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => js::from_f64(number),
            Self::Exact(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Array(items) => Value::Array(items.clone()),
            Self::Object(object) => Value::Object(object.clone()),
            Self::List(items) => Value::Array(items.iter().map(|item| item.clone().into_value()).collect::<Result<_, _>>()?),
            Self::Record(entries) => {
                let defined = entries.iter().filter(|(_, value)| !matches!(value, Self::Undefined));
                Value::Object(defined.map(|(key, value)| Ok((key.clone().into_owned(), value.clone().into_value()?))).collect::<Result<_, Stop>>()?)
            }
            Self::Items(_) | Self::Item(_) | Self::Files(_) | Self::File(_) | Self::Function => return Err(Stop::GiveUp),
        })
    }

    /// `JSON.stringify(value, null, indent)`; `None` for undefined.
    pub(super) fn to_json_text(&self, indent: usize) -> Result<Option<String>, Stop> {
        let text = match self {
            Self::Undefined | Self::Function => return Ok(None),
            Self::Array(items) => js::stringify_array(items, indent),
            Self::Object(object) => js::stringify_object(object, indent),
            other => js::stringify_pretty(&other.clone().into_value()?, indent),
        };
        // Each time that a text is quoted again it may grow twofold.
        check_length(text.len())?;
        Ok(Some(text))
    }

    /// Appends the value of a chunk that stands within text: null, undefined and NaN are nothing.
    pub(super) fn write_in_template(self, out: &mut String) -> Result<(), Stop> {
        match self {
            Self::Undefined | Self::Null => {}
            Self::Number(number) if number.is_nan() => {}
            Self::Number(number) => js::write_number(number, out),
            Self::Exact(number) => js::write_number(js::as_f64(number), out),
            other => out.push_str(&other.to_text()?),
        }
        Ok(())
    }
}

/// `items.join(separator)`: null and undefined give nothing.
pub(super) fn join(items: &[Val<'_>], separator: &str) -> Result<String, Stop> {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        if !item.is_nullish() {
            out.push_str(&item.to_text()?);
        }
    }
    Ok(out)
}
