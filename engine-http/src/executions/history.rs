//! The last executions that ended, bounded by number and by size.

use std::collections::VecDeque;

use engine_core::driver::ExecutionResult;
use engine_core::model::{ExecutionId, Timestamp};

/// An execution that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) result: ExecutionResult,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    /// About how many bytes its input held.
    pub(crate) weight: usize,
}

/// What an execution weighs besides its input.
const BASE_WEIGHT: usize = 4096;

/// The last executions that ended, the newest at the end.
#[derive(Debug)]
pub(crate) struct History {
    entries: VecDeque<Ended>,
    weight: usize,
    limit: usize,
    max_weight: usize,
}

impl History {
    pub(crate) fn new(limit: usize, max_weight: usize) -> Self {
        Self { entries: VecDeque::new(), weight: 0, limit, max_weight }
    }

    /// Adds one. Gives back one that had to go, to be dropped where nobody waits for the lock.
    pub(crate) fn push(&mut self, mut ended: Ended) -> Option<Ended> {
        if self.limit == 0 {
            return Some(ended);
        }
        // Data grows on its way: each node may hold a copy of its own.
        ended.weight = BASE_WEIGHT + ended.weight.saturating_mul(2);
        self.weight += ended.weight;
        self.entries.push_back(ended);
        let mut removed = None;
        while self.entries.len() > self.limit || self.weight > self.max_weight {
            removed = self.entries.pop_front();
            self.weight -= removed.as_ref().map_or(self.weight, |oldest| oldest.weight);
        }
        removed
    }

    pub(crate) fn get(&self, id: ExecutionId) -> Option<&Ended> {
        self.entries.iter().rev().find(|ended| ended.result.id() == id)
    }

    /// The newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Ended> {
        self.entries.iter().rev()
    }

    /// Forgets one; false when it is not there.
    pub(crate) fn remove(&mut self, id: ExecutionId) -> bool {
        let Some(index) = self.entries.iter().position(|ended| ended.result.id() == id) else { return false };
        if let Some(ended) = self.entries.remove(index) {
            self.weight -= ended.weight;
        }
        true
    }
}
