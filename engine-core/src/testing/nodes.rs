//! Small nodes for tests of the engine and of what is built on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::json;

use crate::model::{Batch, Item};
use crate::node::{Activation, Node, NodeContext, NodeError, NodeOutput, NodeRegistry, NodeSpec, NodeType, RequiredInputs, ScheduleSpec, Wait};
use crate::problem::Problem;
use crate::schema::{Effect, NodeSchema, Port, Property};

/// What a test node does.
pub type Behaviour = Arc<dyn Fn(NodeContext) -> BoxFuture<'static, Result<NodeOutput, NodeError>> + Send + Sync>;

/// A node type made of a closure.
#[derive(Clone)]
pub struct TestNode {
    schema: NodeSchema,
    behaviour: Behaviour,
    required: RequiredInputs,
    is_loop: bool,
    schedule: Option<&'static str>,
    reads_static_data: bool,
}

impl TestNode {
    /// A node of version 1 with one input and one output.
    pub fn new<F>(kind: &str, behaviour: impl Fn(NodeContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<NodeOutput, NodeError>> + Send + 'static,
    {
        let behaviour: Behaviour = Arc::new(move |context| Box::pin(behaviour(context)));
        let schema = NodeSchema::new(kind, kind);
        Self { schema, behaviour, required: RequiredInputs::AtLeast(1), is_loop: false, schedule: None, reads_static_data: true }
    }

    /// The same node with another schema.
    #[must_use]
    pub fn schema(mut self, change: impl FnOnce(NodeSchema) -> NodeSchema) -> Self {
        self.schema = change(self.schema);
        self
    }

    /// The same node, which starts its workflow at these times.
    #[must_use]
    pub fn fires(mut self, cron: &'static str) -> Self {
        self.schedule = Some(cron);
        self
    }

    /// The same node, which does not read data that outlives executions.
    #[must_use]
    pub fn without_static_data(mut self) -> Self {
        self.reads_static_data = false;
        self
    }

    /// The same node, which ends loops.
    #[must_use]
    pub fn ends_loops(mut self) -> Self {
        self.is_loop = true;
        self
    }
}

impl NodeType for TestNode {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn compile(&self, _spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(Compiled(Arc::clone(&self.behaviour))))
    }

    fn required_inputs(&self, _spec: &NodeSpec) -> RequiredInputs {
        self.required.clone()
    }

    fn is_loop(&self) -> bool {
        self.is_loop
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        self.reads_static_data
    }

    fn activations(&self, _spec: &NodeSpec) -> Result<Vec<Activation>, Vec<Problem>> {
        Ok(self.schedule.map(|cron| Activation::Schedule(ScheduleSpec::new(cron))).into_iter().collect())
    }
}

struct Compiled(Behaviour);

#[async_trait]
impl Node for Compiled {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        (self.0)(context).await
    }
}

/// Counts how often each node ran, outside of the engine's own records.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    runs: Arc<std::sync::Mutex<BTreeMap<String, u64>>>,
    total: Arc<AtomicU64>,
}

impl Ledger {
    /// Notes a run.
    pub fn note(&self, node: &str) {
        *self.lock().entry(node.to_owned()).or_default() += 1;
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a node ran.
    pub fn count(&self, node: &str) -> u64 {
        self.lock().get(node).copied().unwrap_or(0)
    }

    /// How often all nodes ran.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, u64>> {
        self.runs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Test nodes that cover what a scheduler meets:
/// `trigger`; `hourly` (a trigger that fires each hour); `pass` (hands its items on); `merge` (two inputs, one list); `fork` (odd items to the second output); `tag` (adds its name to each item's
/// `path`); `loop` (its items one by one on output 1, what came back on output 0); `effect` (like `tag`, effectful); `fail`; `panic`; `never`; `slow` (a second); `jitter` (like `tag`, after up to four milliseconds); `wait` (an hour);
/// `flaky` (fails twice); `empty` (no items); `nothing`. Each run is noted in the ledger.
pub fn test_nodes(ledger: &Ledger) -> NodeRegistry {
    let noted = |ledger: &Ledger| {
        let ledger = ledger.clone();
        move |context: &NodeContext| ledger.note(context.node_name())
    };
    let note = noted(ledger);
    let mut registry = NodeRegistry::new();
    let mut add = |node: TestNode| {
        let note = note.clone();
        let behaviour = Arc::clone(&node.behaviour);
        let behaviour: Behaviour = Arc::new(move |context| {
            note(&context);
            behaviour(context)
        });
        registry = std::mem::take(&mut registry).with(TestNode { behaviour, ..node }.without_static_data());
    };
    add(TestNode::new("trigger", |context| async move { Ok(context.items().clone().into()) }).schema(NodeSchema::trigger));
    add(TestNode::new("hourly", |_| async { Ok(vec![Item::default()].into()) }).schema(NodeSchema::trigger).fires("0 * * * *"));
    add(TestNode::new("pass", |context| async move { Ok(context.items().clone().into()) }));
    add(TestNode::new("merge", |context| async move { Ok(merged(&context).into()) }).schema(|schema| schema.inputs(Port::all(["1", "2"]))));
    add(TestNode::new("fork", |context| async move { Ok(forked(&context)) }).schema(|schema| schema.outputs(Port::all(["even", "odd"]))));
    add(TestNode::new("tag", |context| async move { Ok(tagged(&context).into()) }).schema(|schema| schema.property(Property::string("text"))));
    add(TestNode::new("effect", |context| async move { Ok(tagged(&context).into()) }).schema(|schema| schema.effect(Effect::Effectful)));
    add(TestNode::new("loop", |context| async move { Ok(looped(&context)) })
        .schema(|schema| schema.outputs(Port::all(["done", "loop"])))
        .ends_loops());
    add(TestNode::new("fail", |_| async { Err(NodeError::new("it failed")) }));
    add(TestNode::new("panic", |_| async { std::panic::panic_any("it panicked") }));
    add(TestNode::new("never", |_| futures::future::pending()));
    add(TestNode::new("empty", |_| async { Ok(NodeOutput::items(Batch::EMPTY)) }));
    add(TestNode::new("nothing", |_| async { Ok(NodeOutput::Nothing) }));
    add(TestNode::new("slow", |context| async move {
        context.runtime().sleep(Duration::from_secs(1)).await;
        Ok(tagged(&context).into())
    }));
    add(TestNode::new("jitter", |context| async move {
        let pause = context.runtime().random() % 5;
        if pause > 0 {
            context.runtime().sleep(Duration::from_millis(pause)).await;
        }
        Ok(tagged(&context).into())
    }));
    add(TestNode::new("wait", |context| async move { Ok(Wait::for_duration(context.now(), Duration::from_hours(1)).into()) }));
    add(TestNode::new(
        "flaky",
        |context| async move { if context.attempt() < 2 { Err(NodeError::new("not yet")) } else { Ok(tagged(&context).into()) } },
    ));
    registry
}

/// All inputs, one after the other.
fn merged(context: &NodeContext) -> Vec<Item> {
    (0..context.input_count())
        .flat_map(|input| {
            context.input(input).iter().enumerate().map(move |(index, item)| item.clone().paired_with(crate::model::Link::on(input, index)))
        })
        .collect()
}

fn forked(context: &NodeContext) -> NodeOutput {
    let mut ports = [Vec::new(), Vec::new()];
    for (index, item) in context.items().iter().enumerate() {
        ports[index % 2].push(item.clone().paired_with(index));
    }
    NodeOutput::ports(ports)
}

/// Each item with the node's name appended to the list under `path`.
fn tagged(context: &NodeContext) -> Vec<Item> {
    let name = context.node_name().to_owned();
    let tag = |(index, item): (usize, &Item)| {
        let mut item = item.clone().paired_with(index);
        if let Some(path) = item.json_mut().entry("path").or_insert_with(|| json!([])).as_array_mut() {
            path.push(json!(name));
        }
        item
    };
    context.items().iter().enumerate().map(tag).collect()
}

/// One item a round on output 1; what came back, on output 0 at the end.
fn looped(context: &NodeContext) -> NodeOutput {
    let mut memory = context.memory();
    if memory.items.contains_key("rest") {
        memory.items.entry("done".into()).or_default().extend(context.items().iter().cloned());
    } else {
        memory.items.insert("rest".into(), context.items().to_vec());
    }
    let rest = memory.items.entry("rest".into()).or_default();
    if rest.is_empty() {
        memory.items.remove("rest");
        return NodeOutput::ports([memory.items.remove("done").unwrap_or_default(), Vec::new()]);
    }
    let next = rest.remove(0);
    NodeOutput::ports([Vec::new(), vec![next]])
}

impl std::fmt::Debug for TestNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestNode").field("kind", &self.schema.kind).finish_non_exhaustive()
    }
}
