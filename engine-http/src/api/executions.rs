//! Starting executions, looking at them, and steering them. An execution is seen by whoever sees its workflow.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use engine_core::Start;
use engine_core::driver::Signal;
use engine_core::execution::ExecutionMode;
use engine_core::format::batch_from_json;
use engine_core::model::{ExecutionId, Json, Timestamp, WorkflowId};
use engine_core::plan::Plan;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Ask, Caller, Read, ReadOr, cursor, limit};
use super::{audit, output, workflows};
use crate::access::Identity;
use crate::executions::{Begin, Ended, Running};
use crate::problem::{self, ApiError};
use crate::service::Inner;

/// What an execution begins with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewExecution {
    /// Items, as `{json, binary?}` or bare objects; one empty item where none are given.
    items: Option<Value>,
    /// Name of the node to start at.
    start_node: Option<String>,
}

/// How a start is answered.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartQuery {
    /// How many seconds to wait for the end: `30` or `30s`.
    wait: Option<String>,
}

/// Which executions.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListQuery {
    /// At most so many: 1 to 250.
    limit: Option<u32>,
    /// `nextCursor` of the part before.
    cursor: Option<String>,
    /// Only those of this workflow.
    workflow_id: Option<String>,
    /// Only those that stand so: `running`, `waiting`, `success`, `error`, `canceled`.
    status: Option<String>,
}

/// Several executions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ids {
    /// Their ids: 1 to 250.
    ids: Vec<String>,
}

/// The longest that a start waits for the end.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

pub(super) async fn start(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Path(workflow): Path<String>,
    Ask(query): Ask<StartQuery>,
    ReadOr(new): ReadOr<NewExecution>,
) -> Result<Response, ApiError> {
    let patience = query.wait.as_deref().map(wait).transpose()?;
    let plan = runnable(&service, &identity, &workflow).await?;
    let begin = Begin { start: beginning(new, &plan)?, id: service.executions.new_id(), mode: ExecutionMode::Manual, weight: 0, plan };
    launch(&service, begin, patience).await
}

/// The plan of a workflow that the caller may run: the active one, or the newest version.
async fn runnable(service: &Inner, identity: &Identity, id: &str) -> Result<Arc<Plan>, ApiError> {
    let stored = workflows::visible(service, identity, id).await;
    if let Some(plan) = service.plan(id) {
        // A workflow that the embedding program activated is in no store; it belongs to administrators.
        return if stored.is_ok() || identity.role == crate::access::Role::Admin { Ok(plan) } else { Err(ApiError::not_found("workflow", id)) };
    }
    let stored = stored?;
    Ok(service.compile_stored(&stored.id, stored.version).await??)
}

fn beginning(new: NewExecution, plan: &Plan) -> Result<Start, ApiError> {
    let start = match new.items {
        Some(items) => Start::new(batch_from_json(items).map_err(|error| ApiError::bad_request(error.to_string()))?),
        None => Start::default(),
    };
    match new.start_node {
        Some(node) if plan.find(&node).is_none() => {
            let detail = format!("the workflow has no node {node:?} to start at");
            Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-start-node", detail))
        }
        Some(node) => Ok(start.at(node)),
        None => Ok(start),
    }
}

async fn launch(service: &Arc<Inner>, begin: Begin, patience: Option<Duration>) -> Result<Response, ApiError> {
    let id = begin.id;
    let busy = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many executions are running, try again soon");
    let driven = service.executions.begin(begin).map_err(busy)?;
    match patience {
        // Dropping the future when the time is up lets the execution go on in the background.
        Some(patience) => drop(tokio::time::timeout(patience, driven).await),
        None => drop(driven),
    }
    let body = find(service, id, true).ok_or_else(|| ApiError::not_found("execution", &id.to_string()))?;
    let status = if body["finished"] == true { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = problem::json(status, &body);
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/executions/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn wait(text: &str) -> Result<Duration, ApiError> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u64>();
    let seconds = seconds.map_err(|_| ApiError::bad_request(format!("wait must be a number of seconds, not {text:?}")))?;
    Ok(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// An execution that the caller may see.
enum Seen {
    Running(Arc<Running>),
    Ended(Box<Ended>),
}

async fn seen(service: &Inner, identity: &Identity, id: &str) -> Result<Seen, ApiError> {
    let absent = || ApiError::not_found("execution", id);
    let parsed = ExecutionId::parse(id).map_err(|_| absent())?;
    let found = match service.executions.running(parsed) {
        Some(running) => Seen::Running(running),
        None => Seen::Ended(Box::new(service.executions.history().get(parsed).cloned().ok_or_else(absent)?)),
    };
    let plan = match &found {
        Seen::Running(running) => &running.plan,
        Seen::Ended(ended) => ended.result.execution().plan(),
    };
    if workflows::seen(service, identity, workflow_of(plan)).await { Ok(found) } else { Err(absent()) }
}

pub(super) async fn show(State(service): State<Arc<Inner>>, Caller(identity): Caller, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(output::ok(&match seen(&service, &identity, &id).await? {
        Seen::Running(running) => Value::Object(running_json(&running)),
        Seen::Ended(ended) => with_data(&ended),
    }))
}

pub(super) async fn list(State(service): State<Arc<Inner>>, Caller(identity): Caller, Ask(query): Ask<ListQuery>) -> Result<Response, ApiError> {
    let limit = limit(query.limit)? as usize;
    let before: Option<ExecutionId> = query.cursor.as_deref().map(cursor).transpose()?;
    let running = service.executions.all_running();
    let mut all: Vec<Json> = running.iter().map(|running| running_json(running)).collect();
    all.extend(service.executions.history().iter().map(ended_json));
    let id = |json: &Json| json.get("id").and_then(Value::as_str).and_then(|id| ExecutionId::parse(id).ok());
    let fits = |json: &Json| {
        before.is_none_or(|before| id(json).is_some_and(|id| id < before))
            && query.workflow_id.as_ref().is_none_or(|workflow| json["workflowId"] == **workflow)
            && query.status.as_ref().is_none_or(|status| json["status"] == **status)
    };
    all.retain(fits);
    all.sort_unstable_by_key(|json| std::cmp::Reverse(id(json)));
    let (mut data, mut visible, mut next) = (Vec::new(), std::collections::HashMap::new(), None);
    for json in all {
        let workflow = json["workflowId"].as_str().unwrap_or_default().to_owned();
        let is_visible = match visible.get(&workflow) {
            Some(known) => *known,
            None => *visible.entry(workflow.clone()).or_insert(workflows::seen(&service, &identity, &workflow).await),
        };
        if !is_visible {
            continue;
        }
        if data.len() == limit {
            next = data.last().and_then(Value::as_object).and_then(id);
            break;
        }
        data.push(Value::Object(json));
    }
    Ok(output::page(&data, next.as_ref()))
}

pub(super) async fn cancel(state: State<Arc<Inner>>, caller: Caller, id: Path<String>) -> Result<Response, ApiError> {
    steer(state, caller, id, ("execution.cancel", Signal::Cancel)).await
}

pub(super) async fn pause(state: State<Arc<Inner>>, caller: Caller, id: Path<String>) -> Result<Response, ApiError> {
    steer(state, caller, id, ("execution.pause", Signal::Pause)).await
}

pub(super) async fn resume(state: State<Arc<Inner>>, caller: Caller, id: Path<String>) -> Result<Response, ApiError> {
    steer(state, caller, id, ("execution.resume", Signal::Resume)).await
}

/// Sends a signal. One that has ended stays as it is: asking again is no mistake.
async fn steer(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Path(id): Path<String>,
    (action, signal): (&str, Signal),
) -> Result<Response, ApiError> {
    match seen(&service, &identity, &id).await? {
        Seen::Running(running) => {
            running.control.send(signal);
            audit::note(&service, &identity, action, &id).await?;
            Ok(problem::json(StatusCode::ACCEPTED, &Value::Object(running_json(&running))))
        }
        Seen::Ended(ended) => Ok(output::ok(&Value::Object(ended_json(&ended)))),
    }
}

pub(super) async fn delete(State(service): State<Arc<Inner>>, Caller(identity): Caller, Path(id): Path<String>) -> Result<Response, ApiError> {
    remove(&service, &identity, &id).await?;
    Ok(output::done())
}

async fn remove(service: &Inner, identity: &Identity, id: &str) -> Result<(), ApiError> {
    match seen(service, identity, id).await? {
        Seen::Running(_) => Err(ApiError::new(StatusCode::CONFLICT, "execution-running", "the execution has not ended: cancel it first")),
        Seen::Ended(ended) => {
            service.executions.history().remove(ended.result.id());
            audit::note(service, identity, "execution.delete", id).await
        }
    }
}

pub(super) async fn retry(State(service): State<Arc<Inner>>, Caller(identity): Caller, Path(id): Path<String>) -> Result<Response, ApiError> {
    let Seen::Ended(ended) = seen(&service, &identity, &id).await? else {
        return Err(ApiError::new(StatusCode::CONFLICT, "execution-running", "the execution has not ended"));
    };
    let execution = ended.result.execution();
    let plan = Arc::clone(execution.plan());
    let first = (0..).zip(plan.nodes()).filter_map(|(index, _)| Some((index, execution.log().run(index, 0)?))).min_by_key(|(_, run)| run.order);
    let (node, run) = first.ok_or_else(|| ApiError::conflict("no node of the execution ran"))?;
    // What the first node gave is what the execution began with: a trigger passes its items on.
    let items = run.outputs.iter().map(|output| output.items.clone()).find(|items| !items.is_empty()).unwrap_or_default();
    let start = Start::new(items).at_index(node);
    let begin = Begin { plan, start, id: service.executions.new_id(), mode: ExecutionMode::Retry, weight: ended.weight };
    audit::note(&service, &identity, "execution.retry", &id).await?;
    launch(&service, begin, None).await
}

pub(super) async fn cancel_all(State(service): State<Arc<Inner>>, Caller(identity): Caller, Read(body): Read<Ids>) -> Result<Response, ApiError> {
    let mut data = Vec::new();
    for id in several(&body)? {
        let found = seen(&service, &identity, id).await;
        if let Ok(Seen::Running(running)) = &found {
            running.control.send(Signal::Cancel);
            audit::note(&service, &identity, "execution.cancel", id).await?;
        }
        data.push(json!({"id": id, "ok": found.is_ok(), "code": found.err().map(|error| error.code())}));
    }
    Ok(output::page::<()>(&data, None))
}

pub(super) async fn delete_all(State(service): State<Arc<Inner>>, Caller(identity): Caller, Read(body): Read<Ids>) -> Result<Response, ApiError> {
    let mut data = Vec::new();
    for id in several(&body)? {
        let removed = remove(&service, &identity, id).await;
        data.push(json!({"id": id, "ok": removed.is_ok(), "code": removed.err().map(|error| error.code())}));
    }
    Ok(output::page::<()>(&data, None))
}

fn several(body: &Ids) -> Result<&[String], ApiError> {
    if (1..=250).contains(&body.ids.len()) { Ok(&body.ids) } else { Err(ApiError::bad_request("name 1 to 250 ids")) }
}

/// An execution as the API shows it, wherever it stands.
fn find(service: &Inner, id: ExecutionId, data: bool) -> Option<Value> {
    if let Some(running) = service.executions.running(id) {
        return Some(Value::Object(running_json(&running)));
    }
    let ended = service.executions.history().get(id).cloned()?;
    Some(if data { with_data(&ended) } else { Value::Object(ended_json(&ended)) })
}

fn with_data(ended: &Ended) -> Value {
    let mut json = ended_json(ended);
    json.insert("data".to_owned(), ended.result.to_json());
    Value::Object(json)
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

/// The workflow's id or, without one, its name: under this it was activated.
fn workflow_of(plan: &Plan) -> &str {
    let workflow = plan.workflow();
    workflow.id.as_ref().map_or(workflow.name.as_str(), WorkflowId::as_str)
}

fn head(plan: &Plan, id: ExecutionId, mode: ExecutionMode, (status, started, finished): (&str, Timestamp, Option<Timestamp>)) -> Json {
    Json::from_iter([
        ("id".to_owned(), json!(id.to_string())),
        ("workflowId".to_owned(), json!(workflow_of(plan))),
        ("status".to_owned(), json!(status)),
        ("finished".to_owned(), json!(finished.is_some())),
        ("mode".to_owned(), json!(mode.as_str())),
        ("startedAt".to_owned(), json!(started)),
        ("stoppedAt".to_owned(), json!(finished)),
    ])
}
