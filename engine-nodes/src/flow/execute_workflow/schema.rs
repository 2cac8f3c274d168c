//! The parameters of Execute Workflow.

use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property, PropertyKind};
use serde_json::json;

pub(super) fn schema() -> NodeSchema {
    let id = || Property::new("workflowId", PropertyKind::ResourceLocator, "").required().show("source", ["database"]);
    NodeSchema::new("execute_workflow", "Execute Workflow")
        .alias("n8n-nodes-base.executeWorkflow")
        .versions([(1, 0), (1, 1), (1, 2), (1, 3), (1, 4)])
        .group(NodeGroup::Flow)
        .description("Runs another workflow")
        .effect(Effect::Effectful)
        .properties([
            Property::options("operation", ["call_workflow"]),
            Property::options("source", ["database", "parameter", "localFile", "url"]),
            id(),
            Property::string("workflowPath").required().show("source", ["localFile"]),
            Property::json("workflowJson", "\n\n\n").required().show("source", ["parameter"]),
            Property::string("workflowUrl").required().show("source", ["url"]),
            Property::new("workflowInputs", PropertyKind::ResourceMapper, json!({"mappingMode": "defineBelow", "value": null}))
                .since(1.2)
                .show("source", ["database"]),
            Property::options("mode", ["once", "each"]).description("Whether the workflow runs once with all items, or once for each"),
            Property::collection("options", [Property::boolean("waitForSubWorkflow", true)]),
        ])
}
