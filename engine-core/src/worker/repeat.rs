//! Repeating executions that have ended: from the node that failed, or from any node.
//!
//! The new execution begins with the journal of the old one, without what is to happen again: nothing that is kept is run twice.

use std::collections::{BTreeSet, HashMap};

use super::Worker;
use super::ended::ReadError;
use super::launch::Started;
use crate::execution::{ExecutionMode, RunStatus};
use crate::model::{ExecutionId, ExecutionOrder, NodeId};
use crate::plan::Plan;
use crate::runtime::new_execution_id;
use crate::store::record::{self, Record, RecordError};
use crate::store::{ExecutionHeader, IdempotencyKey, Start, StartExecution, StoreError};

/// Why an execution cannot be repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepeatError {
    /// It cannot be read, or the new one cannot be recorded.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It has not ended.
    #[error("execution {0} has not ended: it can be cancelled, not repeated")]
    NotEnded(ExecutionId),
    /// It succeeded: there is nothing to retry.
    #[error("execution {0} succeeded: run it again from a node instead")]
    Succeeded(ExecutionId),
    /// Its journal was not kept.
    #[error("what the nodes of execution {0} gave was not kept")]
    NotKept(ExecutionId),
    /// The workflow has no such node.
    #[error("the workflow of execution {execution} has no node {node:?}")]
    UnknownNode {
        /// The execution.
        execution: ExecutionId,
        /// The node.
        node: String,
    },
}

impl From<StoreError> for RepeatError {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}

impl From<RecordError> for RepeatError {
    fn from(error: RecordError) -> Self {
        Self::Read(error.into())
    }
}

/// An ended execution, as far as a new one takes it over.
struct Old {
    header: ExecutionHeader,
    records: Vec<Record>,
}

impl Worker {
    /// Retries an execution that did not succeed: from where it failed, with the same data.
    ///
    /// # Errors
    /// When it has not ended, has succeeded, or cannot be read.
    pub async fn retry(&self, execution: ExecutionId, key: Option<IdempotencyKey>) -> Result<Started, RepeatError> {
        let (mut old, succeeded) = self.old(execution).await?;
        if succeeded {
            return Err(RepeatError::Succeeded(execution));
        }
        let failed = |record: &Record| matches!(record, Record::NodeRun(run) if run.status == RunStatus::Error && run.outputs.is_empty());
        if let Some(index) = old.records.iter().rposition(failed) {
            old.records.remove(index);
        }
        self.start_from(old, key).await
    }

    /// Runs an ended execution again from a node on, named by its name: everything that does not follow from the node is taken over.
    ///
    /// # Errors
    /// When it has not ended, cannot be read, or has no such node.
    pub async fn run_again(&self, execution: ExecutionId, node: &str, key: Option<IdempotencyKey>) -> Result<Started, RepeatError> {
        let (mut old, _) = self.old(execution).await?;
        let plan = self.plan_of(&old.header, &old.records).await.map_err(ReadError::from)?;
        let unknown = || RepeatError::UnknownNode { execution, node: node.to_owned() };
        let from = plan.find(node).ok_or_else(unknown)?;
        let anew = if plan.order() == ExecutionOrder::Parallel {
            following(&plan, from)
        } else {
            // One node at a time: whatever ran later may depend on it.
            let id = &plan.node(from).spec.id;
            let first = old.records.iter().position(|record| record_of(record) == Some(id)).unwrap_or(old.records.len());
            old.records.truncate(first.max(1));
            BTreeSet::new()
        };
        old.records.retain(|record| record_of(record).is_none_or(|node| !anew.contains(node)));
        self.start_from(old, key).await
    }

    async fn old(&self, execution: ExecutionId) -> Result<(Old, bool), RepeatError> {
        let found = self.stores().executions.load(&[execution]).await?.pop();
        let stored = found.ok_or_else(|| StoreError::not_found("execution", execution.to_string()))?;
        if !stored.summary.status.is_final() {
            return Err(RepeatError::NotEnded(execution));
        }
        let mut records = Vec::new();
        for chunk in &stored.journal {
            records.append(&mut record::decode(&chunk.bytes)?);
        }
        if records.is_empty() {
            return Err(RepeatError::NotKept(execution));
        }
        records.retain(|record| !matches!(record, Record::Finished(_) | Record::Signalled(_)));
        let succeeded = stored.summary.status == crate::state::ExecutionStatus::Success;
        Ok((Old { header: stored.summary.header, records }, succeeded))
    }

    async fn start_from(&self, old: Old, key: Option<IdempotencyKey>) -> Result<Started, RepeatError> {
        let Old { header, mut records } = old;
        let runtime = self.engine().runtime();
        if let Some(Record::Started(started)) = records.first_mut() {
            started.at = runtime.now();
        }
        let id = new_execution_id(&**runtime);
        let mode = if header.mode == ExecutionMode::Manual { header.mode } else { ExecutionMode::Retry };
        let encoded = record::encode(&records)?;
        let new = ExecutionHeader { id, mode, retry_of: Some(header.id), parent: None, ..header };
        let start = StartExecution { records: encoded.at(0), idempotency: key, ..StartExecution::new(new, bytes::Bytes::new()) };
        let started = match self.stores().executions.start(start).await? {
            Start::Created { .. } => Started { id, repeated: false },
            Start::Existing { execution } => Started { id: execution, repeated: true },
        };
        self.inner.nudges.claims.give();
        Ok(started)
    }
}

/// The node that a record is about.
fn record_of(record: &Record) -> Option<&NodeId> {
    match record {
        Record::NodeStarted(begun) => Some(&begun.node),
        Record::NodeRun(run) => Some(&run.node),
        Record::Nothing(nothing) => Some(&nothing.node),
        Record::Waiting(waiting) => Some(&waiting.run.node),
        Record::WaitOver(over) => Some(&over.node),
        Record::Started(_) | Record::Shared(_) | Record::Signalled(_) | Record::Finished(_) => None,
    }
}

/// A node and all that can be reached from it.
fn following(plan: &Plan, from: u32) -> BTreeSet<NodeId> {
    let mut seen: HashMap<u32, NodeId> = HashMap::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        let plan_node = plan.node(node);
        if seen.insert(node, plan_node.spec.id.clone()).is_none() {
            open.extend(plan.edges().outgoing(node).iter().map(|target| target.node));
        }
    }
    seen.into_values().collect()
}
