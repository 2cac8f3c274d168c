//! [`Store`]: each method finds its way to the statements that carry it out.

use async_trait::async_trait;
use engine_core::model::{ExecutionId, Timestamp};
use engine_core::store::{
    Beat, Claim, Claimed, Commit, Committed, EndedExecution, Ending, Heartbeat, Keep, Lease, LimitScope, PendingSignal, Rescue, Rescued, Signal,
    SignalOutcome, Start, StartExecution, Store, StoreError, StoredExecution, Then, Wakeup, WorkerId,
};
use futures::stream::BoxStream;

use super::SqlStore;
use crate::group::{Answer, Job};

const MIXED_UP: StoreError = StoreError::Invalid("a write was answered as one of another kind");

#[async_trait]
impl Store for SqlStore {
    async fn start(&self, start: StartExecution) -> Result<Start, StoreError> {
        let plain = start.idempotency.is_none() && start.records.blobs.is_empty();
        let started = if plain {
            let Answer::Started(started) = self.submit(Job::Start(start)).await? else { return Err(MIXED_UP) };
            started
        } else {
            Box::pin(self.patiently(|| self.start_one(&start))).await?
        };
        if matches!(started, Start::Created { lease: None }) {
            self.tell(Wakeup::Ready);
        }
        Ok(started)
    }

    async fn record(&self, execution: EndedExecution) -> Result<(), StoreError> {
        let no_blobs = execution.records.as_ref().is_none_or(|chunk| chunk.blobs.is_empty());
        if no_blobs && is_plain_end(&execution.ending) {
            self.submit(Job::Record(execution)).await?;
        } else {
            Box::pin(self.patiently(|| self.record_one(&execution))).await?;
        }
        self.tell(Wakeup::Ended);
        Ok(())
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        self.claim_executions(claim).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let wakeup = match commit.then {
            Then::Continue | Then::Pause => None,
            Then::Finish(_) => Some(Wakeup::Ended),
            Then::Wait { .. } | Then::Release => Some(Wakeup::Ready),
        };
        let committed = if is_plain(&commit) {
            let Answer::Committed(committed) = self.submit(Job::Commit(commit)).await? else { return Err(MIXED_UP) };
            committed
        } else {
            Box::pin(self.patiently(|| self.commit_one(&commit))).await?
        };
        if let Some(wakeup) = wakeup {
            self.tell(wakeup);
        }
        Ok(committed)
    }

    async fn load(&self, executions: &[ExecutionId]) -> Result<Vec<StoredExecution>, StoreError> {
        self.load_executions(executions).await
    }

    async fn signal(&self, signal: Signal) -> Result<SignalOutcome, StoreError> {
        let outcome = self.send_signal(&signal).await?;
        match outcome {
            SignalOutcome::Done => self.tell(Wakeup::Ready),
            SignalOutcome::Sent => self.tell(Wakeup::Signalled),
            _ => {}
        }
        Ok(outcome)
    }

    async fn signals(&self, worker: WorkerId) -> Result<Vec<PendingSignal>, StoreError> {
        self.pending_signals(worker).await
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Beat, StoreError> {
        self.beat(beat).await
    }

    async fn leave(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.leave_fleet(worker).await?;
        self.tell(Wakeup::Ready);
        Ok(())
    }

    async fn forget_claims(&self, lease: Lease) -> Result<(), StoreError> {
        self.patiently(|| self.forget_claims_of(lease)).await
    }

    async fn wake_due(&self, limit: u32) -> Result<u32, StoreError> {
        let woken = self.wake(limit).await?;
        if woken > 0 {
            self.tell(Wakeup::Ready);
        }
        Ok(woken)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.next_due_time().await
    }

    async fn rescue(&self, rescue: Rescue) -> Result<Rescued, StoreError> {
        let rescued = self.rescue_lost(rescue).await?;
        if !rescued.is_empty() {
            self.tell(Wakeup::Ready);
        }
        Ok(rescued)
    }

    async fn set_limit(&self, scope: LimitScope, limit: Option<u32>) -> Result<(), StoreError> {
        self.limit(&scope, limit).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.listen()
    }
}

/// Whether a commit carries nothing but records and what becomes of the execution: then it can be gathered with others.
fn is_plain(commit: &Commit) -> bool {
    let only_end = match &commit.then {
        Then::Finish(ending) => is_plain_end(ending),
        _ => true,
    };
    let no_blobs = commit.chunk.as_ref().is_none_or(|chunk| chunk.blobs.is_empty());
    only_end && no_blobs && commit.handled.is_empty() && commit.opened.is_empty() && commit.closed.is_empty()
}

/// Whether an end changes nothing but the execution, of which everything is kept.
fn is_plain_end(ending: &Ending) -> bool {
    ending.custom.is_empty() && ending.static_data.is_none() && ending.keep == Keep::Everything
}
