//! Plans: workflows that were checked and compiled. Only a plan runs.
//!
//! [`Plan::compile`] is the one way to make a plan. It reports every problem of the workflow at once. Within a plan nodes are numbered; the numbers
//! never leave the process.

mod compile;
mod connect;
mod edges;
mod loops;
mod node;
mod reach;
mod start;

pub use compile::{CompileOptions, Compiled};
pub use node::PlanNode;

pub(crate) use edges::{Edges, Incoming, Target};
pub(crate) use loops::LoopForest;
pub(crate) use reach::{Closes, Reach};

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::expression::WorkflowFacts;
use crate::model::{Durability, ExecutionOrder, NodeId, Workflow};

/// A workflow that was checked and compiled.
pub struct Plan {
    workflow: Arc<Workflow>,
    nodes: Box<[PlanNode]>,
    edges: Edges,
    by_name: HashMap<Arc<str>, u32>,
    facts: WorkflowFacts,
    time_zone: Option<Arc<str>>,
    loops: LoopForest,
    reach: Box<[OnceLock<Box<Reach>>]>,
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

    /// Whether a node may read data that outlives executions.
    pub(crate) fn reads_static_data(&self) -> bool {
        self.nodes.iter().any(|node| node.reads_static_data)
    }

    /// Whether it begins at an error trigger when one of its executions fails.
    pub(crate) fn has_error_trigger(&self) -> bool {
        self.error_trigger().is_some()
    }

    pub(crate) fn workflow_facts(&self) -> &WorkflowFacts {
        &self.facts
    }

    pub(crate) fn edges(&self) -> &Edges {
        &self.edges
    }

    pub(crate) fn loops(&self) -> &LoopForest {
        &self.loops
    }

    /// What executions from this node on can reach; computed on first use.
    pub(crate) fn reach(&self, start: u32) -> &Reach {
        self.reach[start as usize].get_or_init(|| Box::new(Reach::from(self, start)))
    }
}

pub(crate) const DEFAULT_PARALLEL_NODES: usize = 10;

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("workflow", &self.workflow.name).field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}
