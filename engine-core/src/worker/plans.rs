//! Compiled workflows: each saved version is compiled once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Engine;
use crate::model::{Workflow, WorkflowId};
use crate::plan::Plan;
use crate::problem::Problems;
use crate::store::{StoreError, TenantId, VersionNumber, WorkflowStore};

/// A plan, and the saved version of a workflow that it was made of. Executions are pinned to it.
#[derive(Clone)]
pub struct PinnedPlan {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Who owns the workflow.
    pub tenant: TenantId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version; [`VersionNumber::UNSAVED`] for a workflow that is in no store.
    pub version: VersionNumber,
}

impl PinnedPlan {
    /// A plan of a workflow that is in no store: its executions carry the definition themselves.
    pub fn unsaved(plan: Arc<Plan>) -> Self {
        let workflow = plan.workflow();
        let id = workflow.id.clone().unwrap_or_else(|| WorkflowId::from(workflow.name.as_str()));
        Self { plan, tenant: TenantId::default(), workflow: id, version: VersionNumber::UNSAVED }
    }

    /// The same, owned by this tenant.
    #[must_use]
    pub fn owned_by(mut self, tenant: TenantId) -> Self {
        self.tenant = tenant;
        self
    }
}

impl fmt::Debug for PinnedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinnedPlan").field("workflow", &self.workflow).field("version", &self.version).finish_non_exhaustive()
    }
}

/// Why there is no plan of a stored workflow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The store has none, or cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot run.
    #[error("workflow {workflow:?} in version {version} cannot run: {problems}")]
    Invalid {
        /// The workflow.
        workflow: WorkflowId,
        /// The version.
        version: VersionNumber,
        /// Everything that is wrong with it.
        problems: Problems,
    },
}

/// So many plans are kept.
const KEPT: usize = 1000;

type Key = (WorkflowId, VersionNumber);

/// The plans of stored workflows.
#[derive(Debug, Default)]
pub(super) struct Plans {
    kept: Mutex<HashMap<Key, Arc<Plan>>>,
}

impl Plans {
    /// The plan of a saved version. Two who ask at the same time may both compile it; that does no harm.
    pub(super) async fn get(&self, engine: &Engine, store: &dyn WorkflowStore, key: &Key) -> Result<Arc<Plan>, PlanError> {
        if let Some(plan) = self.lock().get(key) {
            return Ok(Arc::clone(plan));
        }
        let stored = store.workflow_version(&key.0, key.1).await?;
        let invalid = |problems| PlanError::Invalid { workflow: key.0.clone(), version: key.1, problems };
        let definition = stored.definition.unwrap_or_default();
        let mut workflow = crate::format::read_workflow_value(definition).map_err(invalid)?;
        workflow.id = Some(key.0.clone());
        let plan = engine.compile(workflow).map_err(invalid)?;
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key.clone(), Arc::clone(&plan));
        Ok(plan)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Plan>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and compiles a definition that an execution carries itself.
pub(super) fn compile_carried(engine: &Engine, workflow: &WorkflowId, definition: &serde_json::Value) -> Result<Arc<Plan>, PlanError> {
    let invalid = |problems| PlanError::Invalid { workflow: workflow.clone(), version: VersionNumber::UNSAVED, problems };
    let read: Workflow = crate::format::read_workflow_value(definition.clone()).map_err(invalid)?;
    engine.compile(read).map_err(invalid)
}
