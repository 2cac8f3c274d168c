//! Active workflows: those that this process serves, kept in step with the store.

#[cfg(feature = "webhooks")]
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine_core::model::WorkflowId;
use engine_core::plan::Plan;
use engine_core::problem::Problems;
#[cfg(feature = "api")]
use engine_core::store::StoredWorkflow;
use engine_core::store::{PageRequest, StoreError, TenantId, VersionNumber, WorkflowFilter};
use engine_core::worker::{PinnedPlan, PlanError};

use crate::service::{ActivationError, Inner, ServedWebhook};
#[cfg(feature = "webhooks")]
use crate::webhook;
#[cfg(feature = "webhooks")]
use crate::webhook::RouteTable;

/// An active workflow.
pub(crate) struct Active {
    pub(crate) pinned: PinnedPlan,
    #[cfg(feature = "webhooks")]
    pub(crate) hooks: Vec<Arc<webhook::Hook>>,
}

/// How often it is looked whether another process has activated or deactivated workflows.
const FOLLOW: Duration = Duration::from_secs(1);

/// Checks that the webhooks of a plan can be served, as activating it through a [`Service`](crate::Service) does: for programs that activate workflows in a store
/// and serve none themselves.
///
/// # Errors
/// When a trigger asks for something that cannot be served, or two triggers of the plan for the same.
pub fn check_webhooks(plan: &Arc<Plan>) -> Result<(), ActivationError> {
    #[cfg(feature = "webhooks")]
    RouteTable::build(&webhook::hooks(&PinnedPlan::unsaved(Arc::clone(plan)))?)?;
    #[cfg(not(feature = "webhooks"))]
    let _: &Arc<Plan> = plan;
    Ok(())
}

impl Inner {
    /// The plan of an active workflow.
    pub(crate) fn active_plan(&self, id: &str) -> Option<PinnedPlan> {
        self.active().get(id).map(|active| active.pinned.clone())
    }

    /// Serves a workflow from now on.
    #[cfg(feature = "webhooks")]
    pub(crate) fn activate(&self, pinned: PinnedPlan) -> Result<Vec<ServedWebhook>, ActivationError> {
        let hooks = webhook::hooks(&pinned)?;
        let served = hooks.iter().map(|hook| hook.served()).collect();
        // Held until the table is there: of two who activate at the same time, the second one sees the first.
        let mut active = self.active();
        let table = table_with(&active, &pinned.workflow, &hooks)?;
        active.insert(pinned.workflow.clone(), Active { pinned, hooks });
        self.table.store(Arc::new(table));
        Ok(served)
    }

    #[cfg(not(feature = "webhooks"))]
    #[expect(clippy::unnecessary_wraps, reason = "it fails where webhooks are served")]
    pub(crate) fn activate(&self, pinned: PinnedPlan) -> Result<Vec<ServedWebhook>, ActivationError> {
        self.active().insert(pinned.workflow.clone(), Active { pinned });
        Ok(Vec::new())
    }

    /// Does not serve a workflow any more; false when it was not served.
    pub(crate) fn deactivate(&self, id: &WorkflowId) -> bool {
        let mut active = self.active();
        let was = active.remove(id).is_some();
        #[cfg(feature = "webhooks")]
        if let Ok(table) = RouteTable::build(active.values().flat_map(|active| &active.hooks)) {
            self.table.store(Arc::new(table));
        }
        was
    }

    /// The plan of a saved version.
    pub(crate) async fn stored_plan(
        &self,
        tenant: &TenantId,
        id: &WorkflowId,
        version: VersionNumber,
    ) -> Result<Result<PinnedPlan, Problems>, StoreError> {
        match self.worker.plan(id, version).await {
            Ok(plan) => Ok(Ok(PinnedPlan { plan, tenant: tenant.clone(), workflow: id.clone(), version })),
            Err(PlanError::Invalid { problems, .. }) => Ok(Err(problems)),
            Err(PlanError::Store(error)) => Err(error),
            Err(other) => Err(StoreError::corrupt("workflow", id.as_str(), other.to_string())),
        }
    }

    /// Activates a saved version in the store, and serves it.
    #[cfg(feature = "api")]
    pub(crate) async fn activate_stored(
        &self,
        tenant: &TenantId,
        (id, version): (&WorkflowId, VersionNumber),
    ) -> Result<Result<StoredWorkflow, ActivationError>, StoreError> {
        let pinned = match self.stored_plan(tenant, id, version).await? {
            Ok(pinned) => pinned,
            Err(problems) => return Ok(Err(ActivationError::Invalid(problems))),
        };
        // What cannot be served is not activated for others either.
        #[cfg(feature = "webhooks")]
        if let Err(error) = webhook::hooks(&pinned).and_then(|hooks| table_with(&self.active(), &pinned.workflow, &hooks)) {
            return Ok(Err(error));
        }
        let stored = match self.worker.activate(tenant, id, version).await {
            Ok(stored) => stored,
            Err(PlanError::Store(error)) => return Err(error),
            Err(other) => return Err(StoreError::corrupt("workflow", id.as_str(), other.to_string())),
        };
        Ok(self.activate(pinned).map(|_| stored))
    }

    /// Serves what is active in the store, and nothing else of it. Gives what cannot be served, and why.
    pub(crate) async fn follow_store(&self) -> Result<Vec<(WorkflowId, ActivationError)>, StoreError> {
        let mut failed = Vec::new();
        let mut listed = Vec::new();
        let mut page = PageRequest::first(100);
        loop {
            let filter = WorkflowFilter { active: Some(true), ..WorkflowFilter::default() };
            let found = self.stores.workflows.workflows(&filter, page).await?;
            for stored in found.items {
                let version = stored.active.unwrap_or(stored.version);
                if let Err(error) = self.serve_stored(&stored.tenant, (&stored.id, version)).await? {
                    failed.push((stored.id.clone(), error));
                }
                listed.push(stored.id);
            }
            match found.next {
                Some(next) => page = PageRequest::after(next, 100),
                None => break,
            }
        }
        let gone: Vec<WorkflowId> = {
            let active = self.active();
            let stored = active.values().filter(|active| active.pinned.version != VersionNumber::UNSAVED);
            stored.map(|active| active.pinned.workflow.clone()).filter(|id| !listed.contains(id)).collect()
        };
        for id in gone {
            self.deactivate(&id);
        }
        Ok(failed)
    }

    async fn serve_stored(&self, tenant: &TenantId, (id, version): (&WorkflowId, VersionNumber)) -> Result<Result<(), ActivationError>, StoreError> {
        if self.active_plan(id.as_str()).is_some_and(|active| active.version == version) {
            return Ok(Ok(()));
        }
        Ok(match self.stored_plan(tenant, id, version).await? {
            Ok(pinned) => self.activate(pinned).map(drop),
            Err(problems) => Err(ActivationError::Invalid(problems)),
        })
    }

    /// Keeps in step with what other processes activate and deactivate.
    pub(crate) async fn follow(&self) {
        let mut seen = None;
        loop {
            if let Ok(version) = self.stores.webhooks.webhooks_version().await
                && seen != Some(version)
                && self.follow_store().await.is_ok()
            {
                seen = Some(version);
            }
            self.engine.runtime().sleep(FOLLOW).await;
        }
    }
}

/// The routes with these webhooks of a workflow in place of those that it has now.
#[cfg(feature = "webhooks")]
fn table_with(active: &BTreeMap<WorkflowId, Active>, workflow: &WorkflowId, hooks: &[Arc<webhook::Hook>]) -> Result<RouteTable, ActivationError> {
    let others = active.iter().filter(|(other, _)| *other != workflow).flat_map(|(_, active)| &active.hooks);
    RouteTable::build(others.chain(hooks))
}
