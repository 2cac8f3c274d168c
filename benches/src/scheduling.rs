//! The cost of running a node in memory.

use std::sync::Arc;

use async_trait::async_trait;

use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeRegistry, NodeSpec, NodeType};
use engine_core::problem::Problem;
use engine_core::runtime::TokioRuntime;
use engine_core::schema::{NodeSchema, Port};
use engine_core::state::ExecutionStatus;
use engine_core::{Engine, Start};
use serde_json::json;

use crate::floors;
use crate::measure::{Subject, medians, nanos_each, say};
use crate::peers;
use crate::shapes::{Shape, chain, fan_out, layers};

/// Hands the items of its first input on.
struct Pass(NodeSchema);

struct PassNode;

impl NodeType for Pass {
    fn schema(&self) -> &NodeSchema {
        &self.0
    }

    fn compile(&self, _spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(PassNode))
    }
}

#[async_trait]
impl Node for PassNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        Ok(context.input(0).clone().into())
    }
}

/// A trigger and a node with two inputs; nothing else is measured.
fn nodes() -> NodeRegistry {
    let two_inputs = NodeSchema::new("pass", "Pass").inputs(Port::all(["1", "2"]));
    NodeRegistry::new().with(Pass(NodeSchema::new("trigger", "Trigger").trigger())).with(Pass(two_inputs))
}

/// Prints the cost of a node for some graphs, beside the floors and the best library.
pub(crate) fn run() {
    say("scheduling: ns per node (ratio to FuturesUnordered)");
    say(&format!("{:<10} {:>7} {:>12} {:>12} {:>16} {:>16}", "graph", "nodes", "unordered", "ready queue", "engine", "dagx"));
    for shape in [chain(1_000), fan_out(1_000), layers(10, 100)] {
        measure(&shape, true, 51);
    }
    for nodes in [100, 1_000, 10_000, 100_000] {
        measure(&chain(nodes), false, if nodes > 10_000 { 11 } else { 51 });
    }
}

fn measure(shape: &Shape, with_peer: bool, rounds: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let engine = {
        let _context = runtime.enter();
        Engine::builder().runtime(TokioRuntime::current()).nodes(nodes()).build()
    };
    let plan = engine.compile(shape.workflow()).expect("the graph is valid");
    let (targets, value, work) = (shape.targets(), Arc::new(json!({"name": "Ada", "n": 1})), floors::pass());
    let count = shape.sources.len();
    let mut subjects = vec![
        Subject::alone(|| assert_eq!(floors::futures_unordered(&shape.sources, &targets, &work, &value), count)),
        Subject::alone(|| assert_eq!(floors::ready_queue(&shape.sources, &targets, &work, &value), count)),
        Subject::alone(|| {
            let result = runtime.block_on(engine.run(&plan, Start::with_items([json!({"name": "Ada", "n": 1})]))).expect("it starts");
            assert_eq!(result.status(), ExecutionStatus::Success);
            drop(result);
        }),
    ];
    if with_peer {
        subjects.push(Subject::timed(|| peers::dagx(&runtime, &shape.sources, &value)));
    }
    let each: Vec<f64> = medians(&mut subjects, rounds).into_iter().map(|time| nanos_each(time, count)).collect();
    let cell = |index: usize| each.get(index).map_or_else(String::new, |ns| format!("{ns:.0} ({:.2})", ns / each[0]));
    say(&format!("{:<10} {:>7} {:>12} {:>12} {:>16} {:>16}", shape.name, count, cell(0), cell(1), cell(2), cell(3)));
    drop(subjects);
}
