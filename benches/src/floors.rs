//! The least that a scheduler can cost, written by hand: no names, no records, no errors.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;

type Work = Box<dyn Fn(usize, Arc<Value>) -> BoxFuture<'static, (usize, Arc<Value>)> + Send + Sync>;

/// What all nodes do: hand on what came.
pub(crate) fn pass() -> Work {
    Box::new(|node, value| async move { (node, value) }.boxed())
}

/// A counter for each node, a boxed future in `FuturesUnordered` for each node that is ready.
pub(crate) fn futures_unordered(sources: &[Vec<usize>], targets: &[Vec<usize>], work: &Work, value: &Arc<Value>) -> usize {
    let mut open: Vec<usize> = sources.iter().map(Vec::len).collect();
    block_on(async {
        let mut running = FuturesUnordered::new();
        running.push(work(0, Arc::clone(value)));
        let mut done = 0;
        while let Some((node, value)) = running.next().await {
            done += 1;
            for &target in &targets[node] {
                open[target] -= 1;
                if open[target] == 0 {
                    running.push(work(target, Arc::clone(&value)));
                }
            }
        }
        done
    })
}

/// A counter for each node, a queue of ready nodes, each future polled where it is made; results are kept.
pub(crate) fn ready_queue(sources: &[Vec<usize>], targets: &[Vec<usize>], work: &Work, value: &Arc<Value>) -> usize {
    let mut open: Vec<usize> = sources.iter().map(Vec::len).collect();
    let mut results: Vec<Option<Arc<Value>>> = vec![None; sources.len()];
    block_on(async {
        let mut ready = VecDeque::from([(0, Arc::clone(value))]);
        let mut done = 0;
        while let Some((node, value)) = ready.pop_front() {
            let (node, value) = work(node, value).await;
            done += 1;
            results[node] = Some(Arc::clone(&value));
            for &target in &targets[node] {
                open[target] -= 1;
                if open[target] == 0 {
                    ready.push_back((target, Arc::clone(&value)));
                }
            }
        }
        done
    })
}
