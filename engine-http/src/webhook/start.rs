//! From a request to an execution, and to the answer that its response mode asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::Start;
use engine_core::driver::ExecutionResult;
use engine_core::execution::{Reply, Responder};
use engine_core::model::{Batch, ExecutionId, Json, Link};
use engine_core::node::ResponseMode;
use engine_core::store::TenantId;
use engine_core::worker::LaunchError;
use futures::channel::oneshot;
use futures::future::{Either, poll_immediate, select};

use super::auth::Gate;
use super::failure::Failure;
use super::item::{Called, Source};
use super::{Hook, answer, guard, parked};
use crate::address;
use crate::executions::{Begin, Driven};
use crate::service::Inner;

/// A request for a webhook.
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) params: Json,
    /// The output of the trigger that its method belongs to.
    pub(super) output: usize,
}

/// Serves a request for a webhook.
pub(super) async fn serve(service: &Arc<Inner>, hook: &Arc<Hook>, call: Call) -> Result<Response, Failure> {
    let (parts, body) = call.request.into_parts();
    guard::admit(&hook.options, &parts.headers, address::of(&parts.headers, &parts.extensions, &service.config))?;
    let gate = Gate { engine: &service.engine, plan: &hook.pinned.plan, node: hook.node };
    let token = gate.check(hook.options.authentication, &parts.headers).await?;
    let base = address::base(&parts.headers, &service.config);
    let source = Source::of(service, hook, &parts, Called { base: &base, params: call.params, token });
    let mut share = service.budget.share();
    let mut item = source.item(body, &mut share).await?;
    if hook.output_per_method {
        item = item.paired_with(Link::on(call.output, 0));
    }
    let id = service.executions.new_id();
    let mut start = Start::new(Batch::from(vec![item])).at_index(hook.node);
    if hook.wants_resume_url {
        start = start.resume_url(service.resume_url(&base, id));
    }
    let begin = Begin { pinned: hook.pinned.clone(), start, id, mode: hook.mode(), weight: share.bytes(), share: Some(share) };
    run(service, hook, begin).await
}

pub(super) async fn run(service: &Arc<Inner>, hook: &Hook, mut begin: Begin) -> Result<Response, Failure> {
    let options = &hook.options;
    let blobs = &service.engine.services().blobs;
    match options.mode {
        ResponseMode::LastNode => {
            let result = patient(service.executions.begin(begin)?, service.config.webhook_timeout).await?;
            answer::last_node(&result.map_err(|error| refused(&error))?, options, blobs).await
        }
        ResponseMode::ResponseNode | ResponseMode::Streaming => {
            let (slot, reply) = ReplySlot::new();
            begin.start = begin.start.responder(Arc::new(slot));
            let (tenant, id) = (begin.pinned.tenant.clone(), begin.id);
            let answered = first_answer(service, (&tenant, id), (service.executions.begin(begin)?, reply));
            match patient(Box::pin(answered), service.config.webhook_timeout).await? {
                Answered::Replied(reply) => answer::reply(reply, options, blobs).await,
                Answered::Ended(result) => answer::without_reply(&result.map_err(|error| refused(&error))?, options),
            }
        }
        _ => {
            service.executions.start(begin).await.map_err(|error| refused(&error))?;
            Ok(answer::received(options))
        }
    }
}

impl From<crate::executions::Busy> for Failure {
    fn from(_: crate::executions::Busy) -> Self {
        Self::busy()
    }
}

pub(super) fn refused(error: &LaunchError) -> Failure {
    match error {
        LaunchError::Start(_) => Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "the workflow could not be started"),
        // Nothing of it is recorded: whoever called may call again.
        _ => Failure::busy(),
    }
}

/// What came first.
pub(super) enum Answered {
    /// A node answered.
    Replied(Reply),
    /// The execution ended without an answer.
    Ended(Result<ExecutionResult, LaunchError>),
}

/// Drives an execution until a node has answered; it goes on in the background then.
async fn first_answer(service: &Inner, asked: (&TenantId, ExecutionId), (driven, reply): (Driven, oneshot::Receiver<Reply>)) -> Answered {
    match select(driven, reply).await {
        Either::Left((result, mut reply)) => reply.try_recv().ok().flatten().map_or(Answered::Ended(result), Answered::Replied),
        Either::Right((Ok(reply), _)) => Answered::Replied(reply),
        // It is put aside, or another process drives it.
        Either::Right((Err(_), driven)) => parked::far(service, asked, driven).await,
    }
}

/// Waits for an answer, but not for ever. What is done without a pause needs no timer.
pub(super) async fn patient<T>(mut future: impl Future<Output = T> + Unpin, patience: Duration) -> Result<T, Failure> {
    if let Some(done) = poll_immediate(&mut future).await {
        return Ok(done);
    }
    let late = |_| Failure::new(StatusCode::GATEWAY_TIMEOUT, "the workflow did not answer in time; it goes on running");
    tokio::time::timeout(patience, future).await.map_err(late)
}

/// Carries the answer of a respond node to the request.
#[derive(Debug)]
pub(super) struct ReplySlot(Mutex<Option<oneshot::Sender<Reply>>>);

impl ReplySlot {
    pub(super) fn new() -> (Self, oneshot::Receiver<Reply>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Mutex::new(Some(sender))), receiver)
    }
}

impl Responder for ReplySlot {
    fn respond(&self, reply: Reply) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A caller who has gone is no error.
            drop(sender.send(reply));
        }
    }
}
