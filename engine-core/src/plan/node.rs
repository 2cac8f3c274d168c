//! A node of a plan.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Batch, RetryPolicy};
use crate::node::{Activation, Node, NodeSpec, RequiredInputs};
use crate::schema::Effect;

/// A node of a plan, compiled. Its connections are the plan's.
///
/// Small: what every run reads lies together, what few nodes have or few runs need lies elsewhere.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct PlanNode {
    /// What runs; `None` for notes, and for nodes that no trigger reaches and that do not compile.
    pub(crate) node: Option<Arc<dyn Node>>,
    /// One try, as often as need be, and no deadline.
    pub(crate) is_plain: bool,
    pub(crate) disabled: bool,
    pub(crate) execute_once: bool,
    pub(crate) always_output_data: bool,
    pub(crate) is_trigger: bool,
    pub(crate) is_loop: bool,
    pub(crate) has_error_output: bool,
    pub(crate) at_most_once: bool,
    pub(crate) reads_static_data: bool,
    pub(crate) effect: Effect,
    /// How many outputs the type has, without the error output.
    pub(crate) outputs: u16,
    pub(crate) declared_inputs: u16,
    /// What sets it apart from most nodes.
    pub(crate) special: Option<Box<Special>>,
    /// Names, parameters and credentials, as the node's type was given them.
    pub spec: Box<NodeSpec>,
}

/// What few nodes have.
#[derive(Debug, Default)]
pub(crate) struct Special {
    pub(crate) pinned: Option<Batch>,
    /// Which inputs must bring items, where that is not any one of them.
    pub(crate) required: Option<RequiredInputs>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) activations: Vec<Activation>,
}

impl PlanNode {
    /// How it starts executions, as a trigger.
    pub fn activations(&self) -> &[Activation] {
        self.special.as_ref().map_or(&[], |special| &special.activations)
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

    /// The items that stand in for what it would give.
    pub(crate) fn pinned(&self) -> Option<&Batch> {
        self.special.as_ref()?.pinned.as_ref()
    }

    /// Which inputs must bring items before it runs.
    pub(crate) fn required(&self) -> &RequiredInputs {
        static ANY: RequiredInputs = RequiredInputs::AtLeast(1);
        self.special.as_ref().and_then(|special| special.required.as_ref()).unwrap_or(&ANY)
    }

    /// When it is tried again.
    pub(crate) fn retry(&self) -> Option<&RetryPolicy> {
        self.special.as_ref()?.retry.as_ref()
    }

    /// How long one try may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.special.as_ref()?.timeout
    }

    /// What it gives is recorded as it is: no items are moved to an error output, and none are made up.
    pub(crate) fn gives_as_is(&self) -> bool {
        !self.has_error_output && !self.always_output_data
    }

    /// The index of the error output, where it has one.
    pub(crate) fn error_output(&self) -> Option<usize> {
        self.has_error_output.then_some(usize::from(self.outputs))
    }
}

impl Special {
    /// Nothing, where nothing is special.
    pub(super) fn boxed(self) -> Option<Box<Self>> {
        let Self { pinned, required, retry, timeout, activations } = &self;
        let is_plain = pinned.is_none() && required.is_none() && retry.is_none() && timeout.is_none() && activations.is_empty();
        (!is_plain).then(|| Box::new(self))
    }
}

impl fmt::Debug for PlanNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanNode").field("name", &self.spec.name).field("kind", &self.spec.kind).finish_non_exhaustive()
    }
}
