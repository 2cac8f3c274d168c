//! One run of a node: its inputs, where they came from, and what it may reach.

use std::sync::{Arc, MutexGuard, OnceLock};

use smallvec::SmallVec;

use super::{CallWorkflow, ExecutionData, LogLevel, NodeScope, Parts};
use crate::expression::Facts;
use crate::model::{Batch, ItemSource, Json, Timestamp};
use crate::node::{NodeError, NodeMemory, NodeSpec, StaticDataKind};
use crate::observer::ExecutionEvent;
use crate::plan::PlanNode;

/// The batches of a run's inputs; `None` where nothing came in.
pub type Inputs = SmallVec<[Option<Batch>; 1]>;

/// One run of a node.
#[derive(Clone, Debug)]
pub struct NodeRun {
    pub(crate) execution: Arc<ExecutionData>,
    pub(crate) node: u32,
    pub(crate) run_index: u32,
    pub(crate) attempt: u32,
    pub(crate) inputs: Inputs,
    /// The items that expressions see: the main input before `executeOnce` cut it.
    pub(crate) visible: Batch,
    pub(crate) main: u16,
    pub(crate) parts: Parts,
    pub(crate) now: Timestamp,
    pub(crate) facts: OnceLock<Arc<Facts>>,
    pub(crate) previous: OnceLock<Option<Box<ItemSource>>>,
}

impl NodeRun {
    pub(crate) fn execution(&self) -> &Arc<ExecutionData> {
        &self.execution
    }

    pub(crate) fn plan_node(&self) -> &PlanNode {
        self.execution.plan.node(self.node)
    }

    pub(crate) fn spec(&self) -> &NodeSpec {
        &self.plan_node().spec
    }

    pub(crate) fn run_index(&self) -> usize {
        self.run_index as usize
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn input(&self, input: usize) -> &Batch {
        static EMPTY: Batch = Batch::EMPTY;
        self.inputs.get(input).and_then(Option::as_ref).unwrap_or(&EMPTY)
    }

    pub(crate) fn input_count(&self) -> usize {
        self.plan_node().incoming.len()
    }

    pub(crate) fn main_input(&self) -> &Batch {
        self.input(usize::from(self.main))
    }

    pub(crate) fn connections_from(&self, output: usize) -> usize {
        self.plan_node().outgoing.iter().filter(|target| usize::from(target.output) == output).count()
    }

    pub(crate) fn scope(&self, index: usize) -> NodeScope<'_> {
        NodeScope::new(self, index)
    }

    pub(crate) fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let plan = &self.execution.plan;
            let services = &self.execution.services;
            Arc::new(Facts {
                workflow: plan.workflow_facts().clone(),
                execution: self.execution.facts.clone(),
                node: self.plan_node().facts.clone(),
                variables: Arc::clone(&services.variables),
                time_zone: Arc::clone(plan.time_zone().unwrap_or(&services.time_zone)),
            })
        })
    }

    pub(crate) fn source(&self, input: usize) -> Option<ItemSource> {
        let part = self.parts.iter().find(|part| usize::from(part.input) == input)?;
        Some(ItemSource { node: Arc::clone(&self.execution.plan.node(part.node).spec.name), output: part.output, run: part.run })
    }

    pub(crate) fn previous(&self) -> Option<&ItemSource> {
        let first = || self.parts.first().map_or(0, |part| usize::from(part.input));
        self.previous.get_or_init(|| self.source(0).or_else(|| self.source(first())).map(Box::new)).as_deref()
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, NodeMemory> {
        self.execution.memory(self.node)
    }

    pub(crate) async fn call_workflow(&self, call: CallWorkflow) -> Result<Vec<Batch>, NodeError> {
        let caller = Arc::clone(&self.execution.services.caller);
        caller.call(&self.execution, call).await
    }

    fn static_data_key(&self, kind: StaticDataKind) -> String {
        match kind {
            StaticDataKind::Global => "global".to_owned(),
            StaticDataKind::Node => format!("node:{}", self.spec().name),
        }
    }

    pub(crate) fn static_data(&self, kind: StaticDataKind) -> Json {
        let data = self.execution.static_data();
        data.data.get(&self.static_data_key(kind)).and_then(|value| value.as_object().cloned()).unwrap_or_default()
    }

    pub(crate) fn set_static_data(&self, kind: StaticDataKind, value: Json) {
        let mut data = self.execution.static_data();
        data.data.insert(self.static_data_key(kind), value.into());
        data.changed = true;
        drop(data);
    }

    pub(crate) fn log(&self, level: LogLevel, message: &str) {
        let event = ExecutionEvent::Logged { node: &self.spec().name, level, message };
        self.execution.services.observer.observe(&self.execution, event);
    }
}
