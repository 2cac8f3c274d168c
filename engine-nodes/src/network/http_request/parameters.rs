//! Reads the parameters of version 3 and later.

use engine_core::model::{Json, NodeVersion};
use engine_core::node::NodeError;
use serde_json::Value;

use super::call::{
    AnswerPlan, Call, Content, Field, FieldValue, Format, Lists, add_field, form_fields, header_fields, json, json_object, named, timeout, url,
    value_of,
};
use crate::conversion::FieldPath;
use crate::network::{ArrayFormat, HttpRequest, Redirects};
use crate::settings::Settings;

/// The request that the parameters of an item describe.
pub(super) fn read(parameters: &Json, version: NodeVersion) -> Result<Call, NodeError> {
    let at = Settings::new(parameters);
    let options = at.group("options");
    Ok(Call {
        url: url(at)?,
        method: at.filled("method").unwrap_or_else(|| "GET".to_owned()).to_ascii_uppercase(),
        query: query(at, version)?,
        arrays: arrays(options),
        headers: headers(at)?,
        body: if at.flag("sendBody") { body(at, version)? } else { Content::None },
        answer: answer(options.group("response").group("response")),
        redirects: redirects(options, version),
        timeout: timeout(options),
        proxy: options.filled("proxy"),
        accept_any_certificate: options.flag("allowUnauthorizedCerts"),
        idempotency_header: options.filled("idempotencyHeader"),
    })
}

/// From 4.3 on a name that comes again makes a list; before, the last value counted.
fn put(fields: &mut Json, name: &str, value: Value, version: NodeVersion) {
    if version.at_least(4, 3) {
        add_field(fields, name, value);
    } else {
        fields.insert(name.to_owned(), value);
    }
}

fn pairs(at: Settings<'_>, list: &str, version: NodeVersion) -> Json {
    let mut fields = Json::new();
    for (name, entry) in named(at, list, "parameters") {
        put(&mut fields, &name, value_of(entry), version);
    }
    fields
}

fn query(at: Settings<'_>, version: NodeVersion) -> Result<Json, NodeError> {
    if !at.flag("sendQuery") {
        return Ok(Json::new());
    }
    match at.text("specifyQuery").as_str() {
        "json" => json_object(at.get("jsonQuery"), "JSON Query Parameters"),
        _ => Ok(pairs(at, "queryParameters", version)),
    }
}

fn arrays(options: Settings<'_>) -> ArrayFormat {
    match options.text("queryParameterArrays").as_str() {
        "repeat" => ArrayFormat::Repeat,
        "indices" => ArrayFormat::Indices,
        _ => ArrayFormat::Brackets,
    }
}

fn headers(at: Settings<'_>) -> Result<Json, NodeError> {
    if !at.flag("sendHeaders") {
        return Ok(Json::new());
    }
    let fields = match at.text("specifyHeaders").as_str() {
        "json" => json_object(at.get("jsonHeaders"), "JSON Headers")?,
        _ => named(at, "headerParameters", "parameters").into_iter().map(|(name, entry)| (name, value_of(entry))).collect(),
    };
    Ok(header_fields(fields))
}

fn body(at: Settings<'_>, version: NodeVersion) -> Result<Content, NodeError> {
    Ok(match at.text("contentType").as_str() {
        "form-urlencoded" if at.text("specifyBody") == "string" => Content::Form(form_fields(&at.text("body"))),
        "form-urlencoded" => Content::Form(pairs(at, "bodyParameters", version)),
        "multipart-form-data" => Content::Multipart(multipart(at, version)),
        "binaryData" => Content::File(at.text("inputDataFieldName")),
        "raw" => Content::Raw(at.text("body"), at.filled("rawContentType")),
        _ if at.text("specifyBody") == "json" => Content::Json(json(at.get("jsonBody"), "JSON Body")?),
        _ => Content::Json(Value::Object(json_fields(at, version))),
    })
}

/// From version 4 on names are paths: `a.b` makes an object within an object.
fn json_fields(at: Settings<'_>, version: NodeVersion) -> Json {
    let mut fields = Json::new();
    for (name, entry) in named(at, "bodyParameters", "parameters") {
        FieldPath::with_dots(&name, version.at_least(4, 0)).set(&mut fields, value_of(entry));
    }
    fields
}

/// Before 4.2 a name could come only once; the last value counted.
fn multipart(at: Settings<'_>, version: NodeVersion) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (name, entry) in named(at, "bodyParameters", "parameters") {
        let value = match entry.text("parameterType").as_str() {
            "formBinaryData" => match entry.filled("inputDataFieldName") {
                Some(key) => FieldValue::File(key),
                None => continue,
            },
            _ => FieldValue::Text(value_of(entry)),
        };
        if !version.at_least(4, 2) {
            fields.retain(|field| field.name != name);
        }
        fields.push(Field { name, value });
    }
    fields
}

fn answer(response: Settings<'_>) -> AnswerPlan {
    let format = match response.text("responseFormat").as_str() {
        "json" => Format::Json,
        "text" => Format::Text,
        "file" => Format::File,
        _ => Format::Auto,
    };
    AnswerPlan {
        format,
        full: response.flag("fullResponse"),
        never_error: response.flag("neverError"),
        property: response.filled("outputPropertyName").unwrap_or_else(|| "data".to_owned()),
        lists: Lists::Split,
    }
}

/// Version 4 follows redirects unless told otherwise, version 3 when it is told to.
fn redirects(options: Settings<'_>, version: NodeVersion) -> Redirects {
    let followed_by_default = version.at_least(4, 0);
    let given = options.group("redirect").group("redirect");
    if !given.flag_or("followRedirects", followed_by_default) {
        return Redirects::Never;
    }
    Redirects::All(most_redirects(given))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked first, and the policy has a lower bound of its own"
)]
fn most_redirects(given: Settings<'_>) -> usize {
    given.number("maxRedirects").filter(|most| (1.0..1e6).contains(most)).map_or(HttpRequest::DEFAULT_REDIRECTS, |most| most as usize)
}
