//! Function and Function Item, which came before Code.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Batch, Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};
use serde_json::Value;

use super::asks_for_static_data;
use super::code::{compiled, effect_of, source};
use super::node_host::{Manner, node_error, run};
use super::{ScriptNodes, items};
use crate::js::{CodeError, CodeMode, CodeOutcome, CodeProgram};

/// What a new node does in n8n.
const NEW_FUNCTION: &str = "for (item of items) {\n  item.json.myNewField = 1;\n}\n\nconsole.log('Done!');\n\nreturn items;";
const NEW_FUNCTION_ITEM: &str = "item.myNewField = 1;\n\nconsole.log('Done!');\n\nreturn item;";

/// The node type of one of the two.
#[derive(Debug)]
pub(super) struct FunctionType {
    schema: NodeSchema,
    nodes: ScriptNodes,
    mode: CodeMode,
}

impl FunctionType {
    /// Function: runs once, and returns all items.
    pub(super) fn function(nodes: ScriptNodes) -> Self {
        let schema = NodeSchema::new("function", "Function").alias("n8n-nodes-base.function").description("Runs custom code on all items");
        Self::new(schema, nodes, (CodeMode::AllItems, NEW_FUNCTION))
    }

    /// Function Item: runs for each item, and returns its JSON.
    pub(super) fn function_item(nodes: ScriptNodes) -> Self {
        let schema =
            NodeSchema::new("function_item", "Function Item").alias("n8n-nodes-base.functionItem").description("Runs custom code on each item");
        Self::new(schema, nodes, (CodeMode::EachItem, NEW_FUNCTION_ITEM))
    }

    fn new(schema: NodeSchema, nodes: ScriptNodes, (mode, code): (CodeMode, &'static str)) -> Self {
        let code = Property::string("functionCode").display_name("JavaScript Code").default(code);
        let schema = schema.group(NodeGroup::Transform).property(code);
        Self { schema, nodes, mode }
    }
}

impl NodeType for FunctionType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, spec: &NodeSpec) -> bool {
        asks_for_static_data(spec)
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(FunctionNode { nodes: self.nodes.clone(), program: compiled(&self.nodes, spec, "functionCode"), mode: self.mode }))
    }

    fn effect(&self, spec: &NodeSpec) -> Effect {
        effect_of(&source(spec, "functionCode"))
    }
}

struct FunctionNode {
    nodes: ScriptNodes,
    program: Result<Arc<CodeProgram>, CodeError>,
    mode: CodeMode,
}

#[async_trait]
impl Node for FunctionNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let context = Arc::new(context);
        let manner = Manner { mode: self.mode, legacy: self.mode == CodeMode::EachItem };
        let continues = context.continues_on_error();
        let outcome = match &self.program {
            Ok(program) => run(&self.nodes, program, manner, &context).await,
            Err(error) if manner.legacy && continues => return Ok(vec![error_item(&without_place(error)); context.items().len()].into()),
            Err(error) => Err(error.clone()),
        };
        let made = match outcome {
            Err(error) if continues => Err(without_place(&error)),
            Err(error) => Err(node_error(&error, None)),
            Ok(outcome) if self.mode == CodeMode::AllItems => for_all(outcome, continues),
            Ok(outcome) => for_each(outcome, context.items(), continues),
        };
        match made {
            Err(error) if continues => Ok(vec![error_item(&error)].into()),
            made => made.map(NodeOutput::from),
        }
    }
}

/// What an error item says: the message alone, as the code threw it.
fn without_place(error: &CodeError) -> NodeError {
    node_error(&CodeError { line: None, ..error.clone() }, None)
}

fn for_all(outcome: CodeOutcome, continues: bool) -> Result<Vec<Item>, NodeError> {
    let failed = |error| if continues { without_place(&error) } else { node_error(&error, None) };
    let value = outcome.values.into_iter().next().unwrap_or(Ok(None)).map_err(failed)?;
    let list = match value {
        None => return Err(NodeError::fatal("No data got returned. Always return an Array of items!")),
        Some(Value::Array(list)) => list,
        Some(object @ Value::Object(_)) => vec![object],
        Some(_) => return Err(NodeError::fatal("Always an Array of items has to be returned!")),
    };
    let object = |value: Value| match value {
        Value::Object(object) => Ok(object),
        _ => Err(NodeError::fatal("All returned items have to contain a property named \"json\"!")),
    };
    let objects: Vec<Json> = list.into_iter().map(object).collect::<Result<_, _>>()?;
    items::normalized(objects, &outcome.binaries)
}

/// The returned JSON in the place of each item's own; its files stay, unless the code changed them.
fn for_each(outcome: CodeOutcome, input: &Batch, continues: bool) -> Result<Vec<Item>, NodeError> {
    let mut made = Vec::with_capacity(outcome.values.len());
    for (index, (value, item)) in outcome.values.into_iter().zip(input.iter()).enumerate() {
        match value.map(|value| returned(value, item, &outcome.binaries)) {
            Ok(Ok(item)) => made.push(item.paired_with(index)),
            // As n8n has it, code that failed gives an item without a link, and code that returned nothing one with a link.
            Ok(Err(error)) => made.push(if continues { error_item(&error).paired_with(index) } else { return Err(error.on_item(index)) }),
            Err(error) if continues => made.push(error_item(&without_place(&error))),
            Err(error) => return Err(node_error(&error, Some(index))),
        }
    }
    Ok(made)
}

/// The item of what the code returned, which comes with the item's files where the code asked for them.
fn returned(value: Option<Value>, item: &Item, files: &items::Files) -> Result<Item, NodeError> {
    let Some(Value::Array(parts)) = value else { return Err(nothing_returned()) };
    let mut parts = parts.into_iter();
    let Some(Value::Object(json)) = parts.next() else { return Err(nothing_returned()) };
    Ok(match parts.next() {
        Some(Value::Object(changed)) => Item::new(json).with_binary(items::binaries(changed, files)),
        _ => Item::new(json).with_binary_of(item),
    })
}

fn nothing_returned() -> NodeError {
    NodeError::fatal("No data got returned. Always an object has to be returned!")
}
