//! The engine: what a program holds. It compiles workflows, starts executions and keeps their services together.
//!
//! This is the engine in memory: an execution lives in the task that drives it.

mod builder;
mod caller;
mod handle;
mod limits;
mod start;

pub(crate) use caller::{MAX_DEPTH, brought};

pub use builder::{EngineBuilder, NoRuntime};
pub use handle::ExecutionHandle;
pub use limits::ExecutionLimits;
pub use start::{Start, StartError};

use std::fmt;
use std::sync::Arc;

use crate::blob::BlobStore;
use crate::driver::{Driver, DriverOptions, ExecutionResult, JournalError, Outcome, Parking};
use crate::execution::{ExecutionData, NewExecution, Services, WorkflowCaller};
use crate::expression::ScriptEngine;
use crate::model::Workflow;
use crate::node::NodeRegistry;
use crate::plan::{CompileOptions, Compiled, Plan};
use crate::problem::Problems;
use crate::runtime::{Runtime, new_execution_id};

/// Compiles and runs workflows. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Arc<NodeRegistry>,
    script_engine: Option<Arc<dyn ScriptEngine>>,
    services: Arc<Services>,
    limits: ExecutionLimits,
}

impl Engine {
    /// Begins to put an engine together.
    pub fn builder() -> EngineBuilder<NoRuntime> {
        EngineBuilder::new()
    }

    /// The node types that it knows.
    pub fn registry(&self) -> &NodeRegistry {
        &self.inner.registry
    }

    /// The runtime on which it runs.
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.inner.services.runtime
    }

    /// What it lends to executions.
    pub fn services(&self) -> &Arc<Services> {
        &self.inner.services
    }

    /// The script engine, where it has one.
    pub fn script_engine(&self) -> Option<&Arc<dyn ScriptEngine>> {
        self.inner.script_engine.as_ref()
    }

    /// The same engine for executions that are kept in stores: with their clock and their binary data, and calling the workflows in them.
    pub(crate) fn on_stores(&self, runtime: Arc<dyn Runtime>, blobs: Arc<dyn BlobStore>, caller: Arc<dyn WorkflowCaller>) -> Self {
        let services = Services { runtime, blobs, caller, ..Services::clone(&self.inner.services) };
        let (registry, script_engine, limits) = (Arc::clone(&self.inner.registry), self.inner.script_engine.clone(), self.inner.limits);
        Self { inner: Arc::new(Inner { registry, script_engine, services: Arc::new(services), limits }) }
    }

    /// Checks and compiles a workflow; a plan serves any number of executions.
    ///
    /// # Errors
    /// Every problem that keeps it from running.
    pub fn compile(&self, workflow: impl Into<Arc<Workflow>>) -> Result<Arc<Plan>, Problems> {
        self.compile_with_warnings(workflow).map(|compiled| compiled.plan)
    }

    /// Like [`compile`](Self::compile), with what somebody should look at.
    ///
    /// # Errors
    /// Every problem that keeps it from running.
    pub fn compile_with_warnings(&self, workflow: impl Into<Arc<Workflow>>) -> Result<Compiled, Problems> {
        let options = CompileOptions { registry: &self.inner.registry, script_engine: self.inner.script_engine.as_deref() };
        Plan::compile(self.inner.limits.bound(workflow.into()), options)
    }

    /// Runs a plan to its end, in the calling task. Dropping the future stops the execution.
    ///
    /// # Errors
    /// When the plan has no node to start at. That the execution failed is no error here: see [`ExecutionResult::success`].
    pub async fn run(&self, plan: &Arc<Plan>, start: Start) -> Result<ExecutionResult, StartError> {
        match self.run_until(plan, start, Parking::Stay).await? {
            Outcome::Ended(result) => Ok(result),
            Outcome::Parked(parked) => Ok(parked.result),
        }
    }

    /// Runs a plan to its end, or to where it waits for longer than `parking` allows.
    ///
    /// # Errors
    /// When the plan has no node to start at.
    pub async fn run_until(&self, plan: &Arc<Plan>, start: Start, parking: Parking) -> Result<Outcome, StartError> {
        let (execution, node, start) = self.prepare(plan, start)?;
        let options = DriverOptions { control: Arc::clone(&start.control), journal: None, parking };
        let items = start.items.clone();
        Driver::new(execution, options).start(node, items).await.map_err(|error: JournalError| StartError::Journal(error.to_string()))
    }

    /// Starts an execution in the background.
    ///
    /// # Errors
    /// When the plan has no node to start at.
    pub fn spawn(&self, plan: &Arc<Plan>, start: Start) -> Result<ExecutionHandle, StartError> {
        let (execution, node, start) = self.prepare(plan, start)?;
        let control = Arc::clone(&start.control);
        let options = DriverOptions { control: Arc::clone(&control), journal: None, parking: Parking::Stay };
        let items = start.items.clone();
        let (handle, done) = ExecutionHandle::new(execution.id(), control);
        self.runtime().spawn(Box::pin(async move {
            let outcome = Driver::new(execution, options).start(node, items).await;
            if let Ok(Outcome::Ended(result)) = outcome {
                done(result);
            }
        }));
        Ok(handle)
    }

    fn prepare(&self, plan: &Arc<Plan>, start: Start) -> Result<(Arc<ExecutionData>, u32, Start), StartError> {
        let node = start.node(plan)?;
        let id = start.id.unwrap_or_else(|| new_execution_id(&**self.runtime()));
        let static_data = plan.workflow().static_data.as_ref().and_then(|data| data.as_object().cloned()).unwrap_or_default();
        let execution = ExecutionData::new(NewExecution {
            id,
            mode: start.mode,
            plan: Arc::clone(plan),
            services: Arc::clone(&self.inner.services),
            responder: start.responder.clone(),
            static_data,
            depth: start.depth,
            resume_url: start.resume_url.clone(),
        });
        Ok((Arc::new(execution), node, start))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("node_types", &self.inner.registry.types().len()).finish_non_exhaustive()
    }
}
