//! One run of a node: its inputs, where they came from, and what it may reach.

use std::sync::{Arc, MutexGuard, OnceLock};

use smallvec::SmallVec;

use super::{CallWorkflow, ExecutionData, LogLevel, NodeScope, Parts};
use crate::expression::{Facts, NodeFacts};
use crate::model::{Batch, ItemSource, Json, Timestamp};
use crate::node::{NodeError, NodeMemory, NodeSpec, StaticDataKind};
use crate::observer::ExecutionEvent;
use crate::plan::PlanNode;

/// The batches of a run's inputs; `None` where nothing came in.
pub type Inputs = SmallVec<[Option<Batch>; 2]>;

static NOTHING: Batch = Batch::EMPTY;

/// A run of a node that is due: the node, the number of the run, its inputs and where they came from.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Index of the node in the plan.
    pub node: u32,
    /// Number of the run.
    pub run: u32,
    /// Its place in the order of all runs.
    pub order: u32,
    /// The items of each connected input.
    pub inputs: Inputs,
    /// Where they came from.
    pub parts: Parts,
}

#[expect(clippy::unnecessary_box_returns, reason = "queues hold boxes, and what is boxed is used again")]
impl Activation {
    /// A run of a node that can begin. It is numbered when it does.
    pub(crate) fn of(node: u32, inputs: Inputs, parts: Parts) -> Box<Self> {
        Box::new(Self { node, run: 0, order: 0, inputs, parts })
    }

    /// A run with nothing but these items on the first input.
    pub(crate) fn with_input(node: u32, items: Batch, parts: Parts) -> Box<Self> {
        Self::of(node, SmallVec::from_buf_and_len([Some(items), None], 1), parts)
    }
}

/// What a node sees of its inputs.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The input that it works on.
    pub(crate) main: u16,
    /// The first item of each input, for a node that sees nothing else.
    pub(crate) cut: Option<Box<Inputs>>,
}

/// One run of a node. Shared by the driver and the node that runs; the driver uses it again for the next run when the node has let go of it.
#[derive(Clone, Debug)]
pub struct NodeRun {
    pub(crate) execution: Arc<ExecutionData>,
    pub(crate) activation: Box<Activation>,
    pub(crate) view: View,
    pub(crate) now: Timestamp,
    pub(crate) attempt: u32,
    facts: OnceLock<Arc<Facts>>,
    previous: OnceLock<Option<Box<ItemSource>>>,
}

impl NodeRun {
    pub(crate) fn new(execution: &Arc<ExecutionData>, activation: Box<Activation>, view: View, now: Timestamp) -> Self {
        let execution = Arc::clone(execution);
        Self { execution, activation, view, now, attempt: 0, facts: OnceLock::new(), previous: OnceLock::new() }
    }

    /// Makes another run of it, within the same execution; gives back what the last one was made of.
    #[expect(clippy::unnecessary_box_returns, reason = "queues hold boxes, and what is boxed is used again")]
    pub(crate) fn become_run(&mut self, activation: Box<Activation>, view: View, now: Timestamp) -> Box<Activation> {
        (self.view, self.now, self.attempt) = (view, now, 0);
        (self.facts, self.previous) = (OnceLock::new(), OnceLock::new());
        std::mem::replace(&mut self.activation, activation)
    }

    /// The same run, tried again.
    pub(crate) fn again(&self, attempt: u32) -> Self {
        Self { attempt, ..self.clone() }
    }

    pub(crate) fn execution(&self) -> &Arc<ExecutionData> {
        &self.execution
    }

    pub(crate) fn plan_node(&self) -> &PlanNode {
        self.execution.plan.node(self.activation.node)
    }

    pub(crate) fn spec(&self) -> &NodeSpec {
        &self.plan_node().spec
    }

    pub(crate) fn run_index(&self) -> usize {
        self.activation.run as usize
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn input(&self, input: usize) -> &Batch {
        self.view.cut.as_deref().unwrap_or(&self.activation.inputs).get(input).and_then(Option::as_ref).unwrap_or(&NOTHING)
    }

    pub(crate) fn input_count(&self) -> usize {
        self.execution.plan.edges().inputs(self.activation.node)
    }

    pub(crate) fn main_input(&self) -> &Batch {
        self.input(usize::from(self.view.main))
    }

    /// The items that expressions see: the main input before `executeOnce` cut it.
    pub(crate) fn visible(&self) -> &Batch {
        self.activation.inputs.get(usize::from(self.view.main)).and_then(Option::as_ref).unwrap_or(&NOTHING)
    }

    pub(crate) fn connections_from(&self, output: usize) -> usize {
        self.execution.plan.edges().outgoing(self.activation.node).iter().filter(|target| usize::from(target.output) == output).count()
    }

    pub(crate) fn scope(self: &Arc<Self>, index: usize) -> NodeScope<'_> {
        NodeScope::new(self, index)
    }

    pub(crate) fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let plan = &self.execution.plan;
            let services = &self.execution.services;
            Arc::new(Facts {
                workflow: plan.workflow_facts().clone(),
                execution: self.execution.facts.clone(),
                node: self.node_facts(),
                variables: Arc::clone(&services.variables),
                time_zone: Arc::clone(plan.time_zone().unwrap_or(&services.time_zone)),
            })
        })
    }

    fn node_facts(&self) -> NodeFacts {
        let spec = self.spec();
        NodeFacts {
            id: spec.id.shared(),
            name: Arc::clone(&spec.name),
            version: Some(spec.version),
            webhook_id: spec.webhook_id.clone(),
            parameters: Arc::clone(&spec.source),
        }
    }

    pub(crate) fn source(&self, input: usize) -> Option<ItemSource> {
        let part = self.activation.parts.iter().find(|part| usize::from(part.input) == input)?;
        Some(ItemSource { node: Arc::clone(&self.execution.plan.node(part.node).spec.name), output: part.output, run: part.run })
    }

    pub(crate) fn previous(&self) -> Option<&ItemSource> {
        let first = || self.activation.parts.first().map_or(0, |part| usize::from(part.input));
        self.previous.get_or_init(|| self.source(0).or_else(|| self.source(first())).map(Box::new)).as_deref()
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, NodeMemory> {
        self.execution.memory(self.activation.node)
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
