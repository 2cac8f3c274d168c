//! The item that a webhook's trigger gives: n8n's `{headers, params, query, body, webhookUrl, executionMode}`, files beside it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use engine_core::blob::BlobStore;
use engine_core::model::{Binary, BinaryContent, Item, Json};
use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::auth::Shown;
use super::body;
use super::delivery::Delivery;
use super::failure::Failure;
use super::form::{Form, FormReader};
use super::{Hook, HookOptions, query};
use crate::Config;
use crate::budget::Share;
use crate::service::Inner;

/// What is made into an item.
pub(super) struct Source<'a> {
    pub(super) parts: &'a Parts,
    pub(super) params: Json,
    pub(super) options: &'a HookOptions,
    pub(super) config: &'a Config,
    pub(super) blobs: &'a Arc<dyn BlobStore>,
    pub(super) url: String,
    /// What the caller showed.
    pub(super) token: Shown,
}

/// Bodies up to this size stay with their item.
const INLINE: usize = 16 * 1024;

/// The type of bodies that are read as JSON.
const JSON: &str = "application/json";
/// The type of forms that are sent as text.
const FIELDS: &str = "application/x-www-form-urlencoded";
/// Nobody needs the text of these any more when it is read.
const FORMS_OF_VALUES: [&str; 2] = [JSON, FIELDS];

/// How a webhook was called, beside what the request itself says.
pub(super) struct Called<'a> {
    /// The address of the server, as the caller sees it.
    pub(super) base: &'a str,
    pub(super) params: Json,
    pub(super) token: Shown,
}

impl<'a> Source<'a> {
    /// A call of a webhook.
    pub(super) fn of(service: &'a Inner, hook: &'a Hook, parts: &'a Parts, called: Called<'_>) -> Self {
        Self {
            url: [called.base, hook.prefix(), &hook.path].concat(),
            parts,
            params: called.params,
            options: &hook.options,
            config: &service.config,
            blobs: &service.engine.services().blobs,
            token: called.token,
        }
    }

    /// Reads the body and makes the item.
    pub(super) async fn item(self, body: Body, share: &mut Share) -> Result<Item, Failure> {
        let headers = &self.parts.headers;
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_form = kind == "multipart/form-data" && !self.options.body_is_file;
        let limit = if is_form { self.config.max_form } else { self.config.max_body };
        let arrival = async {
            let body = self.checked(body, share).await?;
            if is_form {
                self.form(content_type, body, share).await
            } else {
                let bytes = body::read(headers, body, limit, share).await?;
                self.content(&kind, bytes, share).await
            }
        };
        let asked = self.parts.uri.query().unwrap_or_default();
        let patience = body::patience(headers, limit, self.config.request_timeout);
        let Content { body, files } = tokio::time::timeout(patience, arrival).await.map_err(|_| body::too_slow())??;
        let mut json = Json::with_capacity(7);
        json.insert("headers".to_owned(), Value::Object(headers_to_json(headers)));
        json.insert("params".to_owned(), Value::Object(self.params));
        share.take_room(query::room(asked))?;
        json.insert("query".to_owned(), Value::Object(query::parse(asked)));
        json.insert("body".to_owned(), body);
        if let Some(token) = self.token.claims {
            json.insert("jwtPayload".to_owned(), token);
        }
        json.insert("webhookUrl".to_owned(), Value::String(self.url));
        json.insert("executionMode".to_owned(), Value::String(self.options.mode_name().to_owned()));
        let item = Item::new(json);
        Ok(match files {
            Some(files) => item.with_binary(files),
            None => item,
        })
    }

    /// The body, if it is signed as the webhook asks for. It is read as a whole then: the signature is over its bytes, not over what they mean.
    async fn checked(&self, body: Body, share: &mut Share) -> Result<Body, Failure> {
        let Some(signature) = &self.options.signature else { return Ok(body) };
        let mut raw = share.another();
        let bytes = body::read(&self.parts.headers, body, self.config.max_body, &mut raw).await?;
        let digest = signature.check(&self.parts.headers, &bytes, &self.token.keys, self.token.now)?;
        if let Some(delivery) = self.parts.extensions.get::<Delivery>().filter(|_| signature.deduplicate) {
            delivery.begin(digest, signature.remembered()).await?;
        }
        Ok(Body::from(bytes))
    }

    async fn form(&self, content_type: &str, body: Body, share: &mut Share) -> Result<Content, Failure> {
        body::check_length(&self.parts.headers, self.config.max_form)?;
        let file_name = &self.options.request_binary;
        let reader = FormReader { blobs: self.blobs, share, limit: self.config.max_form, file_name, numbered: self.options.file_number };
        let Form { fields, files } = reader.read(content_type, body).await?;
        Ok(Content { body: Value::Object(fields), files: Some(files) })
    }

    /// Version 2 takes what it cannot read as a file; version 1 does so when it is told to, and is without a body otherwise.
    async fn content(&self, kind: &str, bytes: Bytes, share: &mut Share) -> Result<Content, Failure> {
        let read = if self.options.body_is_file { None } else { read_as(kind, &bytes, share)? };
        let wants_file = self.options.raw_body || (read.is_none() && !bytes.is_empty() && (self.options.version > 1.0 || self.options.body_is_file));
        if !wants_file && read.is_some() && FORMS_OF_VALUES.contains(&kind) {
            share.give_back(bytes.len());
        }
        let files = if wants_file { Some(std::iter::once(self.file(kind, bytes).await?).collect()) } else { None };
        Ok(Content { body: read.unwrap_or_else(|| Value::Object(Json::new())), files })
    }

    async fn file(&self, kind: &str, bytes: Bytes) -> Result<(String, Binary), Failure> {
        let absent = if self.options.raw_body { JSON } else { "application/octet-stream" };
        let mut binary = Binary::inline(bytes.clone(), if kind.is_empty() { absent } else { kind });
        if bytes.len() > INLINE {
            let stored = self.blobs.put(stream::iter([Ok(bytes)]).boxed()).await;
            let (id, _) = stored.map_err(|_| Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the request body could not be stored"))?;
            binary.content = BinaryContent::Stored(id);
        }
        if let Some(name) = self.parts.headers.get(header::CONTENT_DISPOSITION).and_then(file_name) {
            binary = binary.with_file_name(name);
        }
        let name = &self.options.request_binary;
        Ok((if name.is_empty() || self.options.raw_body { "data".to_owned() } else { name.clone() }, binary))
    }
}

/// A body, read.
struct Content {
    body: Value,
    files: Option<std::collections::BTreeMap<String, Binary>>,
}

/// The body as JSON; `None` where its type is none that n8n reads. Takes the room for it.
fn read_as(kind: &str, bytes: &Bytes, share: &mut Share) -> Result<Option<Value>, Failure> {
    if bytes.is_empty() {
        return Ok(None);
    }
    match kind {
        JSON => {
            share.take_parsed(bytes)?;
            let broken = |error| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, format!("Failed to parse request body: {error}"));
            serde_json::from_slice(bytes).map(Some).map_err(broken)
        }
        FIELDS => {
            let text = body::text(bytes, share)?;
            share.take_room(query::room(&text))?;
            Ok(Some(Value::Object(query::parse(&text))))
        }
        _ if kind == "text/plain" || kind.ends_with("/xml") || kind.ends_with("+xml") => {
            Ok(Some(Value::String(body::text(bytes, share)?.into_owned())))
        }
        _ => Ok(None),
    }
}

/// Headers as Node.js gives them: small letters, repeated ones joined.
fn headers_to_json(headers: &HeaderMap) -> Json {
    let mut json = Json::with_capacity(headers.keys_len());
    for (name, value) in headers {
        let text = header_text(value);
        match json.get_mut(name.as_str()) {
            Some(Value::String(before)) => {
                before.push_str(if name == header::COOKIE { "; " } else { ", " });
                before.push_str(&text);
            }
            _ => {
                json.insert(name.as_str().to_owned(), Value::String(text));
            }
        }
    }
    json
}

/// Bytes beyond ASCII are Latin 1, as HTTP/1 has it.
fn header_text(value: &HeaderValue) -> String {
    match value.to_str() {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// The file name of a `Content-Disposition`.
fn file_name(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let named = text.split(';').find_map(|part| part.trim().strip_prefix("filename="))?;
    let name = named.trim_matches('"').rsplit(['/', '\\']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}
