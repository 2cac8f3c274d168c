//! No Operation: passes its items on.

use async_trait::async_trait;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput};
use engine_core::schema::{NodeGroup, NodeSchema};

use crate::node_type::{Definition, ready};

pub(super) fn definition() -> Definition {
    let schema = NodeSchema::new("no_op", "No Operation")
        .alias("n8n-nodes-base.noOp")
        .group(NodeGroup::Flow)
        .description("Passes its items on; a place for several branches to meet");
    Definition::new(schema, |_| ready(NoOp))
}

#[derive(Debug)]
struct NoOp;

#[async_trait]
impl Node for NoOp {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        Ok(context.items().clone().into())
    }
}
