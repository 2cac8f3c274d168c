//! The cost of reading, checking and compiling a workflow of 10,000 nodes.

use engine_core::runtime::TokioRuntime;
use engine_core::{Engine, Workflow};
use serde_json::json;

use crate::measure::{Subject, medians, say, thread_time};

const NODES: usize = 10_000;

/// Prints the times.
pub(crate) fn run() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _context = runtime.enter();
    let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry()).build();
    let text = workflow().to_string();
    let mut subjects = [
        Subject::timed(|| {
            let start = thread_time();
            let workflow = Workflow::from_json(&text).expect("it reads");
            let time = thread_time().saturating_sub(start);
            drop(workflow);
            time
        }),
        Subject::timed(|| {
            let workflow = Workflow::from_json(&text).expect("it reads");
            let start = thread_time();
            let plan = engine.compile(workflow).expect("it compiles");
            let time = thread_time().saturating_sub(start);
            drop(plan);
            time
        }),
        Subject::new(|| drop(engine.compile(Workflow::from_json(&text).expect("it reads")).expect("it compiles"))),
    ];
    let names = ["read", "check and compile", "read, check, compile and drop, by the wall clock"];
    for (time, name) in medians(&mut subjects, 15).into_iter().zip(names) {
        say(&format!("{name}: {NODES} nodes ({} KB): {time:.1?}", text.len() / 1024));
    }
}

/// A chain of Limit nodes, one in two with an expression.
fn workflow() -> serde_json::Value {
    let node = |index: usize| {
        if index == 0 {
            return json!({"id": "0", "name": "N0", "type": "manual_trigger", "parameters": {}});
        }
        let items = if index.is_multiple_of(2) { json!(index) } else { json!("={{ $json.count + 1 }}") };
        json!({"id": index.to_string(), "name": format!("N{index}"), "type": "limit", "position": [index, 0], "parameters": {"maxItems": items}})
    };
    let connections: Vec<_> = (1..NODES).map(|index| json!({"source": format!("N{}", index - 1), "target": format!("N{index}")})).collect();
    json!({"name": "large", "nodes": (0..NODES).map(node).collect::<Vec<_>>(), "connections": connections})
}
