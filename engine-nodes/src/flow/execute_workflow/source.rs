//! Which workflow is called.

use std::sync::Arc;

use engine_core::execution::WorkflowReference;
use engine_core::expression::{Scope, js};
use engine_core::format::read_workflow_value;
use engine_core::node::{NodeError, NodeSpec, Parameter};
use engine_core::problem::Problem;
use serde_json::Value;

/// Where the called workflow comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// The engine knows it by its id.
    Id(Parameter),
    /// Its JSON is a parameter.
    Json(Parameter),
    /// The same, read when this workflow was compiled.
    Ready(Arc<engine_core::Workflow>),
}

impl Source {
    pub(super) fn compile(spec: &NodeSpec) -> Result<Self, Vec<Problem>> {
        match spec.text("source").as_str() {
            "localFile" => {
                Err(vec![spec.unsupported("source", "workflows are not read from files").help("put the workflow's JSON into the parameter")])
            }
            "url" => {
                Err(vec![spec.unsupported("source", "workflows are not loaded from addresses").help("put the workflow's JSON into the parameter")])
            }
            "parameter" => match spec.parameter("workflowJson") {
                Parameter::Constant(json) => match read(&json) {
                    Ok(workflow) => Ok(Self::Ready(workflow)),
                    Err(message) => Err(vec![spec.invalid("workflowJson", message)]),
                },
                parameter => Ok(Self::Json(parameter)),
            },
            _ => Ok(Self::Id(spec.parameter("workflowId"))),
        }
    }

    pub(super) async fn workflow(&self, scope: &dyn Scope) -> Result<WorkflowReference, NodeError> {
        match self {
            Self::Ready(workflow) => Ok(WorkflowReference::Inline(Arc::clone(workflow))),
            Self::Json(parameter) => {
                let json = parameter.resolve(scope).await?.unwrap_or(Value::Null);
                read(&json).map(WorkflowReference::Inline).map_err(NodeError::fatal)
            }
            Self::Id(parameter) => {
                let value = parameter.resolve(scope).await?.unwrap_or(Value::Null);
                // A resource locator, or the id itself.
                let id = value.get("value").unwrap_or(&value);
                match js::to_string(id).trim() {
                    "" | "null" => Err(NodeError::fatal("no workflow is chosen")),
                    id => Ok(WorkflowReference::Id(id.into())),
                }
            }
        }
    }
}

fn read(json: &Value) -> Result<Arc<engine_core::Workflow>, String> {
    let parsed;
    let json = match json {
        Value::String(text) => {
            parsed = serde_json::from_str(text).map_err(|error| format!("the workflow is no JSON: {error}"))?;
            &parsed
        }
        other => other,
    };
    read_workflow_value(json.clone()).map(Arc::new).map_err(|problems| problems.to_string())
}
