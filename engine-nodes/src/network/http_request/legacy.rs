//! Reads the parameters of versions 1 and 2.

use engine_core::model::Json;
use engine_core::node::NodeError;
use serde_json::Value;

use super::call::{
    AnswerPlan, Call, Content, Field, FieldValue, Format, Lists, add_field, form_fields, header_fields, named, timeout, url, value_of,
};
use crate::network::{ArrayFormat, HttpRequest, Redirects};
use crate::settings::Settings;

/// The request that the parameters of an item describe.
pub(super) fn read(parameters: &Json) -> Result<Call, NodeError> {
    let at = Settings::new(parameters);
    let options = at.group("options");
    let method = at.filled("requestMethod").unwrap_or_else(|| "GET".to_owned()).to_ascii_uppercase();
    let raw = options.text("bodyContentType") == "raw";
    let (query, mut headers, body) = if at.flag("jsonParameters") {
        let fields = |name: &str, shown: &str| fields(at.get(name), shown, raw);
        let body = if at.flag("sendBinaryData") { upload(at, options)? } else { written(at, raw)? };
        (fields("queryParametersJson", "Query Parameters")?, fields("headerParametersJson", "Headers")?, body)
    } else {
        (query(at), pairs(at, "headerParametersUi"), given(at))
    };
    headers = header_fields(headers);
    if let Some(media_type) = options.filled("bodyContentCustomMimeType") {
        headers.insert("content-type".to_owned(), media_type.into());
    }
    Ok(Call {
        url: url(at)?,
        query,
        arrays: if options.flag("useQueryString") { ArrayFormat::Repeat } else { ArrayFormat::Brackets },
        headers,
        body: if ["PATCH", "POST", "PUT"].contains(&method.as_str()) { of_type(body, &options.text("bodyContentType")) } else { body },
        method,
        answer: answer(at, options),
        redirects: redirects(options),
        timeout: timeout(options),
        proxy: options.filled("proxy"),
        accept_any_certificate: at.flag("allowUnauthorizedCerts"),
        idempotency_header: None,
    })
}

fn invalid(shown: &str) -> NodeError {
    NodeError::fatal(format!("The data in \"{shown}\" is no valid JSON. Set Body Content Type to \"RAW/Custom\" for XML or other types of payloads"))
}

/// Query or headers as JSON. With a raw body they may be text: a query string.
fn fields(value: Option<&Value>, shown: &str, raw: bool) -> Result<Json, NodeError> {
    match value {
        None => Ok(Json::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(Value::String(text)) if text.is_empty() => Ok(Json::new()),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(fields),
            _ if raw => Ok(form_fields(text.trim_start_matches('?'))),
            _ => Err(invalid(shown)),
        },
        Some(_) => Err(invalid(shown)),
    }
}

/// The body as it is written out: JSON, or anything where it is raw.
fn written(at: Settings<'_>, raw: bool) -> Result<Content, NodeError> {
    match at.get("bodyParametersJson") {
        None => Ok(Content::None),
        Some(Value::String(text)) if text.is_empty() => Ok(Content::None),
        Some(Value::String(text)) if raw => Ok(Content::Raw(text.clone(), None)),
        Some(Value::String(text)) => serde_json::from_str(text).map(Content::Json).map_err(|_| invalid("Body Parameters")),
        Some(value) => Ok(Content::Json(value.clone())),
    }
}

/// Files of the item as the body: one as it is, or several in a form (`name:key,name:key`).
fn upload(at: Settings<'_>, options: Settings<'_>) -> Result<Content, NodeError> {
    let keys = at.text("binaryPropertyName");
    match options.text("bodyContentType").as_str() {
        "raw" => Ok(Content::File(keys)),
        "multipart-form-data" => {
            let keys: Vec<&str> = keys.split(',').map(str::trim).collect();
            let field = |key: &&str| match key.split_once(':') {
                Some((name, key)) => Ok(Field { name: name.to_owned(), value: FieldValue::File(key.to_owned()) }),
                None if keys.len() == 1 => Ok(Field { name: "file".to_owned(), value: FieldValue::File((*key).to_owned()) }),
                None => Err(NodeError::fatal("several files need names: \"sendKey1:binaryProperty1,sendKey2:binaryProperty2\"")),
            };
            keys.iter().map(field).collect::<Result<_, _>>().map(Content::Multipart)
        }
        _ => Err(NodeError::fatal(
            "Sending binary data is only supported when option \"Body Content Type\" is set to \"RAW/CUSTOM\" or \"FORM-DATA/MULTIPART\"!",
        )),
    }
}

/// The body as a list of names and values; none where no list is given.
fn given(at: Settings<'_>) -> Content {
    match at.group("bodyParametersUi").get("parameter") {
        None => Content::None,
        Some(_) => Content::Json(Value::Object(pairs(at, "bodyParametersUi"))),
    }
}

fn pairs(at: Settings<'_>, list: &str) -> Json {
    named(at, list, "parameter").into_iter().map(|(name, entry)| (name, value_of(entry))).collect()
}

/// A name that comes again makes a list.
fn query(at: Settings<'_>) -> Json {
    let mut fields = Json::new();
    for (name, entry) in named(at, "queryParametersUi", "parameter") {
        add_field(&mut fields, &name, value_of(entry));
    }
    fields
}

/// A JSON body sent in another form.
fn of_type(body: Content, content_type: &str) -> Content {
    match (body, content_type) {
        (Content::Json(Value::Object(fields)), "form-urlencoded") => Content::Form(fields),
        (Content::Json(Value::Object(fields)), "multipart-form-data") => {
            Content::Multipart(fields.into_iter().map(|(name, value)| Field { name, value: FieldValue::Text(value) }).collect())
        }
        (body, _) => body,
    }
}

fn answer(at: Settings<'_>, options: Settings<'_>) -> AnswerPlan {
    let format = match at.text("responseFormat").as_str() {
        "file" => Format::File,
        "string" => Format::Text,
        _ => Format::Json,
    };
    AnswerPlan {
        format,
        full: options.flag("fullResponse"),
        never_error: options.flag("ignoreResponseCode"),
        property: at.filled("dataPropertyName").unwrap_or_else(|| "data".to_owned()),
        lists: if options.flag("splitIntoItems") { Lists::Split } else { Lists::Numbered },
    }
}

/// Redirects of GET and HEAD are followed unless told otherwise, others when told to.
fn redirects(options: Settings<'_>) -> Redirects {
    if options.flag("followAllRedirects") {
        Redirects::All(HttpRequest::DEFAULT_REDIRECTS)
    } else if options.flag_or("followRedirect", true) {
        Redirects::Safe(HttpRequest::DEFAULT_REDIRECTS)
    } else {
        Redirects::Never
    }
}
