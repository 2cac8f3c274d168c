//! Webhooks of active workflows, for routing requests.

use async_trait::async_trait;

use super::{StoreError, TenantId, VersionNumber};
use crate::model::{NodeId, WorkflowId};
use crate::node::WebhookSpec;

/// Gives the webhooks of active workflows. They are written when a workflow is activated
/// ([`activate_workflow`](super::WorkflowStore::activate_workflow)).
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// All webhooks, in the order of their paths. Routers keep them in memory and read them anew when a workflow is activated.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn webhooks(&self) -> Result<Vec<StoredWebhook>, StoreError>;

    /// A number that is another one whenever a workflow was activated, deactivated or removed. Whoever reads it before the workflows misses none of that.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn webhooks_version(&self) -> Result<u64, StoreError>;
}

/// A webhook of an active workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWebhook {
    /// Who owns the workflow.
    pub tenant: TenantId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version that it starts.
    pub version: VersionNumber,
    /// The node that is its trigger.
    pub node: NodeId,
    /// What it answers to.
    pub spec: WebhookSpec,
}
