//! Who drives an execution: workers, leases, claims, heartbeats, rescue.

use std::time::Duration;

use super::{Epoch, ExecutionHeader, WorkerId};
use crate::model::{ExecutionId, Timestamp};

/// The right to drive an execution. Every write names it; a write under an old one changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The execution.
    pub execution: ExecutionId,
    /// The worker that holds it.
    pub worker: WorkerId,
    /// The fencing number.
    pub epoch: Epoch,
}

/// Asks for executions to drive.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Who asks. It must have sent a heartbeat.
    pub worker: WorkerId,
    /// At most so many.
    pub limit: u32,
}

/// An execution that was claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// What never changes about it.
    pub header: ExecutionHeader,
    /// The lease.
    pub lease: Lease,
    /// How often it was claimed since it was last handed back in good order; 1 for the first time.
    pub claims: u32,
    /// Whether signals wait for it: [`Store::load`](super::Store::load) brings them.
    pub signalled: bool,
}

/// A worker says that it lives.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// Which worker.
    pub worker: WorkerId,
    /// Its name, for people.
    pub name: String,
    /// Without a heartbeat for so long it counts as lost.
    pub lease_time: Duration,
}

/// Answer to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The store's clock. Due times are compared with it.
    pub now: Timestamp,
    /// The worker was lost in the meantime: its executions may have been given to others. It finds out which when it writes.
    pub was_lost: bool,
}

/// Asks to take executions away from workers that are lost.
#[derive(Clone, Copy, Debug)]
pub struct Rescue {
    /// An execution that was claimed so often without being handed back is given up as crashed.
    pub max_claims: u32,
    /// At most so many.
    pub limit: u32,
}

/// What a rescue did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// These can be claimed again.
    pub released: Vec<ExecutionId>,
    /// These were given up: their state is final.
    pub given_up: Vec<ExecutionId>,
}

impl Rescued {
    /// How many executions were taken away.
    pub fn len(&self) -> usize {
        self.released.len() + self.given_up.len()
    }

    /// Whether there was nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Limits how many executions may be driven at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitScope {
    /// Those of a tenant.
    Tenant(super::TenantId),
    /// Those of a workflow.
    Workflow(crate::model::WorkflowId),
    /// Those with a concurrency key.
    Key(String),
}
