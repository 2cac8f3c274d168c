//! Schedules of active workflows, and the slots at which they fired.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Start, StartExecution, StoreError, TenantId, VersionNumber};
use crate::model::{NodeId, Timestamp, WorkflowId};
use crate::node::ScheduleSpec;

/// Names a schedule: the workflow, the node, and which of the node's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScheduleId {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The trigger node.
    pub node: NodeId,
    /// Index of the rule within the node.
    pub rule: u32,
}

/// A schedule of an active workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSchedule {
    /// Its name.
    pub id: ScheduleId,
    /// Who owns the workflow.
    pub tenant: TenantId,
    /// The version that it starts.
    pub version: VersionNumber,
    /// When it fires.
    pub spec: ScheduleSpec,
    /// IANA time zone in which it is read.
    pub time_zone: String,
    /// The next slot.
    pub next: Option<Timestamp>,
    /// The last slot at which it fired or that was passed over.
    pub last: Option<Timestamp>,
}

/// What is to happen at a slot of a schedule.
#[derive(Clone, Debug)]
pub struct Fired {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The slot.
    pub slot: Timestamp,
    /// The slot after it.
    pub next: Option<Timestamp>,
    /// The execution to start; none to pass the slot over.
    pub start: Option<StartExecution>,
}

/// Gives the schedules of active workflows, and passes their slots. They are written when a workflow is activated
/// ([`activate_workflow`](super::WorkflowStore::activate_workflow)).
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// Schedules whose next slot has come, at most `limit`, the longest due first.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn due_schedules(&self, limit: u32) -> Result<Vec<StoredSchedule>, StoreError>;

    /// All schedules of a workflow, or of all workflows.
    ///
    /// # Errors
    /// When the store cannot read.
    async fn schedules(&self, workflow: Option<&WorkflowId>) -> Result<Vec<StoredSchedule>, StoreError>;

    /// Passes a slot and starts its execution, as one write. A slot that is not later than the schedule's last one has been passed before: nothing happens, and
    /// the answer is `None`. So each slot fires at most once, however many processes try.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn fire(&self, fired: Fired) -> Result<Option<Start>, StoreError>;
}
