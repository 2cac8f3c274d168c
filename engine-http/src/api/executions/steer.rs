//! Steering one execution: cancelling, pausing, resuming, removing, repeating.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::Start;
use engine_core::driver;
use engine_core::execution::ExecutionMode;
use engine_core::model::{ExecutionId, WorkflowId};
use engine_core::store::{IdempotencyKey, Signal, SignalKind, VersionNumber};
use engine_core::worker::{PinnedPlan, ReadError, RepeatError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::input::{Caller, Place, Read};
use super::super::repeat::Repeatable;
use super::super::{audit, output, workflows};
use super::found::{Found, find};
use super::start::answer;
use crate::access::Identity;
use crate::executions::{Begin, Ended};
use crate::problem::{self, ApiError};
use crate::service::Inner;

/// From where an execution is run again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct From {
    /// Name of the node.
    node: String,
}

/// A way to steer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steer {
    Cancel,
    Pause,
    Resume,
}

impl Steer {
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Cancel => "execution.cancel",
            Self::Pause => "execution.pause",
            Self::Resume => "execution.resume",
        }
    }

    fn in_memory(self) -> driver::Signal {
        match self {
            Self::Cancel => driver::Signal::Cancel,
            Self::Pause => driver::Signal::Pause,
            Self::Resume => driver::Signal::Resume,
        }
    }

    fn kind(self) -> SignalKind {
        match self {
            Self::Cancel => SignalKind::Cancel,
            Self::Pause => SignalKind::Pause,
            Self::Resume => SignalKind::Resume,
        }
    }
}

pub(in super::super) async fn cancel(state: State<Arc<Inner>>, caller: Caller, id: Place<String>) -> Result<Response, ApiError> {
    steer(state, caller, id, Steer::Cancel).await
}

pub(in super::super) async fn pause(state: State<Arc<Inner>>, caller: Caller, id: Place<String>) -> Result<Response, ApiError> {
    steer(state, caller, id, Steer::Pause).await
}

pub(in super::super) async fn resume(state: State<Arc<Inner>>, caller: Caller, id: Place<String>) -> Result<Response, ApiError> {
    steer(state, caller, id, Steer::Resume).await
}

/// Sends a signal. One that has ended stays as it is: asking again is no mistake.
async fn steer(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>, steer: Steer) -> Result<Response, ApiError> {
    let found = find(&service, &identity, &id).await?;
    if !send(&service, &found, steer).await? {
        return Ok(output::ok(&Value::Object(found.head())));
    }
    audit::note(&service, &identity, steer.action(), &id).await?;
    let found = find(&service, &identity, &id).await?;
    Ok(problem::json(StatusCode::ACCEPTED, &Value::Object(found.head())))
}

/// Sends a signal; false when the execution has ended.
pub(super) async fn send(service: &Inner, found: &Found, steer: Steer) -> Result<bool, ApiError> {
    match found {
        Found::Running(running) => running.control.send(steer.in_memory()),
        Found::Ended(_) => return Ok(false),
        Found::Stored(summary) if summary.status.is_final() => return Ok(false),
        Found::Stored(summary) => {
            let request = service.executions.new_id().to_string().into();
            service.worker.signal(Signal { execution: summary.header.id, request, kind: steer.kind() }).await?;
        }
    }
    Ok(true)
}

pub(in super::super) async fn delete(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
) -> Result<Response, ApiError> {
    let found = find(&service, &identity, &id).await?;
    remove(&service, &identity, &found).await?;
    Ok(output::done())
}

/// Removes an ended execution. Whoever may only look at a workflow and run it leaves what it did.
pub(super) async fn remove(service: &Inner, identity: &Identity, found: &Found) -> Result<(), ApiError> {
    if !workflows::may_change(service, identity, found.workflow()).await {
        return Err(ApiError::forbidden("execution:write"));
    }
    let id = match found {
        Found::Running(_) => return Err(still_running()),
        Found::Stored(summary) if !summary.status.is_final() => return Err(still_running()),
        Found::Ended(ended) => {
            let id = ended.result.id();
            service.executions.history().remove(id);
            id
        }
        Found::Stored(summary) => {
            service.stores.query.delete_execution(&identity.tenant, summary.header.id).await?;
            summary.header.id
        }
    };
    audit::note(service, identity, "execution.delete", &id.to_string()).await
}

fn still_running() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "execution-running", "the execution has not ended: cancel it first")
}

pub(in super::super) async fn retry(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    repeatable: Option<Extension<Repeatable>>,
) -> Result<Response, ApiError> {
    let found = find(&service, &identity, &id).await?;
    let new = retried(&service, &identity, (&found, key(repeatable))).await?;
    answer(&service, &identity, new).await
}

fn key(repeatable: Option<Extension<Repeatable>>) -> Option<IdempotencyKey> {
    repeatable.map(|Extension(Repeatable(key))| key)
}

/// Retries an execution from where it failed; one that is not stored, from its start.
pub(super) async fn retried(
    service: &Arc<Inner>,
    identity: &Identity,
    (found, key): (&Found, Option<IdempotencyKey>),
) -> Result<ExecutionId, ApiError> {
    let (old, new) = match found {
        Found::Running(_) => return Err(still_running()),
        Found::Ended(ended) => (ended.result.id(), retried_in_memory(service, ended).await?),
        Found::Stored(summary) => {
            let id = summary.header.id;
            (id, service.worker.retry(id, key).await.map_err(refused)?.id)
        }
    };
    audit::note(service, identity, "execution.retry", &old.to_string()).await?;
    Ok(new)
}

async fn retried_in_memory(service: &Arc<Inner>, ended: &Ended) -> Result<ExecutionId, ApiError> {
    let execution = ended.result.execution();
    let plan = Arc::clone(execution.plan());
    let first = (0..).zip(plan.nodes()).filter_map(|(index, _)| Some((index, execution.log().run(index, 0)?))).min_by_key(|(_, run)| run.order);
    let (node, run) = first.ok_or_else(|| ApiError::conflict("no node of the execution ran"))?;
    // What the first node gave is what the execution began with: a trigger passes its items on.
    let items = run.outputs.iter().map(|output| output.items.clone()).find(|items| !items.is_empty()).unwrap_or_default();
    let (start, id) = (Start::new(items).at_index(node), service.executions.new_id());
    let workflow = execution.workflow_id().cloned().unwrap_or_else(|| WorkflowId::from(plan.workflow().name.as_str()));
    let pinned = PinnedPlan { workflow, version: VersionNumber::UNSAVED, ..PinnedPlan::unsaved(plan) };
    let begin = Begin { pinned, start, id, mode: ExecutionMode::Retry, weight: ended.weight, share: None };
    service.executions.start(begin).await.map_err(|error| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error.to_string()))?;
    Ok(id)
}

/// Runs an ended execution again from a node on: what does not follow from it is taken over.
pub(in super::super) async fn rerun(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    repeatable: Option<Extension<Repeatable>>,
    Read(from, _share): Read<From>,
) -> Result<Response, ApiError> {
    let Found::Stored(summary) = find(&service, &identity, &id).await? else {
        return Err(ApiError::conflict("the execution is not stored, so nothing of it can be taken over: start a new one"));
    };
    let started = service.worker.run_again(summary.header.id, &from.node, key(repeatable)).await.map_err(refused)?;
    audit::note(&service, &identity, "execution.rerun", &id).await?;
    answer(&service, &identity, started.id).await
}

fn refused(error: RepeatError) -> ApiError {
    match error {
        RepeatError::Read(ReadError::Store(error)) => error.into(),
        RepeatError::NotEnded(_) => still_running(),
        RepeatError::UnknownNode { .. } => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-start-node", error.to_string()),
        error => ApiError::conflict(error.to_string()),
    }
}
