//! Where an execution begins when nobody says so: n8n's choice (SEMANTICS 4).

use super::{Plan, PlanNode};
use crate::execution::ExecutionMode;
use crate::node::Activation;

/// Types that start by hand, in n8n's order of preference; each with the engine's own name.
const MANUAL: [[&str; 2]; 6] = [
    ["n8n-nodes-base.start", "start"],
    ["n8n-nodes-base.manualTrigger", "manual_trigger"],
    ["n8n-nodes-base.executeWorkflowTrigger", "execute_workflow_trigger"],
    ["n8n-nodes-base.errorTrigger", "error_trigger"],
    ["n8n-nodes-base.evaluationTrigger", "evaluation_trigger"],
    ["n8n-nodes-base.formTrigger", "form_trigger"],
];

const FAILED: [&str; 2] = ["n8n-nodes-base.errorTrigger", "error_trigger"];

const CALLED: [&str; 2] = ["n8n-nodes-base.executeWorkflowTrigger", "execute_workflow_trigger"];

impl Plan {
    /// The node at which it begins when an execution has failed.
    pub(crate) fn error_trigger(&self) -> Option<u32> {
        (0..).zip(self.nodes.iter()).find(|(_, node)| !node.disabled && FAILED.contains(&node.spec.kind.as_str())).map(|(index, _)| index)
    }

    /// The node at which an execution of this mode begins.
    pub(crate) fn start_node(&self, mode: ExecutionMode) -> Option<u32> {
        let enabled = || (0..).zip(self.nodes.iter()).filter(|(_, node)| !node.disabled && node.node.is_some());
        let of_kind = |names: &[&str; 2]| enabled().find(|(_, node)| names.contains(&node.spec.kind.as_str())).map(|(index, _)| index);
        if mode == ExecutionMode::Integrated
            && let Some(called) = of_kind(&CALLED)
        {
            return Some(called);
        }
        if mode == ExecutionMode::Error
            && let Some(failed) = self.error_trigger()
        {
            return Some(failed);
        }
        if let ([only], 1) = (&self.nodes[..], self.nodes.len())
            && !only.disabled
        {
            return Some(0);
        }
        let trigger = enabled().find(|(_, node)| node.is_trigger && listens(node)).map(|(index, _)| index);
        let manual = || MANUAL.iter().find_map(of_kind);
        trigger.or_else(manual).or_else(|| enabled().find(|(_, node)| node.is_trigger).map(|(index, _)| index))
    }
}

/// Whether a trigger does something by itself: the manual trigger does in n8n; one that is called or is a webhook does not.
fn listens(node: &PlanNode) -> bool {
    let called = MANUAL.iter().filter(|names| names[1] != "manual_trigger").any(|names| names.contains(&node.spec.kind.as_str()));
    !called && !node.activations().iter().any(|activation| matches!(activation, Activation::Webhook(_)))
}
