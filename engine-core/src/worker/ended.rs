//! Waiting for the end of an execution, wherever it is driven, and reading what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{FutureExt, select};

use super::decode::decode;
use super::plans::PlanError;
use super::{Worker, lock};
use crate::driver::{Driver, DriverOptions, ExecutionResult};
use crate::model::{ExecutionId, Json, NodeId};
use crate::node::Wait;
use crate::store::record::RecordError;
use crate::store::{ExecutionSummary, StoreError};

/// An execution as it is stored, and what came of its nodes so far.
#[derive(Debug)]
#[non_exhaustive]
pub struct StoredResult {
    /// What is listed of it.
    pub summary: ExecutionSummary,
    /// What came of its nodes; `None` where less was kept.
    pub result: Option<ExecutionResult>,
    /// The nodes that wait, as far as that was recorded, and what for. Whether one was called meanwhile, the store's resume points tell.
    pub waits: Vec<(NodeId, Wait)>,
}

/// Why a stored execution cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store has none, or cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its journal cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its workflow cannot be read.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// The longest time between two looks at an execution that is driven elsewhere.
const SELDOM: Duration = Duration::from_secs(2);

/// From so many executions that are watched on, those are looked for that nobody watches any more.
const MANY: usize = 256;

impl Worker {
    /// Waits until an execution has ended.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, or nothing of it was kept.
    pub async fn ended(&self, execution: ExecutionId) -> Result<ExecutionSummary, StoreError> {
        let mut pause = Duration::from_millis(50);
        loop {
            let told = self.watch(execution);
            match self.summary(execution).await {
                Ok(summary) if summary.status.is_final() => return Ok(summary),
                Ok(_) => {}
                Err(error) if error.is_transient() => {}
                Err(error) => return Err(error),
            }
            select(told, self.engine().runtime().sleep(pause)).await;
            pause = (pause * 2).min(SELDOM);
        }
    }

    async fn summary(&self, execution: ExecutionId) -> Result<ExecutionSummary, StoreError> {
        let found = self.stores().executions.load(&[execution]).await?.pop();
        found.map(|stored| stored.summary).ok_or_else(|| StoreError::not_found("execution", execution.to_string()))
    }

    /// Reads what came of an execution so far, from its journal. Runs nothing.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn read(&self, execution: ExecutionId) -> Result<StoredResult, ReadError> {
        let found = self.stores().executions.load(&[execution]).await?.pop();
        let stored = found.ok_or_else(|| StoreError::not_found("execution", execution.to_string()))?;
        if stored.journal.is_empty() {
            return Ok(StoredResult { summary: stored.summary, result: None, waits: Vec::new() });
        }
        let records = self.records(&stored).await?;
        let plan = self.plan_of(&stored.summary.header, &records).await?;
        let journaled = decode(&plan, records)?;
        let data = Arc::new(self.execution_of(&stored.summary.header, &plan, &journaled, Json::new()));
        let result = Driver::new(data, DriverOptions::default()).look(journaled.entries, stored.summary.status);
        Ok(StoredResult { summary: stored.summary, result: Some(result), waits: journaled.waits })
    }

    /// Completes when there is reason to look at an execution again: it was put aside or woken by this process.
    pub fn watch(&self, execution: ExecutionId) -> futures::future::BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        let mut watchers = lock(&self.inner.watchers);
        if watchers.len() >= MANY && watchers.len().is_power_of_two() {
            watchers.retain(|_, watching| watching.iter().any(|watcher| !watcher.is_canceled()));
        }
        let watching = watchers.entry(execution).or_default();
        watching.retain(|watcher| !watcher.is_canceled());
        watching.push(sender);
        receiver.map(drop).boxed()
    }

    /// Tells whoever waits for an execution to look.
    pub(super) fn tell(&self, execution: ExecutionId) {
        // Dropping the senders completes what waits for them.
        drop(lock(&self.inner.watchers).remove(&execution));
    }

    pub(super) fn tell_all(&self) {
        drop(std::mem::take(&mut *lock(&self.inner.watchers)));
    }
}
