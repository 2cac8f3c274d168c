//! What one item asks for, whichever version's parameters say it.

use std::time::Duration;

use engine_core::expression::js;
use engine_core::model::Json;
use engine_core::node::NodeError;
use serde_json::Value;

use crate::network::{ArrayFormat, Redirects};
use crate::settings::Settings;

/// One request as the parameters describe it, before secrets and pages are added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) query: Json,
    pub(super) arrays: ArrayFormat,
    /// Names in lower case; the last of several values counts.
    pub(super) headers: Json,
    pub(super) body: Content,
    pub(super) answer: AnswerPlan,
    pub(super) redirects: Redirects,
    pub(super) timeout: Duration,
    pub(super) proxy: Option<String>,
    pub(super) accept_any_certificate: bool,
    pub(super) idempotency_header: Option<String>,
}

/// What a request sends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    None,
    Json(Value),
    Form(Json),
    Multipart(Vec<Field>),
    /// Text as it stands, with its media type where one is given.
    Raw(String, Option<String>),
    /// A file of the item, by its key.
    File(String),
}

/// A field of a multipart form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: FieldValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldValue {
    Text(Value),
    /// A file of the item, by its key.
    File(String),
}

/// What is made of the response.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AnswerPlan {
    pub(super) format: Format,
    /// Status and headers go into the item beside the body.
    pub(super) full: bool,
    /// A status other than 2xx is no error.
    pub(super) never_error: bool,
    /// Where text and files go.
    pub(super) property: String,
    pub(super) lists: Lists,
}

/// How the body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As its media type says.
    Auto,
    Json,
    Text,
    File,
}

/// What becomes of a JSON list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// An item for each element.
    Split,
    /// One item whose fields are the elements, by their numbers: the first versions kept lists in one item, and paths such as `$json[0].id` read it.
    Numbered,
}

impl Call {
    /// The header's value, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&Value> {
        self.headers.get(name)
    }

    /// What expressions see as `$request`.
    pub(super) fn to_json(&self) -> Value {
        let body = match &self.body {
            Content::Json(value) => value.clone(),
            Content::Form(fields) => Value::Object(fields.clone()),
            Content::Raw(text, _) => Value::String(text.clone()),
            Content::None | Content::Multipart(_) | Content::File(_) => Value::Null,
        };
        serde_json::json!({
            "method": self.method, "uri": self.url, "url": self.url, "headers": self.headers, "qs": self.query, "body": body,
        })
    }
}

/// Five minutes, as in n8n.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

/// The option `timeout`, in milliseconds.
pub(super) fn timeout(options: Settings<'_>) -> Duration {
    let millis = options.number("timeout").filter(|millis| *millis > 0.0);
    millis.and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok()).unwrap_or(DEFAULT_TIMEOUT)
}

/// The URL: it has to be a text.
pub(super) fn url(parameters: Settings<'_>) -> Result<String, NodeError> {
    match parameters.get("url") {
        Some(Value::String(url)) if url.trim().is_empty() => Err(NodeError::fatal("URL parameter cannot be empty")),
        Some(Value::String(url)) => Ok(url.trim().to_owned()),
        other => {
            let kind = match other {
                None => "null or undefined",
                Some(Value::Array(_) | Value::Object(_)) => "object",
                Some(Value::Bool(_)) => "boolean",
                Some(_) => "number",
            };
            Err(NodeError::fatal(format!("URL parameter must be a string, got {kind}")))
        }
    }
}

/// A JSON parameter: JSON as text, or a value that an expression gave.
pub(super) fn json(value: Option<&Value>, name: &str) -> Result<Value, NodeError> {
    match value {
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_err(|error| NodeError::fatal(format!("The value in the \"{name}\" field is not valid JSON")).with_description(error.to_string())),
        Some(value) => Ok(value.clone()),
        None => Err(NodeError::fatal(format!("The value in the \"{name}\" field is not valid JSON"))),
    }
}

/// The same, where only an object makes sense.
pub(super) fn json_object(value: Option<&Value>, name: &str) -> Result<Json, NodeError> {
    match json(value, name)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(NodeError::fatal(format!("The value in the \"{name}\" field is not a JSON object"))),
    }
}

/// Names in lower case, without those that are empty.
pub(super) fn header_fields(fields: Json) -> Json {
    fields.into_iter().map(|(name, value)| (name.trim().to_ascii_lowercase(), value)).filter(|(name, _)| !name.is_empty()).collect()
}

/// The entries of a list of names and values, without those that have no name.
pub(super) fn named<'a>(parameters: Settings<'a>, list: &str, entry: &str) -> Vec<(String, Settings<'a>)> {
    let entries = parameters.group(list).groups(entry);
    entries.into_iter().filter_map(|entry| Some((entry.filled("name")?, entry))).collect()
}

/// The value of an entry, of whatever type an expression gave it.
pub(super) fn value_of(entry: Settings<'_>) -> Value {
    entry.get("value").cloned().unwrap_or_else(|| Value::String(String::new()))
}

/// A form given as text, `a=1&b=2`, as fields. A name that comes again makes a list.
pub(super) fn form_fields(text: &str) -> Json {
    let mut fields = Json::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        add_field(&mut fields, &name, Value::String(value.into_owned()));
    }
    fields
}

/// Adds a value; a name that comes again makes a list.
pub(super) fn add_field(fields: &mut Json, name: &str, value: Value) {
    match fields.get_mut(name) {
        None => {
            fields.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// A value as the text of a header or a form field: objects as JSON.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => value.to_string(),
        scalar => js::to_string(scalar).into_owned(),
    }
}
