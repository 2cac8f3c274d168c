//! Requests that resume an execution of the store, wherever it will be driven.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::driver::ExecutionResult;
use engine_core::execution::{Reply, Responder};
use engine_core::format::item_to_json;
use engine_core::model::ExecutionId;
use engine_core::node::{ResponseMode, Resume};
use engine_core::store::{ExecutionHeader, OpenResumePoint, RequestId, Signal, SignalKind, SignalOutcome, StoreError, TenantId};
use engine_core::worker::LaunchError;
use futures::channel::oneshot;
use futures::future::{Either, select};
use serde_json::json;

use super::answer;
use super::failure::Failure;
use super::start::{Answered, ReplySlot, patient};
use super::waiting::{Place, asks_a_person, brought, takes};
use crate::service::Inner;

/// Resumes an execution that waits under a suffix.
pub(super) async fn serve(service: &Arc<Inner>, (id, suffix): (ExecutionId, &str), request: Request) -> Result<Response, Failure> {
    let point = service.stores.query.resume_point(id, &suffix.into()).await.map_err(unavailable)?;
    let Some(OpenResumePoint { execution: header, point }) = point else { return Err(why_not(service, id).await) };
    let stored = service.worker.read(id).await.map_err(|_| gone())?;
    let plan = stored.result.map(|result| Arc::clone(result.execution().plan())).ok_or_else(gone)?;
    let resume = Resume { suffix: suffix.to_owned(), options: point.options["options"].clone() };
    if asks_a_person(&resume) {
        return Err(why_not(service, id).await);
    }
    let index = plan.find_id(&point.node).unwrap_or_default();
    let place = Place::new((point.node, index), resume)?;
    takes(&place, request.method())?;
    let (item, _share) = brought(service, (&place, &plan), request).await?;
    let responds = place.options.mode == ResponseMode::ResponseNode;
    let payload = json!({ "items": [item_to_json(&item, item.paired())], "reply": responds });
    let (slot, reply) = ReplySlot::new();
    let responder = responds.then(|| Arc::new(slot) as Arc<dyn Responder>);
    let signal = Signal { execution: header.id, request: request_id(service), kind: SignalKind::Wake { token: point.token, payload } };
    match service.worker.wake(signal, responder).await.map_err(unavailable)? {
        SignalOutcome::Done | SignalOutcome::Sent => {}
        _ => return Err(Failure::new(StatusCode::CONFLICT, format!("The execution \"{id}\" is running already."))),
    }
    respond(service, (&header, &place), reply).await
}

fn request_id(service: &Inner) -> RequestId {
    service.executions.new_id().to_string().into()
}

pub(super) async fn respond(
    service: &Arc<Inner>,
    (header, place): (&ExecutionHeader, &Place),
    reply: oneshot::Receiver<Reply>,
) -> Result<Response, Failure> {
    let id = header.id;
    let (options, blobs, patience) = (&place.options, &service.engine.services().blobs, service.config.webhook_timeout);
    match options.mode {
        ResponseMode::LastNode => {
            let result = patient(Box::pin(service.executions.end_of(id)), patience).await?.map_err(|_| gone())?;
            answer::last_node(&result, options, blobs).await
        }
        ResponseMode::ResponseNode => match patient(Box::pin(first(service, header, reply)), patience).await? {
            Answered::Replied(reply) => answer::reply(reply, options, blobs).await,
            Answered::Ended(Ok(result)) => answer::without_reply(&result, options),
            Answered::Ended(Err(_)) => Err(gone()),
        },
        _ => Ok(answer::received(options)),
    }
}

/// What comes first: the answer of a node, here or in another process, or the end.
async fn first(service: &Arc<Inner>, header: &ExecutionHeader, reply: oneshot::Receiver<Reply>) -> Answered {
    let ended = Box::pin(service.executions.end_of(header.id));
    match select(reply, ended).await {
        Either::Left((Ok(reply), _)) => Answered::Replied(reply),
        Either::Left((Err(_), ended)) => far(service, (&header.tenant, header.id), ended).await,
        Either::Right((result, mut reply)) => match reply.try_recv() {
            Ok(Some(reply)) => Answered::Replied(reply),
            _ => far(service, (&header.tenant, header.id), std::future::ready(result)).await,
        },
    }
}

/// The answer that a node gives in another process, or the end.
pub(super) async fn far(
    service: &Inner,
    (tenant, id): (&TenantId, ExecutionId),
    ended: impl Future<Output = Result<ExecutionResult, LaunchError>> + Unpin,
) -> Answered {
    let reply = Box::pin(service.worker.reply(tenant, id));
    match select(reply, ended).await {
        Either::Left((Ok(reply), _)) => Answered::Replied(reply),
        Either::Left((Err(_), ended)) => Answered::Ended(ended.await),
        // It has ended: an answer that was given is there by now.
        Either::Right((result, reply)) => match tokio::time::timeout(LAST_LOOK, reply).await {
            Ok(Ok(reply)) => Answered::Replied(reply),
            _ => Answered::Ended(result),
        },
    }
}

/// How long reading the store for an answer may take once nothing more can come.
const LAST_LOOK: Duration = Duration::from_millis(100);

/// Why nothing waits under that address.
async fn why_not(service: &Inner, id: ExecutionId) -> Failure {
    match service.stores.executions.load(&[id]).await.map(|mut found| found.pop()) {
        Err(error) => unavailable(error),
        Ok(None) => Failure::new(StatusCode::NOT_FOUND, format!("The execution \"{id}\" does not exist.")),
        Ok(Some(stored)) if stored.summary.status.is_final() => {
            Failure::new(StatusCode::CONFLICT, format!("The execution \"{id}\" has finished already."))
        }
        Ok(Some(stored)) if stored.summary.status == engine_core::state::ExecutionStatus::Waiting => {
            Failure::new(StatusCode::NOT_FOUND, "The execution does not wait for this address.")
        }
        Ok(Some(_)) => Failure::new(StatusCode::CONFLICT, format!("The execution \"{id}\" is running already.")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form in which map_err calls it")]
pub(super) fn unavailable(error: StoreError) -> Failure {
    tracing::warn!(%error, "a waiting execution could not be resumed");
    Failure::busy()
}

fn gone() -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the execution was stopped")
}
