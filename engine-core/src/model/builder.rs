//! Putting a workflow together in Rust.

use serde_json::Value;

use super::{Connection, ExecutionOrder, NodeDefinition, NodeKind, Settings, Workflow};
use crate::node::OnError;

/// Puts a workflow together: [`Workflow::builder`].
///
/// ```
/// use engine_core::Workflow;
/// use engine_core::model::NodeDefinition;
/// use serde_json::json;
///
/// let workflow = Workflow::builder("greet")
///     .node("Start", "manual_trigger")
///     .define(NodeDefinition::new("First", "limit").parameter("maxItems", json!(1)))
///     .connect("Start", "First")
///     .build();
/// assert_eq!(workflow.connections.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct WorkflowBuilder {
    workflow: Workflow,
}

impl Workflow {
    /// Begins a workflow in the native format.
    pub fn builder(name: impl Into<String>) -> WorkflowBuilder {
        WorkflowBuilder { workflow: Self { name: name.into(), ..Self::default() } }
    }
}

impl WorkflowBuilder {
    /// Adds a node without parameters.
    #[must_use]
    pub fn node(self, name: impl Into<String>, kind: impl Into<NodeKind>) -> Self {
        self.define(NodeDefinition::new(name, kind))
    }

    /// Adds a node.
    #[must_use]
    pub fn define(mut self, node: NodeDefinition) -> Self {
        self.workflow.nodes.push(node);
        self
    }

    /// Connects the first output of a node to the first input of another.
    #[must_use]
    pub fn connect(self, source: &str, target: &str) -> Self {
        self.connection(Connection::new(source, target))
    }

    /// Adds a connection.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.workflow.connections.push(connection);
        self
    }

    /// Sets the order in which nodes run.
    #[must_use]
    pub fn order(mut self, order: ExecutionOrder) -> Self {
        self.workflow.settings.execution_order = order;
        self
    }

    /// Sets all settings.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.workflow.settings = settings;
        self
    }

    /// The workflow. Nothing is checked yet: compiling it reports what is wrong.
    pub fn build(self) -> Workflow {
        self.workflow
    }
}

impl NodeDefinition {
    /// A node of this type, version 1, without parameters.
    pub fn new(name: impl Into<String>, kind: impl Into<NodeKind>) -> Self {
        Self { name: name.into(), kind: kind.into(), ..Self::default() }
    }

    /// The same node with a parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// The same node in another version of its type.
    #[must_use]
    pub fn at_version(mut self, version: super::NodeVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// The same node, which does this when it fails.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.options.on_error = Some(on_error);
        self
    }
}
