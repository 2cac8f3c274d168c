//! Any JSON as the conditions of an If node: the workflow is refused, or each item leaves on one side or the run fails.

#![no_main]

use engine_core::testing::Simulator;
use engine_core::{Engine, Start, Workflow};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let Ok(conditions) = serde_json::from_str::<Value>(text) else { return };
    let nodes = json!([
        {"id": "t", "name": "T", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "position": [0, 0], "parameters": {}},
        {"id": "i", "name": "I", "type": "n8n-nodes-base.if", "typeVersion": 2.2, "position": [1, 0], "parameters": {"conditions": conditions}},
    ]);
    let connections = json!({"T": {"main": [[{"node": "I", "type": "main", "index": 0}]]}});
    let Ok(workflow) = Workflow::from_json(&json!({"nodes": nodes, "connections": connections}).to_string()) else { return };
    let simulator = Simulator::new(1);
    let engine = Engine::builder().runtime(simulator.clone()).nodes(engine_nodes::registry()).build();
    let Ok(plan) = engine.compile(workflow) else { return };
    let items = [json!({"a": 1, "t": "x", "d": "2024-01-02T03:04:05Z", "l": [1], "o": {}}), json!({})];
    drop(simulator.block_on(engine.run(&plan, Start::with_items(items))));
});
