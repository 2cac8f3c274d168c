//! Starting executions and looking at them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine_core::Start;
use engine_core::driver::Signal;
use engine_core::execution::ExecutionMode;
use engine_core::format::batch_from_json;
use engine_core::model::{ExecutionId, Json, Timestamp};
use engine_core::plan::Plan;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::executions::{Begin, Ended, Running};
use crate::problem::{self, ApiError};
use crate::service::Inner;

/// What an execution begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewExecution {
    /// Items, as `{json, binary?}` or bare objects; one empty item where none are given.
    items: Option<Value>,
    /// Name of the node to start at.
    start_node: Option<String>,
}

/// How a start is answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct StartQuery {
    /// How many seconds to wait for the end: `30` or `30s`.
    wait: Option<String>,
}

/// The longest that a start waits for the end.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

pub(super) async fn start(
    State(service): State<Arc<Inner>>,
    Path(workflow): Path<String>,
    Query(query): Query<StartQuery>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let plan = service.plan(&workflow).ok_or_else(|| ApiError::not_found("active workflow", &workflow))?;
    let id = service.executions.new_id();
    let begin = Begin { start: read(&body, &plan)?, id, mode: ExecutionMode::Manual, weight: body.len(), plan };
    let busy = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many executions are running, try again soon");
    let driven = service.executions.begin(begin).map_err(busy)?;
    if let Some(patience) = query.wait.as_deref().map(wait).transpose()? {
        // Dropping the future when the time is up lets the execution go on in the background.
        drop(tokio::time::timeout(patience, driven).await);
    } else {
        drop(driven);
    }
    let body = find(&service, id, true).ok_or_else(|| ApiError::not_found("execution", &id.to_string()))?;
    let status = if body["finished"] == true { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = problem::json(status, &body);
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/executions/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn read(body: &Bytes, plan: &Plan) -> Result<Start, ApiError> {
    if body.is_empty() {
        return Ok(Start::default());
    }
    let new: NewExecution = problem::read(body)?;
    let start = match new.items {
        Some(items) => Start::new(batch_from_json(items).map_err(|error| ApiError::bad_request(error.to_string()))?),
        None => Start::default(),
    };
    Ok(match new.start_node {
        Some(node) if plan.find(&node).is_none() => {
            let detail = format!("the workflow has no node {node:?} to start at");
            return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-start-node", detail));
        }
        Some(node) => start.at(node),
        None => start,
    })
}

fn wait(text: &str) -> Result<Duration, ApiError> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u64>();
    let seconds = seconds.map_err(|_| ApiError::bad_request(format!("wait must be a number of seconds, not {text:?}")))?;
    Ok(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

pub(super) async fn show(State(service): State<Arc<Inner>>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let found = ExecutionId::parse(&id).ok().and_then(|id| find(&service, id, true));
    Ok(problem::json(StatusCode::OK, &found.ok_or_else(|| ApiError::not_found("execution", &id))?))
}

pub(super) async fn list(State(service): State<Arc<Inner>>) -> Response {
    let running = service.executions.all_running();
    let running = running.iter().map(|running| Value::Object(running_json(running)));
    let ended: Vec<Value> = service.executions.history().iter().map(|ended| Value::Object(ended_json(ended))).collect();
    let data: Vec<Value> = running.chain(ended).take(250).collect();
    problem::json(StatusCode::OK, &json!({"data": data, "nextCursor": null}))
}

pub(super) async fn cancel(State(service): State<Arc<Inner>>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let parsed = ExecutionId::parse(&id).ok();
    match parsed.and_then(|id| service.executions.running(id)) {
        Some(running) => {
            running.control.send(Signal::Cancel);
            Ok(problem::json(StatusCode::ACCEPTED, &Value::Object(running_json(&running))))
        }
        None => parsed
            .and_then(|id| find(&service, id, false))
            .map(|ended| problem::json(StatusCode::OK, &ended))
            .ok_or_else(|| ApiError::not_found("execution", &id)),
    }
}

pub(super) async fn delete(State(service): State<Arc<Inner>>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let parsed = ExecutionId::parse(&id).map_err(|_| ApiError::not_found("execution", &id))?;
    if service.executions.running(parsed).is_some() {
        return Err(ApiError::new(StatusCode::CONFLICT, "execution-running", "the execution has not ended: cancel it first"));
    }
    if service.executions.history().remove(parsed) { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(ApiError::not_found("execution", &id)) }
}

/// An execution as the API shows it, wherever it stands.
fn find(service: &Inner, id: ExecutionId, data: bool) -> Option<Value> {
    if let Some(running) = service.executions.running(id) {
        return Some(Value::Object(running_json(&running)));
    }
    let ended = service.executions.history().get(id).cloned()?;
    let mut json = ended_json(&ended);
    if data {
        json.insert("data".to_owned(), ended.result.to_json());
    }
    Some(Value::Object(json))
}

fn running_json(running: &Running) -> Json {
    head(&running.plan, running.id, running.mode, (running.status(), running.started, None))
}

fn ended_json(ended: &Ended) -> Json {
    let execution = ended.result.execution();
    let mut json = head(execution.plan(), execution.id(), execution.mode(), (ended.result.status().as_str(), ended.started, Some(ended.finished)));
    json.insert("error".to_owned(), json!(ended.result.error()));
    json
}

fn head(plan: &Plan, id: ExecutionId, mode: ExecutionMode, (status, started, finished): (&str, Timestamp, Option<Timestamp>)) -> Json {
    let workflow = plan.workflow();
    let id_or_name = workflow.id.as_ref().map_or(workflow.name.as_str(), |id| id.as_str());
    Json::from_iter([
        ("id".to_owned(), json!(id.to_string())),
        ("workflowId".to_owned(), json!(id_or_name)),
        ("status".to_owned(), json!(status)),
        ("finished".to_owned(), json!(finished.is_some())),
        ("mode".to_owned(), json!(mode.as_str())),
        ("startedAt".to_owned(), json!(started)),
        ("stoppedAt".to_owned(), json!(finished)),
    ])
}
