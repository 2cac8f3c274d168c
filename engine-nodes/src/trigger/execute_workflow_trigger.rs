//! Execute Workflow Trigger: where a workflow that is called by another one starts.

use async_trait::async_trait;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec};
use engine_core::schema::{NodeSchema, Property, PropertyGroup};
use serde_json::Value;

use super::pass_on::PassOn;
use crate::node_type::{Compiled, Definition, ready};

const TYPES: [&str; 6] = ["string", "number", "boolean", "array", "object", "any"];

pub(super) fn definition() -> Definition {
    Definition::new(schema(), compile)
}

fn schema() -> NodeSchema {
    let field = PropertyGroup::new("values", [Property::string("name"), Property::options("type", TYPES)]);
    NodeSchema::new("execute_workflow_trigger", "Execute Workflow Trigger")
        .alias("n8n-nodes-base.executeWorkflowTrigger")
        .versions([(1, 0), (1, 1), (1, 2)])
        .description("Starts the workflow when another workflow calls it")
        .trigger()
        .properties([
            Property::options("events", ["worklfow_call"]).until(1.1),
            Property::options("inputSource", ["workflowInputs", "jsonExample", "passthrough"])
                .since(1.1)
                .description("How the items that callers must bring are described"),
            Property::json("jsonExample", EXAMPLE).show("inputSource", ["jsonExample"]),
            Property::fixed_collection_list("workflowInputs", [field]).show("inputSource", ["workflowInputs"]),
            result("lastRunOnly").until(1.2),
            result("allRuns").since(1.2),
        ])
}

/// Which runs of the node that ran last count as the result of the call.
fn result(default: &str) -> Property {
    Property::options("returnOutput", ["allRuns", "lastRunOnly"])
        .default(default)
        .description("Which runs of the last node the caller gets the items of")
}

const EXAMPLE: &str = r#"{
  "aField": "a string",
  "aNumber": 123,
  "thisFieldAcceptsAnyType": null,
  "anArray": []
}"#;

fn compile(spec: &NodeSpec) -> Compiled {
    let fields = match spec.text("inputSource").as_str() {
        "workflowInputs" => spec.parameter("workflowInputs.values").elements().iter().filter_map(name_of).collect(),
        "jsonExample" => example_fields(spec)?,
        _ => return ready(PassOn),
    };
    ready(TypedStart { fields })
}

fn name_of(field: &engine_core::node::Parameter) -> Option<String> {
    Some(field.get("name")?.constant()?.as_str()?.to_owned())
}

fn example_fields(spec: &NodeSpec) -> Result<Vec<String>, Vec<engine_core::problem::Problem>> {
    let example = match spec.constant("jsonExample") {
        Some(Value::String(text)) => serde_json::from_str(&text).ok(),
        other => other,
    };
    match example {
        Some(Value::Object(fields)) => Ok(fields.keys().cloned().collect()),
        _ => Err(vec![spec.invalid("jsonExample", "this must be the JSON of an object")]),
    }
}

/// Gives each item exactly the fields that were declared; those that the caller left out are null.
#[derive(Debug)]
struct TypedStart {
    fields: Vec<String>,
}

#[async_trait]
impl Node for TypedStart {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let trim = |item: &Item| -> Json {
            self.fields.iter().map(|field| (field.clone(), item.json().get(field).cloned().unwrap_or(Value::Null))).collect()
        };
        let items = context.items().iter().enumerate();
        Ok(items.map(|(index, item)| item.clone().with_json(trim(item)).paired_with(index)).collect::<Vec<_>>().into())
    }
}
