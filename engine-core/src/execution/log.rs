//! The runs of an execution: for each node, what each of its runs gave. Only ever appended to.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smallvec::SmallVec;

use crate::model::{Batch, Item, Link, Paired, Timestamp};

/// How a run of a node ended, or that it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It gave items, or none.
    Success,
    /// It failed; what it gave is what its `on_error` says.
    Error,
    /// It waits for a time or a call.
    Waiting,
    /// None of its inputs brought an item.
    Skipped,
    /// The execution was cancelled while it ran.
    Canceled,
}

/// A piece of an input: some items that one output of one run brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The input that it belongs to.
    pub input: u16,
    /// The output port.
    pub output: u16,
    /// Index of the node in the plan.
    pub node: u32,
    /// Which run of the node.
    pub run: u32,
    /// How many items.
    pub items: u32,
}

/// The pieces of all inputs of a run, in order. Most nodes have one or two.
pub type Parts = SmallVec<[Part; 2]>;

/// What one output of a run gave.
#[derive(Clone, Debug)]
pub struct RecordedOutput {
    /// The items.
    pub items: Batch,
    /// How items that do not say where they come from are linked.
    pub lineage: Lineage,
}

/// How the items of an output are linked to the items of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lineage {
    /// Each item says so itself.
    Own,
    /// The output is the batch that came in on this input: item for item.
    Passed(u16),
    /// Items that do not say are linked to the input item at their index.
    SameIndex,
    /// Items that do not say are linked to the first input item.
    First,
}

impl RecordedOutput {
    /// The links of the item at `index`.
    pub fn paired(&self, index: usize) -> Paired {
        let own = self.items.get(index).map(Item::paired).cloned().unwrap_or_default();
        match (self.lineage, &own) {
            (Lineage::Passed(input), _) => Paired::One(Link::on(usize::from(input), index)),
            (Lineage::SameIndex, Paired::Unknown) => Paired::item(index),
            (Lineage::First, Paired::Unknown) => Paired::item(0),
            _ => own,
        }
    }
}

/// One run of a node.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// How it ended.
    pub status: RunStatus,
    /// Where its inputs came from.
    pub parts: Parts,
    /// How many inputs are connected.
    pub inputs: u16,
    /// What each output gave.
    pub outputs: SmallVec<[RecordedOutput; 1]>,
    /// Why it failed, as [`NodeError::to_json`](crate::node::NodeError::to_json) gives it.
    pub error: Option<Arc<Value>>,
    /// Its place in the order of all runs of the execution, from 0.
    pub order: u32,
    /// How many tries it took.
    pub tries: u32,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
}

impl RunRecord {
    /// Whether the run failed, and the execution with it: nothing leaves the node.
    pub fn is_failure(&self) -> bool {
        self.status == RunStatus::Error && self.outputs.is_empty()
    }
}

/// All runs of an execution.
///
/// One lock for all of them: the driver writes once a run, and whoever reads holds it for a moment.
#[derive(Debug)]
pub struct RunLog {
    runs: RwLock<Runs>,
}

/// The runs of an execution, while the log is locked.
///
/// Records lie one after the other, in the order in which runs ended: thousands of them need no allocation each.
#[derive(Debug)]
pub struct Runs {
    records: Vec<RunRecord>,
    /// Which record is that of a node's first run, counted from 1; most nodes have no other.
    first: Box<[Option<NonZeroU32>]>,
    /// The places of the records of further runs, for nodes that have them.
    further: HashMap<u32, Vec<u32>>,
}

impl RunLog {
    /// A log for a plan of so many nodes.
    pub fn new(nodes: usize) -> Self {
        Self { runs: RwLock::new(Runs { records: Vec::with_capacity(nodes), first: vec![None; nodes].into(), further: HashMap::new() }) }
    }

    /// A copy of what is known of a run of a node; its items are shared.
    pub fn run(&self, node: u32, run: u32) -> Option<RunRecord> {
        self.look(node, run, RunRecord::clone)
    }

    /// Looks at a run of a node where it lies. The log is locked meanwhile.
    pub(crate) fn look<T>(&self, node: u32, run: u32, look: impl FnOnce(&RunRecord) -> T) -> Option<T> {
        self.read().get(node, run).map(look)
    }

    /// How often a node ran.
    pub fn runs(&self, node: u32) -> usize {
        self.read().count(node)
    }

    /// A copy of what is known of the last run of a node.
    pub fn last(&self, node: u32) -> Option<RunRecord> {
        let runs = self.read();
        runs.last_place(node).and_then(|place| runs.records.get(place)).cloned()
    }

    /// Copies of what is known of all runs of a node.
    pub fn all(&self, node: u32) -> Vec<RunRecord> {
        let runs = self.read();
        (0..).map_while(|run| runs.get(node, run).cloned()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Runs> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the log, to record a run and to tell the state machine of it.
    pub fn write(&self) -> RwLockWriteGuard<'_, Runs> {
        self.runs.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs {
    /// Appends a run; gives its number.
    #[expect(clippy::inline_always, reason = "a record is large: it is moved to its place at once")]
    #[inline(always)]
    pub fn push(&mut self, node: u32, record: RunRecord) -> u32 {
        let place = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push(record);
        match self.first.get_mut(node as usize) {
            Some(first @ None) => {
                *first = NonZeroU32::MIN.checked_add(place);
                0
            }
            Some(Some(_)) => {
                let further = self.further.entry(node).or_default();
                further.push(place);
                u32::try_from(further.len()).unwrap_or(u32::MAX)
            }
            None => 0,
        }
    }

    /// Replaces the last run of a node: a wait that has ended. Gives the number of the run.
    pub fn replace_last(&mut self, node: u32, record: RunRecord) -> u32 {
        let Some(last) = self.last_place(node).and_then(|place| self.records.get_mut(place)) else { return self.push(node, record) };
        *last = record;
        self.further.get(&node).map_or(0, |further| u32::try_from(further.len()).unwrap_or(u32::MAX))
    }

    /// A run of a node.
    pub fn get(&self, node: u32, run: u32) -> Option<&RunRecord> {
        let place = match run.checked_sub(1) {
            None => self.first_place(node)?,
            Some(further) => *self.further.get(&node)?.get(further as usize)? as usize,
        };
        self.records.get(place)
    }

    fn first_place(&self, node: u32) -> Option<usize> {
        self.first.get(node as usize)?.map(|number| number.get() as usize - 1)
    }

    fn last_place(&self, node: u32) -> Option<usize> {
        let further = self.further.get(&node).and_then(|places| places.last());
        further.map_or_else(|| self.first_place(node), |place| Some(*place as usize))
    }

    /// How often a node ran.
    pub fn count(&self, node: u32) -> usize {
        let first = self.first.get(node as usize).is_some_and(Option::is_some);
        usize::from(first) + self.further.get(&node).map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(order: u32) -> RunRecord {
        let (parts, outputs, now) = (Parts::new(), SmallVec::new(), Timestamp::EPOCH);
        RunRecord { status: RunStatus::Success, parts, inputs: 0, outputs, error: None, order, tries: 1, started: now, finished: now }
    }

    fn orders(log: &RunLog, node: u32) -> Vec<u32> {
        log.all(node).iter().map(|run| run.order).collect()
    }

    #[test]
    fn runs_are_numbered_by_node_and_only_the_last_is_replaced() {
        let log = RunLog::new(2);
        let push = |node, order| log.write().push(node, record(order));
        let replace = |node, order| log.write().replace_last(node, record(order));
        assert_eq!([push(1, 0), push(1, 1), push(0, 2)], [0, 1, 0]);
        assert_eq!((log.runs(0), log.runs(1), orders(&log, 1)), (1, 2, vec![0, 1]));
        assert_eq!([replace(1, 7), replace(0, 8)], [1, 0]);
        assert_eq!((orders(&log, 1), orders(&log, 0)), (vec![0, 7], vec![8]));
        assert_eq!(log.last(1).map(|run| run.order), Some(7));
        assert_eq!([log.run(1, 0), log.run(1, 1)].map(|run| run.map(|run| run.order)), [Some(0), Some(7)]);
        assert!(log.run(1, 2).is_none() && log.last(5).is_none() && log.all(5).is_empty());
    }
}
