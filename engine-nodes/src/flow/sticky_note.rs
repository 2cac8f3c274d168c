//! Sticky Note: a note on the canvas, which never runs.

use async_trait::async_trait;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput};
use engine_core::schema::{NodeSchema, Property, PropertyKind};

use crate::node_type::{Definition, Role, ready};

pub(super) fn definition() -> Definition {
    let schema = NodeSchema::new("sticky_note", "Sticky Note")
        .alias("n8n-nodes-base.stickyNote")
        .description("A note on the canvas")
        .inputs(Vec::new())
        .outputs(Vec::new())
        .properties([
            Property::string("content"),
            Property::number("height", 160),
            Property::number("width", 240),
            Property::new("color", PropertyKind::Any, 1),
        ]);
    Definition { role: Role::Annotation, ..Definition::new(schema, |_| ready(StickyNote)) }
}

#[derive(Debug)]
struct StickyNote;

#[async_trait]
impl Node for StickyNote {
    async fn run(&self, _context: NodeContext) -> Result<NodeOutput, NodeError> {
        Ok(NodeOutput::Nothing)
    }
}
