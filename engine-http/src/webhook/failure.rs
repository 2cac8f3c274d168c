//! Why a webhook's caller gets no answer of the workflow. The body has n8n's form: `{"code", "message", "hint"?}`.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
#[cfg(feature = "api")]
use engine_core::store::StoreError;
use serde_json::json;

use crate::problem;

/// A request that starts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) message: String,
    hint: Option<&'static str>,
    header: Option<(header::HeaderName, HeaderValue)>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: None, header: None }
    }

    /// No webhook has this path.
    pub(super) fn unknown(method: &Method, path: &str) -> Self {
        let hint = Some("The workflow must be active for a production URL to run successfully.");
        Self { hint, ..Self::new(StatusCode::NOT_FOUND, format!("The requested webhook \"{method} {path}\" is not registered.")) }
    }

    /// The path is there, but takes other methods.
    pub(super) fn method(method: &Method, allowed: &[Method]) -> Self {
        let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("This webhook is not registered for {method} requests.");
        let value = HeaderValue::from_str(&allow).ok();
        Self { header: value.map(|value| (header::ALLOW, value)), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// Too much is going on.
    pub(super) fn busy() -> Self {
        let header = Some((header::RETRY_AFTER, HeaderValue::from_static("1")));
        Self { header, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "too many executions are running, try again soon") }
    }

    /// Its sender sends too much.
    #[cfg(feature = "rate-limit")]
    pub(super) fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests, try again later")
    }

    /// No webhook with this path waits to be tried out.
    #[cfg(feature = "api")]
    pub(super) fn not_open(path: &str) -> Self {
        let hint = Some("Ask for a test of its workflow first (POST /api/v1/workflows/<id>/test-webhook); one call is taken then.");
        Self { hint, ..Self::new(StatusCode::NOT_FOUND, format!("The requested webhook \"{path}\" is not registered.")) }
    }

    /// The store did not answer as it should; what it says is for the log.
    #[cfg(feature = "api")]
    pub(super) fn of_store(error: &StoreError) -> Self {
        tracing::warn!(%error, "the store failed");
        let header = Some((header::RETRY_AFTER, HeaderValue::from_static("1")));
        Self { header, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be asked now, try again soon") }
    }

    /// Credentials are missing.
    pub(super) fn unauthorized(challenge: &'static str) -> Self {
        let header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        Self { header, ..Self::new(StatusCode::UNAUTHORIZED, "Authorization is required!") }
    }

    /// Credentials are wrong.
    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Authorization data is wrong!")
    }

    pub(super) fn into_response(self) -> Response {
        let mut body = json!({"code": self.status.as_u16(), "message": self.message});
        if let Some(hint) = self.hint {
            body["hint"] = hint.into();
        }
        let mut response = problem::json(self.status, &body);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
