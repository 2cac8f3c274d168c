//! n8n's `validateFieldType`: does a value have a type, and what is it when it is made to have it.

use std::borrow::Cow;

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

use super::{DateTime, Dates, parse_js_object};

/// The types that fields of nodes can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldType {
    Any,
    String,
    Number,
    Boolean,
    DateTime,
    Time,
    Array,
    Object,
    Options,
    Url,
    Jwt,
    FormFields,
    Binary,
    Alphanumeric,
}

/// How values are converted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversion<'a> {
    /// Values must have the type already.
    pub(crate) strict: bool,
    /// For texts: other values are turned into texts; otherwise they stay what they are.
    pub(crate) parse_strings: bool,
    /// The values of [`FieldType::Options`].
    pub(crate) options: &'a [Value],
    /// How dates are read.
    pub(crate) dates: &'a Dates,
}

/// A value that does not have a type and cannot be made to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConversionError(String);

impl FieldType {
    /// The type of n8n's name for it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "string" => Self::String,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "dateTime" | "datetime" => Self::DateTime,
            "time" => Self::Time,
            "array" => Self::Array,
            "object" => Self::Object,
            "options" => Self::Options,
            "url" => Self::Url,
            "jwt" => Self::Jwt,
            "form-fields" => Self::FormFields,
            "binary" => Self::Binary,
            "string-alphanumeric" => Self::Alphanumeric,
            _ => return None,
        })
    }

    /// n8n's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::DateTime => "dateTime",
            Self::Time => "time",
            Self::Array => "array",
            Self::Object => "object",
            Self::Options => "options",
            Self::Url => "url",
            Self::Jwt => "jwt",
            Self::FormFields => "form-fields",
            Self::Binary => "binary",
            Self::Alphanumeric => "string-alphanumeric",
        }
    }
}

impl<'a> Conversion<'a> {
    /// The lenient conversion; texts are made of other values.
    pub(crate) fn loose(dates: &'a Dates) -> Self {
        Self { strict: false, parse_strings: true, options: &[], dates }
    }

    /// Converts a value; dates become ISO texts. Null always stays null.
    ///
    /// # Errors
    /// When the value does not fit.
    pub(crate) fn convert<'v>(&self, field: &str, value: &'v Value, to: FieldType) -> Result<Cow<'v, Value>, ConversionError> {
        if value.is_null() {
            return Ok(Cow::Borrowed(value));
        }
        let has_type = !self.strict || is_strictly(value, to);
        let converted = if has_type { self.fit(value, to) } else { None };
        converted.ok_or_else(|| self.error(field, value, to))
    }

    fn fit<'v>(&self, value: &'v Value, to: FieldType) -> Option<Cow<'v, Value>> {
        let keep = |fits: bool| fits.then_some(Cow::Borrowed(value));
        match to {
            FieldType::Any => keep(true),
            FieldType::String if !self.parse_strings || value.is_string() => keep(true),
            FieldType::String => Some(Cow::Owned(Value::String(to_text(value).into_owned()))),
            FieldType::Number if value.is_number() => keep(true),
            FieldType::Number => to_number(value).map(|number| Cow::Owned(js::from_f64(number))),
            FieldType::Boolean => to_boolean(value).map(|flag| Cow::Owned(Value::Bool(flag))),
            FieldType::DateTime => self.date(value).map(|date| Cow::Owned(Value::String(date.to_string()))),
            FieldType::Array if value.is_array() => keep(true),
            FieldType::Array => to_array(value).map(|values| Cow::Owned(Value::Array(values.into_owned()))),
            FieldType::Object if value.is_object() => keep(true),
            FieldType::Object => to_object(value).map(|fields| Cow::Owned(Value::Object(fields.into_owned()))),
            FieldType::Options => keep(self.options.contains(value)),
            FieldType::Time => keep(is_time(&js::to_string(value))),
            FieldType::Url => to_url(&js::to_string(value)).map(|url| Cow::Owned(Value::String(url))),
            FieldType::Jwt => keep(is_jwt(&js::to_string(value))),
            FieldType::Binary => keep(is_binary(value)),
            FieldType::Alphanumeric => keep(is_alphanumeric(&js::to_string(value))),
            FieldType::FormFields => to_form_fields(value).map(|fields| Cow::Owned(Value::Array(fields))),
        }
    }

    /// The date that a value stands for.
    pub(crate) fn date(&self, value: &Value) -> Option<DateTime> {
        self.dates.parse_value(value)
    }

    fn error(&self, field: &str, value: &Value, to: FieldType) -> ConversionError {
        let got = describe_value(Some(value));
        ConversionError(match to {
            FieldType::Time => format!("'{field}' expects time (hh:mm:(:ss)) but we got {got}."),
            FieldType::Options => {
                let options: Vec<_> = self.options.iter().map(js::to_string).collect();
                format!("'{field}' expects one of the following values: [{}] but we got {got}", options.join(", "))
            }
            FieldType::DateTime => {
                format!("'{field}' expects a dateTime but we got {got} (DateTime.fromFormat reads dates of other forms)")
            }
            FieldType::Alphanumeric => {
                format!("'{field}' is not a valid alphanumeric string: it may hold letters, digits and underscores, and begins with no digit")
            }
            _ => format!("'{field}' expects a {} but we got {got}", to.name()),
        })
    }
}

/// JavaScript's `typeof`.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
    }
}

/// How messages speak of a value: its kind, or its text in quotes.
pub(crate) fn describe_value(value: Option<&Value>) -> Cow<'static, str> {
    match value {
        Some(Value::Object(_)) => Cow::Borrowed("object"),
        Some(Value::Array(_)) => Cow::Borrowed("array"),
        Some(value) => Cow::Owned(format!("'{}'", js::to_string(value))),
        None => Cow::Borrowed("'undefined'"),
    }
}

/// Whether a value already has the JavaScript type; types that JavaScript does not have are not looked at.
fn is_strictly(value: &Value, wanted: FieldType) -> bool {
    match wanted {
        FieldType::String => value.is_string(),
        FieldType::Number => value.is_number(),
        FieldType::Boolean => value.is_boolean(),
        FieldType::Object => value.is_object() || value.is_array(),
        FieldType::Array => value.is_array(),
        _ => true,
    }
}

/// A value as text: objects and arrays as JSON.
pub(crate) fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Array(_) | Value::Object(_) => Cow::Owned(js::stringify(value)),
        _ => js::to_string(value),
    }
}

/// A value as number, as `Number()` makes it.
pub(crate) fn to_number(value: &Value) -> Option<f64> {
    let number = js::to_number(value);
    (!number.is_nan()).then_some(number)
}

/// A value as boolean: a boolean, its name, or what `Number()` makes 0 or 1 of.
pub(crate) fn to_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => return Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => return Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => return Some(false),
        Value::String(text) if js::trim(text).is_empty() => return None,
        _ => {}
    }
    let number = js::to_number(value);
    if number == 0.0 { Some(false) } else { ((number - 1.0).abs() < f64::EPSILON).then_some(true) }
}

/// A value as array: an array, or its JSON, with single quotes too.
pub(crate) fn to_array(value: &Value) -> Option<Cow<'_, [Value]>> {
    match value {
        Value::Array(values) => Some(Cow::Borrowed(values)),
        Value::String(text) => {
            let parsed = serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace('\'', "\""))).ok()?;
            if let Value::Array(values) = parsed { Some(Cow::Owned(values)) } else { None }
        }
        _ => None,
    }
}

/// A value as object: an object, its JSON, or an object literal.
pub(crate) fn to_object(value: &Value) -> Option<Cow<'_, Json>> {
    match value {
        Value::Object(fields) => Some(Cow::Borrowed(fields)),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Some(Cow::Owned(fields)),
            Ok(_) => None,
            Err(_) => parse_js_object(text).map(Cow::Owned),
        },
        _ => None,
    }
}

/// `hh:mm` or `hh:mm:ss`, with `+hhmm`, `+hh` or `+hh:mm` behind it or not.
fn is_time(text: &str) -> bool {
    let digits = |text: &str, counts: &[usize]| counts.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (clock, offset) = match text.split_once(['+', '-']) {
        Some((clock, offset)) => (clock, Some(offset)),
        None => (text, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let offset_fits = offset.is_none_or(|offset| match offset.split_once(':') {
        Some((hours, minutes)) => digits(hours, &[1, 2]) && digits(minutes, &[2]),
        None => digits(offset, &[1, 2, 4]),
    });
    offset_fits && matches!(parts.len(), 2 | 3) && parts.iter().all(|part| digits(part, &[2]))
}

/// The text as an address with one of four schemes; `https://` is added where there is none.
fn to_url(text: &str) -> Option<String> {
    let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let fits = match scheme.to_ascii_lowercase().as_str() {
        "file" => true,
        "http" | "https" | "ftp" => is_host_and_port(host_and_port),
        _ => false,
    };
    fits.then_some(url)
}

fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "#/:<>?@[\\]^|%".contains(c);
    let port_fits = port.is_empty() || port.parse::<u16>().is_ok();
    port_fits && !host.is_empty() && (bracketed || !host.contains(forbidden))
}

/// Three parts between dots, of which the last may be empty.
pub(crate) fn is_jwt(text: &str) -> bool {
    let mut parts = text.splitn(3, '.');
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let head = parts.next().is_some_and(plain) && parts.next().is_some_and(plain);
    let tail = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=".contains(&byte));
    head && parts.next().is_some_and(tail)
}

/// What a file beside an item looks like in JSON.
fn is_binary(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some_and(js::truthy);
    value.is_object() && has("mimeType") && (has("data") || has("id"))
}

fn is_alphanumeric(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty() && text.chars().all(word)
}

/// A list of form fields, or its JSON. Each must be an object with known keys and a known type.
pub(crate) fn to_form_fields(value: &Value) -> Option<Vec<Value>> {
    const KEYS: &[&str] = &[
        "fieldLabel",
        "fieldName",
        "fieldType",
        "placeholder",
        "defaultValue",
        "fieldValue",
        "fieldOptions",
        "multiselect",
        "multipleFiles",
        "acceptFileTypes",
        "formatDate",
        "requiredField",
        "elementName",
        "html",
        "limitSelection",
        "numberOfSelections",
        "minSelections",
        "maxSelections",
    ];
    const TYPES: &[&str] =
        &["text", "textarea", "number", "password", "email", "date", "dropdown", "checkbox", "radio", "file", "html", "hiddenField"];
    let fields = to_array(value)?;
    let known = |field: &Value| {
        let object = field.as_object()?;
        let type_fits = object.get("fieldType").is_none_or(|kind| kind.as_str().is_some_and(|kind| TYPES.contains(&kind)));
        (type_fits && object.keys().all(|key| KEYS.contains(&key.as_str()))).then_some(())
    };
    fields.iter().all(|field| known(field).is_some()).then(|| fields.into_owned())
}
