//! Workflows: a head that changes, and versions that never do.

use async_trait::async_trait;
use serde_json::Value;

use super::{Page, PageRequest, StoreError, StoredSchedule, StoredWebhook, TenantId, VersionNumber};
use crate::model::{Json, Timestamp, WorkflowId};

/// Keeps workflows. A definition is stored as the JSON that [`crate::format`] reads and writes.
#[async_trait]
pub trait WorkflowStore: Send + Sync {
    /// Makes a workflow with version 1, or adds a version to one. Only the given fields change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was changed since `expected`, when it exists already and none was expected, or when the id belongs to another tenant.
    async fn save_workflow(&self, save: SaveWorkflow) -> Result<StoredWorkflow, StoreError>;

    /// A workflow with its newest version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when that tenant has none.
    async fn workflow(&self, tenant: &TenantId, id: &WorkflowId) -> Result<StoredWorkflow, StoreError>;

    /// Workflows in the order of their ids.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn workflows(&self, filter: &WorkflowFilter, page: PageRequest<WorkflowId>) -> Result<Page<StoredWorkflow, WorkflowId>, StoreError>;

    /// One version of a workflow; also of one that was deleted, as long as an execution is pinned to it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    async fn workflow_version(&self, id: &WorkflowId, version: VersionNumber) -> Result<WorkflowVersion, StoreError>;

    /// The versions of a workflow without their definitions, the newest first.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn workflow_versions(&self, id: &WorkflowId, page: PageRequest<VersionNumber>) -> Result<Page<WorkflowVersion, VersionNumber>, StoreError>;

    /// Says which version its triggers start, and puts its webhooks and schedules in place of those that it had, as one write: whoever sees one of them sees all,
    /// and [`webhooks_version`](super::WebhookStore::webhooks_version) is another one then. A schedule that was there with the same rule and zone keeps its `next` and
    /// `last`. Gives the workflow as it is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such workflow or version, [`StoreError::Conflict`] when another workflow has the same method and path; nothing has
    /// changed then.
    async fn activate_workflow(&self, activate: ActivateWorkflow) -> Result<StoredWorkflow, StoreError>;

    /// Removes a workflow, its webhooks, schedules and static data. Running executions go on with the version to which they are pinned.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when that tenant has none.
    async fn delete_workflow(&self, tenant: &TenantId, id: &WorkflowId) -> Result<(), StoreError>;
}

/// A change to a workflow.
#[derive(Clone, Debug)]
pub struct SaveWorkflow {
    /// Its id.
    pub id: WorkflowId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The version that the writer has read; `None` to make a new workflow.
    pub expected: Option<VersionNumber>,
    /// Its name.
    pub name: String,
    /// The definition.
    pub definition: Value,
    /// Who saves it, for the list of versions.
    pub author: Option<String>,
    /// Entries of its own that lists show and filter by: tags, folder, archived. Replaced as a whole when given.
    pub labels: Option<Json>,
}

/// What starts executions of a workflow from then on.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivateWorkflow {
    /// Who owns the workflow.
    pub tenant: TenantId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version that its triggers start; `None` switches them off.
    pub version: Option<VersionNumber>,
    /// All of its webhooks.
    pub webhooks: Vec<StoredWebhook>,
    /// All of its schedules.
    pub schedules: Vec<StoredSchedule>,
}

impl ActivateWorkflow {
    /// This version, which neither a webhook nor a schedule starts.
    pub fn version(tenant: TenantId, workflow: WorkflowId, version: VersionNumber) -> Self {
        Self { tenant, workflow, version: Some(version), webhooks: Vec::new(), schedules: Vec::new() }
    }

    /// Nothing: its triggers are off.
    pub fn nothing(tenant: TenantId, workflow: WorkflowId) -> Self {
        Self { tenant, workflow, version: None, webhooks: Vec::new(), schedules: Vec::new() }
    }

    /// The same with these webhooks.
    #[must_use]
    pub fn webhooks(mut self, webhooks: Vec<StoredWebhook>) -> Self {
        self.webhooks = webhooks;
        self
    }

    /// The same with these schedules.
    #[must_use]
    pub fn schedules(mut self, schedules: Vec<StoredSchedule>) -> Self {
        self.schedules = schedules;
        self
    }
}

/// A workflow as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWorkflow {
    /// Its id.
    pub id: WorkflowId,
    /// Who owns it.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Number of its newest version.
    pub version: VersionNumber,
    /// The version that its triggers start, while it is active.
    pub active: Option<VersionNumber>,
    /// Entries of its own.
    pub labels: Json,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// The definition of its newest version. Absent in lists.
    pub definition: Option<Value>,
}

/// A saved version of a workflow. Never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowVersion {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its number.
    pub version: VersionNumber,
    /// Who saved it.
    pub author: Option<String>,
    /// When it was saved.
    pub created: Timestamp,
    /// The definition. Absent in lists.
    pub definition: Option<Value>,
}

/// Which workflows. Every condition that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct WorkflowFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Active or not.
    pub active: Option<bool>,
    /// Whose name contains this text, whatever its case (ASCII).
    pub name_contains: Option<String>,
    /// With this entry in its labels: the text itself, or a list that contains it.
    pub label: Option<(String, String)>,
}
