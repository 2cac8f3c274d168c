//! Starting executions.

use bytes::Bytes;

use super::{Chunk, Ending, Lease, TenantId, VersionNumber, WorkerId};
use crate::execution::ExecutionMode;
use crate::model::{ExecutionId, Timestamp, WorkflowId};

/// What never changes about an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionHeader {
    /// Its id: a `UUIDv7`.
    pub id: ExecutionId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version of the workflow to which it is pinned.
    pub version: VersionNumber,
    /// How it was started.
    pub mode: ExecutionMode,
    /// The execution that called it.
    pub parent: Option<ExecutionId>,
    /// The execution that it repeats.
    pub retry_of: Option<ExecutionId>,
}

/// A new execution. [`StartExecution::new`] gives one that starts at once; the methods change that.
#[derive(Clone, Debug)]
pub struct StartExecution {
    /// What never changes.
    pub header: ExecutionHeader,
    /// The first records of its journal; chunk 0.
    pub records: Chunk,
    /// Higher is claimed earlier, among executions of one tenant.
    pub priority: i16,
    /// Executions with the same key share one concurrency limit.
    pub concurrency_key: Option<String>,
    /// Not before this time, by the store's clock.
    pub due: Option<Timestamp>,
    /// Starting again with the same key gives the same execution.
    pub idempotency: Option<IdempotencyKey>,
    /// The worker that drives it at once, if no limit stands in the way.
    pub claim_for: Option<WorkerId>,
}

/// A key under which a request has one effect, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// The key; unique within its tenant.
    pub key: String,
    /// Digest of the request: the same key with another digest is a conflict.
    pub fingerprint: [u8; 32],
    /// Until when the key is remembered at least, by the store's clock.
    pub expires: Timestamp,
}

impl StartExecution {
    /// An execution that any worker may claim at once.
    pub fn new(header: ExecutionHeader, records: Bytes) -> Self {
        Self {
            header,
            records: Chunk { seq: 0, bytes: records, blobs: Vec::new() },
            priority: 0,
            concurrency_key: None,
            due: None,
            idempotency: None,
            claim_for: None,
        }
    }

    /// The same, driven by this worker from the start where that is possible.
    #[must_use]
    pub fn claimed_by(mut self, worker: WorkerId) -> Self {
        self.claim_for = Some(worker);
        self
    }

    /// The same under an idempotency key.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// The same, not before `due`.
    #[must_use]
    pub fn not_before(mut self, due: Timestamp) -> Self {
        self.due = Some(due);
        self
    }
}

/// What became of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The execution is recorded; the starting worker holds the lease, if it asked for it and got it.
    Created {
        /// The lease, for a direct start.
        lease: Option<Lease>,
    },
    /// The idempotency key was used before, with the same fingerprint.
    Existing {
        /// The execution that was started then.
        execution: ExecutionId,
    },
}

/// An execution that ran without being stored and is stored now that it has ended.
#[derive(Clone, Debug)]
pub struct EndedExecution {
    /// What never changes.
    pub header: ExecutionHeader,
    /// Its journal, where that is kept.
    pub records: Option<Chunk>,
    /// When it began.
    pub started: Timestamp,
    /// How it ended.
    pub ending: Ending,
}
