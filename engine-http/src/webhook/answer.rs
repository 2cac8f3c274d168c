//! Responses: what each response mode answers, and answers of respond nodes.
//!
//! Headers that a workflow sets are checked here: a name or value that no header may have gives 500, never a second header.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use engine_core::blob::BlobStore;
use engine_core::driver::ExecutionResult;
use engine_core::execution::{Reply, ReplyBody};
use engine_core::model::{Batch, Binary, BinaryContent, Item};
use engine_core::state::ExecutionStatus;
use serde_json::{Value, json};

use super::HookOptions;
use super::failure::Failure;
use super::options::ResponseData;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// What a workflow answers must not act as a page of this server: it may not read its cookies or call its API.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts");

const NO_GUESSES: HeaderValue = HeaderValue::from_static("nosniff");

/// The answer at once.
pub(super) fn received(options: &HookOptions) -> Response {
    match &options.data {
        ResponseData::NoData => finish(options, Body::empty(), None),
        ResponseData::Fixed(value) => finish_value(options, value),
        _ => finish(options, Body::from(r#"{"message":"Workflow was started"}"#), Some(JSON)),
    }
}

/// The answer with what the last node gave.
pub(super) async fn last_node(result: &ExecutionResult, options: &HookOptions, blobs: &Arc<dyn BlobStore>) -> Result<Response, Failure> {
    failed(result)?;
    let outputs = result.last_outputs();
    let items = outputs.first().map(Batch::as_slice).unwrap_or_default();
    let none = |message: &str| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, message);
    match &options.data {
        ResponseData::NoData => Ok(finish(options, Body::empty(), None)),
        ResponseData::AllEntries => {
            let all: Vec<&serde_json::Map<String, Value>> = items.iter().map(Item::json).collect();
            Ok(finish(options, Body::from(serde_json::to_vec(&all).unwrap_or_default()), Some(JSON)))
        }
        ResponseData::FirstEntryBinary => {
            let item = items.first().ok_or_else(|| none("No item was found to return"))?;
            let files = item.binary().ok_or_else(|| none("No binary data was found to return"))?;
            let name = &options.response_binary;
            let file = files.get(name).ok_or_else(|| none(&format!("The binary property '{name}' which should be returned does not exist")))?;
            let body = read(file, blobs).await?;
            let kind = HeaderValue::from_str(&file.mime_type).ok();
            Ok(finish(options, body, kind))
        }
        _ if result.last_node().is_none() => {
            Ok(finish_value(options, &json!({"message": "Workflow executed successfully but the last node did not return any data"})))
        }
        _ => first_entry(items.first().ok_or_else(|| none("No item to return was found"))?, options),
    }
}

fn first_entry(item: &Item, options: &HookOptions) -> Result<Response, Failure> {
    let (text, is_text) = match &options.property {
        None => (serde_json::to_string(item.json()), false),
        Some(path) => match lookup(item, path) {
            Some(Value::String(text)) => (Ok(text.clone()), true),
            Some(value) => (serde_json::to_string(value), false),
            None => return Ok(finish(options, Body::empty(), None)),
        },
    };
    let text = text.map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written"))?;
    let default = if is_text { HTML } else { JSON };
    Ok(finish(options, Body::from(text), Some(options.content_type.clone().unwrap_or(default))))
}

/// What lies under a dotted path, such as `user.names[0]`.
fn lookup<'i>(item: &'i Item, path: &str) -> Option<&'i Value> {
    if let Some(value) = item.json().get(path) {
        return Some(value);
    }
    let mut keys = path.split(['.', '[', ']']).filter(|key| !key.is_empty());
    let first = item.json().get(keys.next()?)?;
    keys.try_fold(first, |value, key| match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    })
}

/// The answer when the run ended and no node answered.
pub(super) fn without_reply(result: &ExecutionResult, options: &HookOptions) -> Result<Response, Failure> {
    failed(result)?;
    Ok(finish_value(options, &json!({"message": "Workflow executed successfully"})))
}

/// A page that is all a workflow's own.
pub(super) fn page(html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    response.headers_mut().insert(header::CONTENT_TYPE, HTML);
    sandbox(&mut response);
    response
}

/// The answer of a respond node.
pub(super) async fn reply(reply: Reply, options: &HookOptions, blobs: &Arc<dyn BlobStore>) -> Result<Response, Failure> {
    let Reply { status, headers, body } = reply;
    let (body, kind) = match body {
        ReplyBody::Empty => (Body::empty(), None),
        ReplyBody::Json(value) => (Body::from(serde_json::to_vec(&value).unwrap_or_default()), Some(JSON)),
        ReplyBody::Bytes(bytes) => (Body::from(bytes), Some(HTML)),
        ReplyBody::Binary(file) => (read(&file, blobs).await?, HeaderValue::from_str(&file.mime_type).ok()),
    };
    let mut response = bare(options, body, kind);
    *response.status_mut() = StatusCode::from_u16(status)
        .ok()
        .filter(|status| status.as_u16() >= 200)
        .ok_or_else(|| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{status} is no final HTTP status")))?;
    set_headers(response.headers_mut(), headers)?;
    sandbox(&mut response);
    Ok(response)
}

fn set_headers(into: &mut HeaderMap, headers: Vec<(String, String)>) -> Result<(), Failure> {
    let invalid = |name: &str| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("Invalid character in header content [{name:?}]"));
    let mut seen: Vec<HeaderName> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let parsed = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| invalid(&name))?;
        let value = HeaderValue::from_str(value.trim()).map_err(|_| invalid(&name))?;
        if frames(&parsed) {
            continue;
        }
        if seen.contains(&parsed) {
            into.append(parsed, value);
        } else {
            into.insert(&parsed, value);
            seen.push(parsed);
        }
    }
    Ok(())
}

/// Headers that say where a message ends belong to the server.
fn frames(name: &HeaderName) -> bool {
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE, header::TRAILER, header::TE].contains(name)
        || name == "keep-alive"
}

fn failed(result: &ExecutionResult) -> Result<(), Failure> {
    match result.status() {
        ExecutionStatus::Success => Ok(()),
        _ => Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "Error in workflow")),
    }
}

fn finish_value(options: &HookOptions, value: &Value) -> Response {
    match value {
        Value::String(text) => finish(options, Body::from(text.clone()), Some(HTML)),
        other => finish(options, Body::from(other.to_string()), Some(JSON)),
    }
}

/// A response with the status and headers that the node's options name.
fn finish(options: &HookOptions, body: Body, kind: Option<HeaderValue>) -> Response {
    let mut response = bare(options, body, kind);
    sandbox(&mut response);
    response
}

/// The same, not in its sandbox yet.
fn bare(options: &HookOptions, body: Body, kind: Option<HeaderValue>) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = options.status;
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    for (name, value) in options.headers.iter().filter(|(name, _)| !frames(name)) {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// Keeps what a browser may show as a page in a sandbox. A policy of the workflow's own counts beside it: the stricter one wins.
fn sandbox(response: &mut Response) {
    let headers = response.headers_mut();
    // A browser must not find a page in what is none.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_GUESSES);
    let kinds = || headers.get_all(header::CONTENT_TYPE).iter();
    let is_page = kinds().next().is_none() || !kinds().all(is_inert);
    if is_page && !headers.get_all(header::CONTENT_SECURITY_POLICY).iter().any(|policy| policy == SANDBOX) {
        headers.append(header::CONTENT_SECURITY_POLICY, SANDBOX);
    }
}

/// Types of which no browser makes a page that runs. XML is none of them, whatever stands before it: it may hold HTML.
const INERT: [&str; 9] =
    ["application/json", "application/octet-stream", "application/pdf", "application/zip", "text/plain", "text/csv", "audio/", "image/", "video/"];

/// Whether something of this type runs nowhere. Types are written in any case, and of several that a header names a browser takes the last one that it knows.
fn is_inert(kinds: &HeaderValue) -> bool {
    kinds.to_str().unwrap_or_default().split(',').all(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        !kind.contains("xml")
            && !kind.contains("svg")
            && INERT.iter().any(|inert| if inert.ends_with('/') { kind.starts_with(inert) } else { kind == *inert })
    })
}

pub(super) async fn read(file: &Binary, blobs: &Arc<dyn BlobStore>) -> Result<Body, Failure> {
    match &file.content {
        BinaryContent::Inline(bytes) => Ok(Body::from(bytes.clone())),
        BinaryContent::Stored(id) => {
            let stream = blobs.get(id).await.map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "the file could not be read"))?;
            Ok(Body::from_stream(stream))
        }
    }
}
