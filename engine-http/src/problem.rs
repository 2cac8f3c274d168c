//! Errors of the HTTP side, as `application/problem+json` (RFC 9457) with a stable code.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine_core::problem::pointer_key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// Where the pages that explain codes lie.
const PAGES: &str = "https://docs.rs/engine-http/latest/errors/";

/// One thing that is wrong with a request's body.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Detail {
    /// JSON pointer into the body.
    pub(crate) pointer: String,
    /// What is wrong there.
    #[serde(rename = "detail")]
    pub(crate) message: String,
    /// Stable code, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

/// An error as the API answers it.
#[derive(Debug)]
pub(crate) struct ApiError(Box<ProblemBody>);

/// Its body.
#[derive(Debug, Serialize)]
struct ProblemBody {
    #[serde(rename = "type")]
    page: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Detail>,
}

impl ApiError {
    /// An error with this status and code.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemBody {
            page: format!("{PAGES}{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            request_id: None,
            errors: Vec::new(),
        }))
    }

    /// There is no such thing, or the caller may not know of it.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("there is no {what} {id:?}"))
    }

    /// The request itself is wrong.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// The same, with what is wrong where.
    pub(crate) fn with_errors(mut self, errors: Vec<Detail>) -> Self {
        self.0.errors = errors;
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// Reads a JSON body; what does not fit is named by its path.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if !error.inner().is_data() {
            return ApiError::new(StatusCode::BAD_REQUEST, "not-json", format!("the body is no JSON: {}", error.inner()));
        }
        let pointer = error.path().iter().fold(String::new(), |pointer, segment| match segment {
            Segment::Seq { index } => format!("{pointer}/{index}"),
            Segment::Map { key } => format!("{pointer}/{}", pointer_key(key)),
            Segment::Enum { variant } => format!("{pointer}/{}", pointer_key(variant)),
            Segment::Unknown => pointer,
        });
        let detail = Detail { pointer, message: error.inner().to_string(), code: None };
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "the body does not have the expected form").with_errors(vec![detail])
    })?;
    deserializer.end().map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, "not-json", format!("the body is no JSON: {error}")))?;
    Ok(value)
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
