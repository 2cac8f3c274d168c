//! Any text as the cron expression of a Schedule Trigger: the workflow is refused or compiled.

#![no_main]

use std::sync::LazyLock;

use engine_core::testing::Simulator;
use engine_core::{Engine, Workflow};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::builder().runtime(Simulator::new(1)).nodes(engine_nodes::registry()).build());

fuzz_target!(|expression: &str| {
    let rule = json!({"interval": [{"field": "cronExpression", "expression": expression}]});
    let node = json!({"id": "s", "name": "S", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1.2, "position": [0, 0], "parameters": {"rule": rule}});
    let text = json!({"nodes": [node], "connections": {}}).to_string();
    let workflow = Workflow::from_json(&text).expect("the workflow itself is well formed");
    drop(ENGINE.compile(workflow));
});
