//! Node types of this group as data: a schema and a function that compiles. Called by the group's `register`.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::Batch;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, Typed};
use engine_core::problem::Problem;
use engine_core::schema::NodeSchema;
use serde::de::DeserializeOwned;

/// What compiling a node gives.
pub(super) type Compiled = Result<Arc<dyn Node>, Vec<Problem>>;

/// A node type made of a schema and a function.
pub(super) struct SimpleType {
    schema: NodeSchema,
    compile: fn(&NodeSpec) -> Compiled,
}

impl SimpleType {
    pub(super) fn new(schema: NodeSchema, compile: fn(&NodeSpec) -> Compiled) -> Self {
        Self { schema, compile }
    }
}

impl NodeType for SimpleType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn compile(&self, spec: &NodeSpec) -> Compiled {
        (self.compile)(spec)
    }
}

/// A node that works on all items of its input at once, with the parameters of the first item.
pub(super) struct BatchNode<P> {
    parameters: Typed<P>,
    run: fn(&P, &Batch) -> Result<NodeOutput, NodeError>,
}

impl<P: DeserializeOwned + Send + Sync + 'static> BatchNode<P> {
    /// Compiles the node's parameters.
    pub(super) fn compile(spec: &NodeSpec, run: fn(&P, &Batch) -> Result<NodeOutput, NodeError>) -> Compiled {
        Ok(Arc::new(Self { parameters: spec.typed()?, run }))
    }
}

#[async_trait]
impl<P: DeserializeOwned + Send + Sync + 'static> Node for BatchNode<P> {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let parameters = self.parameters.at(&context.scope(0)).await?;
        (self.run)(&parameters, context.items())
    }
}
