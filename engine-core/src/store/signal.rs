//! Requests to a running, waiting or paused execution.

use serde_json::Value;

use super::{RequestId, ResumePoint, ResumeToken, SignalId};
use crate::model::ExecutionId;

/// A request to an execution.
#[derive(Clone, Debug)]
pub struct Signal {
    /// The execution.
    pub execution: ExecutionId,
    /// Repeating a signal with the same id has no effect.
    pub request: RequestId,
    /// What is asked for.
    pub kind: SignalKind,
}

/// What can be asked of an execution.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SignalKind {
    /// End it, and the executions that it called.
    Cancel,
    /// Start no more nodes and let no timer fire until resumed.
    Pause,
    /// Go on after a pause.
    Resume,
    /// What it waits for has come.
    Wake {
        /// Which of its waits.
        token: ResumeToken,
        /// What was brought.
        payload: Value,
    },
}

/// What became of a signal. In every case it is durable when this is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignalOutcome {
    /// It took effect at once: nobody was driving the execution.
    Done,
    /// The worker that drives the execution will see it: at the latest with the answer to its next commit, thus before the next node with effects.
    Sent,
    /// A signal with the same request id came before; nothing changed.
    Repeated,
    /// The execution has ended; nothing changed.
    Ended,
    /// The execution does not wait under this token, or was resumed already; nothing changed.
    NotWaiting,
}

/// A signal that waits to be handled by the worker that drives the execution.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingSignal {
    /// Names it in [`Commit::handled`](super::Commit::handled).
    pub id: SignalId,
    /// The execution.
    pub execution: ExecutionId,
    /// The request that brought it.
    pub request: RequestId,
    /// What is asked for.
    pub kind: SignalKind,
}

/// A resume point, as [`ExecutionQuery::resume_point`](super::ExecutionQuery::resume_point) finds it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenResumePoint {
    /// The execution.
    pub execution: super::ExecutionHeader,
    /// Where it waits.
    pub point: ResumePoint,
}
