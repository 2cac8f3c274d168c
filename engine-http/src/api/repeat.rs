//! Requests that carry an `Idempotency-Key`: sent again, they get the answer of the first time and have no second effect.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine_core::store::{IdempotencyKey, IdempotentRequest, RequestState, StoreError};
use futures::channel::oneshot;
use futures::future::FutureExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::Instrument;

use super::input::{Kept, whole};
use crate::access::Identity;
use crate::problem::ApiError;
use crate::service::Inner;

/// How long an answer is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);
/// A request that was not answered after this time died with its process: it may be tried again. Longer than any takes that is still alive.
const UNDER_WAY: Duration = Duration::from_mins(10);
/// Headers that belong to the remembered answer.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// The key of a request, for what it starts: where the answer was lost with its process, the same is meant by the request that comes again.
#[derive(Clone, Debug)]
pub(super) struct Repeatable(pub(super) IdempotencyKey);

/// Runs a request, or answers it as it was answered before.
pub(super) async fn once(service: &Arc<Inner>, identity: &Identity, request: Request, next: Next) -> Response {
    match request.headers().get("idempotency-key").map(|key| key.to_str().map(str::to_owned)) {
        None => next.run(request).await,
        Some(Ok(key)) if (1..=255).contains(&key.len()) => match begin(service, identity, &key, request).await {
            Ok(Begun::New(begun, request)) => apart(service, begun, next.run(request)).await,
            Ok(Begun::Before(response)) => response,
            Err(error) => error.into_response(),
        },
        Some(_) => ApiError::bad_request("an Idempotency-Key has 1 to 255 visible characters").into_response(),
    }
}

/// Works on a request in a task of its own: a caller who hangs up comes back to ask what became of it.
async fn apart(service: &Arc<Inner>, begun: IdempotentRequest, answered: impl Future<Output = Response> + Send + 'static) -> Response {
    let (sender, receiver) = oneshot::channel();
    let own = Arc::clone(service);
    let work = async move { drop(sender.send(finish(&own, begun, answered.await).await)) };
    service.engine.runtime().spawn(work.in_current_span().boxed());
    receiver.await.unwrap_or_else(|_| ApiError::internal().into_response())
}

enum Begun {
    New(IdempotentRequest, Request),
    Before(Response),
}

async fn begin(service: &Inner, identity: &Identity, key: &str, request: Request) -> Result<Begun, ApiError> {
    let (mut parts, body) = request.into_parts();
    let copy = Request::from_parts(parts.clone(), body);
    let (bytes, share) = whole(service, copy).await?;
    let mut digest = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &bytes] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let now = service.engine.runtime().now();
    let fingerprint = digest.finalize().into();
    // One caller's key says nothing about another's.
    let key = format!("{}:{key}", identity.name());
    parts.extensions.insert(Repeatable(IdempotencyKey { key: format!("api:{key}"), fingerprint, expires: now.after(REMEMBERED) }));
    let begun = IdempotentRequest { tenant: identity.tenant.clone(), key, fingerprint, expires: now.after(UNDER_WAY) };
    match service.stores.requests.begin_request(begun.clone()).await {
        Ok(RequestState::New) => {
            parts.extensions.insert(Kept::new(bytes, share));
            Ok(Begun::New(begun, Request::from_parts(parts, Body::empty())))
        }
        Ok(RequestState::InFlight) => Err(ApiError::conflict("a request with this Idempotency-Key is still being worked on")),
        Ok(RequestState::Answered(answer)) => Ok(Begun::Before(recall(&answer))),
        Err(StoreError::Conflict { .. }) => Err(ApiError::conflict("this Idempotency-Key was used for another request")),
        Err(error) => Err(error.into()),
    }
}

async fn finish(service: &Inner, mut begun: IdempotentRequest, response: Response) -> Response {
    if response.status().is_server_error() {
        // It may be tried again: nothing is remembered of a failure that was ours.
        drop(service.stores.requests.abandon_request(&begun.tenant, &begun.key).await);
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return ApiError::internal().into_response() };
    let headers = KEPT.iter().filter_map(|name| Some((name.as_str().to_owned(), Value::from(parts.headers.get(name)?.to_str().ok()?))));
    let headers: serde_json::Map<String, Value> = headers.collect();
    let answer = json!({"status": parts.status.as_u16(), "headers": headers, "body": STANDARD.encode(&bytes)});
    begun.expires = service.engine.runtime().now().after(REMEMBERED);
    if let Err(error) = service.stores.requests.answer_request(begun, answer).await {
        return ApiError::from(error).into_response();
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn recall(answer: &Value) -> Response {
    let body = answer["body"].as_str().and_then(|body| STANDARD.decode(body).ok()).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = answer["status"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or_default();
    for name in KEPT {
        if let Some(value) = answer["headers"][name.as_str()].as_str().and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    response
}
