//! What the driver writes down, and when it waits for it.

use std::fmt;

use async_trait::async_trait;

use super::{ExecutionError, Outcome};
use crate::execution::{ExecutionData, RunRecord};
use crate::model::{Batch, Json, Timestamp};
use crate::node::{NodeMemory, Wait};
use crate::state::ExecutionStatus;

/// Something that is written down. The order of entries is the order in which the state machine took them in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JournalEntry {
    /// The execution began.
    Started {
        /// Index of the start node in the plan.
        node: u32,
        /// Its items.
        items: Batch,
        /// When.
        at: Timestamp,
    },
    /// A node that must not run twice is about to run.
    NodeStarted {
        /// Index of the node in the plan.
        node: u32,
        /// Number of the run.
        run: u32,
    },
    /// What a node remembers changed. Only read back: a journal takes it from the execution when the run ends.
    Remembered {
        /// Index of the node in the plan.
        node: u32,
        /// What it remembers now.
        memory: NodeMemory,
    },
    /// What all nodes share changed. Only read back: a journal takes it from the execution.
    Shared {
        /// The workflow's static data, where that changed.
        static_data: Option<Json>,
        /// The searchable data, where that changed.
        custom: Option<Json>,
    },
    /// A run ended.
    Run {
        /// Index of the node in the plan.
        node: u32,
        /// Number of the run.
        run: u32,
        /// What came of it.
        record: RunRecord,
    },
    /// A run gave nothing at all.
    Nothing {
        /// Index of the node in the plan.
        node: u32,
    },
    /// A run waits.
    Waiting {
        /// Index of the node in the plan.
        node: u32,
        /// Number of the run.
        run: u32,
        /// What is known of it so far.
        record: RunRecord,
        /// What it waits for.
        wait: Wait,
    },
    /// The wait of a node's last run is over.
    WaitOver {
        /// Index of the node in the plan.
        node: u32,
        /// What came of it.
        record: RunRecord,
    },
    /// The execution ended.
    Ended {
        /// How.
        status: ExecutionStatus,
        /// Why it failed.
        error: Option<ExecutionError>,
        /// When.
        at: Timestamp,
    },
}

/// Why the journal could not be written: the driver stops at once, and leaves the execution to whoever holds it now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another worker drives the execution now.
    #[error("another worker has taken the execution over")]
    Fenced,
    /// It was started before, under the same idempotency key.
    #[error("the execution was started before, as {0}")]
    Existing(crate::model::ExecutionId),
    /// The store cannot be reached or refuses.
    #[error("the journal could not be written: {0}")]
    Unavailable(String),
}

/// Writes down what happens in one execution.
///
/// [`append`](Self::append) only hands an entry over. [`commit`](Self::commit) returns when all entries handed over before are durable; the driver calls it
/// before a node with effects starts. [`settle`](Self::settle) is called once, before anybody hears of the end. Pure runs ride along.
///
/// A call of `commit` may be dropped at any point, when the execution is cancelled meanwhile; nothing that was handed over may be lost by that.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Hands an entry over. Does not block.
    fn append(&self, execution: &ExecutionData, entry: JournalEntry);

    /// Waits until all entries handed over so far are durable.
    ///
    /// # Errors
    /// When they are not and will not be.
    async fn commit(&self) -> Result<(), JournalError>;

    /// Makes durable what became of the execution, together with all entries handed over so far: it has ended, or it is put aside.
    ///
    /// # Errors
    /// When it is not and will not be; then nobody hears of the end.
    async fn settle(&self, outcome: &Outcome) -> Result<(), JournalError>;
}
