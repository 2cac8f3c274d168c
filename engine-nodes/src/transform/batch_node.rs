//! Nodes that work on all items of their input at once. Most nodes of this group do.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::Batch;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use serde::de::DeserializeOwned;

use crate::node_type::Compiled;

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
