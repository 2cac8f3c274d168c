//! Execution Data: keeps values with the execution, by which it can be found later.

use async_trait::async_trait;
use engine_core::execution::LogLevel;
use engine_core::expression::js;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use serde_json::Value;

use crate::node_type::{Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    Definition::new(schema(), compile)
}

fn schema() -> NodeSchema {
    let entry = PropertyGroup::new("values", [Property::string("key"), Property::string("value")]);
    NodeSchema::new("execution_data", "Execution Data")
        .alias("n8n-nodes-base.executionData")
        .versions([(1, 0), (1, 1)])
        .group(NodeGroup::Flow)
        .description("Keeps values with the execution, to find it by")
        .properties([Property::options("operation", ["save"]), Property::fixed_collection_list("dataToSave", [entry]).show("operation", ["save"])])
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(ExecutionData { values: spec.parameter("dataToSave.values") })
}

#[derive(Debug)]
struct ExecutionData {
    values: Parameter,
}

#[async_trait]
impl Node for ExecutionData {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut failed = Vec::new();
        for index in 0..context.items().len() {
            match self.save(&context, index).await {
                Ok(()) => {}
                Err(error) if context.continues_on_error() => failed.push((index, error_item(&error))),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        if failed.is_empty() {
            return Ok(context.items().clone().into());
        }
        let mut items: Vec<_> = context.items().iter().cloned().enumerate().map(|(index, item)| item.paired_with(index)).collect();
        for (index, item) in failed {
            items[index] = item.paired_with(index);
        }
        Ok(items.into())
    }
}

/// Longer keys and values are cut, and entries beyond the tenth are left out, as n8n has it.
const LONGEST_KEY: usize = 50;
const LONGEST_VALUE: usize = 512;

impl ExecutionData {
    async fn save(&self, context: &NodeContext, index: usize) -> Result<(), NodeError> {
        let values = self.values.resolve(&context.scope(index)).await?;
        for entry in values.as_ref().and_then(Value::as_array).into_iter().flatten() {
            let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
            let key = cut(&entry.get("key").map_or("undefined".into(), js::to_string), LONGEST_KEY);
            if !key.chars().all(|c| c.is_alphanumeric() || c == '_') {
                let help = "a key has letters, digits and underscores";
                return Err(NodeError::fatal(format!("Custom data key {key:?} is not valid")).with_description(help));
            }
            let value = match entry.get("value") {
                Some(value @ (Value::String(_) | Value::Number(_))) => cut(&js::to_string(value), LONGEST_VALUE),
                other if context.version().at_least(1, 1) && !other.is_some_and(js::truthy) => String::new(),
                _ => return Err(NodeError::fatal(format!("Custom data values must be a string (key {key:?})"))),
            };
            if let Err(error) = context.set_custom_data(&key, &Value::String(value)) {
                context.log(LogLevel::Warn, format!("{key:?} is not kept with the execution: {error}"));
            }
        }
        Ok(())
    }
}
