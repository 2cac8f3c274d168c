//! Where executions, workflows and all that belongs to them are kept: the contracts, and a store in memory.
//!
//! [`Store`] is what the worker drives executions on: as few methods as its promises allow. What else is stored has traits of its own, each
//! small enough to be implemented on its own: [`WorkflowStore`], [`ExecutionQuery`], [`CredentialStore`], and so on. [`Stores`] bundles them.
//! [`record`] is the wire format of journals; a store does not look into it.
//!
//! A back end is done when `engine_core::testing::store` (feature `testing`) passes on it.

mod account;
mod bundle;
mod commit;
mod credential;
mod document;
mod error;
mod id;
mod lease;
pub mod memory;
mod query;
pub mod record;
mod schedule;
mod signal;
mod start;
pub mod turn;
mod upkeep;
mod webhook;
mod workflow;

pub use account::{AccountStore, ApiKey, ApiKeyId, AuditEntry, AuditStore, LoginResult, NewUser, Session, User, UserChange, UserId};
pub use bundle::Stores;
pub use commit::{Chunk, Commit, Committed, Ending, Keep, ResumePoint, Then};
pub use credential::{CredentialId, CredentialStore, SealedSecret, StoredCredential};
pub use document::{Document, DocumentStore, IdempotentRequest, RequestState, RequestStore, StaticDataStore};
pub use error::{BackendError, StoreError};
pub use id::{Epoch, RequestId, ResumeToken, SignalId, TenantId, VersionNumber, WorkerId};
pub use lease::{Beat, Claim, Claimed, Heartbeat, Lease, LimitScope, Rescue, Rescued};
pub use memory::MemoryStore;
pub use query::{ExecutionFilter, ExecutionQuery, ExecutionSummary, Page, PageRequest, Retention, StatusCounts};
pub use schedule::{Fired, ScheduleId, ScheduleStore, StoredSchedule};
pub use signal::{OpenResumePoint, PendingSignal, Signal, SignalKind, SignalOutcome};
pub use start::{EndedExecution, ExecutionHeader, IdempotencyKey, Start, StartExecution};
pub use upkeep::{Upkeep, UpkeepDone, UpkeepStore};
pub use webhook::{StoredWebhook, WebhookStore};
pub use workflow::{ActivateWorkflow, SaveWorkflow, StoredWorkflow, WorkflowFilter, WorkflowStore, WorkflowVersion};

use std::fmt;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};

use crate::model::{ExecutionId, Timestamp};

/// Keeps executions: their journals, and who may drive them.
///
/// Promises that hold for every method:
///
/// - **Atomic.** A call that writes does so as a whole or not at all, and has done so durably when it returns `Ok`.
/// - **Cancellation.** When the future of a call is dropped, the call took place or did not; nothing in between. [`StoreError::Unavailable`] means the same.
/// - **Repeatable.** A call whose outcome is not known may be made again, unchanged: it has one effect.
/// - **Order.** Calls about one execution that follow each other, each awaited before the next, take effect in that order.
/// - **One clock.** Times are compared with the store's own clock ([`Beat::now`]), never with the caller's.
///
/// An execution is *ready* (any worker may claim it), *leased* (one worker drives it), *waiting*, *paused*, or *ended*. Only ready ones are claimed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store",
    label = "a store is needed here",
    note = "use `engine_core::store::MemoryStore`, or one of engine-store-sqlx"
)]
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Records a new execution and the first chunk of its journal.
    ///
    /// With an idempotency key that was used before by the same tenant, nothing is written and the execution of then is returned. Two starts with one key at
    /// the same time give one execution. An execution with the same id counts as the same start, repeated.
    /// A direct start (`claim_for`) is leased to that worker with the first epoch, unless it is due later or one of its limits is set: then it is ready, or waits.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key came with another fingerprint.
    async fn start(&self, start: StartExecution) -> Result<Start, StoreError>;

    /// Records an execution that has ended already, with its journal. Recording it again changes nothing.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn record(&self, execution: EndedExecution) -> Result<(), StoreError>;

    /// Leases ready executions to a worker, each under a higher epoch than any before.
    ///
    /// No two claims get the same execution. Limits are never exceeded, whatever happens at the same time. Tenants take turns; within a tenant the higher priority
    /// goes first, then the older. An execution whose row cannot be read is set aside as crashed and does not hinder the others.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the worker has sent no heartbeat or is lost.
    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError>;

    /// Writes under a lease.
    ///
    /// Chunks of one execution are appended in the order of their numbers; a chunk that is there already under this lease is not written again. The answer says
    /// whether signals wait; it is as fresh as the write itself, so a signal that was acknowledged before this call began is never missed.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is no longer held; nothing is written then.
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError>;

    /// Reads executions with their journals and the signals that wait for them, in the order of the ids. Those that are not there are left out.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn load(&self, executions: &[ExecutionId]) -> Result<Vec<StoredExecution>, StoreError>;

    /// Takes a request to an execution.
    ///
    /// An execution that nobody drives is changed at once: cancelled (with all its descendants, those that are driven by a signal of their own), paused, resumed or made
    /// ready. One that is driven gets the signal through its worker. A paused execution keeps what wakes it until it is resumed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was such an execution, or nothing of it was kept.
    async fn signal(&self, signal: Signal) -> Result<SignalOutcome, StoreError>;

    /// The signals that wait for executions which this worker drives, in order.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn signals(&self, worker: WorkerId) -> Result<Vec<PendingSignal>, StoreError>;

    /// Says that a worker lives, and for how long that counts. The first one makes it known.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn heartbeat(&self, beat: Heartbeat) -> Result<Beat, StoreError>;

    /// Forgets a worker that has ended in good order. Executions that it still holds are handed back as by [`Then::Release`].
    ///
    /// # Errors
    /// When the store cannot write.
    async fn leave(&self, worker: WorkerId) -> Result<(), StoreError>;

    /// Forgets how often an execution was claimed: it has got on under this lease, so it is not what its workers die of ([`Rescue::max_claims`]).
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the lease is not held any more.
    async fn forget_claims(&self, lease: Lease) -> Result<(), StoreError>;

    /// Makes waiting executions ready whose time has come, at most `limit`, the longest due first. Gives how many.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn wake_due(&self, limit: u32) -> Result<u32, StoreError>;

    /// When the next waiting execution is due.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Takes executions away from lost workers: raises their epoch and makes them ready, or gives them up as crashed.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn rescue(&self, rescue: Rescue) -> Result<Rescued, StoreError>;

    /// Sets how many executions of a scope may be leased at the same time; `None` lifts the limit. Leases that exist stay.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn set_limit(&self, scope: LimitScope, limit: Option<u32>) -> Result<(), StoreError>;

    /// Tells when looking again may be worth it. Only ever a hint: it may miss anything and repeat anything, so whoever uses it also polls.
    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        stream::pending().boxed()
    }
}

/// A hint that something may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wakeup {
    /// There may be something to claim.
    Ready,
    /// There may be signals for driven executions.
    Signalled,
    /// Executions may have ended.
    Ended,
}

/// An execution as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredExecution {
    /// What is listed of it.
    pub summary: ExecutionSummary,
    /// Its journal, in order.
    pub journal: Vec<Chunk>,
    /// Signals that wait for it, in order.
    pub signals: Vec<PendingSignal>,
}
