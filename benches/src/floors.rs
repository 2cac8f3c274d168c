//! The least that a scheduler can cost, written by hand: counters, inputs and results; no names, no times, no records, no errors.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;

/// What a node does: a future that is made of its inputs.
type Work = Box<dyn Fn(usize, Vec<Arc<Value>>) -> BoxFuture<'static, (usize, Arc<Value>)> + Send + Sync>;

/// What all nodes do: hand on what came first, as a value of their own.
pub(crate) fn pass() -> Work {
    Box::new(|node, inputs| async move { (node, inputs.into_iter().next().unwrap_or_default()) }.boxed())
}

/// A graph by hand: how many sources of each node are open, and what they gave.
struct Graph<'a> {
    open: Vec<usize>,
    results: Vec<Option<Arc<Value>>>,
    sources: &'a [Vec<usize>],
    targets: &'a [Vec<usize>],
}

impl<'a> Graph<'a> {
    fn new(sources: &'a [Vec<usize>], targets: &'a [Vec<usize>]) -> Self {
        Self { open: sources.iter().map(Vec::len).collect(), results: vec![None; sources.len()], sources, targets }
    }

    /// Keeps a result and hands the nodes that are ready now, with their inputs, to `ready`.
    fn finish(&mut self, node: usize, value: Arc<Value>, mut ready: impl FnMut(usize, Vec<Arc<Value>>)) {
        self.results[node] = Some(value);
        for &target in &self.targets[node] {
            self.open[target] -= 1;
            if self.open[target] == 0 {
                ready(target, self.sources[target].iter().filter_map(|&source| self.results[source].clone()).collect());
            }
        }
    }
}

/// A counter for each node, a boxed future in `FuturesUnordered` for each node that is ready, results kept.
pub(crate) fn futures_unordered(sources: &[Vec<usize>], targets: &[Vec<usize>], work: &Work, value: &Arc<Value>) -> usize {
    let mut graph = Graph::new(sources, targets);
    block_on(async {
        let mut running = FuturesUnordered::new();
        running.push(work(0, vec![Arc::clone(value)]));
        let mut done = 0;
        while let Some((node, value)) = running.next().await {
            done += 1;
            graph.finish(node, value, |target, inputs| running.push(work(target, inputs)));
        }
        done
    })
}

/// A counter for each node, a queue of ready nodes, each future polled where it is made, results kept.
pub(crate) fn ready_queue(sources: &[Vec<usize>], targets: &[Vec<usize>], work: &Work, value: &Arc<Value>) -> usize {
    let mut graph = Graph::new(sources, targets);
    block_on(async {
        let mut ready = VecDeque::from([(0, vec![Arc::clone(value)])]);
        let mut done = 0;
        while let Some((node, inputs)) = ready.pop_front() {
            let (node, value) = work(node, inputs).await;
            done += 1;
            graph.finish(node, value, |target, inputs| ready.push_back((target, inputs)));
        }
        done
    })
}
