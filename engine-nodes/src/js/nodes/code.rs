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
        let refused = (mode == CodeMode::EachItem).then(|| method_for_all(&source(spec, "jsCode"))).flatten();
        Ok(Arc::new(CodeNode { nodes: self.nodes.clone(), program: compiled(&self.nodes, spec, "jsCode"), mode, refused }))
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

/// Methods of `$input` that code may not use which runs for each item.
const FOR_ALL: [&str; 4] = ["first", "last", "all", "itemMatching"];

/// The first of them that code uses, and the line that names it. As in n8n, it is looked for in the text; a line that is a comment does not count.
fn method_for_all(code: &str) -> Option<(&'static str, usize)> {
    let method = code.split("$input.").skip(1).find_map(|after| FOR_ALL.into_iter().find(|method| after.starts_with(method)))?;
    let is_comment = |line: &str| ["//", "/*", "*"].iter().any(|start| line.trim_start().starts_with(start));
    let line = code.lines().position(|line| line.contains(method) && !is_comment(line))?;
    Some((method, line + 1))
}

struct CodeNode {
    nodes: ScriptNodes,
    program: Result<Arc<CodeProgram>, CodeError>,
    mode: CodeMode,
    /// What the code uses and may not.
    refused: Option<(&'static str, usize)>,
}

#[async_trait]
impl Node for CodeNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if let Some((method, line)) = self.refused {
            let error = NodeError::fatal(format!("Can't use .{method}() here [line {line}, for item 0]"));
            return Err(error.with_description("This is only available in 'Run Once for All Items' mode").on_item(0));
        }
        let context = Arc::new(context);
        let manner = Manner { mode: self.mode, legacy: false };
        let outcome = match &self.program {
            Ok(program) => run(&self.nodes, program, manner, &context).await,
            Err(error) => Err(error.clone()),
        };
        let continues = context.continues_on_error();
        let made = match outcome {
            // Code that runs for each item and does not parse fails for each of them.
            Err(error) if continues && self.program.is_err() && self.mode == CodeMode::EachItem => {
                Ok((0..context.items().len()).map(|index| error_item(&node_error(&error, Some(index))).paired_with(index)).collect())
            }
            Err(error) => failed(&error, continues),
            Ok(outcome) if self.mode == CodeMode::AllItems => for_all(outcome, continues),
            Ok(outcome) => for_each(outcome, continues),
        };
        made.map(NodeOutput::from)
    }
}

/// Code that failed gives an item that says so where the node goes on. What is wrong with what it returned fails the node all the same.
fn failed(error: &CodeError, continues: bool) -> Result<Vec<Item>, NodeError> {
    let error = node_error(error, None);
    if continues { Ok(vec![error_item(&error)]) } else { Err(error) }
}

fn for_all(outcome: CodeOutcome, continues: bool) -> Result<Vec<Item>, NodeError> {
    match outcome.values.into_iter().next().unwrap_or(Ok(None)) {
        Ok(value) => items::all(value, &outcome.binaries),
        Err(error) => failed(&error, continues),
    }
}

/// One item for each that the code returned one for, linked to the one that it was run for.
fn for_each(outcome: CodeOutcome, continues: bool) -> Result<Vec<Item>, NodeError> {
    let mut made = Vec::with_capacity(outcome.values.len());
    for (index, value) in outcome.values.into_iter().enumerate() {
        match value {
            Ok(value) => {
                let item = items::each(value, &outcome.binaries, index).map_err(|error| error.on_item(index))?;
                made.extend(item.map(|item| item.paired_with(index)));
            }
            Err(error) if continues => made.push(error_item(&node_error(&error, Some(index))).paired_with(index)),
            Err(error) => return Err(node_error(&error, Some(index))),
        }
    }
    Ok(made)
}
