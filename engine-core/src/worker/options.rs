//! How a worker behaves. Every field has a default that suits a small machine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::ExecutionId;
use crate::model::{Durability, WorkflowId};
use crate::store::{Retention, StoredWorkflow};

/// Makes the address under which an execution is resumed from outside.
pub type ResumeUrl = Arc<dyn Fn(ExecutionId) -> String + Send + Sync>;

/// Is told of a workflow that was deactivated.
pub type OnDeactivate = Arc<dyn Fn(&WorkflowId) + Send + Sync>;

/// Is told that the store took this worker for lost, and how many executions it stopped driving because others were given them.
pub type OnLost = Arc<dyn Fn(usize) + Send + Sync>;

/// Says whether a workflow may start another one of the store. The first one is the caller; none where it is in no store.
pub type MayCall = Arc<dyn Fn(Option<&StoredWorkflow>, &StoredWorkflow) -> bool + Send + Sync>;

/// How a worker behaves.
#[derive(Clone)]
#[non_exhaustive]
pub struct WorkerOptions {
    /// Its name, for people.
    pub name: String,
    /// How many executions it claims from the queue at the same time. Executions that are started by this process do not count.
    pub concurrency: u32,
    /// Without a heartbeat for so long it counts as lost, and others take over its executions. It beats three times as often.
    pub lease_time: Duration,
    /// How often it looks by itself for work, signals and timers; hints of the store only make it look earlier.
    pub poll: Duration,
    /// A wait that is longer than this is put aside: it costs a row, and no memory.
    pub park_after: Duration,
    /// An execution whose workers died so often in a row is given up as crashed.
    pub max_claims: u32,
    /// How long a start may wait for a store that cannot be reached.
    pub start_patience: Duration,
    /// What is stored of executions of workflows that do not say it themselves.
    pub durability: Durability,
    /// Which ended executions are removed, and how often it is looked; none where nothing is said.
    pub retention: Option<Retain>,
    /// After so many failures in a row a workflow is deactivated; never where nothing is said.
    pub deactivate_after: Option<u32>,
    /// How often the store is tidied up.
    pub upkeep: Duration,
    /// The address under which executions are resumed that this worker takes over.
    pub resume_url: Option<ResumeUrl>,
    /// Which workflows may start which others, as sub-workflows and as error workflows; all may, where nothing is said.
    pub may_call: Option<MayCall>,
    /// Is told when a workflow was deactivated, because it failed too often.
    pub on_deactivate: Option<OnDeactivate>,
    /// Is told when the worker comes back after the store took it for lost, while it drove something.
    pub on_lost: Option<OnLost>,
}

/// Which ended executions are removed.
#[derive(Clone, Debug, Default)]
pub struct Retain {
    /// Those that ended longer ago than this.
    pub age: Option<Duration>,
    /// Those beyond the newest so many of each workflow.
    pub count: Option<u32>,
}

impl Retain {
    /// What the store is asked to remove at this time.
    pub(super) fn at(&self, now: crate::model::Timestamp) -> Retention {
        let before =
            |age: Duration| crate::model::Timestamp::from_micros(now.as_micros().saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)));
        Retention { finished_before: self.age.map(before), keep_newest: self.count, ..Retention::default() }
    }
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            name: "worker".to_owned(),
            concurrency: 100,
            lease_time: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            park_after: Duration::from_secs(5),
            max_claims: 5,
            start_patience: Duration::from_secs(5),
            durability: Durability::Journal,
            retention: None,
            deactivate_after: None,
            upkeep: Duration::from_mins(10),
            resume_url: None,
            may_call: None,
            on_deactivate: None,
            on_lost: None,
        }
    }
}

impl WorkerOptions {
    /// Changes a field in place: `WorkerOptions::default().with(|options| options.concurrency = 10)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl fmt::Debug for WorkerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerOptions").field("name", &self.name).field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}
