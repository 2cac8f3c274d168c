//! Runs one node of this crate in a real engine with virtual time: items in, items out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine_core::credential::{Credential, CredentialError, CredentialProvider, CredentialRequest};
use engine_core::driver::ExecutionResult;
use engine_core::execution::{ExecutionMode, Reply, Responder};
use engine_core::node::NodeRegistry;
use engine_core::testing::Simulator;
use engine_core::{Engine, Start, Workflow};
use serde_json::{Map, Value, json};

/// One node, and what comes in on each of its inputs.
pub(crate) struct TestNode {
    node: Value,
    inputs: Vec<Value>,
    mode: ExecutionMode,
    others: Vec<(&'static str, Value)>,
    credential: Option<Credential>,
    registry: Option<NodeRegistry>,
}

/// What the node gave.
pub(crate) struct TestRun {
    pub(crate) result: ExecutionResult,
    pub(crate) reply: Option<Reply>,
    pub(crate) seconds: u64,
}

impl TestNode {
    pub(crate) fn new(kind: &str, version: f64, parameters: impl Into<Value>) -> Self {
        let parameters: Value = parameters.into();
        let node = json!({"id": "n", "name": "Node", "type": kind, "typeVersion": version, "parameters": parameters, "position": [400, 0]});
        Self { node, inputs: Vec::new(), mode: ExecutionMode::Manual, others: Vec::new(), credential: None, registry: None }
    }

    /// Items for the next input: a list of objects.
    pub(crate) fn input(mut self, items: impl Into<Value>) -> Self {
        self.inputs.push(items.into());
        self
    }

    /// Items for the next input as the engine writes them: with files, or without.
    #[cfg(any(feature = "crypto", feature = "files"))]
    pub(crate) fn whole_items(self, items: impl Into<Value>) -> Self {
        let items: Value = items.into();
        self.input(json!({ "whole": items }))
    }

    /// Gives the node a credential of this type.
    #[cfg(feature = "crypto")]
    pub(crate) fn credential(mut self, kind: &str, fields: Value) -> Self {
        let Value::Object(fields) = fields else { panic!("an object") };
        self.node["credentials"][kind] = json!({"id": "1", "name": "mine"});
        self.credential = Some(Credential::new(fields));
        self
    }

    /// The node types to run with, where they are not the usual ones.
    #[cfg(feature = "disk")]
    pub(crate) fn registry(mut self, registry: NodeRegistry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// What is wrong with the node before it runs; empty when nothing is.
    #[cfg(any(feature = "crypto", feature = "disk"))]
    pub(crate) fn problems(self) -> String {
        let registry = self.registry.clone().unwrap_or_else(crate::registry);
        let engine = Engine::builder().runtime(Simulator::new(1)).nodes(registry).build();
        let workflow = Workflow::from_json(&self.workflow().to_string()).unwrap();
        engine.compile(workflow).err().map(|problems| problems.to_string()).unwrap_or_default()
    }

    /// Sets a field of the node, such as `onError`.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.node[field] = value.into();
        self
    }

    /// Another workflow that the engine knows.
    pub(crate) fn knowing(mut self, id: &'static str, workflow: Value) -> Self {
        self.others.push((id, workflow));
        self
    }

    pub(crate) fn mode(mut self, mode: ExecutionMode) -> Self {
        self.mode = mode;
        self
    }

    fn workflow(&self) -> Value {
        let start = json!({"id": "s", "name": "Start", "type": "manual_trigger", "parameters": {}, "position": [0, 0]});
        let mut nodes = vec![start, self.node.clone()];
        let mut connections = Map::new();
        let mut pinned = Map::new();
        let mut first = Vec::new();
        for (index, items) in self.inputs.iter().enumerate() {
            let name = format!("In{index}");
            nodes.push(json!({"id": name, "name": name, "type": "no_op", "parameters": {}, "position": [200, index * 100]}));
            first.push(json!({"node": name, "type": "main", "index": 0}));
            connections.insert(name.clone(), json!({"main": [[{"node": "Node", "type": "main", "index": index}]]}));
            let written = items.get("whole").cloned();
            pinned.insert(name, written.unwrap_or_else(|| items.as_array().unwrap().iter().map(|item| json!({"json": item})).collect()));
        }
        if self.inputs.is_empty() {
            first.push(json!({"node": "Node", "type": "main", "index": 0}));
        }
        connections.insert("Start".to_owned(), json!({"main": [first]}));
        json!({"nodes": nodes, "connections": connections, "pinData": pinned, "settings": {"executionOrder": "v1", "timezone": "Europe/Berlin"}})
    }

    /// Runs it in real time, for nodes that work on threads of their own.
    #[cfg(feature = "js")]
    pub(crate) fn run_on_threads(&self) -> TestRun {
        run_on_threads(&self.workflow())
    }

    pub(crate) fn run(self) -> TestRun {
        let simulator = Simulator::new(1);
        let read = |workflow: &Value| Workflow::from_json(&workflow.to_string()).unwrap();
        let registry = self.registry.clone().unwrap_or_else(crate::registry);
        let mut builder = Engine::builder().runtime(simulator.clone()).nodes(registry);
        if let Some(credential) = &self.credential {
            builder = builder.credentials(Arc::new(Given(credential.clone())));
        }
        for (id, workflow) in &self.others {
            builder = builder.workflow(*id, read(workflow));
        }
        let engine = builder.build();
        let plan = engine.compile(read(&self.workflow())).unwrap_or_else(|problems| panic!("{problems}"));
        let caller = Arc::new(Caller::default());
        let start = Start::default().mode(self.mode).responder(Arc::clone(&caller) as Arc<dyn Responder>);
        let before = engine.runtime().now();
        let result = simulator.block_on(engine.run(&plan, start)).unwrap();
        let reply = caller.0.lock().unwrap().take();
        TestRun { result, reply, seconds: engine.runtime().now().since(before).as_secs() }
    }

    /// The JSON of the items on each output; the execution must succeed.
    pub(crate) fn outputs(self) -> Value {
        let run = self.run();
        assert_eq!(run.error(), None);
        run.outputs()
    }

    /// The message of the error that stops the execution.
    pub(crate) fn error(self) -> String {
        self.run().error().expect("the execution fails")
    }
}

impl TestRun {
    /// The JSON of the items on each output of the last run, without empty outputs at the end.
    pub(crate) fn outputs(&self) -> Value {
        let mut outputs: Vec<Value> =
            (0..12).map(|output| self.result.output("Node", output).iter().map(|item| Value::Object(item.json().clone())).collect()).collect();
        while outputs.last().is_some_and(|output| output.as_array().is_some_and(Vec::is_empty)) {
            outputs.pop();
        }
        Value::Array(outputs)
    }

    /// What the items of an output say they were made from.
    pub(crate) fn paired(&self, output: usize) -> Value {
        let json = self.result.to_json();
        let runs = json["nodes"]["Node"].as_array().unwrap();
        let items = runs.last().unwrap()["outputs"][output].as_array().unwrap();
        items.iter().map(|item| item.get("pairedItem").cloned().unwrap_or_default()).collect()
    }

    pub(crate) fn error(&self) -> Option<String> {
        self.result.error().map(|error| error.message.clone())
    }
}

/// Runs a whole workflow to its end in real time, for nodes that work on threads of their own.
#[cfg(feature = "js")]
pub(crate) fn run_on_threads(workflow: &Value) -> TestRun {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let result = runtime.block_on(async {
        let engine = Engine::builder().runtime(engine_core::runtime::TokioRuntime::current()).nodes(crate::registry()).build();
        let plan = engine.compile(Workflow::from_json(&workflow.to_string()).unwrap()).unwrap_or_else(|problems| panic!("{problems}"));
        engine.run(&plan, Start::default()).await.unwrap()
    });
    TestRun { result, reply: None, seconds: 0 }
}

/// Runs a whole workflow to its end; `Node` is the node that [`TestRun`] looks at.
pub(crate) fn run_workflow(workflow: &Value) -> TestRun {
    let simulator = Simulator::new(1);
    let engine = Engine::builder().runtime(simulator.clone()).nodes(crate::registry()).build();
    let plan = engine.compile(Workflow::from_json(&workflow.to_string()).unwrap()).unwrap_or_else(|problems| panic!("{problems}"));
    let result = simulator.block_on(engine.run(&plan, Start::default())).unwrap();
    TestRun { result, reply: None, seconds: 0 }
}

/// Gives everybody the same credential.
#[derive(Debug)]
struct Given(Credential);

#[async_trait]
impl CredentialProvider for Given {
    async fn credential(&self, _: CredentialRequest<'_>) -> Result<Credential, CredentialError> {
        Ok(self.0.clone())
    }
}

/// Keeps the answer to the request that started an execution.
#[derive(Debug, Default)]
struct Caller(Mutex<Option<Reply>>);

impl Responder for Caller {
    fn respond(&self, reply: Reply) {
        *self.0.lock().unwrap() = Some(reply);
    }
}
