//! A run is made of the one before it where that is over: nothing of it may show in the next.

use std::sync::{Arc, Mutex};

use engine_core::driver::ExecutionResult;
use engine_core::model::Item;
use engine_core::node::{NodeContext, NodeOutput, NodeRegistry};
use engine_core::schema::NodeSchema;
use engine_core::state::ExecutionStatus;
use engine_core::testing::{Simulator, TestNode, graph};
use engine_core::{Engine, Start};
use serde_json::{Value, json};

/// What a node sees of its run.
fn seen(context: &NodeContext) -> Value {
    let previous = context.previous().map(|source| source.node.to_string());
    let before = context.items().first().and_then(|item| item.json().get("node")).cloned();
    json!({"node": context.facts().node.name, "previous": previous, "before": before, "attempt": context.attempt()})
}

fn run(workflow: &str, keep: bool) -> ExecutionResult {
    let kept: Arc<Mutex<Vec<NodeContext>>> = Arc::default();
    let look = move |context: NodeContext| {
        let kept = Arc::clone(&kept);
        async move {
            let output = NodeOutput::items(vec![Item::from_value(seen(&context))]);
            if keep {
                kept.lock().expect("nobody panics").push(context);
            }
            Ok(output)
        }
    };
    let trigger = TestNode::new("trigger", |context: NodeContext| async move { Ok(context.items().clone().into()) }).schema(NodeSchema::trigger);
    let simulator = Simulator::new(1);
    let nodes = NodeRegistry::new().with(trigger).with(TestNode::new("look", look));
    let engine = Engine::builder().runtime(simulator.clone()).nodes(nodes).build();
    let plan = engine.compile(graph(workflow)).expect("it compiles");
    let result = simulator.block_on(engine.run(&plan, Start::with_items([json!({})]))).expect("it starts");
    assert_eq!(result.status(), ExecutionStatus::Success);
    result
}

fn check(keep: bool) {
    let result = run("T trigger -> A\nA look -> B C\nB look -> D\nC look -> D\nD look", keep);
    let of = |node: &str| Value::Object(result.items(node)[0].json().clone());
    assert_eq!(of("A"), json!({"node": "A", "previous": "T", "before": null, "attempt": 0}));
    assert_eq!(of("B"), json!({"node": "B", "previous": "A", "before": "A", "attempt": 0}));
    assert_eq!(of("C"), json!({"node": "C", "previous": "A", "before": "A", "attempt": 0}));
    assert_eq!(of("D"), json!({"node": "D", "previous": "B", "before": "B", "attempt": 0}));
}

/// Catches facts or sources of the last run that are not looked up anew.
#[test]
fn each_run_sees_its_own_facts_and_sources() {
    check(false);
}

/// Catches a run that is changed while a node still holds it.
#[test]
fn a_node_that_keeps_its_context_keeps_its_run() {
    check(true);
}
