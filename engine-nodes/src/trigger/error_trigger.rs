//! Error Trigger: starts a workflow when another one has failed. The engine hands it what happened.

use engine_core::schema::NodeSchema;

use super::pass_on;
use crate::node_type::Definition;

pub(super) fn definition() -> Definition {
    Definition::new(schema(), pass_on::compile)
}

fn schema() -> NodeSchema {
    NodeSchema::new("error_trigger", "Error Trigger")
        .alias("n8n-nodes-base.errorTrigger")
        .description("Starts the workflow when another workflow that names it as its error workflow has failed")
        .trigger()
}
