//! What follows from a failed execution: the error workflow, and a workflow that fails too often is deactivated.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Launch, LaunchError, PinnedPlan, PlanError, Worker};
use crate::driver::{ExecutionResult, JournalError};
use crate::engine::{Start, brought};
use crate::execution::{ExecutionMode, WorkflowReference};
use crate::model::{ExecutionId, WorkflowId};
use crate::node::NodeError;
use crate::state::ExecutionStatus;
use crate::store::{ExecutionFilter, IdempotencyKey, PageRequest, StoreError, StoredWorkflow, TenantId};

/// How long the key of a follow-up is remembered: longer than any recovery takes.
const REMEMBERED: Duration = Duration::from_hours(24 * 7);

impl Worker {
    /// An execution failed. What follows is recorded before the failure is: it is started once, whatever dies in between.
    pub(super) async fn failed(&self, pinned: &PinnedPlan, result: &ExecutionResult) -> Result<(), JournalError> {
        let mode = result.execution().mode();
        if mode == ExecutionMode::Manual {
            return Ok(());
        }
        if let Some(target) = error_workflow(pinned, mode) {
            // An error workflow that cannot run must not keep the failure from being recorded.
            if let Err(error @ LaunchError::Unavailable(_)) = self.start_error_workflow(pinned, &target, result).await {
                return Err(JournalError::Unavailable(error.to_string()));
            }
        }
        drop(self.deactivate_if_hopeless(pinned).await);
        Ok(())
    }

    async fn start_error_workflow(&self, pinned: &PinnedPlan, target: &WorkflowId, result: &ExecutionResult) -> Result<(), LaunchError> {
        let failed = result.id();
        let Ok(called) = self.called((&pinned.tenant, Some(&pinned.workflow)), &WorkflowReference::Id(target.clone()), false).await else {
            return Ok(());
        };
        let start = Start::with_items([error_item(pinned, result)]).mode(ExecutionMode::Error);
        let key = self.key(&format!("error-workflow:{failed}"), REMEMBERED);
        let launch = Launch { parent: None, ..Launch::new(called, start).with_key(key) };
        Box::pin(self.start(launch)).await.map(drop)
    }

    /// A key that this worker makes itself: the text says all about the request.
    pub(super) fn key(&self, text: &str, remembered: Duration) -> IdempotencyKey {
        IdempotencyKey { key: format!("engine:{text}"), fingerprint: [0; 32], expires: self.engine().runtime().now().after(remembered) }
    }

    /// The workflow that a reference names, in the version that is run: the active one for callers of production, the newest otherwise.
    pub(super) async fn called(
        &self,
        (tenant, caller): (&TenantId, Option<&WorkflowId>),
        reference: &WorkflowReference,
        by_hand: bool,
    ) -> Result<PinnedPlan, NodeError> {
        let refused =
            |problems: &crate::problem::Problems| NodeError::fatal("the called workflow has problems").with_description(problems.to_string());
        match reference {
            WorkflowReference::Inline(workflow) => {
                let plan = self.engine().compile(brought(workflow, caller)).map_err(|problems| refused(&problems))?;
                Ok(PinnedPlan::unsaved(plan).owned_by(tenant.clone()))
            }
            WorkflowReference::Id(id) => {
                let stored = match self.stores().workflows.workflow(tenant, id).await {
                    Ok(stored) => stored,
                    Err(StoreError::NotFound { .. }) => {
                        return Err(NodeError::fatal(format!("there is no workflow with the id {id:?}")));
                    }
                    Err(error) => return Err(error.into()),
                };
                self.admit((tenant, caller), &stored).await?;
                let version = if by_hand { stored.version } else { stored.active.unwrap_or(stored.version) };
                let plan = match self.plan(id, version).await {
                    Ok(plan) => plan,
                    Err(PlanError::Invalid { problems, .. }) => return Err(refused(&problems)),
                    Err(PlanError::Store(error)) => return Err(error.into()),
                };
                Ok(PinnedPlan { plan, tenant: tenant.clone(), workflow: id.clone(), version })
            }
        }
    }

    /// Whether the caller may start a workflow of the store.
    async fn admit(&self, (tenant, caller): (&TenantId, Option<&WorkflowId>), target: &StoredWorkflow) -> Result<(), NodeError> {
        let Some(may_call) = self.options().may_call.as_ref().filter(|_| caller != Some(&target.id)) else { return Ok(()) };
        let stored = match caller {
            Some(caller) => match self.stores().workflows.workflow(tenant, caller).await {
                Ok(stored) => Some(stored),
                Err(StoreError::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        if may_call(stored.as_ref(), target) {
            return Ok(());
        }
        Err(NodeError::fatal(format!("the workflow {:?} may not be called from this one", target.id)).with_code("not-callable"))
    }

    /// Switches off the triggers of a workflow whose last executions all failed.
    async fn deactivate_if_hopeless(&self, pinned: &PinnedPlan) -> Result<(), StoreError> {
        let Some(limit) = self.options().deactivate_after.filter(|limit| *limit > 0) else { return Ok(()) };
        let filter = ExecutionFilter {
            tenant: Some(pinned.tenant.clone()),
            workflow: Some(pinned.workflow.clone()),
            statuses: vec![ExecutionStatus::Success, ExecutionStatus::Error, ExecutionStatus::Crashed],
            ..ExecutionFilter::default()
        };
        // The failure that is being recorded is not among them yet.
        let before = limit.saturating_sub(1);
        let last =
            if before == 0 { Vec::new() } else { self.stores().query.executions(&filter, PageRequest::<ExecutionId>::first(before)).await?.items };
        let hopeless = last.len() == before as usize && last.iter().all(|execution| execution.status != ExecutionStatus::Success);
        if hopeless {
            self.deactivate(&pinned.tenant, &pinned.workflow).await?;
            if let Some(tell) = &self.options().on_deactivate {
                tell(&pinned.workflow);
            }
        }
        Ok(())
    }
}

/// The workflow that is started when an execution fails: the one that is named or, without one, the workflow itself where it has an error trigger. A failing
/// error workflow starts nothing, so that failures do not breed.
fn error_workflow(pinned: &PinnedPlan, mode: ExecutionMode) -> Option<WorkflowId> {
    let workflow = pinned.plan.workflow();
    let named = workflow.settings.error_workflow.clone().filter(|named| !(mode == ExecutionMode::Error && *named == pinned.workflow));
    let own = || pinned.plan.has_error_trigger() && mode != ExecutionMode::Error;
    named.or_else(|| own().then(|| pinned.workflow.clone()))
}

/// What the error workflow is given. n8n's shape.
pub(crate) fn error_item(pinned: &PinnedPlan, result: &ExecutionResult) -> Value {
    let execution = result.execution();
    let error = result.error();
    let node = error.and_then(|error| error.node.as_deref());
    let details = error.map(|error| error.details.clone()).unwrap_or_default();
    let mut described = json!({ "message": error.map(|error| error.message.as_str()), "stack": error.map(ToString::to_string) });
    if let Some(node) = node.and_then(|name| execution.plan().find(name)).and_then(|index| execution.plan().nodes().get(index as usize)) {
        let spec = &node.spec;
        described["node"] =
            json!({ "id": spec.id, "name": spec.name, "type": spec.kind, "typeVersion": spec.version.to_string().parse::<f64>().ok() });
    }
    for key in ["description", "code"] {
        if let Some(value) = details.get(key) {
            described[key] = value.clone();
        }
    }
    json!({
        "execution": {
            "id": execution.id().to_string(),
            "error": described,
            "lastNodeExecuted": result.last_node(),
            "mode": execution.mode().as_str(),
        },
        "workflow": { "id": pinned.workflow, "name": pinned.plan.workflow().name },
    })
}
