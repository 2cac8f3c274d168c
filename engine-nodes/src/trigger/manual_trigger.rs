//! Manual Trigger, and n8n's old Start: a person starts the workflow.

use engine_core::schema::NodeSchema;

use super::pass_on;
use crate::node_type::Definition;

pub(super) fn definition() -> Definition {
    Definition::new(schema(), pass_on::compile)
}

fn schema() -> NodeSchema {
    NodeSchema::new("manual_trigger", "Manual Trigger")
        .alias("n8n-nodes-base.manualTrigger")
        .alias("n8n-nodes-base.start")
        .description("Starts the workflow when a person asks for it")
        .trigger()
}
