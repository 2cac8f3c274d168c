//! Errors of the HTTP side, as `application/problem+json` (RFC 9457) with a stable code.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine_core::problem::{Problem, Problems, pointer_key};
use engine_core::store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::service::ActivationError;

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
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<ProblemBody>);

/// Travels with an answer that is an error, for whoever names the request in it.
#[derive(Clone, Debug)]
pub(crate) struct Problematic(pub(crate) ApiError);

/// Its body.
#[derive(Clone, Debug, Serialize)]
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

    /// The request is understood and cannot be done as it is.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail)
    }

    /// Nobody is signed in.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "sign in, or show an API key")
    }

    /// The caller may not do this.
    pub(crate) fn forbidden(scope: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("this needs the permission {scope:?}"))
    }

    /// The body is too large.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", format!("at most {limit} bytes are taken"))
    }

    /// The resource is there and takes other methods; `Allow` says which.
    pub(crate) fn method(method: &axum::http::Method) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", format!("this resource does not take {method}"))
    }

    /// Too much is going on.
    pub(crate) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "as much is being read as there is room for, try again soon")
    }

    /// It takes more room, once it is read, than there ever is.
    pub(crate) fn too_roomy(room: usize) -> Self {
        let message = format!("once it is read it takes {room} bytes, more than all bodies together may");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message)
    }

    /// It took too long.
    pub(crate) fn late() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "it took longer than the server waits; it may have been done all the same")
    }

    /// There is no key for credentials, or not the one that this was sealed with.
    pub(crate) fn no_sealing_key() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-sealing-key", "this server has no key to seal or open the credential with")
    }

    /// It was changed since the caller read it.
    pub(crate) fn changed() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "changed", "it was changed meanwhile: read it again")
    }

    /// Something is in the way.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// The server has failed.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server has failed; its log says why")
    }

    /// What is wrong, in one text.
    pub(crate) fn reason(&self) -> &str {
        self.0.errors.first().map_or(&self.0.detail, |detail| &detail.message)
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// The same under the id of the request.
    pub(crate) fn of_request(mut self, id: &str) -> Self {
        self.0.request_id = Some(id.to_owned());
        self
    }

    /// Its body, as JSON.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// The same, with what is wrong where.
    pub(crate) fn with_errors(mut self, errors: Vec<Detail>) -> Self {
        self.0.errors = errors;
        self
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what, id } => Self::not_found(what, &id),
            StoreError::Conflict { .. } => Self::conflict(error.to_string()),
            StoreError::Invalid(message) => Self::bad_request(message),
            StoreError::Full(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-full", "the store has no room"),
            StoreError::Unavailable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "the store cannot be reached now"),
            _ => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "the store failed");
                Self::internal()
            }
        }
    }
}

impl From<ActivationError> for ApiError {
    fn from(error: ActivationError) -> Self {
        match error {
            ActivationError::Invalid(problems) => problems.into(),
            ActivationError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "webhook-taken", error.to_string()),
            ActivationError::Option { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-workflow", error.to_string()),
        }
    }
}

impl From<Problems> for ApiError {
    fn from(problems: Problems) -> Self {
        let detail = |problem: Problem| Detail { pointer: problem.path, message: problem.message, code: Some(problem.code.as_str().to_owned()) };
        let errors = problems.into_vec().into_iter().map(detail).collect();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-workflow", "the workflow has problems").with_errors(errors)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.clone().into_bytes()).into_response();
        response.extensions_mut().insert(Problematic(self));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => drop(headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            StatusCode::SERVICE_UNAVAILABLE => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _ => {}
        }
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
