//! One store, and any number of processes around it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_core::driver::ExecutionResult;
use engine_core::execution::ExecutionMode;
use engine_core::model::{ExecutionId, Workflow};
use engine_core::store::{MemoryStore, SaveWorkflow, Stores, TenantId, VersionNumber};
use engine_core::testing::{Ledger, Simulator, test_nodes};
use engine_core::worker::{Launch, PinnedPlan, Worker, WorkerOptions};
use engine_core::{Engine, Start};
use futures::FutureExt;
use serde_json::json;

use crate::mortal::{Life, MortalRuntime, MortalStore, mortal};

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) stores: Stores,
    pub(crate) ledger: Ledger,
    /// How often workers look by themselves.
    pub(crate) poll: Duration,
    /// How many executions each worker stopped driving that came back after it was lost.
    pub(crate) lost: Arc<Mutex<Vec<usize>>>,
}

/// A worker in a process of its own.
pub(crate) struct Process {
    pub(crate) worker: Worker,
    pub(crate) life: Arc<Life>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let simulator = Simulator::new(seed);
        let stores = Stores::of(&Arc::new(MemoryStore::new(Arc::new(simulator.clone()))));
        Self { simulator, stores, ledger: Ledger::default(), poll: Duration::from_secs(1), lost: Arc::default() }
    }

    /// A process with a worker that runs.
    pub(crate) fn process(&self, life: Arc<Life>) -> Process {
        self.skewed(life, Duration::ZERO)
    }

    /// The same, with a clock that is wrong.
    pub(crate) fn skewed(&self, life: Arc<Life>, skew: Duration) -> Process {
        let runtime = MortalRuntime { inner: self.simulator.clone(), life: Arc::clone(&life), skew };
        let engine = Engine::builder().runtime(runtime).nodes(test_nodes(&self.ledger)).build();
        let executions = Arc::new(MortalStore { inner: Arc::clone(&self.stores.executions), life: Arc::clone(&life) });
        let stores = Stores { executions, ..self.stores.clone() };
        let options = WorkerOptions::default().with(|options| (options.poll, options.lease_time) = (self.poll, self.poll * 30));
        let lost = Arc::clone(&self.lost);
        let options = options.with(|options| options.on_lost = Some(Arc::new(move |taken| lost.lock().unwrap().push(taken))));
        let worker = Worker::new(&engine, stores, options);
        let running = worker.clone();
        worker.engine().runtime().spawn(async move { running.run().await }.boxed());
        Process { worker, life }
    }

    /// Saves a workflow under its name.
    pub(crate) async fn save(&self, name: &str, workflow: &Workflow) {
        let save = SaveWorkflow {
            id: name.into(),
            tenant: TenantId::default(),
            expected: None,
            name: name.to_owned(),
            definition: workflow.to_json(),
            author: None,
            labels: None,
        };
        self.stores.workflows.save_workflow(save).await.unwrap();
    }

    /// Lets so much time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        use engine_core::runtime::Runtime;
        self.simulator.sleep(time).await;
    }
}

impl Process {
    pub(crate) async fn launch(&self, workflow: &str) -> Launch {
        let plan = self.worker.plan(&workflow.into(), VersionNumber(1)).await.unwrap();
        let pinned = PinnedPlan { plan, tenant: TenantId::default(), workflow: workflow.into(), version: VersionNumber(1) };
        Launch::new(pinned, Start::with_items([json!({ "path": [] })]).mode(ExecutionMode::Trigger))
    }

    /// Starts an execution. `None` when the process died before it heard that it was recorded.
    pub(crate) async fn start(&self, workflow: &str) -> Option<ExecutionId> {
        let launch = self.launch(workflow).await;
        let worker = self.worker.clone();
        let started = mortal(Arc::clone(&self.life), async move { worker.start(launch).await }.boxed()).await?;
        Some(started.unwrap().id)
    }

    /// What came of an execution, when it has ended.
    pub(crate) async fn result(&self, execution: ExecutionId) -> ExecutionResult {
        self.worker.ended(execution).await.unwrap();
        self.worker.read(execution).await.unwrap().result.unwrap()
    }
}

/// How often each node ran, by the journal.
pub(crate) fn recorded(result: &ExecutionResult) -> BTreeMap<String, usize> {
    result.nodes().iter().map(|node| (node.name.to_string(), node.runs.len())).collect()
}
