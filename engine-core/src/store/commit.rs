//! What the holder of a lease writes.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Lease, ResumeToken, SignalId};
use crate::model::{BlobId, ExecutionId, Json, NodeId, Timestamp};
use crate::state::ExecutionStatus;

/// Records of a journal, encoded by [`record::encode`](super::record::encode): the unit in which a journal grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its place in the journal: the first chunk has 0, each next one more.
    pub seq: u32,
    /// The encoded records.
    pub bytes: Bytes,
    /// Blobs that the records name. They are kept as long as the execution is. Not read back: the records name them.
    pub blobs: Vec<BlobId>,
}

/// Everything that one step of the driver makes durable, as one atomic write.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The lease under which it is written.
    pub lease: Lease,
    /// Records to append.
    pub chunk: Option<Chunk>,
    /// Signals that the records account for.
    pub handled: Vec<SignalId>,
    /// Places where the execution can be resumed from outside, from now on.
    pub opened: Vec<ResumePoint>,
    /// Places where it cannot be resumed any more.
    pub closed: Vec<ResumeToken>,
    /// What becomes of the execution.
    pub then: Then,
}

impl Commit {
    /// Appends records and goes on.
    pub fn append(lease: Lease, chunk: Chunk) -> Self {
        Self { chunk: Some(chunk), ..Self::only(lease, Then::Continue) }
    }

    /// Changes what becomes of the execution, without records.
    pub fn only(lease: Lease, then: Then) -> Self {
        Self { lease, chunk: None, handled: Vec::new(), opened: Vec::new(), closed: Vec::new(), then }
    }

    /// The same with records.
    #[must_use]
    pub fn with_chunk(mut self, chunk: Chunk) -> Self {
        self.chunk = Some(chunk);
        self
    }
}

/// What becomes of an execution after a commit. All but [`Then::Continue`] end the lease.
#[derive(Clone, Debug)]
pub enum Then {
    /// It goes on under the same lease.
    Continue,
    /// It has ended.
    Finish(Box<Ending>),
    /// It waits: until `due`, by the store's clock, or until a signal comes. If one is there that was not handled, it can be claimed at once instead.
    Wait {
        /// When it can be claimed again; never without a signal, if absent.
        due: Option<Timestamp>,
    },
    /// It is paused: only [`SignalKind::Resume`](super::SignalKind::Resume) and [`SignalKind::Cancel`](super::SignalKind::Cancel) move it.
    Pause,
    /// It is handed back: any worker may claim it at once, and this claim is not counted.
    Release,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// Its final status.
    pub status: ExecutionStatus,
    /// Why it failed.
    pub error: Option<Value>,
    /// The node that ran last.
    pub last_node: Option<NodeId>,
    /// Searchable data that nodes set.
    pub custom: Json,
    /// The workflow's static data, where the execution changed it: stored together with the end.
    pub static_data: Option<Json>,
    /// What is kept of it.
    pub keep: Keep,
    /// When it ended.
    pub finished: Timestamp,
}

impl Ending {
    /// Ended at this time, all of it kept.
    pub fn new(status: ExecutionStatus, finished: Timestamp) -> Self {
        Self { status, error: None, last_node: None, custom: Json::new(), static_data: None, keep: Keep::Everything, finished }
    }

    /// Given up, because the workers that drove it died: stores end executions so by themselves.
    pub fn given_up(claims: u32, at: Timestamp) -> Self {
        let message = format!("given up: {claims} workers were lost while they drove this execution");
        Self::new(ExecutionStatus::Crashed, at).with_error(json!({ "message": message, "code": "worker-lost", "claims": claims }))
    }

    /// Set aside, because what is stored of it cannot be read: stores and workers end executions so.
    pub fn unreadable(reason: &str, at: Timestamp) -> Self {
        let message = format!("set aside: what is stored of this execution cannot be read: {reason}");
        Self::new(ExecutionStatus::Crashed, at).with_error(json!({ "message": message, "code": "unreadable" }))
    }

    /// The same with an error.
    #[must_use]
    pub fn with_error(mut self, error: Value) -> Self {
        self.error = Some(error);
        self
    }
}

/// What is kept of an execution that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Its journal and its final state.
    #[default]
    Everything,
    /// Its final state.
    FinalState,
    /// Nothing.
    Nothing,
}

/// A place where an execution can be resumed from outside, once.
#[derive(Clone, Debug, PartialEq)]
pub struct ResumePoint {
    /// Names it within the execution.
    pub token: ResumeToken,
    /// The node that waits.
    pub node: NodeId,
    /// Number of the run that waits.
    pub run: u32,
    /// What the HTTP side needs to know: methods, authentication, response.
    pub options: Value,
}

/// Answer to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The execution.
    pub execution: ExecutionId,
    /// Whether signals are there that no commit has handled yet. Whoever drives the execution must look at them before it starts another node.
    pub signalled: bool,
}
