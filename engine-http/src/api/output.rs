//! What handlers give back.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::input::to_cursor;
use crate::problem;

/// 200 with JSON.
pub(super) fn ok(value: &Value) -> Response {
    problem::json(StatusCode::OK, value)
}

/// 201 with JSON and where the new thing is.
pub(super) fn created(location: &str, value: &Value) -> Response {
    let mut response = problem::json(StatusCode::CREATED, value);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 204.
pub(super) fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Part of a list.
pub(super) fn page<C: Serialize>(data: &[Value], next: Option<&C>) -> Response {
    ok(&json!({"data": data, "nextCursor": to_cursor(next)}))
}

/// The same with its version as a strong `ETag`.
pub(super) fn tagged(mut response: Response, version: u32) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Whether the caller has this version already.
pub(super) fn is_fresh(headers: &HeaderMap, version: u32) -> bool {
    let shown = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    shown.split(',').any(|tag| tag.trim().trim_start_matches("W/").trim_matches('"') == version.to_string())
}
