//! Debug Helper: does nothing, fails on purpose, or makes test data.

mod random;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde_json::Value;

use crate::node_type::{Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    Definition::new(schema(), compile)
}

fn schema() -> NodeSchema {
    let thrown = |property: Property| property.show("category", ["throwError"]);
    let made = |property: Property| property.show("category", ["randomData"]);
    NodeSchema::new("debug_helper", "Debug Helper")
        .alias("n8n-nodes-base.debugHelper")
        .group(NodeGroup::Other)
        .description("Fails on purpose, or makes test data")
        .properties([
            Property::options("category", ["throwError", "doNothing", "oom", "randomData"]),
            thrown(Property::options("throwErrorType", ["NodeApiError", "NodeOperationError", "Error"])),
            thrown(Property::string("throwErrorMessage").default("Node has thrown an error")),
            Property::number("memorySizeValue", 10).show("category", ["oom"]),
            made(Property::options("randomDataType", random::KINDS)),
            made(Property::string("nanoidAlphabet").default(random::LETTERS)).show("randomDataType", ["nanoid"]),
            made(Property::string("nanoidLength").default("16")).show("randomDataType", ["nanoid"]),
            made(Property::string("randomDataSeed")),
            made(Property::number("randomDataCount", 10)),
            made(Property::boolean("randomDataSingleArray", false)),
        ])
}

fn compile(spec: &NodeSpec) -> Compiled {
    if spec.text("category") == "oom" {
        return Err(vec![spec.unsupported("category", "the node does not use up memory on purpose")]);
    }
    ready(DebugHelper { parameters: spec.parameters.clone() })
}

#[derive(Debug)]
struct DebugHelper {
    parameters: Parameter,
}

#[async_trait]
impl Node for DebugHelper {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut made = Vec::new();
        for index in 0..context.items().len() {
            let parameters = self.parameters.resolve(&context.scope(index)).await?.unwrap_or(Value::Null);
            let text =
                |key: &str| parameters.get(key).filter(|value| !value.is_null()).map(|value| js::to_string(value).into_owned()).unwrap_or_default();
            match text("category").as_str() {
                // As it says: not even the items are passed on.
                "doNothing" => {}
                "randomData" => made.extend(random::items(&parameters, context.runtime().as_ref()).into_iter().map(|item| item.paired_with(index))),
                _ => {
                    let error = NodeError::fatal(text("throwErrorMessage"));
                    if !context.continues_on_error() {
                        return Err(error.on_item(index));
                    }
                    made.push(error_item(&error).paired_with(index));
                }
            }
        }
        Ok(made.into())
    }
}
