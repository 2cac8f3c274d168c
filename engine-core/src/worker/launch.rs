//! Starting executions: where they begin, under which key, and when.

use std::any::Any;
use std::sync::Arc;

use crate::driver::{ExecutionResult, Parked};
use crate::engine::{Start, StartError};
use crate::model::{ExecutionId, Timestamp};
use crate::store::{IdempotencyKey, StoreError};

use super::PinnedPlan;

/// A new execution, before it starts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Launch {
    /// The workflow, in the version to which the execution is pinned.
    pub pinned: PinnedPlan,
    /// Where it begins, with which items, and who waits for its answer.
    pub start: Start,
    /// Higher is claimed earlier, among executions of one tenant.
    pub priority: i16,
    /// Executions with the same key share one concurrency limit.
    pub concurrency_key: Option<String>,
    /// Not before this time, by the store's clock.
    pub due: Option<Timestamp>,
    /// Starting again with the same key gives the same execution.
    pub idempotency: Option<IdempotencyKey>,
    /// The execution that calls it.
    pub parent: Option<ExecutionId>,
    /// The execution that it repeats.
    pub retry_of: Option<ExecutionId>,
    /// It goes into the queue, and whoever has room takes it from there: this process has none.
    pub queued: bool,
    /// Dropped when this process does not drive the execution any more that it started: room that was taken for its items, say.
    pub held: Option<Arc<dyn Any + Send + Sync>>,
}

impl Launch {
    /// An execution that starts at once.
    pub fn new(pinned: PinnedPlan, start: Start) -> Self {
        let (priority, concurrency_key, due, idempotency) = (0, None, None, None);
        Self { pinned, start, priority, concurrency_key, due, idempotency, parent: None, retry_of: None, queued: false, held: None }
    }

    /// The same under an idempotency key.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Changes a field in place.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// What became of an execution that this process drove.
#[derive(Debug)]
pub enum Driven {
    /// It has ended, and that is recorded.
    Ended(ExecutionResult),
    /// It waits or is paused: [`Worker::ended`](super::Worker::ended) waits for its end.
    Parked(Parked),
    /// Another worker drives it, or will.
    Elsewhere(ExecutionId),
}

/// An execution that was started. It is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Started {
    /// Its id.
    pub id: ExecutionId,
    /// It was started before, under the same idempotency key.
    pub repeated: bool,
}

/// Why an execution could not be started. Nothing of it is recorded, unless the store cannot say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// It has nowhere to begin.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be reached, or has no room. Trying later makes sense.
    #[error("the execution could not be recorded: {0}")]
    Unavailable(String),
    /// The worker is ending and takes nothing new.
    #[error("the worker is ending")]
    Ending,
}
