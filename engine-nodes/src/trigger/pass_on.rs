//! What most triggers do when the workflow runs: pass on what they were given.

use async_trait::async_trait;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec};

use crate::node_type::{Compiled, ready};

/// Passes its items on; one empty item when it was given none, as in an execution that was started by hand.
#[derive(Debug)]
pub(super) struct PassOn;

/// Compiles a trigger that passes on what it was given.
pub(super) fn compile(_spec: &NodeSpec) -> Compiled {
    ready(PassOn)
}

#[async_trait]
impl Node for PassOn {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let items = context.items();
        Ok(if items.is_empty() { vec![Item::default()].into() } else { items.clone().into() })
    }
}
