//! What stands before every handler: it names the request, opens its span, refuses it when too many are being served, counts it, and puts its id into the answer.

mod rest;
mod trace;

pub(crate) use trace::TraceParent;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

#[cfg(feature = "rate-limit")]
use crate::limit::Limiter;
use crate::problem::{ApiError, Problematic};
use crate::service::Inner;
#[cfg(feature = "api")]
use crate::telemetry::Depth;
use crate::telemetry::HttpNumbers;

/// What the edge keeps between requests.
#[derive(Default)]
pub(crate) struct Edge {
    pub(crate) numbers: HttpNumbers,
    #[cfg(feature = "api")]
    pub(crate) depth: Depth,
    #[cfg(feature = "rate-limit")]
    pub(crate) limiter: Limiter,
}

impl Edge {
    #[cfg(feature = "rate-limit")]
    pub(crate) fn new(config: &crate::Config) -> Self {
        Self { limiter: Limiter::new(&config.rate_limits), ..Self::default() }
    }

    #[cfg(not(feature = "rate-limit"))]
    pub(crate) fn new(_: &crate::Config) -> Self {
        Self::default()
    }
}

/// The id of a request. In logs, in answers and in the bodies of errors.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Requests that must be answered when nothing else is.
pub(crate) const ALWAYS: [&str; 5] = ["/health", "/healthz", "/ready", "/readyz", "/metrics"];

/// Stands before every handler.
pub(crate) async fn enter(State(service): State<Arc<Inner>>, mut request: Request, next: Next) -> Response {
    let runtime = service.engine.runtime();
    let began = runtime.now();
    let id = request_id(&service, request.headers());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let method = request.method().clone();
    let parent = TraceParent::of(request.headers());
    let span = tracing::info_span!(
        "request", request_id = %id.0, method = %method, route = %route, status = tracing::field::Empty,
        trace_id = parent.as_ref().map(|parent| tracing::field::display(&parent.trace_id)),
        parent_id = parent.as_ref().map(|parent| tracing::field::display(&parent.parent_id)),
    );
    request.extensions_mut().insert(id.clone());
    if let Some(parent) = parent {
        request.extensions_mut().insert(parent);
    }
    let (parts, body) = request.into_parts();
    let (body, left) = rest::Watched::over(body, &parts.headers, runtime);
    let request = Request::from_parts(parts, body);
    let turn = Turn::take(&service);
    let mut response = match refused(&service, &turn, &request) {
        Some(error) => {
            drop(request);
            error.into_response()
        }
        None => next.run(request).instrument(span.clone()).await,
    };
    drop(turn);
    name(&mut response, &id);
    left.tell(response.headers_mut());
    let took = runtime.now().since(began);
    service.edge.numbers.answered(route, (&method, response.status()), took);
    span.record("status", response.status().as_u16());
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if response.status().is_server_error() {
        tracing::warn!(parent: &span, micros, "request failed");
    } else {
        tracing::debug!(parent: &span, micros, "request");
    }
    response
}

/// Why a request is not served, whatever it asks for.
fn refused(service: &Inner, turn: &Turn<'_>, request: &Request) -> Option<ApiError> {
    // The path within this router: a program may have nested it below another one.
    if turn.is_over() && !ALWAYS.contains(&request.uri().path()) {
        service.edge.numbers.shed.fetch_add(1, Ordering::Relaxed);
        return Some(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too many requests are being served, try again soon"));
    }
    // A proxy may have taken the other one.
    request.headers().get_all(header::HOST).iter().nth(1).map(|_| ApiError::bad_request("a request names one host"))
}

/// Counts a request while it is being served, also when its caller goes away.
struct Turn<'a> {
    service: &'a Inner,
    before: usize,
}

impl<'a> Turn<'a> {
    fn take(service: &'a Inner) -> Self {
        Self { service, before: service.edge.numbers.in_flight.fetch_add(1, Ordering::Relaxed) }
    }

    fn is_over(&self) -> bool {
        self.before >= self.service.config.max_requests
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.service.edge.numbers.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Puts the id of its request into an answer.
fn name(response: &mut Response, id: &RequestId) {
    if let Some(Problematic(error)) = response.extensions_mut().remove::<Problematic>() {
        let named = error.of_request(&id.0).into_bytes();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(named);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
}

/// The caller's own id of the request, where it is one that can be written to a log, or a new one.
fn request_id(service: &Inner, headers: &HeaderMap) -> RequestId {
    let own = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let own = own.filter(|id| !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)));
    RequestId(own.map_or_else(|| service.executions.new_id().to_string().into(), Arc::from))
}
