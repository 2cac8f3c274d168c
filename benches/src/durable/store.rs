//! The subject: the same work through the contract of stores, as the engine's worker does it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine_core::execution::ExecutionMode;
use engine_core::model::ExecutionId;
use engine_core::state::ExecutionStatus;
use engine_core::store::{
    Chunk, Commit, Ending, ExecutionHeader, Heartbeat, Lease, Start, StartExecution, Store, TenantId, Then, VersionNumber, WorkerId,
};
use uuid::Uuid;

use super::load::Path;
use super::{Failure, RECORD, STEPS};

/// Executions that are started for this worker, and committed to step by step.
pub(crate) struct Driven {
    store: Arc<dyn Store>,
    worker: WorkerId,
}

impl Driven {
    /// With a worker of its own.
    pub(crate) async fn new(store: Arc<dyn Store>) -> Result<Self, Failure> {
        let worker = WorkerId::new(Uuid::now_v7());
        store.heartbeat(Heartbeat { worker, name: "bench".to_owned(), lease_time: Duration::from_hours(24) }).await?;
        Ok(Self { store, worker })
    }

    async fn commit(&self, lease: Lease, seq: u32, then: Then) -> Result<(), Failure> {
        let chunk = Chunk { seq, bytes: Bytes::from_static(&RECORD), blobs: Vec::new() };
        let commit = Commit::only(lease, then);
        self.store.commit(if seq > STEPS { commit } else { commit.with_chunk(chunk) }).await?;
        Ok(())
    }
}

#[async_trait]
impl Path for Driven {
    async fn workflow(&self) -> Result<(), Failure> {
        let header = ExecutionHeader {
            id: ExecutionId::new(Uuid::now_v7()),
            tenant: TenantId::default(),
            workflow: "bench".into(),
            version: VersionNumber(1),
            mode: ExecutionMode::Trigger,
            parent: None,
            retry_of: None,
        };
        let start = StartExecution::new(header, Bytes::from_static(&RECORD)).claimed_by(self.worker);
        let Start::Created { lease: Some(lease) } = self.store.start(start).await? else { return Err("no lease was given".into()) };
        for seq in 1..=STEPS {
            self.commit(lease, seq, Then::Continue).await?;
        }
        let ending = Ending::new(ExecutionStatus::Success, engine_core::model::Timestamp::from_micros(1));
        self.commit(lease, STEPS + 1, Then::Finish(Box::new(ending))).await
    }
}
