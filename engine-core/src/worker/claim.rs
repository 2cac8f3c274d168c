//! Taking executions from the queue.

use std::sync::atomic::Ordering;

use futures::FutureExt;

use super::Worker;
use super::recover::Counted;
use crate::store::{Claim, Claimed, StoreError, StoredExecution};

/// At most so many are claimed in one call.
const BATCH: u32 = 64;

impl Worker {
    /// Claims as many as there is room for, and drives them in the background. Gives how many.
    pub(super) async fn claim(&self) -> Result<usize, StoreError> {
        self.introduce().await?;
        let driving = u32::try_from(self.claimed_now()).unwrap_or(u32::MAX);
        let limit = self.options().concurrency.saturating_sub(driving).min(BATCH);
        if limit == 0 {
            return Ok(0);
        }
        let claimed = self.stores().executions.claim(Claim { worker: self.id(), limit }).await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        let ids: Vec<_> = claimed.iter().map(|claimed| claimed.header.id).collect();
        let mut stored = self.load(&ids).await;
        for claimed in claimed {
            let found = stored.iter().position(|stored| stored.summary.header.id == claimed.header.id).map(|index| stored.swap_remove(index));
            self.take_over(claimed, found);
        }
        Ok(ids.len())
    }

    /// Reads executions that are leased to this worker, until the store answers.
    async fn load(&self, ids: &[crate::model::ExecutionId]) -> Vec<StoredExecution> {
        loop {
            match self.stores().executions.load(ids).await {
                Ok(stored) => return stored,
                Err(error) if error.is_transient() => self.engine().runtime().sleep(self.options().poll).await,
                Err(_) => return Vec::new(),
            }
        }
    }

    /// It counts from here on: whoever claims next, before the work has begun, must not claim beyond the limit.
    fn take_over(&self, claimed: Claimed, stored: Option<StoredExecution>) {
        let (worker, counted) = (self.clone(), Counted::new(self));
        let work = async move {
            worker.go_on(claimed, stored).await;
            drop(counted);
        };
        self.engine().runtime().spawn(work.boxed());
    }

    /// How many executions it drives that came from the queue.
    fn claimed_now(&self) -> usize {
        self.inner.claimed.load(Ordering::Acquire)
    }
}
