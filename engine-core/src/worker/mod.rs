//! The durable engine: executions that are kept in a store, driven by this process, and taken over from others.
//!
//! A [`Worker`] joins an [`Engine`] and [`Stores`]. It starts executions ([`Worker::start`], [`Worker::execute`]), drives those that it claims
//! ([`Worker::run`]), and hands back what it has when it ends ([`Worker::drain`]). Any number of workers share one store; they need not know of each other.
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # {
//! use std::sync::Arc;
//!
//! use engine_core::runtime::TokioRuntime;
//! use engine_core::store::{MemoryStore, Stores};
//! use engine_core::testing::{Ledger, graph, test_nodes};
//! use engine_core::worker::{Driven, Launch, PinnedPlan, Worker, WorkerOptions};
//! use engine_core::{Engine, Start};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(test_nodes(&Ledger::default())).build();
//! let stores = Stores::of(&Arc::new(MemoryStore::new(Arc::clone(engine.runtime()))));
//! let worker = Worker::new(&engine, stores, WorkerOptions::default());
//!
//! let plan = worker.engine().compile(graph("Begin trigger -> Save\nSave effect")).unwrap();
//! let driven = worker.execute(Launch::new(PinnedPlan::unsaved(plan), Start::default())).await.unwrap();
//! assert!(matches!(driven, Driven::Ended(result) if result.items("Save").len() == 1));
//! # });
//! # }
//! ```
//!
//! What it promises, whatever dies and whenever: an execution whose start was acknowledged ends; a run that was recorded is not run again; a node with effects
//! starts only when everything that it depends on is recorded; two workers never both get to record what one execution does; nobody hears of an end that is
//! not recorded. `docs/SPEC/worker.md` names the tests.

mod activate;
mod call;
mod claim;
mod clock;
mod decode;
mod encode;
mod ended;
mod failure;
mod inbox;
mod journal;
mod launch;
mod loops;
mod nudge;
mod options;
mod plans;
mod recover;
mod repeat;
mod reply;
mod schedules;
mod session;
mod settle;
mod signals;
mod start;

pub use ended::{ReadError, StoredResult};
pub use launch::{Driven, Launch, LaunchError, Started};
pub use options::{MayCall, OnDeactivate, OnLost, ResumeUrl, Retain, WorkerOptions};
pub use plans::{PinnedPlan, PlanError};
pub use repeat::RepeatError;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::channel::oneshot;
use futures::future::{BoxFuture, FutureExt, Shared};

use self::clock::StoreClock;
use self::nudge::Nudge;
use self::plans::Plans;
use self::session::Session;
use crate::engine::Engine;
use crate::model::{ExecutionId, WorkflowId};
use crate::store::{Stores, VersionNumber, WorkerId};

/// Drives executions that are kept in a store. Cheap to clone; all clones are the same worker.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    stores: Stores,
    options: WorkerOptions,
    clock: Arc<StoreClock>,
    plans: Plans,
    id: WorkerId,
    known: futures::lock::Mutex<bool>,
    sessions: Mutex<HashMap<ExecutionId, Arc<Session>>>,
    watchers: Mutex<HashMap<ExecutionId, Vec<oneshot::Sender<()>>>>,
    responders: Mutex<HashMap<ExecutionId, Arc<dyn crate::execution::Responder>>>,
    nudges: Nudges,
    claimed: AtomicUsize,
    draining: AtomicBool,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    stopped: Shared<BoxFuture<'static, ()>>,
}

/// One for each loop.
#[derive(Debug, Default)]
struct Nudges {
    claims: Nudge,
    signals: Nudge,
    timers: Nudge,
    schedules: Nudge,
}

impl Worker {
    /// A worker for an engine and its stores. The engine's binary data goes into the stores; workflows that are called are those in the stores.
    pub fn new(engine: &Engine, stores: Stores, options: WorkerOptions) -> Self {
        let clock = Arc::new(StoreClock::new(Arc::clone(engine.runtime())));
        let (stop, stopped) = oneshot::channel();
        let inner = Arc::new_cyclic(|inner| Inner {
            engine: engine.on_stores(Arc::clone(&clock) as _, Arc::clone(&stores.blobs), Arc::new(call::StoredCaller::new(Weak::clone(inner)))),
            id: fresh_id(&*clock),
            stores,
            options,
            clock,
            plans: Plans::default(),
            known: futures::lock::Mutex::new(false),
            sessions: Mutex::default(),
            watchers: Mutex::default(),
            responders: Mutex::default(),
            nudges: Nudges::default(),
            claimed: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            stop: Mutex::new(Some(stop)),
            stopped: stopped.map(drop).boxed().shared(),
        });
        Self { inner }
    }

    /// The engine, as executions of this worker see it: with the stores' clock and binary data.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The stores.
    pub fn stores(&self) -> &Stores {
        &self.inner.stores
    }

    /// How it behaves.
    pub fn options(&self) -> &WorkerOptions {
        &self.inner.options
    }

    /// Its id.
    pub fn id(&self) -> WorkerId {
        self.inner.id
    }

    /// How many executions it drives now.
    pub fn driving(&self) -> usize {
        lock(&self.inner.sessions).len()
    }

    /// The plan of a saved version of a workflow. Each version is compiled once.
    ///
    /// # Errors
    /// When there is no such version, it cannot run, or the store cannot be read.
    pub async fn plan(&self, workflow: &WorkflowId, version: VersionNumber) -> Result<Arc<crate::plan::Plan>, PlanError> {
        self.inner.plans.get(self.engine(), &*self.stores().workflows, &(workflow.clone(), version)).await
    }

    /// Completes when it has been drained.
    pub fn stopped(&self) -> BoxFuture<'static, ()> {
        self.inner.stopped.clone().boxed()
    }

    fn enter(&self, session: &Arc<Session>) {
        lock(&self.inner.sessions).insert(session.id(), Arc::clone(session));
    }

    fn leave(&self, session: &Arc<Session>) {
        let mut sessions = lock(&self.inner.sessions);
        if sessions.get(&session.id()).is_some_and(|listed| Arc::ptr_eq(listed, session)) {
            sessions.remove(&session.id());
        }
        drop(sessions);
        self.tell(session.id());
    }

    /// Looks at what is ready and at what is due: an execution was put aside.
    fn look_again(&self) {
        self.inner.nudges.claims.give();
        self.inner.nudges.timers.give();
    }

    fn session(&self, execution: ExecutionId) -> Option<Arc<Session>> {
        lock(&self.inner.sessions).get(&execution).cloned()
    }

    fn sessions(&self) -> Vec<Arc<Session>> {
        lock(&self.inner.sessions).values().cloned().collect()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("id", &self.id()).field("driving", &self.driving()).finish_non_exhaustive()
    }
}

fn fresh_id(runtime: &dyn crate::runtime::Runtime) -> WorkerId {
    WorkerId::new(crate::runtime::new_execution_id(runtime).as_uuid())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
