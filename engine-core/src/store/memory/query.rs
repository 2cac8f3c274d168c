//! [`ExecutionQuery`] in memory.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;

use super::MemoryStore;
use super::state::{State, Taken};
use crate::model::{BlobId, ExecutionId, WorkflowId};
use crate::store::{
    ExecutionFilter, ExecutionQuery, ExecutionSummary, OpenResumePoint, Page, PageRequest, ResumeToken, Retention, StatusCounts, StoreError, TenantId,
};

#[async_trait]
impl ExecutionQuery for MemoryStore {
    async fn executions(&self, filter: &ExecutionFilter, page: PageRequest<ExecutionId>) -> Result<Page<ExecutionSummary, ExecutionId>, StoreError> {
        let state = self.state();
        let mut found: Vec<_> = state.summaries().filter(|summary| filter.lets_through(summary)).collect();
        drop(state);
        found.retain(|summary| page.after.is_none_or(|after| summary.header.id < after));
        found.sort_by_key(|summary| std::cmp::Reverse(summary.header.id));
        found.truncate(page.limit as usize + 1);
        Ok(Page::of(found, page.limit, |summary| summary.header.id))
    }

    async fn execution(&self, tenant: &TenantId, id: ExecutionId) -> Result<ExecutionSummary, StoreError> {
        let state = self.state();
        let active = state.active.get(&id).map(super::state::Active::summary);
        let summary = active.or_else(|| state.ended.get(&id).map(|ended| ended.summary.clone()));
        summary.filter(|summary| summary.header.tenant == *tenant).ok_or_else(|| StoreError::not_found("execution", id.to_string()))
    }

    async fn count(&self, filter: &ExecutionFilter) -> Result<StatusCounts, StoreError> {
        let mut counts = StatusCounts::new();
        for summary in self.state().summaries().filter(|summary| filter.lets_through(summary)) {
            *counts.entry(summary.status.as_str()).or_default() += 1;
        }
        Ok(counts)
    }

    async fn resume_point(&self, execution: ExecutionId, token: &ResumeToken) -> Result<Option<OpenResumePoint>, StoreError> {
        let state = self.state();
        let Some(active) = state.active.get(&execution) else { return Ok(None) };
        let open = active.points.iter().find(|(point, taken)| point.token == *token && *taken == Taken::No);
        Ok(open.map(|(point, _)| OpenResumePoint { execution: active.header.clone(), point: point.clone() }))
    }

    async fn delete_execution(&self, tenant: &TenantId, id: ExecutionId) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.active.get(&id).is_some_and(|active| active.header.tenant == *tenant) {
            return Err(StoreError::conflict("execution", id.to_string(), "it has not ended"));
        }
        if state.ended.get(&id).is_none_or(|ended| ended.summary.header.tenant != *tenant) {
            return Err(StoreError::not_found("execution", id.to_string()));
        }
        let orphaned = state.remove(&[id]);
        drop(state);
        self.drop_blobs(&orphaned);
        Ok(())
    }

    async fn prune(&self, retention: &Retention, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.state();
        let ids = state.prunable(retention, limit as usize);
        let orphaned = state.remove(&ids);
        drop(state);
        self.drop_blobs(&orphaned);
        Ok(ids.len() as u64)
    }
}

impl MemoryStore {
    fn drop_blobs(&self, orphaned: &HashSet<BlobId>) {
        for blob in orphaned {
            self.blobs.remove(blob);
        }
    }
}

impl State {
    fn summaries(&self) -> impl Iterator<Item = ExecutionSummary> {
        let active = self.active.values().map(super::state::Active::summary);
        active.chain(self.ended.values().map(|ended| ended.summary.clone()))
    }

    fn prunable(&self, retention: &Retention, limit: usize) -> Vec<ExecutionId> {
        let needed: HashSet<_> = self.active.values().filter_map(|active| active.header.parent).collect();
        let mut newest: HashMap<&WorkflowId, u32> = HashMap::new();
        let mut old = Vec::new();
        for (id, ended) in self.ended.iter().rev() {
            let summary = &ended.summary;
            let rank = newest.entry(&summary.header.workflow).or_default();
            *rank += 1;
            let beyond = retention.keep_newest.is_some_and(|keep| *rank > keep);
            let aged = retention.finished_before.is_some_and(|before| summary.finished.is_some_and(|finished| finished < before));
            if (beyond || aged) && retention.concerns(summary) && !needed.contains(id) {
                old.push(*id);
            }
        }
        old.reverse();
        old.truncate(limit);
        old
    }

    /// Removes ended executions; gives the blobs that nobody names any more.
    fn remove(&mut self, ids: &[ExecutionId]) -> HashSet<BlobId> {
        let mut orphaned = HashSet::new();
        for id in ids {
            self.ended.remove(id);
            let chunks = self.journals.remove(id).map(BTreeMap::into_values);
            orphaned.extend(chunks.into_iter().flatten().flat_map(|chunk| chunk.blobs));
        }
        let named = self.journals.values().flat_map(BTreeMap::values).flat_map(|chunk| &chunk.blobs);
        for blob in named {
            orphaned.remove(blob);
        }
        orphaned
    }
}

impl ExecutionFilter {
    /// Whether an execution passes.
    pub fn lets_through(&self, summary: &ExecutionSummary) -> bool {
        let header = &summary.header;
        let text = |key: &String| summary.custom.get(key).and_then(serde_json::Value::as_str);
        self.tenant.as_ref().is_none_or(|tenant| header.tenant == *tenant)
            && self.workflow.as_ref().is_none_or(|workflow| header.workflow == *workflow)
            && (self.statuses.is_empty() || self.statuses.contains(&summary.status))
            && self.created_from.is_none_or(|from| summary.created >= from)
            && self.created_before.is_none_or(|before| summary.created < before)
            && self.parent.is_none_or(|parent| header.parent == Some(parent))
            && self.custom.as_ref().is_none_or(|(key, value)| text(key) == Some(value.as_str()))
    }
}

impl Retention {
    /// Whether it speaks of such an execution at all, whatever its age.
    fn concerns(&self, summary: &ExecutionSummary) -> bool {
        self.workflow.as_ref().is_none_or(|workflow| summary.header.workflow == *workflow)
            && (self.statuses.is_empty() || self.statuses.contains(&summary.status))
    }
}
