//! A workflow: the definition, as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Json, NodeId, NodeKind, NodeVersion, WorkflowId};
use crate::credential::CredentialRef;
use crate::node::OnError;

/// A workflow as it was written. Nothing about it is checked yet: [`Plan::compile`](crate::plan::Plan::compile) does that.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workflow {
    /// Id, where it has one.
    pub id: Option<WorkflowId>,
    /// Name; may be empty.
    pub name: String,
    /// The nodes, in the order in which they were written.
    pub nodes: Vec<NodeDefinition>,
    /// The connections, in the order in which they were written.
    pub connections: Vec<Connection>,
    /// Settings.
    pub settings: Settings,
    /// Items that stand in for what a node would give, in executions started by hand: a list for the name of each node.
    pub pinned: Json,
    /// Data that outlives executions: `{"global": {...}, "node:<name>": {...}}`.
    pub static_data: Option<Value>,
    /// Whether its triggers should start executions.
    pub active: Option<bool>,
    /// The format in which it was read, and is written.
    pub format: Format,
    /// All else that the file held, written back as it was.
    pub extra: Json,
}

/// The JSON formats of workflows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    /// The engine's own: connections as a list.
    #[default]
    Native,
    /// n8n's: connections by the name of their source.
    N8n {
        /// The connections as they were read, with empty places and connections to nowhere.
        connections: Value,
    },
}

/// A node of a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeDefinition {
    /// Stable id, where it has one.
    pub id: Option<NodeId>,
    /// Name: unique within the workflow; connections and expressions refer to it.
    pub name: String,
    /// Node type.
    pub kind: NodeKind,
    /// Version of the node type; 1 where none is given.
    pub version: Option<NodeVersion>,
    /// Place on the canvas, `[x, y]`. Decides the order of branches in n8n's orders.
    pub position: Option<[f64; 2]>,
    /// Parameters, as written; texts that begin with `=` are expressions.
    pub parameters: Json,
    /// Credentials by type.
    pub credentials: BTreeMap<String, CredentialRef>,
    /// Whether it passes its first input on instead of running.
    pub disabled: bool,
    /// How it runs.
    pub options: NodeOptions,
    /// n8n's webhook id.
    pub webhook_id: Option<String>,
    /// All else that the file held, written back as it was.
    pub extra: Json,
}

/// How a node runs, whatever its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeOptions {
    /// Only the first item of each input counts.
    pub execute_once: bool,
    /// Gives one empty item instead of none.
    pub always_output_data: bool,
    /// Tries again after an error.
    pub retry: Option<RetryPolicy>,
    /// What to do when it fails.
    pub on_error: Option<OnError>,
    /// How long one try may take.
    pub timeout_seconds: Option<f64>,
    /// Fails with the code `interrupted` instead of running again, when the worker that ran it died.
    pub at_most_once: bool,
}

/// When to try again, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// How many tries in all, where it is said. n8n's orders take 2 to 5, 3 where nothing is said.
    pub max_tries: Option<u32>,
    /// Milliseconds before the second try, where it is said; 1000 otherwise.
    pub wait_ms: Option<f64>,
    /// How the wait grows.
    pub backoff: Backoff,
    /// The longest wait, in milliseconds.
    pub max_wait_ms: Option<f64>,
}

/// How the wait between tries grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backoff {
    /// Always the same.
    #[default]
    Fixed,
    /// Twice as long each time, with up to a quarter of jitter.
    Exponential,
}

/// A connection from an output to an input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Name (or, in the native format, id) of the node that it leaves.
    pub source: Arc<str>,
    /// The output that it leaves.
    pub source_output: usize,
    /// Name (or, in the native format, id) of the node that it enters.
    pub target: Arc<str>,
    /// The input that it enters.
    pub target_input: usize,
    /// `main`, or one of n8n's kinds for parts of AI nodes.
    pub kind: Arc<str>,
}

/// The kind of connection along which items flow.
pub const MAIN: &str = "main";

/// Settings of a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// In which order nodes run.
    pub execution_order: ExecutionOrder,
    /// IANA time zone, such as `Europe/Berlin`; the engine's where none is given.
    pub timezone: Option<String>,
    /// Workflow that is started when an execution fails.
    pub error_workflow: Option<WorkflowId>,
    /// How long an execution may take, in seconds.
    pub execution_timeout: Option<f64>,
    /// How many nodes may run at the same time.
    pub max_parallel_nodes: Option<usize>,
    /// What is stored, and when.
    pub durability: Option<Durability>,
    /// All else, written back as it was; also settings with a value of a type that was not expected.
    pub extra: Json,
}

/// In which order nodes run, and how several connections into one input are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecutionOrder {
    /// Independent branches at the same time; connections into one input are joined. The native order.
    #[default]
    Parallel,
    /// n8n's since 2023: one node at a time, a branch to its end before the next, by place on the canvas.
    V1,
    /// n8n's before 2023: one node at a time, breadth first.
    V0,
}

/// What of an execution is stored, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Nothing.
    Memory,
    /// The end.
    Result,
    /// Each step: the execution goes on after a crash.
    Journal,
}

impl NodeDefinition {
    /// The id under which stored state names the node: its own id or, without one, its name.
    pub fn key(&self) -> NodeId {
        self.id.clone().unwrap_or_else(|| NodeId::from(self.name.as_str()))
    }

    /// The version, 1 where none is given.
    pub fn version(&self) -> NodeVersion {
        self.version.unwrap_or(NodeVersion::ONE)
    }
}

impl Connection {
    /// From the first output of one node to the first input of another.
    pub fn new(source: impl Into<Arc<str>>, target: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), source_output: 0, target: target.into(), target_input: 0, kind: MAIN.into() }
    }

    /// The same connection, leaving another output.
    #[must_use]
    pub fn from_output(mut self, output: usize) -> Self {
        self.source_output = output;
        self
    }

    /// The same connection, entering another input.
    #[must_use]
    pub fn into_input(mut self, input: usize) -> Self {
        self.target_input = input;
        self
    }

    /// Whether items flow along it.
    pub fn is_main(&self) -> bool {
        &*self.kind == MAIN
    }
}

impl Default for NodeKind {
    fn default() -> Self {
        Self::from("")
    }
}

impl Workflow {
    /// Reads a workflow in the engine's own format or n8n's.
    ///
    /// # Errors
    /// All problems of the text's shape. What the workflow means is checked when it is compiled.
    pub fn from_json(text: &str) -> Result<Self, crate::problem::Problems> {
        crate::format::read_workflow(text)
    }

    /// Writes it in the format in which it was read.
    pub fn to_json(&self) -> Value {
        crate::format::write_workflow(self)
    }
}
