//! Code: runs JavaScript, once for all items or once for each.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};
use serde_json::Value;

use super::asks_for_static_data;
use super::node_host::{Manner, node_error, run};
use super::{ScriptNodes, items};
use crate::js::{CodeError, CodeMode, CodeOutcome, CodeProgram};

/// The node type.
#[derive(Debug)]
pub(super) struct CodeType {
    schema: NodeSchema,
    nodes: ScriptNodes,
}

impl CodeType {
    pub(super) fn new(nodes: ScriptNodes) -> Self {
        let schema = NodeSchema::new("code", "Code")
            .alias("n8n-nodes-base.code")
            .versions([(1, 0), (2, 0)])
            .group(NodeGroup::Transform)
            .description("Runs custom JavaScript code")
            .properties([
                Property::options("mode", ["runOnceForAllItems", "runOnceForEachItem"]),
                Property::options("language", ["javaScript", "python", "pythonNative"]).since(2.0),
                Property::string("jsCode").display_name("JavaScript").hide("language", ["python", "pythonNative"]),
                Property::string("pythonCode").display_name("Python").show("language", ["python", "pythonNative"]),
            ]);
        Self { schema, nodes }
    }
}

impl NodeType for CodeType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, spec: &NodeSpec) -> bool {
        asks_for_static_data(spec)
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        if spec.text("language").starts_with("python") {
            return Err(vec![spec.unsupported("language", "Python is not supported; the code must be JavaScript")]);
        }
        let mode = if spec.text("mode") == "runOnceForEachItem" { CodeMode::EachItem } else { CodeMode::AllItems };
        Ok(Arc::new(CodeNode { nodes: self.nodes.clone(), program: compiled(&self.nodes, spec, "jsCode"), mode }))
    }

    fn effect(&self, spec: &NodeSpec) -> Effect {
        effect_of(&source(spec, "jsCode"))
    }
}

/// The code of a node, as it is written: it is never taken for an expression.
pub(super) fn source(spec: &NodeSpec, name: &str) -> String {
    spec.source.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The program of a node. Code that does not parse fails when it is run, as in n8n: a branch that is never taken does no harm.
pub(super) fn compiled(nodes: &ScriptNodes, spec: &NodeSpec, name: &str) -> Result<Arc<CodeProgram>, CodeError> {
    nodes.engine.compile_code(&source(spec, name))
}

/// Code that names no helper reaches nothing outside.
pub(super) fn effect_of(code: &str) -> Effect {
    if code.contains("helpers") { Effect::Effectful } else { Effect::Pure }
}

struct CodeNode {
    nodes: ScriptNodes,
    program: Result<Arc<CodeProgram>, CodeError>,
    mode: CodeMode,
}

#[async_trait]
impl Node for CodeNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let context = Arc::new(context);
        let manner = Manner { mode: self.mode, legacy: false };
        let outcome = match &self.program {
            Ok(program) => run(&self.nodes, program, manner, &context).await,
            Err(error) => Err(error.clone()),
        };
        let made = match outcome {
            Err(error) => Err(node_error(&error, None)),
            Ok(outcome) if self.mode == CodeMode::AllItems => for_all(outcome),
            Ok(outcome) => for_each(outcome, context.continues_on_error()),
        };
        match made {
            Err(error) if context.continues_on_error() => Ok(vec![error_item(&error)].into()),
            made => made.map(NodeOutput::from),
        }
    }
}

fn for_all(outcome: CodeOutcome) -> Result<Vec<Item>, NodeError> {
    let value = outcome.values.into_iter().next().unwrap_or(Ok(None)).map_err(|error| node_error(&error, None))?;
    items::all(value, &outcome.binaries)
}

/// One item for each that the code returned one for, linked to the one that it was run for.
fn for_each(outcome: CodeOutcome, continues: bool) -> Result<Vec<Item>, NodeError> {
    let mut made = Vec::with_capacity(outcome.values.len());
    for (index, value) in outcome.values.into_iter().enumerate() {
        let item = match value {
            Ok(value) => items::each(value, &outcome.binaries).map_err(|error| error.on_item(index)),
            Err(error) => Err(node_error(&error, Some(index))),
        };
        match item {
            Ok(item) => made.extend(item.map(|item| item.paired_with(index))),
            Err(error) if continues => made.push(error_item(&error).paired_with(index)),
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}
