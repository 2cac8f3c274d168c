//! The contract between the engine and nodes.
//!
//! A [`NodeType`] is data and a factory: its [schema](crate::schema::NodeSchema), and how one node of a workflow is compiled from its parameters.
//! A [`Node`] is what runs: items in, items out. Most nodes work on one item at a time and implement [`ItemNode`] instead.

mod context;
mod error;
mod item_node;
mod output;
mod parameter;
mod registry;
mod spec;
mod trigger;

pub use context::{NodeContext, NodeMemory, NodeScope, StaticDataKind};
pub use error::{NodeError, OrFatal, Retry};
pub use item_node::{ItemNode, ItemNodeType, PerItem, error_item};
pub use output::{NodeOutput, Resume, Wait};
pub use parameter::{Parameter, ParameterCompiler, Path, Typed};
pub use registry::{NodeRegistry, RegistryError};
pub use spec::{NodeSpec, OnError};
pub use trigger::{
    Activation, Daylight, Gap, Listener, ListenerContext, Missed, Overlap, Recurrence, RecurrenceUnit, ResponseMode, ScheduleSpec, WebhookSpec,
};

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::Json;
use crate::problem::Problem;
use crate::schema::{Effect, NodeSchema, Port};

/// A compiled node of a plan.
///
/// One value serves all executions of the plan, at the same time; what changes during an execution lives in [`NodeContext::memory`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no node",
    label = "a node is needed here",
    note = "implement `engine_core::node::Node`, or implement `ItemNode` and wrap it in `PerItem`"
)]
#[async_trait]
pub trait Node: Send + Sync + 'static {
    /// Runs once on the items that came in.
    ///
    /// Called when the inputs are settled and at least one of them has an item (triggers: without input). The future may be dropped at any await: the execution
    /// was cancelled or the node's time is up. It may be called again with the same input: after an error, by the retry policy; after a crash, when
    /// its effect was not recorded. [`NodeContext::idempotency_key`] is the same then. A panic fails the node, not the engine.
    ///
    /// # Errors
    /// When the node fails as a whole. A node that is told to go on on errors ([`NodeContext::on_error`]) turns errors of single items into items.
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError>;
}

/// A type of node: its schema, and how its nodes are compiled.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no node type",
    label = "a node type is needed here",
    note = "implement `engine_core::node::NodeType`: a schema and a `compile` function"
)]
pub trait NodeType: Send + Sync + 'static {
    /// The schema. Always the same.
    fn schema(&self) -> &NodeSchema;

    /// Compiles a node: reads its constant parameters, rejects what it cannot do. Called once per plan.
    ///
    /// # Errors
    /// All problems, with paths below the node's parameters (`/url`).
    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>>;

    /// Rewrites the completed parameters before the expressions in them are compiled, for types whose text holds `{{ }}` without a leading `=`.
    /// The parameters that expressions and users see stay as they were.
    fn prepare(&self, _parameters: &mut Json) {}

    /// The inputs of a node with these parameters, where they differ from the schema's.
    fn inputs(&self, _spec: &NodeSpec) -> Vec<Port> {
        self.schema().inputs.clone()
    }

    /// The outputs of a node with these parameters, without the error output, where they differ from the schema's.
    fn outputs(&self, _spec: &NodeSpec) -> Vec<Port> {
        self.schema().outputs.clone()
    }

    /// What running a node with these parameters does to the world, where it differs from the schema's.
    fn effect(&self, _spec: &NodeSpec) -> Effect {
        self.schema().effect
    }

    /// Which inputs must bring items before the node runs, once no more can come.
    fn required_inputs(&self, _spec: &NodeSpec) -> RequiredInputs {
        RequiredInputs::AtLeast(1)
    }

    /// Whether a connection back into this node closes a loop that the node itself ends. Only such nodes may lie on a cycle in a workflow with parallel order.
    fn is_loop(&self) -> bool {
        false
    }

    /// How this node, as a trigger, starts executions while its workflow is active. Empty for nodes that are no triggers or are started by hand.
    ///
    /// # Errors
    /// When the parameters do not describe a trigger.
    fn activations(&self, _spec: &NodeSpec) -> Result<Vec<Activation>, Vec<Problem>> {
        Ok(Vec::new())
    }

    /// Whether a node with these parameters may read data that outlives executions ([`NodeContext::static_data`]). Where no node of a workflow does, that data is not
    /// read from the store.
    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        true
    }

    /// Whether the node never runs: notes on the canvas.
    fn is_annotation(&self) -> bool {
        false
    }
}

/// Which inputs of a node must bring items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequiredInputs {
    /// At least this many, whichever.
    AtLeast(usize),
    /// These.
    These(Vec<usize>),
}
