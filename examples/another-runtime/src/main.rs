//! The engine on another runtime than tokio: smol, in ten lines.

use std::time::{Duration, SystemTime};

use engine_core::model::{NodeDefinition, Timestamp};
use engine_core::runtime::Runtime;
use engine_core::{Engine, Start, Workflow};
use futures::future::{BoxFuture, FutureExt};
use serde_json::json;

#[derive(Debug)]
struct Smol;

impl Runtime for Smol {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        smol::spawn(task).detach();
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        smol::Timer::after(duration).map(drop).boxed()
    }
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        smol::unblock(work).detach();
    }
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }
    fn random(&self) -> u64 {
        std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0u8)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::builder().runtime(Smol).nodes(engine_nodes::registry()).build();
    let workflow = Workflow::builder("on smol")
        .node("Start", "manual_trigger")
        .define(NodeDefinition::new("First", "limit").parameter("maxItems", 1))
        .connect("Start", "First")
        .build();
    let plan = engine.compile(workflow)?;
    let result = smol::block_on(engine.run(&plan, Start::with_items([json!({"n": 1}), json!({"n": 2})])))?.success()?;
    assert_eq!(result.items("First").len(), 1);
    Ok(())
}
