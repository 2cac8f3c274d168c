//! An execution as the API finds and shows it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine_core::execution::ExecutionMode;
use engine_core::model::{ExecutionId, Json, Timestamp, WorkflowId};
use engine_core::plan::Plan;
use engine_core::store::{ExecutionSummary, StoreError};
use engine_core::worker::ReadError;
use serde_json::{Value, json};

use super::super::input::{Caller, Place};
use super::super::{output, workflows};
use crate::access::Identity;
use crate::executions::{Ended, Running};
use crate::problem::ApiError;
use crate::service::Inner;

/// An execution that the caller may see.
pub(super) enum Found {
    /// It runs here and is not stored.
    Running(Arc<Running>),
    /// It ended here and was not stored.
    Ended(Box<Ended>),
    /// It is stored.
    Stored(Box<ExecutionSummary>),
}

/// Finds an execution. One that the caller may not see is answered like one that is not there.
pub(super) async fn find(service: &Inner, identity: &Identity, id: &str) -> Result<Found, ApiError> {
    let absent = || ApiError::not_found("execution", id);
    let parsed = ExecutionId::parse(id).map_err(|_| absent())?;
    let found = in_memory(service, parsed);
    let found = match found {
        Some(found) => found,
        None => match service.stores.query.execution(&identity.tenant, parsed).await {
            Ok(summary) => Found::Stored(Box::new(summary)),
            Err(StoreError::NotFound { .. }) => return Err(absent()),
            Err(error) => return Err(error.into()),
        },
    };
    if workflows::seen(service, identity, found.workflow()).await { Ok(found) } else { Err(absent()) }
}

fn in_memory(service: &Inner, id: ExecutionId) -> Option<Found> {
    if let Some(running) = service.executions.running(id) {
        return Some(Found::Running(running));
    }
    service.executions.history().get(id).cloned().map(|ended| Found::Ended(Box::new(ended)))
}

pub(in super::super) async fn show(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
) -> Result<Response, ApiError> {
    let found = find(&service, &identity, &id).await?;
    Ok(output::ok(&found.with_data(&service).await?))
}

impl Found {
    /// The workflow's id or, without one, its name: under this it was activated.
    pub(super) fn workflow(&self) -> &str {
        match self {
            Self::Running(running) => workflow_of(&running.plan),
            Self::Ended(ended) => workflow_of(ended.result.execution().plan()),
            Self::Stored(summary) => summary.header.workflow.as_str(),
        }
    }

    /// What lists show of it.
    pub(super) fn head(&self) -> Json {
        match self {
            Self::Running(running) => running_head(running),
            Self::Ended(ended) => ended_head(ended),
            Self::Stored(summary) => stored_head(summary),
        }
    }

    /// The same with what its nodes gave.
    pub(super) async fn with_data(&self, service: &Inner) -> Result<Value, ApiError> {
        let mut json = self.head();
        let data = match self {
            Self::Running(_) => None,
            Self::Ended(ended) => Some(ended.result.to_json()),
            Self::Stored(summary) => read(service, summary.header.id).await?,
        };
        if let Some(data) = data {
            json.insert("data".to_owned(), data);
        }
        Ok(Value::Object(json))
    }
}

async fn read(service: &Inner, id: ExecutionId) -> Result<Option<Value>, ApiError> {
    match service.worker.read(id).await {
        Ok(read) => Ok(read.result.map(|result| result.to_json())),
        Err(ReadError::Store(error)) => Err(error.into()),
        Err(error) => Err(StoreError::corrupt("execution", id.to_string(), error.to_string()).into()),
    }
}

/// An execution that was just started, wherever it is.
pub(super) async fn started(service: &Inner, identity: &Identity, id: ExecutionId) -> Result<Found, ApiError> {
    match in_memory(service, id) {
        Some(found) => Ok(found),
        None => Ok(Found::Stored(Box::new(service.stores.query.execution(&identity.tenant, id).await?))),
    }
}

pub(super) fn running_head(running: &Running) -> Json {
    head((workflow_of(&running.plan), running.id, running.mode), (running.status(), Some(running.started), None))
}

pub(super) fn ended_head(ended: &Ended) -> Json {
    let execution = ended.result.execution();
    let what = (workflow_of(execution.plan()), execution.id(), execution.mode());
    let mut json = head(what, (ended.result.status().as_str(), Some(ended.started), Some(ended.finished)));
    json.insert("error".to_owned(), json!(ended.result.error()));
    json
}

pub(super) fn stored_head(summary: &ExecutionSummary) -> Json {
    let header = &summary.header;
    let what = (header.workflow.as_str(), header.id, header.mode);
    let mut json = head(what, (summary.status.as_str(), summary.started, summary.finished));
    json.extend([
        ("createdAt".to_owned(), json!(summary.created)),
        ("workflowVersion".to_owned(), json!(header.version)),
        ("waitTill".to_owned(), json!(summary.due)),
        ("parent".to_owned(), json!(header.parent)),
        ("retryOf".to_owned(), json!(header.retry_of)),
        ("customData".to_owned(), json!(summary.custom)),
        ("error".to_owned(), json!(summary.error)),
    ]);
    json
}

fn workflow_of(plan: &Plan) -> &str {
    let workflow = plan.workflow();
    workflow.id.as_ref().map_or(workflow.name.as_str(), WorkflowId::as_str)
}

type What<'a> = (&'a str, ExecutionId, ExecutionMode);
type When<'a> = (&'a str, Option<Timestamp>, Option<Timestamp>);

fn head((workflow, id, mode): What<'_>, (status, started, finished): When<'_>) -> Json {
    Json::from_iter([
        ("id".to_owned(), json!(id.to_string())),
        ("workflowId".to_owned(), json!(workflow)),
        ("status".to_owned(), json!(status)),
        ("finished".to_owned(), json!(finished.is_some())),
        ("mode".to_owned(), json!(mode.as_str())),
        ("startedAt".to_owned(), json!(started)),
        ("stoppedAt".to_owned(), json!(finished)),
    ])
}
