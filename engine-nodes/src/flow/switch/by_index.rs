//! Items go to the output whose index a parameter gives.

use async_trait::async_trait;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use serde_json::Value;

use super::{MOST_OUTPUTS, Routes, index_of};

#[derive(Debug)]
pub(super) struct ByIndex {
    count: Parameter,
    output: Parameter,
}

impl ByIndex {
    /// `count` is the name of the parameter that says how many outputs there are.
    pub(super) fn compile(spec: &NodeSpec, count: &str) -> Self {
        Self { count: spec.parameter(count), output: spec.parameter("output") }
    }
}

#[async_trait]
impl Node for ByIndex {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let count = self.count.resolve(&context.scope(0)).await?.as_ref().and_then(index_of).unwrap_or(4);
        let mut routes = Routes::new(count.min(MOST_OUTPUTS));
        for (index, item) in context.items().iter().enumerate() {
            let sent = match self.output.resolve(&context.scope(index)).await {
                Ok(output) => routes.send(&output.unwrap_or(Value::Null), item.clone().paired_with(index)),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = sent {
                routes.failed(error, (&context, index))?;
            }
        }
        Ok(routes.finish())
    }
}
