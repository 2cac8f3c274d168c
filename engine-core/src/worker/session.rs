//! One execution that this worker drives, under its lease.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{Either, FutureExt, select};

use super::Worker;
use super::inbox::Inbox;
use super::journal::StoreJournal;
use super::launch::Driven;
use super::nudge::Nudge;
use crate::driver::{Driver, DriverOptions, Journal, JournalEntry, JournalError, Outcome, Parking, Signal};
use crate::execution::ExecutionData;
use crate::model::{Batch, ExecutionId};
use crate::state::ExecutionStatus;
use crate::store::Ending;

/// An execution that this worker drives.
pub(super) struct Session {
    pub(super) inbox: Arc<Inbox>,
    pub(super) journal: Arc<StoreJournal>,
    execution: Arc<ExecutionData>,
    abort: Nudge,
    over: AtomicBool,
}

/// How it begins here.
pub(super) enum Begin {
    /// Anew, at a node; nothing is recorded yet.
    Fresh(u32, Batch),
    /// From what was recorded.
    Recorded(Vec<JournalEntry>),
}

impl Session {
    pub(super) fn new(execution: Arc<ExecutionData>, journal: StoreJournal) -> Arc<Self> {
        Arc::new(Self {
            inbox: Arc::clone(&journal.inbox),
            journal: Arc::new(journal),
            execution,
            abort: Nudge::default(),
            over: AtomicBool::new(false),
        })
    }

    pub(super) fn id(&self) -> ExecutionId {
        self.execution.id()
    }

    /// Asks for the execution to be handed back: nothing starts any more; what runs goes on.
    pub(super) fn hand_back(&self) {
        self.inbox.control.send(Signal::Pause);
    }

    /// Drops what runs, and hands the execution back.
    pub(super) fn abort(&self) {
        self.abort.give();
    }

    /// Drops what runs if the execution was taken away. Gives whether it was.
    pub(super) async fn abort_if_taken(&self) -> bool {
        let taken = self.journal.is_taken().await;
        if taken {
            self.abort();
        }
        taken
    }

    /// Drives it until it ends, is put aside, or is taken away.
    pub(super) async fn drive(self: Arc<Self>, worker: Worker, begin: Begin) -> Result<Driven, JournalError> {
        let guard = Guard { worker: worker.clone(), session: Arc::clone(&self) };
        worker.enter(&self);
        let journal: Arc<dyn Journal> = Arc::<StoreJournal>::clone(&self.journal);
        let options =
            DriverOptions { control: Arc::clone(&self.inbox.control), journal: Some(journal), parking: Parking::After(worker.options().park_after) };
        let driver = Driver::new(Arc::clone(&self.execution), options);
        let driving = match begin {
            Begin::Fresh(node, items) => driver.start(node, items).boxed(),
            Begin::Recorded(entries) => driver.resume(entries).boxed(),
        };
        let outcome = match select(driving, pin!(self.abort.taken())).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), driving)) => {
                drop(driving);
                self.journal.release().await.and(Err(JournalError::Fenced))
            }
        };
        let came_to = self.outcome(outcome).await;
        self.over.store(true, Ordering::Release);
        drop(guard);
        // One that has ended makes room for others only if it came from the queue, and whoever took it from there looks again.
        if !matches!(came_to, Ok(Driven::Ended(_))) {
            worker.look_again();
        }
        came_to
    }

    async fn outcome(&self, outcome: Result<Outcome, JournalError>) -> Result<Driven, JournalError> {
        match outcome {
            Ok(Outcome::Ended(result)) => Ok(Driven::Ended(result)),
            Ok(Outcome::Parked(parked)) => Ok(Driven::Parked(parked)),
            Err(JournalError::Fenced) => Ok(Driven::Elsewhere(self.id())),
            Err(JournalError::Existing(execution)) => Ok(Driven::Elsewhere(execution)),
            Err(error) => {
                let message = format!("the execution could not be recorded: {error}");
                let ending = Ending::new(ExecutionStatus::Error, self.execution.runtime().now())
                    .with_error(serde_json::json!({ "message": message, "code": "not-recorded" }));
                self.journal.give_up(ending).await?;
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("execution", &self.id()).finish_non_exhaustive()
    }
}

/// Takes the session off the worker's list however it ends. One that was dropped midway is handed back, so that it does not lie under a living worker's lease.
struct Guard {
    worker: Worker,
    session: Arc<Session>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.worker.leave(&self.session);
        if !self.session.over.load(Ordering::Acquire) {
            let session = Arc::clone(&self.session);
            self.worker.engine().runtime().spawn(async move { drop(session.journal.release_if_written().await) }.boxed());
        }
    }
}
