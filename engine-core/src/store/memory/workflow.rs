//! Workflows, their webhooks and their static data in memory.

use std::collections::HashSet;

use async_trait::async_trait;
use serde_json::Value;

use super::MemoryStore;
use super::state::State;
use crate::model::{Json, Timestamp, WorkflowId};
use crate::store::{
    ActivateWorkflow, Page, PageRequest, SaveWorkflow, StaticDataStore, StoreError, StoredWebhook, StoredWorkflow, TenantId, VersionNumber,
    WebhookStore, WorkflowFilter, WorkflowStore, WorkflowVersion,
};

#[async_trait]
impl WorkflowStore for MemoryStore {
    async fn save_workflow(&self, save: SaveWorkflow) -> Result<StoredWorkflow, StoreError> {
        let now = self.now();
        self.state().save_workflow(save, now)
    }

    async fn workflow(&self, tenant: &TenantId, id: &WorkflowId) -> Result<StoredWorkflow, StoreError> {
        let mut state = self.state();
        state.own_workflow(tenant, id).cloned()
    }

    async fn workflows(&self, filter: &WorkflowFilter, page: PageRequest<WorkflowId>) -> Result<Page<StoredWorkflow, WorkflowId>, StoreError> {
        let state = self.state();
        let matching = state.workflows.values().filter(|workflow| filter.lets_through(workflow));
        let after = matching.filter(|workflow| page.after.as_ref().is_none_or(|after| workflow.id > *after));
        let items = after.take(page.limit as usize + 1).map(|workflow| StoredWorkflow { definition: None, ..workflow.clone() }).collect();
        Ok(Page::of(items, page.limit, |workflow: &StoredWorkflow| workflow.id.clone()))
    }

    async fn workflow_version(&self, id: &WorkflowId, version: VersionNumber) -> Result<WorkflowVersion, StoreError> {
        let state = self.state();
        let found = state.versions.get(&(id.clone(), version)).cloned();
        found.ok_or_else(|| StoreError::not_found("workflow version", format!("{id} version {version}")))
    }

    async fn workflow_versions(&self, id: &WorkflowId, page: PageRequest<VersionNumber>) -> Result<Page<WorkflowVersion, VersionNumber>, StoreError> {
        let state = self.state();
        let before = page.after.unwrap_or(VersionNumber(u32::MAX));
        let older = state.versions.range((id.clone(), VersionNumber(0))..(id.clone(), before)).rev().map(|(_, version)| version);
        let items = older.take(page.limit as usize + 1).map(|version| WorkflowVersion { definition: None, ..version.clone() }).collect();
        Ok(Page::of(items, page.limit, |version: &WorkflowVersion| version.version))
    }

    async fn activate_workflow(&self, activate: ActivateWorkflow) -> Result<StoredWorkflow, StoreError> {
        let ActivateWorkflow { tenant, workflow: id, version, webhooks, schedules } = activate;
        let now = self.now();
        let mut state = self.state();
        state.own_workflow(&tenant, &id)?;
        if let Some(version) = version
            && !state.versions.contains_key(&(id.clone(), version))
        {
            return Err(StoreError::not_found("workflow version", format!("{id} version {version}")));
        }
        state.set_webhooks(&id, webhooks)?;
        state.set_schedules(&id, schedules);
        let workflow = state.own_workflow(&tenant, &id)?;
        workflow.active = version;
        workflow.updated = now;
        Ok(workflow.clone())
    }

    async fn delete_workflow(&self, tenant: &TenantId, id: &WorkflowId) -> Result<(), StoreError> {
        let mut state = self.state();
        state.own_workflow(tenant, id)?;
        state.workflows.remove(id);
        state.static_data.remove(id);
        state.schedules.retain(|schedule, _| schedule.workflow != *id);
        state.webhooks.remove(id);
        state.webhooks_version += 1;
        let State { versions, active, .. } = &mut *state;
        versions.retain(|(workflow, version), _| {
            workflow != id || active.values().any(|active| active.header.workflow == *workflow && active.header.version == *version)
        });
        Ok(())
    }
}

impl State {
    fn own_workflow(&mut self, tenant: &TenantId, id: &WorkflowId) -> Result<&mut StoredWorkflow, StoreError> {
        let found = self.workflows.get_mut(id).filter(|workflow| workflow.tenant == *tenant);
        found.ok_or_else(|| StoreError::not_found("workflow", id.to_string()))
    }

    /// Replaces all webhooks of a workflow; changes nothing when one is taken.
    fn set_webhooks(&mut self, workflow: &WorkflowId, webhooks: Vec<StoredWebhook>) -> Result<(), StoreError> {
        let others = self.webhooks.iter().filter(|(other, _)| *other != workflow).flat_map(|(_, webhooks)| webhooks);
        let mut taken: HashSet<_> = others.flat_map(StoredWebhook::routes).collect();
        for (method, path) in webhooks.iter().flat_map(StoredWebhook::routes) {
            if !taken.insert((method, path)) {
                return Err(StoreError::conflict("webhook", format!("{method} {path}"), "it belongs to another node"));
            }
        }
        drop(taken);
        self.webhooks_version += 1;
        self.webhooks.remove(workflow);
        if !webhooks.is_empty() {
            self.webhooks.insert(workflow.clone(), webhooks);
        }
        Ok(())
    }

    fn save_workflow(&mut self, save: SaveWorkflow, now: Timestamp) -> Result<StoredWorkflow, StoreError> {
        let SaveWorkflow { id, tenant, expected, name, definition, author, labels } = save;
        let existing = self.workflows.get(&id);
        let created = match (existing, expected) {
            (Some(workflow), _) if workflow.tenant != tenant => return Err(StoreError::conflict("workflow", id.to_string(), "the id is taken")),
            (Some(workflow), Some(expected)) if workflow.version == expected => workflow.created,
            (Some(_), Some(_)) => return Err(StoreError::conflict("workflow", id.to_string(), "it was changed meanwhile")),
            (Some(_), None) => return Err(StoreError::conflict("workflow", id.to_string(), "it exists already")),
            (None, Some(_)) => return Err(StoreError::not_found("workflow", id.to_string())),
            (None, None) => now,
        };
        // Versions of a deleted workflow that executions still need keep their numbers.
        let last = self.versions.range((id.clone(), VersionNumber(0))..=(id.clone(), VersionNumber(u32::MAX))).next_back();
        let version = VersionNumber(last.map_or(0, |((_, version), _)| version.0) + 1);
        let saved = WorkflowVersion { workflow: id.clone(), version, author, created: now, definition: Some(definition.clone()) };
        self.versions.insert((id.clone(), version), saved);
        let before = self.workflows.remove(&id);
        let workflow = StoredWorkflow {
            id: id.clone(),
            tenant,
            name,
            version,
            active: before.as_ref().and_then(|workflow| workflow.active),
            labels: labels.or_else(|| before.map(|workflow| workflow.labels)).unwrap_or_default(),
            created,
            updated: now,
            definition: Some(definition),
        };
        self.workflows.insert(id, workflow.clone());
        Ok(workflow)
    }
}

impl WorkflowFilter {
    /// Whether a workflow passes.
    pub fn lets_through(&self, workflow: &StoredWorkflow) -> bool {
        let contains = |text: &String| workflow.name.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
        let labelled = |(key, text): &(String, String)| match workflow.labels.get(key) {
            Some(Value::String(label)) => label == text,
            Some(Value::Array(labels)) => labels.iter().any(|label| label.as_str() == Some(text)),
            _ => false,
        };
        self.tenant.as_ref().is_none_or(|tenant| workflow.tenant == *tenant)
            && self.active.is_none_or(|active| workflow.active.is_some() == active)
            && self.name_contains.as_ref().is_none_or(contains)
            && self.label.as_ref().is_none_or(labelled)
    }
}

#[async_trait]
impl WebhookStore for MemoryStore {
    async fn webhooks(&self) -> Result<Vec<StoredWebhook>, StoreError> {
        let mut all: Vec<_> = self.state().webhooks.values().flatten().cloned().collect();
        all.sort_by(|a, b| (&a.spec.path, &a.spec.methods).cmp(&(&b.spec.path, &b.spec.methods)));
        Ok(all)
    }

    async fn webhooks_version(&self) -> Result<u64, StoreError> {
        Ok(self.state().webhooks_version)
    }
}

impl StoredWebhook {
    /// The methods and the path that must be its own.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.spec.methods.iter().map(|method| (method.as_str(), self.spec.path.as_str()))
    }
}

#[async_trait]
impl StaticDataStore for MemoryStore {
    async fn static_data(&self, workflow: &WorkflowId) -> Result<Json, StoreError> {
        Ok(self.state().static_data.get(workflow).cloned().unwrap_or_default())
    }

    async fn set_static_data(&self, workflow: &WorkflowId, data: Json) -> Result<(), StoreError> {
        self.state().static_data.insert(workflow.clone(), data);
        Ok(())
    }
}
