//! Stop and Error: fails, with the message or the error object that its parameters give.

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde_json::Value;

use crate::conversion::to_object;
use crate::node_type::{Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    Definition::new(schema(), compile)
}

fn schema() -> NodeSchema {
    NodeSchema::new("stop_and_error", "Stop and Error")
        .alias("n8n-nodes-base.stopAndError")
        .group(NodeGroup::Flow)
        .description("Fails the execution with an error of your own")
        .outputs(Vec::new())
        .properties([
            Property::options("errorType", ["errorMessage", "errorObject"]),
            Property::string("errorMessage").required().show("errorType", ["errorMessage"]),
            Property::json("errorObject", "").required().show("errorType", ["errorObject"]),
        ])
}

fn compile(spec: &NodeSpec) -> Compiled {
    let object = spec.text("errorType") == "errorObject";
    let error = spec.parameter(if object { "errorObject" } else { "errorMessage" });
    ready(StopAndError { error, object })
}

#[derive(Debug)]
struct StopAndError {
    error: Parameter,
    object: bool,
}

#[async_trait]
impl Node for StopAndError {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let value = self.error.resolve(&context.scope(0)).await?.unwrap_or(Value::Null);
        if !self.object {
            return Err(NodeError::fatal(js::to_string(&value)));
        }
        match to_object(&value) {
            Some(object) => Err(error_of(&Value::Object(object.into_owned()))),
            None => Err(NodeError::fatal("the error object must be the JSON of an object")),
        }
    }
}

/// The error of an object: its message, description or error, or the whole of it as text.
fn error_of(object: &Value) -> NodeError {
    let text = |key: &str| object.get(key).filter(|value| js::truthy(value)).map(|value| js::to_string(value).into_owned());
    let message = text("message").or_else(|| text("description")).or_else(|| text("error"));
    let error = NodeError::fatal(message.unwrap_or_else(|| format!("Error: {}", js::stringify(object)))).with_details(object.clone());
    match text("description") {
        Some(description) => error.with_description(description),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_gives_its_message() {
        let check = |object: &Value, expect: &str| assert_eq!(error_of(object).message(), expect);
        check(&json!({"code": 404, "message": "not here"}), "not here");
        check(&json!({"error": "e", "description": "d"}), "d");
        check(&json!({"code": 404}), r#"Error: {"code":404}"#);
    }
}
