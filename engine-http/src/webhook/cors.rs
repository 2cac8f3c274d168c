//! Calls from web pages of other origins.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::HookOptions;
use super::table::Found;

/// What a browser says about where it calls from.
pub(super) struct Origin {
    origin: Option<HeaderValue>,
    headers: Option<HeaderValue>,
}

impl Origin {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let get = |name| headers.get(name).cloned();
        Self { origin: get(header::ORIGIN), headers: get(header::ACCESS_CONTROL_REQUEST_HEADERS) }
    }
}

/// The answer to a browser that asks whether it may call.
pub(super) fn preflight(found: &Found<'_>, origin: &Origin) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let methods = found.methods();
    let list = std::iter::once("OPTIONS").chain(methods.iter().map(axum::http::Method::as_str)).collect::<Vec<_>>().join(", ");
    if let Ok(list) = HeaderValue::from_str(&list) {
        response.headers_mut().insert(header::ALLOW, list.clone());
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, list);
    }
    if let Some(headers) = &origin.headers {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
    response.headers_mut().insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("300"));
    if let Some(options) = found.options().next() {
        allow(&mut response, options, origin);
    }
    response
}

/// Lets the caller's page read the answer, if its origin is allowed. The workflow's own header wins.
pub(super) fn allow(response: &mut Response, options: &HookOptions, origin: &Origin) {
    let Some(origin) = &origin.origin else { return };
    if response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    let allowed = match &options.origins {
        None => Some(HeaderValue::from_static("*")),
        Some(list) => list.iter().any(|allowed| origin.as_bytes() == allowed.as_bytes()).then(|| origin.clone()),
    };
    if let Some(allowed) = allowed {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    }
}
