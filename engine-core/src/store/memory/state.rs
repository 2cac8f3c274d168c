//! What the store in memory holds, and the changes to it that several calls share.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::model::{ExecutionId, Json, Timestamp, WorkflowId};
use crate::state::ExecutionStatus;
use crate::store::turn::Turns;
use crate::store::{
    ApiKey, ApiKeyId, AuditEntry, Chunk, CredentialId, Document, Ending, Epoch, ExecutionHeader, ExecutionSummary, IdempotentRequest, Keep,
    LimitScope, RequestId, ResumePoint, ScheduleId, Session, SignalId, SignalKind, StoredCredential, StoredSchedule, StoredWebhook, StoredWorkflow,
    TenantId, User, UserId, VersionNumber, WorkerId, WorkflowVersion,
};

/// Everything.
#[derive(Default)]
pub(super) struct State {
    pub(super) active: BTreeMap<ExecutionId, Active>,
    pub(super) ended: BTreeMap<ExecutionId, Ended>,
    pub(super) journals: HashMap<ExecutionId, BTreeMap<u32, Chunk>>,
    pub(super) ready: Lanes,
    pub(super) due: BTreeSet<(Timestamp, ExecutionId)>,
    pub(super) keys: HashMap<(TenantId, String), UsedKey>,
    pub(super) workers: HashMap<WorkerId, Timestamp>,
    pub(super) limits: HashMap<LimitScope, u32>,
    pub(super) turns: Turns,
    pub(super) last_turn: i64,
    pub(super) last_signal: i64,
    pub(super) workflows: BTreeMap<WorkflowId, StoredWorkflow>,
    pub(super) versions: BTreeMap<(WorkflowId, VersionNumber), WorkflowVersion>,
    pub(super) webhooks: BTreeMap<WorkflowId, Vec<StoredWebhook>>,
    pub(super) webhooks_version: u64,
    pub(super) schedules: BTreeMap<ScheduleId, StoredSchedule>,
    pub(super) static_data: HashMap<WorkflowId, Json>,
    pub(super) credentials: BTreeMap<CredentialId, StoredCredential>,
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) sessions: BTreeMap<Uuid, Session>,
    pub(super) api_keys: BTreeMap<ApiKeyId, ApiKey>,
    pub(super) audit: BTreeMap<Uuid, AuditEntry>,
    pub(super) documents: BTreeMap<(TenantId, String, String), Document>,
    pub(super) requests: HashMap<(TenantId, String), UsedRequest>,
}

/// Executions that share all their limits wait in one lane.
pub(super) type Lane = (TenantId, WorkflowId, Option<String>);

/// An execution that has not ended.
pub(super) struct Active {
    pub(super) header: ExecutionHeader,
    pub(super) priority: i16,
    pub(super) key: Option<String>,
    pub(super) standing: Standing,
    pub(super) due: Option<Timestamp>,
    pub(super) epoch: Epoch,
    pub(super) claims: u32,
    pub(super) created: Timestamp,
    pub(super) started: Option<Timestamp>,
    pub(super) requests: BTreeSet<RequestId>,
    pub(super) signals: BTreeMap<SignalId, (RequestId, SignalKind)>,
    pub(super) points: Vec<(ResumePoint, Taken)>,
}

/// Whether a resume point was used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    No,
    Yes,
}

/// Who may do what with an execution that has not ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Ready,
    Leased(WorkerId),
    Waiting,
    Paused,
}

/// An execution that has ended.
pub(super) struct Ended {
    pub(super) summary: ExecutionSummary,
    pub(super) epoch: Epoch,
}

/// An idempotency key that started an execution.
pub(super) struct UsedKey {
    pub(super) execution: ExecutionId,
    pub(super) fingerprint: [u8; 32],
    pub(super) expires: Timestamp,
}

/// A request that was begun, with its answer if it has one.
pub(super) struct UsedRequest {
    pub(super) request: IdempotentRequest,
    pub(super) answer: Option<serde_json::Value>,
}

impl Active {
    pub(super) fn status(&self) -> ExecutionStatus {
        match self.standing {
            Standing::Ready | Standing::Waiting if self.started.is_none() => ExecutionStatus::New,
            Standing::Ready | Standing::Leased(_) => ExecutionStatus::Running,
            Standing::Waiting => ExecutionStatus::Waiting,
            Standing::Paused => ExecutionStatus::Paused,
        }
    }

    pub(super) fn summary(&self) -> ExecutionSummary {
        ExecutionSummary {
            header: self.header.clone(),
            status: self.status(),
            created: self.created,
            started: self.started,
            finished: None,
            due: self.due,
            error: None,
            last_node: None,
            custom: Json::new(),
        }
    }

    pub(super) fn lane(&self) -> Lane {
        (self.header.tenant.clone(), self.header.workflow.clone(), self.key.clone())
    }

    pub(super) fn is_limited_by(&self, scope: &LimitScope) -> bool {
        match scope {
            LimitScope::Tenant(tenant) => self.header.tenant == *tenant,
            LimitScope::Workflow(workflow) => self.header.workflow == *workflow,
            LimitScope::Key(key) => self.key.as_ref() == Some(key),
        }
    }
}

impl State {
    /// Puts an execution somewhere else, and keeps the queue and the timers in step.
    pub(super) fn place(&mut self, id: ExecutionId, standing: Standing, due: Option<Timestamp>) {
        let Some(active) = self.active.get_mut(&id) else { return };
        let entry = (Reverse(active.priority), id);
        if active.standing == Standing::Ready {
            leave_lane(&mut self.ready, active.lane(), entry);
        }
        if let Some(due) = active.due.take() {
            self.due.remove(&(due, id));
        }
        active.standing = standing;
        active.due = due;
        match standing {
            Standing::Ready => drop(self.ready.entry(active.lane()).or_default().insert(entry)),
            Standing::Waiting => drop(due.map(|due| self.due.insert((due, id)))),
            Standing::Leased(_) | Standing::Paused => {}
        }
    }

    /// Ends an execution.
    pub(super) fn end(&mut self, id: ExecutionId, ending: Ending) {
        self.place(id, Standing::Paused, None);
        let Some(active) = self.active.remove(&id) else { return };
        if let Some(data) = ending.static_data {
            self.static_data.insert(active.header.workflow.clone(), data);
        }
        if ending.keep != Keep::Everything {
            self.journals.remove(&id);
        }
        if ending.keep == Keep::Nothing {
            return;
        }
        let summary = ExecutionSummary {
            status: ending.status,
            finished: Some(ending.finished),
            due: None,
            error: ending.error,
            last_node: ending.last_node,
            custom: ending.custom,
            ..active.summary()
        };
        self.ended.insert(id, Ended { summary, epoch: active.epoch });
    }

    /// Whether a worker's heartbeat still counts.
    pub(super) fn is_alive(&self, worker: WorkerId, now: Timestamp) -> bool {
        self.workers.get(&worker).is_some_and(|expires| *expires > now)
    }

    /// How many more executions of a limited scope may be leased.
    pub(super) fn headroom(&self) -> HashMap<LimitScope, u32> {
        let leased = |scope: &LimitScope| {
            let held = self.active.values().filter(|active| matches!(active.standing, Standing::Leased(_)) && active.is_limited_by(scope));
            u32::try_from(held.count()).unwrap_or(u32::MAX)
        };
        self.limits.iter().map(|(scope, limit)| (scope.clone(), limit.saturating_sub(leased(scope)))).collect()
    }
}

type Lanes = BTreeMap<Lane, BTreeSet<(Reverse<i16>, ExecutionId)>>;

fn leave_lane(lanes: &mut Lanes, lane: Lane, entry: (Reverse<i16>, ExecutionId)) {
    if let Entry::Occupied(mut waiting) = lanes.entry(lane) {
        waiting.get_mut().remove(&entry);
        if waiting.get().is_empty() {
            waiting.remove();
        }
    }
}
