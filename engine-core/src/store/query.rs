//! Looking at executions, and removing those that have ended.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::{ExecutionHeader, OpenResumePoint, ResumeToken, StoreError, TenantId};
use crate::model::{ExecutionId, Json, NodeId, Timestamp, WorkflowId};
use crate::state::ExecutionStatus;

/// Lists executions. Never changes one that runs.
#[async_trait]
pub trait ExecutionQuery: Send + Sync {
    /// Executions that the filter lets through, the newest first.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn executions(&self, filter: &ExecutionFilter, page: PageRequest<ExecutionId>) -> Result<Page<ExecutionSummary, ExecutionId>, StoreError>;

    /// One execution of a tenant, without its journal.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when that tenant has none.
    async fn execution(&self, tenant: &TenantId, id: ExecutionId) -> Result<ExecutionSummary, StoreError>;

    /// How many executions the filter lets through, by status.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn count(&self, filter: &ExecutionFilter) -> Result<StatusCounts, StoreError>;

    /// The place where an execution waits under a token.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn resume_point(&self, execution: ExecutionId, token: &ResumeToken) -> Result<Option<OpenResumePoint>, StoreError>;

    /// Removes one execution of a tenant that has ended, with its journal.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when that tenant has none; [`StoreError::Conflict`] when it has not ended.
    async fn delete_execution(&self, tenant: &TenantId, id: ExecutionId) -> Result<(), StoreError>;

    /// Removes executions that have ended and that nothing else needs, at most `limit` of them; gives how many. Called again until it gives less.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn prune(&self, retention: &Retention, limit: u32) -> Result<u64, StoreError>;
}

/// What is listed of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionSummary {
    /// What never changes.
    pub header: ExecutionHeader,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was recorded.
    pub created: Timestamp,
    /// When it was first claimed.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// When it goes on by itself, while it waits.
    pub due: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<Value>,
    /// The node that ran last, once it has ended.
    pub last_node: Option<NodeId>,
    /// Searchable data that its nodes set, once it has ended.
    pub custom: Json,
}

/// Which executions. Every condition that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct ExecutionFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Standing at one of these; at any, when empty.
    pub statuses: Vec<ExecutionStatus>,
    /// Recorded at or after this time.
    pub created_from: Option<Timestamp>,
    /// Recorded before this time.
    pub created_before: Option<Timestamp>,
    /// Called by this execution.
    pub parent: Option<ExecutionId>,
    /// With this entry in its searchable data.
    pub custom: Option<(String, String)>,
}

/// How many executions stand where.
pub type StatusCounts = BTreeMap<&'static str, u64>;

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<C> {
    /// At most so many.
    pub limit: u32,
    /// Those that come after this one.
    pub after: Option<C>,
}

impl<C> PageRequest<C> {
    /// The first `limit` ones.
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }

    /// At most `limit` ones after `cursor`.
    pub const fn after(cursor: C, limit: u32) -> Self {
        Self { limit, after: Some(cursor) }
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next part begins; nothing when this was the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of `limit` entries out of one more than that, if there are so many: the one too many tells that the list goes on.
    pub fn of(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// Which ended executions may go.
#[derive(Clone, Debug, Default)]
pub struct Retention {
    /// Those that ended before this time.
    pub finished_before: Option<Timestamp>,
    /// Of each workflow, those beyond the newest so many.
    pub keep_newest: Option<u32>,
    /// Only those of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Only those that ended so; all, when empty.
    pub statuses: Vec<ExecutionStatus>,
}
