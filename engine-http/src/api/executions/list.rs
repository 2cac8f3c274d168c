//! Listing executions: those of the store and those that only this process knows, the newest first.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::model::{ExecutionId, Json, Timestamp, WorkflowId};
use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionFilter, PageRequest};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::input::{Ask, Caller, cursor, limit};
use super::super::{output, workflows};
use super::found::{ended_head, running_head, stored_head};
use crate::access::Identity;
use crate::problem::ApiError;
use crate::service::Inner;

/// Which executions.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct ListQuery {
    /// At most so many: 1 to 250.
    #[schemars(range(min = 1, max = 250))]
    limit: Option<u32>,
    /// `nextCursor` of the part before.
    cursor: Option<String>,
    /// Only those of this workflow.
    workflow_id: Option<String>,
    /// Only those that stand so: `new`, `running`, `waiting`, `paused`, `success`, `error`, `canceled`, `crashed`.
    status: Option<String>,
    /// Only those recorded at this time or later, such as `2026-11-28T00:00:00Z`.
    started_after: Option<String>,
    /// Only those recorded before this time.
    started_before: Option<String>,
}

/// Conditions, all of which must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    /// Only those of this workflow.
    pub(super) workflow_id: Option<String>,
    /// Only those that stand so: `new`, `running`, `waiting`, `paused`, `success`, `error`, `canceled`, `crashed`.
    pub(super) status: Option<String>,
    /// Only those recorded at this time or later, such as `2026-11-28T00:00:00Z`.
    pub(super) started_after: Option<String>,
    /// Only those recorded before this time.
    pub(super) started_before: Option<String>,
}

impl Wanted {
    /// The conditions as the store takes them.
    pub(super) fn filter(&self, identity: &Identity) -> Result<ExecutionFilter, ApiError> {
        let time =
            |text: &Option<String>| text.as_deref().map(Timestamp::parse).transpose().map_err(|error| ApiError::bad_request(error.to_string()));
        let status = |name: &String| {
            let known = serde_json::from_value::<ExecutionStatus>(Value::String(name.clone()));
            known.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "invalid-query", format!("{name:?} is no status of executions")))
        };
        Ok(ExecutionFilter {
            tenant: Some(identity.tenant.clone()),
            workflow: self.workflow_id.as_deref().map(WorkflowId::from),
            statuses: self.status.as_ref().map(status).transpose()?.into_iter().collect(),
            created_from: time(&self.started_after)?,
            created_before: time(&self.started_before)?,
            ..ExecutionFilter::default()
        })
    }
}

pub(in super::super) async fn list(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Ask(query): Ask<ListQuery>,
) -> Result<Response, ApiError> {
    let limit = limit(query.limit)? as usize;
    let before: Option<ExecutionId> = query.cursor.as_deref().map(cursor).transpose()?;
    let ListQuery { workflow_id, status, started_after, started_before, .. } = query;
    let wanted = Wanted { workflow_id, status, started_after, started_before };
    let filter = wanted.filter(&identity)?;
    let mut merged = Merged { memory: in_memory(&service, &wanted, &filter, before), sight: Sight::default(), data: Vec::new() };
    let rest = merged.gather(&service, &identity, (&filter, before, limit)).await?;
    let more = merged.data.len() > limit;
    merged.data.truncate(limit);
    let next = merged.data.last().filter(|_| more).and_then(id_of).or(rest);
    let data: Vec<Value> = merged.data.into_iter().map(Value::Object).collect();
    Ok(output::page(&data, next.as_ref()))
}

/// What only this process knows, the newest at the end.
fn in_memory(service: &Inner, wanted: &Wanted, filter: &ExecutionFilter, before: Option<ExecutionId>) -> Vec<Json> {
    let mut all: Vec<Json> = service.executions.all_running().iter().map(|running| running_head(running)).collect();
    all.extend(service.executions.history().iter().map(ended_head));
    let started = |json: &Json| json["startedAt"].as_str().and_then(|text| Timestamp::parse(text).ok());
    all.retain(|json| {
        before.is_none_or(|before| id_of(json).is_some_and(|id| id < before))
            && wanted.workflow_id.as_ref().is_none_or(|workflow| json["workflowId"] == **workflow)
            && wanted.status.as_ref().is_none_or(|status| json["status"] == **status)
            && filter.created_from.is_none_or(|from| started(json).is_some_and(|at| at >= from))
            && filter.created_before.is_none_or(|until| started(json).is_some_and(|at| at < until))
    });
    all.sort_unstable_by_key(id_of);
    all
}

fn id_of(json: &Json) -> Option<ExecutionId> {
    json.get("id").and_then(Value::as_str).and_then(|id| ExecutionId::parse(id).ok())
}

/// The store is asked for so many parts of its list at most: who sees little of it is not given all of it to be looked through.
pub(super) const MOST_PARTS: usize = 20;

/// Which workflows the caller may see.
#[derive(Default)]
pub(super) struct Sight {
    known: HashMap<String, bool>,
}

impl Sight {
    pub(super) async fn reaches(&mut self, service: &Inner, identity: &Identity, workflow: &str) -> bool {
        if let Some(known) = self.known.get(workflow) {
            return *known;
        }
        let is_seen = workflows::seen(service, identity, workflow).await;
        self.known.insert(workflow.to_owned(), is_seen);
        is_seen
    }
}

/// Both lists as one, without what the caller may not see.
struct Merged {
    memory: Vec<Json>,
    sight: Sight,
    data: Vec<Json>,
}

impl Merged {
    /// Takes over one more than `limit`, if there are so many. Gives where to go on when it was not looked at everything.
    async fn gather(
        &mut self,
        service: &Inner,
        identity: &Identity,
        (filter, before, limit): (&ExecutionFilter, Option<ExecutionId>, usize),
    ) -> Result<Option<ExecutionId>, ApiError> {
        let mut page = PageRequest { limit: 100, after: before };
        for _ in 0..MOST_PARTS {
            let found = service.stores.query.executions(filter, page).await?;
            for summary in &found.items {
                self.add_newer_than(service, identity, Some(summary.header.id)).await;
                self.add(service, identity, stored_head(summary)).await;
            }
            let Some(next) = found.next else {
                self.add_newer_than(service, identity, None).await;
                return Ok(None);
            };
            if self.data.len() > limit {
                return Ok(None);
            }
            page.after = Some(next);
        }
        Ok(page.after)
    }

    /// Takes over what is newer than the next one of the store.
    async fn add_newer_than(&mut self, service: &Inner, identity: &Identity, id: Option<ExecutionId>) {
        while self.memory.last().is_some_and(|json| id_of(json) > id) {
            if let Some(json) = self.memory.pop() {
                self.add(service, identity, json).await;
            }
        }
    }

    async fn add(&mut self, service: &Inner, identity: &Identity, json: Json) {
        if self.sight.reaches(service, identity, json["workflowId"].as_str().unwrap_or_default()).await {
            self.data.push(json);
        }
    }
}
