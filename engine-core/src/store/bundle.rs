//! All stores of an engine together.

use std::fmt;
use std::sync::Arc;

use super::{
    AccountStore, AuditStore, CredentialStore, DocumentStore, ExecutionQuery, RequestStore, ScheduleStore, StaticDataStore, Store, UpkeepStore,
    WebhookStore, WorkflowStore,
};
use crate::blob::BlobStore;

/// All stores of an engine. Usually one value plays every part: [`Stores::of`].
#[derive(Clone)]
pub struct Stores {
    /// Executions that are driven.
    pub executions: Arc<dyn Store>,
    /// Executions that are looked at.
    pub query: Arc<dyn ExecutionQuery>,
    /// Workflows.
    pub workflows: Arc<dyn WorkflowStore>,
    /// Webhooks of active workflows.
    pub webhooks: Arc<dyn WebhookStore>,
    /// Schedules of active workflows.
    pub schedules: Arc<dyn ScheduleStore>,
    /// Static data of workflows.
    pub static_data: Arc<dyn StaticDataStore>,
    /// Sealed credentials.
    pub credentials: Arc<dyn CredentialStore>,
    /// Users, sessions, API keys.
    pub accounts: Arc<dyn AccountStore>,
    /// The audit log.
    pub audit: Arc<dyn AuditStore>,
    /// Templates, variables, tags, settings.
    pub documents: Arc<dyn DocumentStore>,
    /// Answers to repeated requests.
    pub requests: Arc<dyn RequestStore>,
    /// Keeps them small.
    pub upkeep: Arc<dyn UpkeepStore>,
    /// Large data.
    pub blobs: Arc<dyn BlobStore>,
}

impl Stores {
    /// One value that plays every part.
    pub fn of<S>(store: &Arc<S>) -> Self
    where
        S: Store
            + ExecutionQuery
            + WorkflowStore
            + WebhookStore
            + ScheduleStore
            + StaticDataStore
            + CredentialStore
            + AccountStore
            + AuditStore
            + DocumentStore
            + RequestStore
            + UpkeepStore
            + BlobStore
            + 'static,
    {
        Self {
            executions: Arc::clone(store) as _,
            query: Arc::clone(store) as _,
            workflows: Arc::clone(store) as _,
            webhooks: Arc::clone(store) as _,
            schedules: Arc::clone(store) as _,
            static_data: Arc::clone(store) as _,
            credentials: Arc::clone(store) as _,
            accounts: Arc::clone(store) as _,
            audit: Arc::clone(store) as _,
            documents: Arc::clone(store) as _,
            requests: Arc::clone(store) as _,
            upkeep: Arc::clone(store) as _,
            blobs: Arc::clone(store) as _,
        }
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("executions", &self.executions).finish_non_exhaustive()
    }
}
