//! Workflows that call workflows, through the stores: each called execution is recorded on its own, under a key, so that a caller that is run again after a
//! crash finds the execution that it started the first time.

use std::fmt;
use std::sync::Weak;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::FutureExt;

use super::{Driven, Inner, Launch, LaunchError, Worker};
use crate::driver::ExecutionResult;
use crate::engine::{MAX_DEPTH, Start};
use crate::execution::{CallWorkflow, ExecutionData, ExecutionMode, WorkflowCaller};
use crate::model::{Batch, Durability, ExecutionId};
use crate::node::NodeError;
use crate::store::TenantId;

/// Calls workflows of a worker's stores.
pub(super) struct StoredCaller {
    worker: Weak<Inner>,
}

/// How long a call is remembered under its key.
const REMEMBERED: Duration = Duration::from_hours(24 * 30);

impl StoredCaller {
    pub(super) fn new(worker: Weak<Inner>) -> Self {
        Self { worker }
    }
}

#[async_trait]
impl WorkflowCaller for StoredCaller {
    async fn call(&self, parent: &ExecutionData, call: CallWorkflow) -> Result<Vec<Batch>, NodeError> {
        let worker = Worker { inner: self.worker.upgrade().ok_or_else(|| NodeError::fatal("the engine has gone"))? };
        if parent.depth() >= MAX_DEPTH {
            return Err(NodeError::fatal(format!("workflows call each other more than {MAX_DEPTH} levels deep")).with_code("recursion"));
        }
        let tenant = worker.tenant_of(parent.id());
        let pinned = worker.called((&tenant, parent.workflow_id()), &call.workflow, parent.mode() == ExecutionMode::Manual).await?;
        let durable = worker.durability(&pinned) != Durability::Memory;
        let start = Start::new(call.items).mode(ExecutionMode::Integrated).depth(parent.depth() + 1);
        let mut launch = Launch { parent: Some(parent.id()), ..Launch::new(pinned, start) };
        if let Some(key) = call.key.filter(|_| durable) {
            launch.idempotency = Some(worker.key(&format!("call:{key}"), REMEMBERED));
        }
        if !call.wait {
            worker.start(launch).await.map_err(refused)?;
            return Ok(Vec::new());
        }
        match worker.execute(launch).boxed().await.map_err(refused)? {
            Driven::Ended(result) => outputs(result),
            Driven::Parked(parked) => worker.outcome_of(parked.result.id()).await,
            Driven::Elsewhere(execution) => worker.outcome_of(execution).await,
        }
    }
}

impl Worker {
    /// Who owns an execution that is driven here.
    fn tenant_of(&self, execution: ExecutionId) -> TenantId {
        self.session(execution).map(|session| session.journal.pinned.tenant.clone()).unwrap_or_default()
    }

    /// What came of a called execution that others drive.
    async fn outcome_of(&self, execution: ExecutionId) -> Result<Vec<Batch>, NodeError> {
        self.ended(execution).await?;
        let read = self.read(execution).await?;
        let result = read.result.ok_or_else(|| NodeError::fatal(format!("nothing was kept of the called execution {execution}")))?;
        outputs(result)
    }
}

fn outputs(result: ExecutionResult) -> Result<Vec<Batch>, NodeError> {
    match result.success() {
        Ok(result) => Ok(result.called_outputs()),
        Err(error) => Err(NodeError::new(error.message.clone()).with_details(serde_json::json!(error))),
    }
}

fn refused(error: LaunchError) -> NodeError {
    match error {
        LaunchError::Start(error) => NodeError::from(error),
        error => NodeError::new(error.to_string()),
    }
}

impl fmt::Debug for StoredCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredCaller")
    }
}
