//! The subject: the whole engine. A worker drives a workflow of five nodes, each recorded before the next one starts.

use std::sync::Arc;

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

/// Five nodes with effects, or forty-five nodes that only compute between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Effects,
    EffectsAndPure,
}

/// A worker, and what it drives.
pub(crate) struct Engined {
    worker: Worker,
    pinned: PinnedPlan,
}

impl Engined {
    /// With a worker that runs on these stores.
    pub(crate) async fn new(stores: Stores, shape: Shape) -> Result<Self, Failure> {
        let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(test_nodes(&Ledger::default())).build();
        let worker = Worker::new(&engine, stores.clone(), WorkerOptions::default());
        let running = worker.clone();
        tokio::spawn(async move { running.run().await });
        let name = if shape == Shape::Effects { "effects" } else { "effects-and-pure" };
        let workflow = graph(&workflow(shape));
        let save = engine_core::store::SaveWorkflow {
            id: name.into(),
            tenant: engine_core::store::TenantId::default(),
            expected: None,
            name: name.to_owned(),
            definition: workflow.to_json(),
            author: None,
            labels: None,
        };
        let saved = stores.workflows.save_workflow(save).await?;
        let plan = worker.plan(&saved.id, saved.version).await?;
        Ok(Self { pinned: PinnedPlan { plan, tenant: saved.tenant, workflow: saved.id, version: saved.version }, worker })
    }
}

/// One line for each node.
fn workflow(shape: Shape) -> String {
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
    Ok(Arc::new(Engined::new(stores, shape).await?))
}
