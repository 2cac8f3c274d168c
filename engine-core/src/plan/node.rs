//! A node of a plan.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Incoming, Target};
use crate::expression::NodeFacts;
use crate::model::{Batch, RetryPolicy};
use crate::node::{Activation, Node, NodeSpec, RequiredInputs};
use crate::schema::Effect;

/// A node of a plan: compiled, with its connections.
///
/// Fields stand in the order in which running a node meets them: what every run reads lies together in the first cache lines.
#[repr(C, align(64))]
pub struct PlanNode {
    /// What runs; `None` for notes, and for nodes that no trigger reaches and that do not compile.
    pub(crate) node: Option<Arc<dyn Node>>,
    /// In the order in which children are queued.
    pub(crate) outgoing: Box<[Target]>,
    pub(crate) pinned: Option<Batch>,
    /// At most one input is connected, and any item on it is enough.
    pub(crate) takes_one_input: bool,
    /// One try, as often as need be, and no deadline.
    pub(crate) is_plain: bool,
    pub(crate) disabled: bool,
    pub(crate) execute_once: bool,
    pub(crate) always_output_data: bool,
    pub(crate) is_trigger: bool,
    pub(crate) is_loop: bool,
    pub(crate) has_error_output: bool,
    pub(crate) effect: Effect,
    /// How many outputs the type has, without the error output.
    pub(crate) outputs: u16,
    pub(crate) declared_inputs: u16,
    /// By input: n8n counts inputs up to the highest connected one.
    pub(crate) incoming: Box<[Box<[Incoming]>]>,
    pub(crate) required: RequiredInputs,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) at_most_once: bool,
    pub(crate) reads_static_data: bool,
    pub(crate) activations: Vec<Activation>,
    pub(crate) facts: NodeFacts,
    /// Names, parameters and credentials, as the node's type was given them.
    pub spec: NodeSpec,
}

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

    /// Whether it passes its first input on instead of running.
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// The index of the error output, where it has one.
    pub(crate) fn error_output(&self) -> Option<usize> {
        self.has_error_output.then_some(usize::from(self.outputs))
    }
}

impl fmt::Debug for PlanNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanNode").field("name", &self.spec.name).field("kind", &self.spec.kind).finish_non_exhaustive()
    }
}
