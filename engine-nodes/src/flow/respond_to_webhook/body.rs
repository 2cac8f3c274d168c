//! The body of an answer.

use engine_core::execution::ReplyBody;
use engine_core::expression::js;
use engine_core::model::Json;
use engine_core::node::{NodeContext, NodeError};
use serde_json::Value;

use crate::conversion::FieldPath;
use crate::settings::Settings;

/// Whether this program can sign tokens.
pub(super) const SIGNS_TOKENS: bool = cfg!(feature = "jwt");

/// The body for a value of `respondWith`, and its media type where that is not JSON's.
pub(super) async fn body(kind: &str, settings: Settings<'_>, context: &NodeContext) -> Result<(ReplyBody, Option<String>), NodeError> {
    let json = |value: Value| Ok((ReplyBody::Json(value), None));
    let items = context.items();
    match kind {
        "json" => match settings.get("responseBody") {
            None => Ok((ReplyBody::Empty, None)),
            Some(Value::String(text)) if text.is_empty() => Ok((ReplyBody::Empty, None)),
            Some(Value::String(text)) => json(parse(text, "Response Body")?),
            Some(value) => json(value.clone()),
        },
        "allIncomingItems" => json(under_key(settings, items.iter().map(|item| Value::Object(item.json().clone())).collect())),
        "firstIncomingItem" => json(under_key(settings, Value::Object(items.first().map(|item| item.json().clone()).unwrap_or_default()))),
        "text" => {
            let text = settings.text("responseBody");
            Ok((ReplyBody::Bytes(text.into_bytes().into()), Some("text/html; charset=utf-8".to_owned())))
        }
        "binary" => file(settings, context),
        "jwt" => json(signed(settings, context).await?),
        "redirect" | "noData" => Ok((ReplyBody::Empty, None)),
        other => Err(NodeError::fatal(format!("The Response Data option \"{other}\" is not supported!"))),
    }
}

fn parse(text: &str, field: &str) -> Result<Value, NodeError> {
    serde_json::from_str(text)
        .map_err(|error| NodeError::fatal(format!("Invalid JSON in '{field}' field")).with_description(format!("{error} in {text}")))
}

fn under_key(settings: Settings<'_>, value: Value) -> Value {
    match settings.group("options").filled("responseKey") {
        Some(key) => {
            let mut object = Json::new();
            FieldPath::new(&key).set(&mut object, value);
            Value::Object(object)
        }
        None => value,
    }
}

fn file(settings: Settings<'_>, context: &NodeContext) -> Result<(ReplyBody, Option<String>), NodeError> {
    let missing = || NodeError::fatal("No binary data exists on the first item!");
    let files = context.items().first().and_then(|item| item.binary()).ok_or_else(missing)?;
    let file = if settings.text("responseDataSource") == "set" {
        let name = settings.text("inputFieldName");
        files.get(&name).ok_or_else(|| NodeError::fatal(format!("The first item has no binary data in '{name}'")))?
    } else {
        files.values().next().ok_or_else(missing)?
    };
    let media_type = Some(file.mime_type.clone()).filter(|kind| !js::trim(kind).is_empty());
    Ok((ReplyBody::Binary(file.clone()), media_type))
}

#[cfg(not(feature = "jwt"))]
#[expect(clippy::unused_async, reason = "the same signature as where tokens are signed")]
async fn signed(_settings: Settings<'_>, _context: &NodeContext) -> Result<Value, NodeError> {
    Err(NodeError::fatal("this program was built without signed tokens"))
}

#[cfg(feature = "jwt")]
async fn signed(settings: Settings<'_>, context: &NodeContext) -> Result<Value, NodeError> {
    let payload = match settings.get("payload") {
        Some(Value::String(text)) => parse(text, "Payload")?,
        Some(value) => value.clone(),
        None => Value::Object(Json::new()),
    };
    let credential = context.credential("jwtAuth").await?;
    let token = crate::token::sign(payload, &credential, context.now())?;
    Ok(serde_json::json!({ "token": token }))
}
