//! The routes: `/executions/{id}/events` and `/events`, each as server-sent events or, where the caller asks to upgrade, as a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine_core::model::{ExecutionId, WorkflowId};
use engine_core::store::StoreError;
use futures::future::{Either, select};
use futures::stream::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;

use super::event::{END, Kind};
use super::follow;
use super::hub::{Subscription, Wants};
use super::overview::{Asked, Cursor, overview};
use super::wire::{Frames, Listener, kept_alive, sse};
use crate::access::Identity;
use crate::address;
use crate::api::{Ask, Caller, Place, may_see};
use crate::problem::ApiError;
use crate::service::Inner;

/// Which events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverviewQuery {
    /// Types, separated by commas: `execution.ended`, `node.*`. Those about whole executions where nothing is said.
    #[schemars(length(min = 1))]
    types: Option<String>,
    /// The id of the last event that was seen, for those who cannot send `Last-Event-ID`.
    last_event_id: Option<String>,
}

/// How a stream is asked for.
pub(crate) struct Wanted {
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    listener: Listener,
    after: Option<String>,
}

impl axum::extract::FromRequest<Arc<Inner>> for Wanted {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &Arc<Inner>) -> Result<Self, ApiError> {
        let (mut parts, _) = request.into_parts();
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, service).await;
        let after = parts.headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty()).map(str::to_owned);
        let address = address::of(&parts.headers, &parts.extensions, &service.config);
        let headers: HeaderMap = parts.headers;
        if upgrade.is_err() && headers.contains_key(header::UPGRADE) {
            return Err(ApiError::bad_request("only the upgrade to websocket, version 13, is known here"));
        }
        Ok(Self { upgrade, listener: Listener { service: Arc::clone(service), headers, address, workflow: None }, after })
    }
}

/// The events of one execution.
pub(crate) async fn one(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    Ask(query): Ask<OverviewQuery>,
    mut wanted: Wanted,
) -> Result<Response, ApiError> {
    let absent = || ApiError::not_found("execution", &id);
    let execution = ExecutionId::parse(&id).map_err(|_| absent())?;
    // Listens before it looks: nothing falls between the two.
    let live = listen(&service, Wants::Execution(execution))?;
    let after = wanted.after.clone().or(query.last_event_id);
    let (workflow, frames) = frames(&service, &identity, (execution, live, after.as_deref())).await?;
    wanted.listener.workflow = Some(workflow);
    match frames {
        Some(frames) => Ok(send(wanted, frames)),
        // Seen to its end: whoever comes back need not come back again.
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The workflow of an execution, and what is told of it; nothing where the caller has seen it to its end.
async fn frames(
    service: &Arc<Inner>,
    identity: &Identity,
    (id, live, after): (ExecutionId, Option<Subscription>, Option<&str>),
) -> Result<(WorkflowId, Option<Frames>), ApiError> {
    let absent = || ApiError::not_found("execution", &id.to_string());
    let number = after.and_then(|after| after.parse().ok());
    let is_over = after == Some(END);
    match service.stores.query.execution(&identity.tenant, id).await {
        Ok(stored) if may_see(service, identity, stored.header.workflow.as_str()).await => {
            let is_over = is_over && stored.status.is_final();
            return Ok((stored.header.workflow, (!is_over).then(|| follow::stored(Arc::clone(service), id, number, live))));
        }
        Ok(_) => return Err(absent()),
        Err(StoreError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let running = service.executions.running(id);
    let ended = service.executions.history().get(id).cloned();
    let plan = match (&running, &ended) {
        (_, Some(ended)) => ended.result.execution().plan(),
        (Some(running), None) => &running.plan,
        (None, None) => return Err(absent()),
    };
    let workflow = plan.workflow();
    let workflow = workflow.id.clone().unwrap_or_else(|| WorkflowId::from(workflow.name.as_str()));
    if !may_see(service, identity, workflow.as_str()).await {
        return Err(absent());
    }
    let frames = match ended {
        Some(_) if is_over => None,
        Some(ended) => Some(follow::ended(&ended.result, (ended.started, ended.finished), number)),
        None => {
            let off = || ApiError::new(StatusCode::NOT_FOUND, "events-off", "this execution is not stored, and this server tells no live events");
            Some(follow::unstored(live.ok_or_else(off)?))
        }
    };
    Ok((workflow, frames))
}

/// The events of all executions that the caller may see.
pub(crate) async fn all(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Ask(query): Ask<OverviewQuery>,
    wanted: Wanted,
) -> Result<Response, ApiError> {
    let kinds = kinds(query.types.as_deref())?;
    let after = wanted.after.clone().or(query.last_event_id);
    let after = after.as_deref().and_then(Cursor::parse);
    // Those about executions are needed to know what was told already.
    let heard: Arc<[Kind]> = Kind::ALL.iter().copied().filter(|kind| kinds.contains(kind) || Kind::OF_EXECUTIONS.contains(kind)).collect();
    let live = listen(&service, Wants::Kinds(heard))?;
    let asked = Asked { listener: wanted.listener.clone(), identity, kinds, after };
    let frames = overview(service, asked, live);
    Ok(send(wanted, frames))
}

fn kinds(types: Option<&str>) -> Result<Arc<[Kind]>, ApiError> {
    let Some(types) = types else { return Ok(Kind::OF_EXECUTIONS.into()) };
    let mut kinds = Vec::new();
    for name in types.split(',') {
        let before = kinds.len();
        kinds.extend(Kind::named(name));
        if kinds.len() == before {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid-query", format!("there are no events of type {name:?}")));
        }
    }
    Ok(kinds.into())
}

fn listen(service: &Inner, wants: Wants) -> Result<Option<Subscription>, ApiError> {
    let Some(hub) = &service.config.events else { return Ok(None) };
    let crowded = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", "as many listen as may, or the server is about to end");
    hub.listen(wants).map(Some).map_err(crowded)
}

fn send(wanted: Wanted, frames: Frames) -> Response {
    let frames = kept_alive(frames, wanted.listener);
    if let Ok(upgrade) = wanted.upgrade {
        // Nothing is read but the end: a client that sends much is cut off.
        return upgrade.max_message_size(LISTENED).max_frame_size(LISTENED).protocols(["engine.events.v1"]).on_upgrade(|socket| pump(socket, frames));
    }
    let mut response = Response::new(Body::from_stream(sse(frames)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would keep events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The largest message that is taken in: a frame is gathered before its message is looked at.
const LISTENED: usize = 1024;
/// A reader who takes nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);

async fn pump(mut socket: WebSocket, mut frames: Frames) {
    loop {
        let next = match select(frames.next(), Box::pin(socket.recv())).await {
            Either::Left((frame, _)) => frame,
            Either::Right((Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))), _)) => continue,
            Either::Right(_) => return,
        };
        let message = match &next {
            Some(frame) => frame.to_json().map_or_else(|| Message::Ping(bytes::Bytes::new()), |json| Message::Text(json.to_string().into())),
            None => Message::Close(None),
        };
        let sent = tokio::time::timeout(PATIENCE, socket.send(message)).await;
        if next.is_none() || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("after", &self.after).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_or_refused() {
        assert_eq!(kinds(None).expect("kinds").len(), 4);
        assert_eq!(*kinds(Some("execution.ended,node.retried")).expect("kinds"), [Kind::Ended, Kind::NodeRetried]);
        for bad in ["", "x", "execution.ended,", "*.x"] {
            assert_eq!(kinds(Some(bad)).expect_err("refused").code(), "invalid-query", "{bad}");
        }
    }
}
