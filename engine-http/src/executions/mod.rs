//! The executions that this process drives: those that run, and the last ones that ended.
//!
//! Webhooks and the API start executions here. An execution is driven by the task that asks for its result; when that task goes away, it goes on in a task of
//! its own. So a short execution costs no task, and a caller who hangs up stops nothing.

mod driven;
mod history;
mod metrics;

pub(crate) use driven::Driven;
pub(crate) use history::{Ended, History};

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine_core::Start;
use engine_core::driver::{Control, ExecutionResult};
use engine_core::execution::ExecutionMode;
use engine_core::model::{Durability, ExecutionId, Timestamp};
use engine_core::plan::Plan;
use engine_core::runtime::new_execution_id;
use engine_core::store::IdempotencyKey;
use engine_core::worker::{Launch, LaunchError, PinnedPlan, Worker};
use tokio::sync::watch;

use self::metrics::Metrics;
use crate::Config;
use crate::budget::Share;

/// All executions of one service.
#[derive(Debug)]
pub(crate) struct Executions {
    worker: Worker,
    running: Mutex<HashMap<ExecutionId, Arc<Running>>>,
    history: Mutex<History>,
    /// Those that somebody waits for, and those that are not stored.
    in_flight: AtomicUsize,
    /// Those of the store that nobody waits for, as far as this process drives them since it started them.
    unattended: AtomicUsize,
    limit: usize,
    metrics: Metrics,
    last_id: Mutex<uuid::Uuid>,
}

/// An execution that runs or waits.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: ExecutionId,
    pub(crate) control: Arc<Control>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) mode: ExecutionMode,
    pub(crate) started: Timestamp,
    /// The room that was taken for what came in.
    held: Mutex<Vec<Share>>,
    ended: watch::Sender<Option<ExecutionResult>>,
}

/// An execution that is about to begin.
pub(crate) struct Begin {
    pub(crate) pinned: PinnedPlan,
    pub(crate) start: Start,
    pub(crate) id: ExecutionId,
    pub(crate) mode: ExecutionMode,
    /// About how many bytes its input holds.
    pub(crate) weight: usize,
    /// The room that was taken for its input. Given back when this process does not drive it any more.
    pub(crate) share: Option<Share>,
}

/// What an execution holds that nobody waits for, while this process drives it.
struct Unattended {
    executions: Arc<Executions>,
    share: Option<Share>,
}

impl Drop for Unattended {
    fn drop(&mut self) {
        self.executions.unattended.fetch_sub(1, Ordering::Relaxed);
        drop(self.share.take());
    }
}

/// There are as many executions as there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy;

impl Executions {
    pub(crate) fn new(worker: Worker, config: &Config) -> Self {
        let history = History::new(config.history, config.history_bytes);
        Self {
            worker,
            running: Mutex::default(),
            history: Mutex::new(history),
            in_flight: AtomicUsize::new(0),
            unattended: AtomicUsize::new(0),
            limit: config.max_executions,
            metrics: Metrics::default(),
            last_id: Mutex::default(),
        }
    }

    /// An id for something that begins now. Each sorts after those that this process made before.
    pub(crate) fn new_id(&self) -> ExecutionId {
        let made = new_execution_id(&**self.worker.engine().runtime()).as_uuid();
        let mut last = lock(&self.last_id);
        *last = if made > *last { made } else { uuid::Uuid::from_u128(last.as_u128().wrapping_add(1)) };
        ExecutionId::new(*last)
    }

    /// Begins an execution. Nothing happens before the future is polled or dropped.
    ///
    /// # Errors
    /// When too many run already.
    pub(crate) fn begin(self: &Arc<Self>, begin: Begin) -> Result<Driven, Busy> {
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= self.limit {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        Ok(Driven::new(Arc::clone(self), begin))
    }

    /// Starts an execution in the background. It is recorded when this returns, unless its workflow says that nothing is.
    ///
    /// # Errors
    /// When it cannot be recorded, or too many run already.
    pub(crate) async fn start(self: &Arc<Self>, begin: Begin) -> Result<(), LaunchError> {
        self.start_under(begin, None).await.map(drop)
    }

    /// The same under a key: where one was started and recorded under it before, that one is meant. Gives its id.
    ///
    /// One that is stored waits in the queue where this process drives as many as it may, or has little room left.
    ///
    /// # Errors
    /// When it cannot be recorded; and too many run already, where it is not stored.
    pub(crate) async fn start_under(self: &Arc<Self>, begin: Begin, key: Option<IdempotencyKey>) -> Result<ExecutionId, LaunchError> {
        let id = begin.id;
        if self.is_stored(&begin.pinned) {
            let Begin { pinned, start, id, mode, share, .. } = begin;
            let others = self.unattended.fetch_add(1, Ordering::Relaxed) + self.in_flight.load(Ordering::Relaxed);
            let queued = others >= self.limit || share.as_ref().is_some_and(Share::is_scarce);
            let held = Some(Arc::new(Unattended { executions: Arc::clone(self), share }) as _);
            let launch = Launch::new(pinned, start.id(id).mode(mode));
            let launch = launch.with(|launch| (launch.idempotency, launch.queued, launch.held) = (key, queued, held));
            return self.worker.start(launch).await.map(|started| started.id);
        }
        self.begin(begin).map(drop).map_err(|Busy| LaunchError::Unavailable("too many executions are running".to_owned()))?;
        Ok(id)
    }

    /// Whether executions of this plan are kept in the store, and not in memory.
    pub(crate) fn is_stored(&self, pinned: &PinnedPlan) -> bool {
        self.worker.durability(pinned) != Durability::Memory
    }

    /// An execution that runs or waits.
    pub(crate) fn running(&self, id: ExecutionId) -> Option<Arc<Running>> {
        lock(&self.running).get(&id).cloned()
    }

    /// All that run or wait, the newest first.
    pub(crate) fn all_running(&self) -> Vec<Arc<Running>> {
        let mut all: Vec<_> = lock(&self.running).values().cloned().collect();
        all.sort_unstable_by_key(|running| std::cmp::Reverse(running.id));
        all
    }

    /// What ended.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }

    /// How many run or wait, and how many may.
    #[cfg(feature = "api")]
    pub(crate) fn load(&self) -> (usize, usize) {
        (self.in_flight.load(Ordering::Relaxed), self.limit)
    }

    /// How many executions of the store are driven here for somebody who waits for their end.
    pub(crate) fn awaited(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed).saturating_sub(lock(&self.running).len())
    }

    /// What Prometheus reads.
    #[cfg(feature = "api")]
    pub(crate) fn metrics(&self, telemetry: Option<&crate::Telemetry>) -> String {
        let running = self.worker.driving() + lock(&self.running).len();
        self.metrics.render(running, telemetry.map(crate::Telemetry::ended)).unwrap_or_default()
    }

    fn register(&self, running: Arc<Running>) {
        lock(&self.running).insert(running.id, running);
    }

    fn ended(&self, ended: Ended) {
        self.metrics.count(ended.result.status(), ended.finished.since(ended.started));
        let (id, result) = (ended.result.id(), ended.result.clone());
        let forgotten = lock(&self.history).push(ended);
        drop(forgotten);
        if let Some(running) = lock(&self.running).remove(&id) {
            running.ended.send_replace(Some(result));
        }
    }
}

impl Running {
    /// Where it stands.
    pub(crate) fn status(&self) -> &'static str {
        if self.control.waits().is_empty() { "running" } else { "waiting" }
    }

    /// Holds the room of something that came in for it, until it has ended.
    pub(crate) fn hold(&self, share: Share) {
        lock(&self.held).push(share);
    }

    fn let_go(&self) {
        drop(std::mem::take(&mut *lock(&self.held)));
    }

    /// Completes with the result when it has ended; `None` when the runtime went away.
    pub(crate) async fn wait(&self) -> Option<ExecutionResult> {
        let mut ended = self.ended.subscribe();
        let result = ended.wait_for(Option::is_some).await.ok()?;
        result.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
