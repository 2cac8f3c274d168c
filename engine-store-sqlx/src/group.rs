//! Group commit: starts, commits and records of all executions of the process are gathered, and one transaction makes a whole group of them durable.
//!
//! There is no timer. While a group is on its way to the disk, the next one gathers; it leaves when there is room for it. A write that finds nobody on the way leaves at once.
//! Nobody is answered before the commit that holds their write has returned.

use engine_core::store::{Commit, Committed, EndedExecution, Start, StartExecution, StoreError};

/// Something to be made durable.
#[derive(Debug)]
pub(crate) enum Job {
    Start(StartExecution),
    Commit(Commit),
    Record(EndedExecution),
}

impl Job {
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Start(start) => start.records.bytes.len(),
            Self::Commit(commit) => commit.chunk.as_ref().map_or(0, |chunk| chunk.bytes.len()),
            Self::Record(ended) => ended.records.as_ref().map_or(0, |chunk| chunk.bytes.len()),
        }
    }
}

/// What became of a job.
#[derive(Debug)]
pub(crate) enum Answer {
    Started(Start),
    Committed(Committed),
    Recorded,
}

pub(crate) type Answered = Result<Answer, StoreError>;

/// At most so many jobs in one transaction.
pub(crate) const LARGEST_GROUP: usize = 1024;

/// About so many bytes in one transaction.
pub(crate) const LARGEST_SIZE: usize = 4 << 20;

pub(crate) fn lost() -> StoreError {
    StoreError::Unavailable("the writer ended before the write was made".into())
}
