//! The best Rust DAG library, `dagx`, on the same graphs. It is given shared values, as the engine shares items.

#![expect(clippy::unused_async, clippy::used_underscore_binding, reason = "the peer's macro asks for this shape")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use dagx::{DagRunner, Task, TaskHandle, task};
use serde_json::Value;

struct Source(Arc<Value>);

#[task]
impl Source {
    async fn run(&self) -> Arc<Value> {
        Arc::clone(&self.0)
    }
}

struct One;

#[task]
impl One {
    async fn run(value: &Arc<Value>) -> Arc<Value> {
        Arc::clone(value)
    }
}

struct Two;

#[task]
impl Two {
    async fn run(value: &Arc<Value>, _other: &Arc<Value>) -> Arc<Value> {
        Arc::clone(value)
    }
}

/// Runs a graph once; only the run counts, not the building of its graph.
pub(crate) fn dagx(runtime: &tokio::runtime::Runtime, sources: &[Vec<usize>], value: &Arc<Value>) -> Duration {
    let dag = DagRunner::new();
    let mut handles: Vec<TaskHandle<Arc<Value>>> = Vec::with_capacity(sources.len());
    for sources in sources {
        let handle = match sources.as_slice() {
            [] => dag.add_task(Source(Arc::clone(value))).into(),
            [one] => dag.add_task(One).depends_on(handles[*one]),
            [one, two, ..] => dag.add_task(Two).depends_on((&handles[*one], &handles[*two])),
        };
        handles.push(handle);
    }
    let start = Instant::now();
    let result = runtime.block_on(dag.run(|future| drop(tokio::spawn(future))));
    let time = start.elapsed();
    assert!(result.is_ok(), "dagx failed");
    time
}
