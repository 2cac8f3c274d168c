//! Loop Over Items (n8n's Split In Batches): gives its input batch by batch, and at the end what came back.
//!
//! Under its n8n name a node whose loop has ended stays ended, as n8n has it: within an outer loop it then needs the option `reset`. Under the
//! engine's own name it starts anew.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, ItemSource, Json, Link};
use engine_core::node::{Node, NodeContext, NodeError, NodeMemory, NodeOutput, NodeSpec, Parameter};
use engine_core::schema::{NodeGroup, NodeSchema, Port, Property};
use serde_json::{Value, json};

use crate::node_type::{Compiled, Definition, Role, ready};

const KIND: &str = "loop_over_items";

pub(super) fn definition() -> Definition {
    Definition { outputs: Some(outputs), role: Role::Loop, ..Definition::new(schema(), compile) }
}

fn schema() -> NodeSchema {
    NodeSchema::new(KIND, "Loop Over Items")
        .alias("n8n-nodes-base.splitInBatches")
        .versions([(1, 0), (2, 0), (3, 0)])
        .group(NodeGroup::Flow)
        .description("Gives its items batch by batch to a loop, and what came back at the end")
        .outputs(Port::all(["done", "loop"]))
        .properties([
            Property::number("batchSize", 10).until(3.0).between(Some(1.0), None),
            Property::number("batchSize", 1).since(3.0).between(Some(1.0), None),
            Property::collection(
                "options",
                [Property::boolean("reset", false).description("Whether the loop starts anew with the items that came in")],
            ),
        ])
}

fn outputs(spec: &NodeSpec) -> Vec<Port> {
    match Shape::of(spec) {
        Shape::OneOutput => Port::one(),
        Shape::LoopFirst => Port::all(["loop", "done"]),
        Shape::DoneFirst => Port::all(["done", "loop"]),
    }
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(LoopOverItems {
        shape: Shape::of(spec),
        restarts: spec.kind.as_str() == KIND,
        batch_size: spec.parameter("batchSize"),
        reset: spec.parameter("options.reset"),
    })
}

#[derive(Debug)]
struct LoopOverItems {
    shape: Shape,
    /// Starts anew after it has ended.
    restarts: bool,
    batch_size: Parameter,
    reset: Parameter,
}

/// The outputs, which every version has otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    OneOutput,
    LoopFirst,
    DoneFirst,
}

impl Shape {
    fn of(spec: &NodeSpec) -> Self {
        if spec.version.at_least(3, 0) {
            Self::DoneFirst
        } else if spec.version.at_least(2, 0) {
            Self::LoopFirst
        } else {
            Self::OneOutput
        }
    }
}

/// Items that are still to be given, the last one first.
const REST: &str = "rest";
/// Items that came back.
const PROCESSED: &str = "processed";

#[async_trait]
impl Node for LoopOverItems {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let scope = context.scope(0);
        let size = self.batch_size.resolve(&scope).await?.map_or(1.0, |size| js::to_number(&size));
        let reset = self.reset.resolve(&scope).await?.is_some_and(|reset| reset == true);
        let size = batch_size(size);
        let source = context.source(0).or_else(|| context.previous().cloned()).map(Arc::new);
        let mut memory = context.memory();
        let ended = self.restarts && memory.context.get("done") == Some(&Value::Bool(true));
        if reset || ended || !memory.items.contains_key(REST) {
            start(&mut memory, &context, size);
        } else {
            come_back(&mut memory, &context, source.as_ref());
        }
        Ok(self.next_batch(&mut memory, size))
    }
}

impl LoopOverItems {
    fn next_batch(&self, memory: &mut NodeMemory, size: usize) -> NodeOutput {
        let rest = memory.items.entry(REST.into()).or_default();
        let from = rest.len().saturating_sub(size);
        let batch: Vec<Item> = rest.drain(from..).rev().collect();
        memory.context.insert("noItemsLeft".to_owned(), rest.is_empty().into());
        if self.shape != Shape::OneOutput {
            memory.context.insert("done".to_owned(), batch.is_empty().into());
        }
        let ended = batch.is_empty();
        match self.shape {
            Shape::OneOutput if ended => NodeOutput::Nothing,
            Shape::OneOutput => batch.into(),
            Shape::LoopFirst if ended => NodeOutput::ports([Vec::new(), processed(memory)]),
            Shape::LoopFirst => NodeOutput::ports([batch, Vec::new()]),
            Shape::DoneFirst if ended => NodeOutput::ports([processed(memory), Vec::new()]),
            Shape::DoneFirst => NodeOutput::ports([Vec::new(), batch]),
        }
    }
}

fn processed(memory: &NodeMemory) -> Vec<Item> {
    memory.items.get(PROCESSED).cloned().unwrap_or_default()
}

/// Keeps all items of the input, to be given batch by batch. Those of later batches say where they came from, as the node's input is another one by then.
fn start(memory: &mut NodeMemory, context: &NodeContext, size: usize) {
    let source = context.source(0).or_else(|| context.previous().cloned()).map(Arc::new);
    let items = context.items();
    let link = |index: usize| match &source {
        Some(source) if index >= size => Link::new(index).via(Arc::clone(source)),
        _ => Link::new(index),
    };
    let rest = items.iter().enumerate().rev().map(|(index, item)| item.clone().paired_with(link(index))).collect();
    memory.items.insert(REST.into(), rest);
    memory.items.insert(PROCESSED.into(), Vec::new());
    memory.context = Json::new();
    memory.context.insert("currentRunIndex".to_owned(), json!(0));
    memory.context.insert("maxRunIndex".to_owned(), items.len().div_ceil(size).into());
}

/// Keeps what came back from the loop.
fn come_back(memory: &mut NodeMemory, context: &NodeContext, source: Option<&Arc<ItemSource>>) {
    let run = memory.context.get("currentRunIndex").and_then(Value::as_u64).unwrap_or(0);
    memory.context.insert("currentRunIndex".to_owned(), (run + 1).into());
    let link = |index: usize| match source {
        Some(source) => Link::new(index).via(Arc::clone(source)),
        None => Link::new(index),
    };
    let items = context.items().iter().enumerate().map(|(index, item)| item.clone().paired_with(link(index)));
    memory.items.entry(PROCESSED.into()).or_default().extend(items);
}

/// A batch has at least one item, so that every loop ends.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates, and gives 0 for NaN")]
fn batch_size(size: f64) -> usize {
    (size.trunc() as usize).max(1)
}
