//! Workflows that call workflows, within one engine in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use async_trait::async_trait;

use super::{Engine, Inner, Start};
use crate::execution::{CallWorkflow, ExecutionData, ExecutionMode, WorkflowCaller, WorkflowReference};
use crate::model::{Batch, Workflow, WorkflowId};
use crate::node::NodeError;
use crate::plan::Plan;

/// The workflows that others may call by their id.
pub(super) type Directory = HashMap<WorkflowId, Workflow>;

/// More workflows than this within each other are taken for an endless recursion.
pub(crate) const MAX_DEPTH: u32 = 50;

/// Calls workflows of the engine that it belongs to.
pub(super) struct EngineCaller {
    directory: HashMap<WorkflowId, Arc<Workflow>>,
    plans: Mutex<HashMap<WorkflowId, Arc<Plan>>>,
    engine: Arc<OnceLock<Weak<Inner>>>,
}

impl EngineCaller {
    pub(super) fn new(directory: Directory, engine: Arc<OnceLock<Weak<Inner>>>) -> Self {
        let directory = directory.into_iter().map(|(id, workflow)| (id, Arc::new(workflow))).collect();
        Self { directory, plans: Mutex::default(), engine }
    }

    fn plan(&self, engine: &Engine, (reference, caller): (&WorkflowReference, Option<&WorkflowId>)) -> Result<Arc<Plan>, NodeError> {
        match reference {
            WorkflowReference::Inline(workflow) => Ok(engine.compile(brought(workflow, caller)).map_err(|problems| refused(&problems))?),
            WorkflowReference::Id(id) => {
                let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(plan) = plans.get(id) {
                    return Ok(Arc::clone(plan));
                }
                let workflow = self.directory.get(id).ok_or_else(|| NodeError::fatal(format!("there is no workflow with the id {id:?}")))?;
                let plan = engine.compile(Arc::clone(workflow)).map_err(|problems| refused(&problems))?;
                plans.insert(id.clone(), Arc::clone(&plan));
                Ok(plan)
            }
        }
    }
}

/// A workflow that its caller brings. It runs on behalf of the caller, whatever it calls itself.
pub(crate) fn brought(workflow: &Arc<Workflow>, caller: Option<&WorkflowId>) -> Arc<Workflow> {
    if workflow.id.as_ref() == caller {
        return Arc::clone(workflow);
    }
    let mut own = (**workflow).clone();
    own.id = caller.cloned();
    Arc::new(own)
}

fn refused(problems: &crate::problem::Problems) -> NodeError {
    NodeError::fatal("the called workflow has problems").with_description(problems.to_string())
}

#[async_trait]
impl WorkflowCaller for EngineCaller {
    async fn call(&self, parent: &ExecutionData, call: CallWorkflow) -> Result<Vec<Batch>, NodeError> {
        let inner = self.engine.get().and_then(Weak::upgrade).ok_or_else(|| NodeError::fatal("the engine has gone"))?;
        let engine = Engine { inner };
        if parent.depth() >= MAX_DEPTH {
            return Err(NodeError::fatal(format!("workflows call each other more than {MAX_DEPTH} levels deep")).with_code("recursion"));
        }
        let plan = self.plan(&engine, (&call.workflow, parent.workflow_id()))?;
        let start = Start::new(call.items).mode(ExecutionMode::Integrated).depth(parent.depth() + 1);
        if !call.wait {
            engine.spawn(&plan, start)?;
            return Ok(Vec::new());
        }
        let result = Box::pin(engine.run(&plan, start)).await?;
        match result.success() {
            Ok(result) => Ok(result.called_outputs()),
            Err(error) => Err(NodeError::new(error.message.clone()).with_details(serde_json::json!(error))),
        }
    }
}

impl fmt::Debug for EngineCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineCaller").field("workflows", &self.directory.len()).finish_non_exhaustive()
    }
}
