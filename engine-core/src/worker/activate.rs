//! Switching the triggers of a workflow on and off.

use super::{PinnedPlan, PlanError, Worker};
use crate::model::{NodeId, WorkflowId};
use crate::node::Activation;
use crate::plan::Plan;
use crate::schedule::Calendar;
use crate::store::{ActivateWorkflow, ScheduleId, StoreError, StoredSchedule, StoredWebhook, StoredWorkflow, TenantId, VersionNumber};

impl Worker {
    /// Lets the triggers of a saved version start executions: its webhooks can be routed and its schedules fire from now on, in all processes.
    ///
    /// # Errors
    /// When there is no such version, it cannot run, or another workflow has one of its webhooks; what was active before stays then.
    pub async fn activate(&self, tenant: &TenantId, workflow: &WorkflowId, version: VersionNumber) -> Result<StoredWorkflow, PlanError> {
        let plan = self.plan(workflow, version).await?;
        let pinned = PinnedPlan { plan, tenant: tenant.clone(), workflow: workflow.clone(), version };
        let activate = ActivateWorkflow::version(tenant.clone(), workflow.clone(), version);
        let activate = activate.webhooks(webhooks(&pinned)).schedules(self.schedules_of(&pinned));
        let stored = self.stores().workflows.activate_workflow(activate).await?;
        self.inner.nudges.schedules.give();
        Ok(stored)
    }

    /// Switches its triggers off. Executions go on.
    ///
    /// # Errors
    /// When that tenant has no such workflow, or the store cannot write.
    pub async fn deactivate(&self, tenant: &TenantId, workflow: &WorkflowId) -> Result<StoredWorkflow, StoreError> {
        self.stores().workflows.activate_workflow(ActivateWorkflow::nothing(tenant.clone(), workflow.clone())).await
    }

    fn schedules_of(&self, pinned: &PinnedPlan) -> Vec<StoredSchedule> {
        let now = self.engine().runtime().now();
        let zone = pinned.plan.time_zone().unwrap_or(&self.engine().services().time_zone);
        let specs = activations(&pinned.plan).filter_map(|(node, activation)| match activation {
            Activation::Schedule(spec) => Some((node, spec)),
            Activation::Webhook(_) | Activation::Listen(_) => None,
        });
        let mut rules: Vec<NodeId> = Vec::new();
        specs
            .map(|(node, spec)| {
                let rule = rules.iter().filter(|seen| **seen == node).count();
                rules.push(node.clone());
                let next = Calendar::new(spec, zone).ok().and_then(|calendar| calendar.next_after(now));
                StoredSchedule {
                    id: ScheduleId { workflow: pinned.workflow.clone(), node, rule: u32::try_from(rule).unwrap_or(u32::MAX) },
                    tenant: pinned.tenant.clone(),
                    version: pinned.version,
                    spec: spec.clone(),
                    time_zone: zone.to_string(),
                    next,
                    last: None,
                }
            })
            .collect()
    }
}

fn webhooks(pinned: &PinnedPlan) -> Vec<StoredWebhook> {
    let webhook = |(node, activation): (NodeId, &Activation)| match activation {
        Activation::Webhook(spec) => Some(StoredWebhook {
            tenant: pinned.tenant.clone(),
            workflow: pinned.workflow.clone(),
            version: pinned.version,
            node,
            spec: spec.clone(),
        }),
        Activation::Schedule(_) | Activation::Listen(_) => None,
    };
    activations(&pinned.plan).filter_map(webhook).collect()
}

fn activations(plan: &Plan) -> impl Iterator<Item = (NodeId, &Activation)> {
    plan.triggers().flat_map(|(_, node)| node.activations().iter().map(|activation| (node.spec.id.clone(), activation)))
}
