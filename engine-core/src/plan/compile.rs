//! From a workflow to a plan: every node compiled, every problem reported.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::connect::{self, Connected};
use super::node::Special;
use super::{Edges, LoopForest, Plan, PlanNode};
use crate::expression::{ScriptEngine, WorkflowFacts};
use crate::format::batch_from_json;
use crate::model::{Batch, ExecutionOrder, Format, NodeDefinition, NodeId, Workflow};
use crate::node::{NodeRegistry, NodeSpec, NodeType, OnError, Parameter, ParameterCompiler, Path, RequiredInputs};
use crate::problem::{Problem, ProblemCode, Problems, Severity, pointer_key};
use crate::schema::NodeGroup;

/// What compiling needs.
#[derive(Clone, Copy)]
pub struct CompileOptions<'a> {
    /// The node types.
    pub registry: &'a NodeRegistry,
    /// For expressions that the native evaluator leaves to JavaScript.
    pub script_engine: Option<&'a dyn ScriptEngine>,
}

impl fmt::Debug for CompileOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompileOptions").field("script_engine", &self.script_engine).finish_non_exhaustive()
    }
}

/// A plan, and what somebody should look at.
#[derive(Debug)]
pub struct Compiled {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Problems that do not keep it from running.
    pub warnings: Vec<Problem>,
}

impl Plan {
    /// Checks and compiles a workflow.
    ///
    /// # Errors
    /// Every problem that keeps it from running, together with the warnings.
    pub fn compile(workflow: Arc<Workflow>, options: CompileOptions<'_>) -> Result<Compiled, Problems> {
        let mut compiler = Compiler { workflow: &workflow, options, problems: Vec::new(), by_name: HashMap::new() };
        compiler.names();
        compiler.settings();
        let mut types = Vec::with_capacity(workflow.nodes.len());
        let mut nodes: Vec<PlanNode> = Vec::with_capacity(workflow.nodes.len());
        for (index, definition) in workflow.nodes.iter().enumerate() {
            let (node, node_type) = compiler.node(index, definition);
            nodes.push(node);
            types.push(node_type);
        }
        let Connected { edges, reachable } = connect::connect(&mut compiler, &nodes, &types);
        compiler.soften(&nodes, &reachable);
        let loops = compiler.loops(&nodes, &edges);
        let Compiler { problems, by_name, .. } = compiler;
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(problems.into());
        }
        let facts = WorkflowFacts {
            id: workflow.id.as_ref().map_or_else(|| "".into(), |id| id.as_str().into()),
            name: workflow.name.as_str().into(),
            active: workflow.active.unwrap_or(false),
        };
        let time_zone = workflow.settings.timezone.as_deref().map(Arc::from);
        let reach = nodes.iter().map(|_| OnceLock::new()).collect();
        let plan = Self { nodes: nodes.into(), edges, by_name, facts, time_zone, loops, reach, workflow };
        Ok(Compiled { plan: Arc::new(plan), warnings: problems })
    }
}

/// The work in progress.
pub(super) struct Compiler<'a> {
    pub(super) workflow: &'a Workflow,
    options: CompileOptions<'a>,
    pub(super) problems: Vec<Problem>,
    pub(super) by_name: HashMap<Arc<str>, u32>,
}

impl Compiler<'_> {
    pub(super) fn is_n8n(&self) -> bool {
        matches!(self.workflow.format, Format::N8n { .. })
    }

    /// Notes a problem with a node.
    pub(super) fn note(&mut self, index: usize, problem: Problem) {
        let name = self.workflow.nodes.get(index).map_or("", |node| &node.name);
        self.problems.push(problem.in_node(name).below(&format!("/nodes/{index}")));
    }

    fn names(&mut self) {
        if self.workflow.nodes.is_empty() {
            let problem = Problem::new(ProblemCode::Empty, "the workflow has no nodes").at("/nodes");
            self.problems.push(problem.help("add a trigger, such as manual_trigger, and what shall follow it"));
        }
        let mut ids: HashMap<&NodeId, usize> = HashMap::new();
        for (index, node) in self.workflow.nodes.iter().enumerate() {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            if node.name.is_empty() {
                self.note(index, Problem::new(ProblemCode::MissingNodeName, "a node must have a name").at("/name"));
            } else if let Some(first) = self.by_name.get(node.name.as_str()).copied() {
                self.duplicate_name(index, first);
            } else {
                self.by_name.insert(node.name.as_str().into(), number);
            }
            if let Some(first) = node.id.as_ref().and_then(|id| ids.insert(id, index)) {
                let message = format!("the id {:?} is taken by node {first}", node.id.as_ref().map_or("", NodeId::as_str));
                self.note(
                    index,
                    Problem::new(ProblemCode::DuplicateNodeId, message).at("/id").help("leave the id out, or give the node one of its own"),
                );
            }
        }
    }

    /// n8n keeps nodes by their name: the last one counts. We say so, and do the same for its files.
    fn duplicate_name(&mut self, index: usize, first: u32) {
        let name = self.workflow.nodes.get(index).map_or("", |node| &node.name);
        let problem = Problem::new(ProblemCode::DuplicateNodeName, format!("the name {name:?} is taken by node {first}"));
        let problem = problem.at("/name").help("give each node a name of its own");
        if !self.is_n8n() {
            return self.note(index, problem);
        }
        self.by_name.insert(name.into(), u32::try_from(index).unwrap_or(u32::MAX));
        self.note(index, Problem { severity: Severity::Warning, message: format!("{}; the last one counts, as in n8n", problem.message), ..problem });
    }

    fn settings(&mut self) {
        let Some(zone) = &self.workflow.settings.timezone else { return };
        if jiff::tz::TimeZone::get(zone).is_err() {
            let problem = Problem::new(ProblemCode::InvalidSetting, format!("{zone:?} is no time zone")).at("/settings/timezone");
            self.problems.push(problem.help("use an IANA name such as Europe/Berlin"));
        }
    }

    fn node_type(&mut self, index: usize, definition: &NodeDefinition) -> Option<Arc<dyn NodeType>> {
        let registry = self.options.registry;
        let (kind, version) = (&definition.kind, definition.version());
        if let Some(node_type) = registry.get(kind, version) {
            return Some(Arc::clone(node_type));
        }
        let versions: Vec<String> = registry.named(kind).flat_map(|node_type| &node_type.schema().versions).map(ToString::to_string).collect();
        let problem = if versions.is_empty() {
            let problem = Problem::new(ProblemCode::UnknownNodeType, format!("no node type is called {kind:?}")).at("/type");
            match registry.nearest(kind.as_str()) {
                Some(near) => problem.help(format!("did you mean {near:?}?")),
                None => problem.help("register the type, or replace the node"),
            }
        } else {
            let message = format!("node type {kind:?} has no version {version}");
            Problem::new(ProblemCode::UnknownNodeVersion, message).at("/typeVersion").help(format!("its versions are {}", versions.join(", ")))
        };
        self.note(index, problem);
        None
    }

    fn node(&mut self, index: usize, definition: &NodeDefinition) -> (PlanNode, Option<Arc<dyn NodeType>>) {
        let node_type = self.node_type(index, definition);
        let (mut node, mut special) = self.bare(definition);
        if let Some(node_type) = &node_type {
            self.compile_node(index, definition, (&mut node, &mut special, node_type));
        }
        special.pinned = self.pinned(definition);
        node.special = special.boxed();
        (node, node_type)
    }

    fn bare(&self, definition: &NodeDefinition) -> (PlanNode, Special) {
        let options = &definition.options;
        let spec = NodeSpec {
            id: definition.key(),
            name: self.by_name.get_key_value(definition.name.as_str()).map_or_else(|| "".into(), |(name, _)| Arc::clone(name)),
            kind: definition.kind.clone(),
            version: definition.version(),
            parameters: Parameter::Constant(serde_json::Value::Null),
            source: Arc::default(),
            on_error: options.on_error.unwrap_or_default(),
            credentials: definition.credentials.clone(),
            webhook_id: definition.webhook_id.as_deref().map(Into::into),
        };
        let timeout = options.timeout_seconds.filter(|seconds| *seconds > 0.0).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let special = Special { retry: options.retry.clone(), timeout, ..Special::default() };
        let node = PlanNode {
            spec: Box::new(spec),
            node: None,
            effect: crate::schema::Effect::Pure,
            is_plain: options.retry.is_none() && options.timeout_seconds.is_none() && !options.at_most_once,
            has_error_output: options.on_error == Some(OnError::ContinueError),
            outputs: 1,
            declared_inputs: 1,
            is_trigger: false,
            is_loop: false,
            disabled: definition.disabled,
            execute_once: options.execute_once,
            always_output_data: options.always_output_data,
            at_most_once: options.at_most_once,
            reads_static_data: false,
            special: None,
        };
        (node, special)
    }

    fn compile_node(
        &mut self,
        index: usize,
        definition: &NodeDefinition,
        (node, special, node_type): (&mut PlanNode, &mut Special, &Arc<dyn NodeType>),
    ) {
        let schema = node_type.schema();
        let version = definition.version();
        let mut problems = schema.check(&definition.parameters, version);
        node.spec.source = Arc::new(schema.fill(&definition.parameters, version));
        let mut compiler = ParameterCompiler { engine: self.options.script_engine, problems: Vec::new() };
        let mut source = (*node.spec.source).clone();
        node_type.prepare(&mut source);
        node.spec.parameters = Parameter::compile(&source.into(), Path::Root, &mut compiler);
        problems.append(&mut compiler.problems);
        // In n8n an expression that does not parse fails when it is evaluated, and the node may go on.
        let fails_later = |problem: &&mut Problem| self.is_n8n() && problem.code == ProblemCode::InvalidExpression;
        problems.iter_mut().filter(fails_later).for_each(|problem| problem.severity = Severity::Warning);
        let sound = problems.iter().all(|problem| problem.severity == Severity::Warning);
        node.effect = node_type.effect(&node.spec);
        let covered = node.has_error_output && self.is_n8n();
        node.outputs = count(node_type.outputs(&node.spec).iter().filter(|port| !(covered && port.undeclared)).count());
        node.declared_inputs = count(node_type.inputs(&node.spec).len());
        special.required = Some(node_type.required_inputs(&node.spec)).filter(|required| *required != RequiredInputs::AtLeast(1));
        node.is_trigger = schema.group == NodeGroup::Trigger;
        node.is_loop = node_type.is_loop();
        node.reads_static_data = node_type.reads_static_data(&node.spec);
        if sound && !node_type.is_annotation() {
            match node_type.compile(&node.spec) {
                Ok(behaviour) => node.node = Some(behaviour),
                Err(found) => problems.extend(found),
            }
            match node_type.activations(&node.spec) {
                Ok(activations) => special.activations = activations,
                Err(found) => problems.extend(found),
            }
        }
        for problem in problems {
            self.note(index, problem.below("/parameters"));
        }
    }

    fn pinned(&mut self, definition: &NodeDefinition) -> Option<Batch> {
        let pinned = self.workflow.pinned.get(&definition.name).filter(|value| !value.is_null())?;
        match batch_from_json(pinned.clone()) {
            Ok(items) => Some(items),
            Err(error) => {
                let problem = Problem::new(ProblemCode::WrongShape, format!("pinned data: {error}")).in_node(&definition.name);
                self.problems.push(problem.at(format!("/pinData/{}", pointer_key(&definition.name))));
                None
            }
        }
    }

    /// What is wrong with a node that never runs keeps nothing else from running: n8n runs such workflows.
    fn soften(&mut self, nodes: &[PlanNode], reachable: &[bool]) {
        if !self.is_n8n() || !reachable.contains(&true) {
            return;
        }
        let idle = |name: &str| {
            let index = self.by_name.get(name).map(|index| *index as usize);
            index.is_some_and(|index| nodes.get(index).is_some_and(|node| node.disabled) || !reachable.get(index).copied().unwrap_or(true))
        };
        for problem in &mut self.problems {
            let about_names = matches!(problem.code, ProblemCode::DuplicateNodeName | ProblemCode::MissingNodeName);
            if !about_names && problem.node.as_deref().is_some_and(idle) {
                problem.severity = Severity::Warning;
            }
        }
    }

    fn loops(&mut self, nodes: &[PlanNode], edges: &Edges) -> LoopForest {
        if self.workflow.settings.execution_order != ExecutionOrder::Parallel {
            return LoopForest::default();
        }
        let (forest, cycles) = LoopForest::find(nodes, edges);
        for cycle in cycles {
            let names: Vec<&str> = cycle.iter().filter_map(|&index| nodes.get(index as usize)).map(|node| &*node.spec.name).collect();
            let first = names.first().copied().unwrap_or_default();
            let path = if names.len() > 12 {
                let (head, tail) = (names.get(..6).unwrap_or_default(), names.get(names.len() - 5..).unwrap_or_default());
                format!("{} -> ... ({} more) ... -> {} -> {first}", head.join(" -> "), names.len() - 11, tail.join(" -> "))
            } else {
                format!("{} -> {first}", names.join(" -> "))
            };
            let problem = Problem::new(ProblemCode::Cycle, format!("these nodes form a cycle that no loop node ends: {path}"));
            self.problems
                .push(problem.in_node(first).at("/connections").help("put a loop node (loop_over_items) on the cycle, or take a connection out"));
        }
        forest
    }
}

fn count(ports: usize) -> u16 {
    u16::try_from(ports).unwrap_or(u16::MAX)
}
