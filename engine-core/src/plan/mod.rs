//! Plans: workflows that were checked and compiled. Only a plan runs.
//!
//! [`Plan::compile`] is the one way to make a plan. It reports every problem of the workflow at once. Within a plan nodes are numbered; the numbers
//! never leave the process.

mod edges;

pub(crate) use edges::{Incoming, Target};

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::expression::{NodeFacts, WorkflowFacts};
use crate::model::{Batch, Durability, ExecutionOrder, NodeId, RetryPolicy, Workflow};
use crate::node::{Activation, Node, NodeSpec, RequiredInputs};
use crate::schema::Effect;

/// A workflow that was checked and compiled.
pub struct Plan {
    workflow: Arc<Workflow>,
    nodes: Box<[PlanNode]>,
    by_name: HashMap<Arc<str>, u32>,
    facts: WorkflowFacts,
    time_zone: Option<Arc<str>>,
}

/// A node of a plan.
pub struct PlanNode {
    /// Names, parameters and credentials, as the node's type was given them.
    pub spec: NodeSpec,
    pub(crate) node: Option<Arc<dyn Node>>,
    pub(crate) facts: NodeFacts,
    pub(crate) effect: Effect,
    pub(crate) incoming: Box<[Box<[Incoming]>]>,
    pub(crate) outgoing: Box<[Target]>,
    pub(crate) outputs: u16,
    pub(crate) required: RequiredInputs,
    pub(crate) is_trigger: bool,
    pub(crate) is_loop: bool,
    pub(crate) disabled: bool,
    pub(crate) execute_once: bool,
    pub(crate) always_output_data: bool,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) pinned: Option<Batch>,
    pub(crate) activations: Vec<Activation>,
}

impl Plan {
    /// The workflow that it was made from.
    pub fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: a workflow without nodes does not compile.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes, in the workflow's order.
    pub fn nodes(&self) -> &[PlanNode] {
        &self.nodes
    }

    /// A node by its number.
    pub(crate) fn node(&self, index: u32) -> &PlanNode {
        &self.nodes[index as usize]
    }

    /// The number of a node by its name.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The number of a node by its stable id.
    pub fn find_id(&self, id: &NodeId) -> Option<u32> {
        self.nodes.iter().position(|node| node.spec.id == *id).and_then(|index| u32::try_from(index).ok())
    }

    /// In which order nodes run.
    pub fn order(&self) -> ExecutionOrder {
        self.workflow.settings.execution_order
    }

    /// What of an execution is stored, where the workflow says so.
    pub fn durability(&self) -> Option<Durability> {
        self.workflow.settings.durability
    }

    /// How long an execution may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.workflow.settings.execution_timeout.filter(|seconds| *seconds > 0.0).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// How many nodes may run at the same time.
    pub fn max_parallel_nodes(&self) -> usize {
        match self.order() {
            ExecutionOrder::Parallel => self.workflow.settings.max_parallel_nodes.unwrap_or(DEFAULT_PARALLEL_NODES).max(1),
            ExecutionOrder::V1 | ExecutionOrder::V0 => 1,
        }
    }

    /// The workflow's time zone, where it names one.
    pub fn time_zone(&self) -> Option<&Arc<str>> {
        self.time_zone.as_ref()
    }

    /// The nodes that start executions while the workflow is active, with how they do.
    pub fn triggers(&self) -> impl Iterator<Item = (u32, &PlanNode)> {
        (0..).zip(&self.nodes).filter(|(_, node)| node.is_trigger && !node.disabled)
    }

    pub(crate) fn workflow_facts(&self) -> &WorkflowFacts {
        &self.facts
    }
}

const DEFAULT_PARALLEL_NODES: usize = 10;

impl PlanNode {
    /// How it starts executions, as a trigger.
    pub fn activations(&self) -> &[Activation] {
        &self.activations
    }

    /// What running it does to the world.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether it can start an execution.
    pub fn is_trigger(&self) -> bool {
        self.is_trigger
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("workflow", &self.workflow.name).field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for PlanNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanNode").field("name", &self.spec.name).field("kind", &self.spec.kind).finish_non_exhaustive()
    }
}
