//! The subject: the whole engine. A worker drives a workflow of five nodes, each recorded before the next one starts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine_core::execution::ExecutionMode;
use engine_core::runtime::TokioRuntime;
use engine_core::store::Stores;
use engine_core::testing::{Ledger, graph, test_nodes};
use engine_core::worker::{Driven, Launch, PinnedPlan, Worker, WorkerOptions};
use engine_core::{Engine, Start};
use serde_json::json;

use super::Failure;
use super::load::Path;

/// What is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Five nodes with effects.
    Effects,
    /// The same, with forty-five nodes between them that only compute.
    EffectsAndPure,
    /// A node that waits for a second.
    Slow,
}

/// A worker, and what it drives.
pub(crate) struct Engined {
    worker: Worker,
    pinned: PinnedPlan,
}

impl Engined {
    /// With a worker on these stores, which claims so many executions from the queue at a time once it runs.
    pub(crate) async fn new(stores: Stores, shape: Shape, concurrency: u32) -> Result<Self, Failure> {
        let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(test_nodes(&Ledger::default())).build();
        let worker = Worker::new(&engine, stores.clone(), WorkerOptions::default().with(|options| options.concurrency = concurrency));
        // Each has a workflow of its own.
        let name = format!("{shape:?}-{}", uuid::Uuid::now_v7());
        let workflow = graph(&workflow(shape));
        let save = engine_core::store::SaveWorkflow {
            id: name.as_str().into(),
            tenant: engine_core::store::TenantId::default(),
            expected: None,
            name,
            definition: workflow.to_json(),
            author: None,
            labels: None,
        };
        let saved = stores.workflows.save_workflow(save).await?;
        let plan = worker.plan(&saved.id, saved.version).await?;
        Ok(Self { pinned: PinnedPlan { plan, tenant: saved.tenant, workflow: saved.id, version: saved.version }, worker })
    }

    /// Lets the worker do what it does by itself.
    pub(crate) fn run(&self) {
        let worker = self.worker.clone();
        tokio::spawn(async move { worker.run().await });
    }

    /// Ends it.
    pub(crate) async fn drain(&self, patience: Duration) {
        self.worker.drain(patience).await;
    }

    /// Puts an execution into the queue.
    pub(crate) async fn queue(&self) -> Result<(), Failure> {
        let mut launch = Launch::new(self.pinned.clone(), Start::with_items([json!({})]).mode(ExecutionMode::Trigger));
        launch.queued = true;
        self.worker.start(launch).await?;
        Ok(())
    }
}

/// One line for each node.
fn workflow(shape: Shape) -> String {
    if shape == Shape::Slow {
        return "T trigger -> S\nS slow".to_owned();
    }
    let mut names = vec!["T trigger".to_owned()];
    for step in 0..5 {
        names.push(format!("E{step} effect"));
        if shape == Shape::EffectsAndPure {
            names.extend((0..9).map(|number| format!("P{step}x{number} pass")));
        }
    }
    let name_of = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
    let targets = names.iter().skip(1).map(name_of).chain([String::new()]);
    names.iter().zip(targets).map(|(line, target)| format!("{line} -> {target}")).collect::<Vec<_>>().join("\n")
}

#[async_trait]
impl Path for Engined {
    async fn workflow(&self) -> Result<(), Failure> {
        let start = Start::with_items([json!({ "path": [] })]).mode(ExecutionMode::Trigger);
        match self.worker.execute(Launch::new(self.pinned.clone(), start)).await? {
            Driven::Ended(result) => result.success().map(drop).map_err(Failure::from),
            other => Err(format!("it did not end: {other:?}").into()),
        }
    }
}

/// A worker on stores, as a way of doing workflows.
pub(crate) async fn path(stores: Stores, shape: Shape) -> Result<Arc<dyn Path>, Failure> {
    let engined = Engined::new(stores, shape, WorkerOptions::default().concurrency).await?;
    engined.run();
    Ok(Arc::new(engined))
}
