//! Starting an execution by hand.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use engine_core::Start;
use engine_core::execution::ExecutionMode;
use engine_core::format::batch_from_json;
use engine_core::model::ExecutionId;
use engine_core::plan::Plan;
use engine_core::worker::{LaunchError, PinnedPlan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::input::{Ask, Caller, Place, ReadOr};
use super::super::repeat::Repeatable;
use super::super::workflows;
use super::found;
use crate::access::Identity;
use crate::executions::{Begin, Busy};
use crate::problem::{self, ApiError};
use crate::service::Inner;

/// What an execution begins with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct NewExecution {
    /// Items, as `{json, binary?}` or bare objects; one empty item where none are given.
    items: Option<Value>,
    /// Name of the node to start at.
    start_node: Option<String>,
}

/// How a start is answered.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct StartQuery {
    /// How many seconds to wait for the end: `30` or `30s`.
    #[schemars(regex(pattern = "^[0-9]{1,9}s?$"))]
    wait: Option<String>,
}

/// The longest that a start waits for the end.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

pub(in super::super) async fn start(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(workflow): Place<String>,
    (Ask(query), repeatable): (Ask<StartQuery>, Option<Extension<Repeatable>>),
    ReadOr(new, share): ReadOr<NewExecution>,
) -> Result<Response, ApiError> {
    let patience = query.wait.as_deref().map(wait).transpose()?;
    let pinned = runnable(&service, &identity, &workflow).await?;
    let (start, id) = (beginning(new, &pinned.plan)?, service.executions.new_id());
    let begin = Begin { start, id, mode: ExecutionMode::Manual, weight: share.bytes(), share: Some(share), pinned };
    if let Some(Extension(Repeatable(key))) = repeatable.filter(|_| service.executions.is_stored(&begin.pinned)) {
        let id = service.executions.start_under(begin, Some(key)).await.map_err(refused)?;
        if let Some(patience) = patience {
            drop(tokio::time::timeout(patience, service.executions.end_of(id)).await);
        }
        return answer(&service, &identity, id).await;
    }
    match patience {
        // Dropping the future when the time is up lets the execution go on in the background.
        Some(patience) => {
            let driven = service.executions.begin(begin).map_err(|Busy| busy())?;
            if let Ok(Err(error)) = tokio::time::timeout(patience, driven).await {
                return Err(refused(error));
            }
        }
        None => service.executions.start(begin).await.map_err(refused)?,
    }
    answer(&service, &identity, id).await
}

/// The answer to a start: the execution as it stands.
pub(super) async fn answer(service: &Inner, identity: &Identity, id: ExecutionId) -> Result<Response, ApiError> {
    let body = found::started(service, identity, id).await?.with_data(service).await?;
    let status = if body["finished"] == true { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = problem::json(status, &body);
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/executions/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn busy() -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many executions are running, try again soon")
}

fn refused(error: LaunchError) -> ApiError {
    match error {
        LaunchError::Start(error) => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-start-node", error.to_string()),
        LaunchError::Store(error) => error.into(),
        _ => busy(),
    }
}

/// The plan of a workflow that the caller may run: the active one, or the newest version.
async fn runnable(service: &Inner, identity: &Identity, id: &str) -> Result<PinnedPlan, ApiError> {
    let stored = workflows::visible(service, identity, id).await;
    if let Some(pinned) = service.active_plan(id) {
        // A workflow that the embedding program activated is in no store; it belongs to administrators.
        let may = stored.is_ok() || workflows::administers(service, identity, id);
        return if may { Ok(pinned) } else { Err(ApiError::not_found("workflow", id)) };
    }
    let stored = stored?;
    Ok(service.stored_plan(&stored.tenant, &stored.id, stored.version).await??)
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

fn wait(text: &str) -> Result<Duration, ApiError> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u64>();
    let seconds = seconds.map_err(|_| ApiError::bad_request(format!("wait must be a number of seconds, not {text:?}")))?;
    Ok(Duration::from_secs(seconds).min(LONGEST_WAIT))
}
