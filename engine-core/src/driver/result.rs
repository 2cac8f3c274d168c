//! What came of an execution.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::execution::{ExecutionData, RecordedOutput, RunRecord, RunStatus};
use crate::format::item_to_json;
use crate::model::{Batch, ExecutionId, Json, Timestamp};
use crate::node::Wait;
use crate::state::ExecutionStatus;

/// Why an execution failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{message}", .node.as_ref().map_or_else(String::new, |node| format!("node {node:?}: ")))]
pub struct ExecutionError {
    /// What went wrong.
    pub message: String,
    /// The node that failed, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// All that is known: as [`NodeError::to_json`](crate::node::NodeError::to_json) gives it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

/// How driving an execution ended.
#[derive(Debug)]
pub enum Outcome {
    /// It ended.
    Ended(ExecutionResult),
    /// It waits, and can be driven on later.
    Parked(Parked),
}

/// An execution that waits.
#[derive(Debug)]
pub struct Parked {
    /// What came of it so far.
    pub result: ExecutionResult,
    /// Whether it was paused: then it goes on when it is resumed, not before.
    pub paused: bool,
    /// When it goes on by itself.
    pub until: Option<Timestamp>,
    /// The nodes that wait, and what for.
    pub waits: Vec<(Arc<str>, Wait)>,
}

/// What came of an execution, node by node.
#[derive(Clone, Debug)]
pub struct ExecutionResult {
    pub(crate) execution: Arc<ExecutionData>,
    pub(crate) status: ExecutionStatus,
    pub(crate) error: Option<ExecutionError>,
    pub(crate) last: Option<u32>,
}

/// The runs of one node.
#[derive(Clone, Debug)]
pub struct NodeRuns {
    /// The node's name.
    pub name: Arc<str>,
    /// Its runs.
    pub runs: Vec<RunRecord>,
}

impl ExecutionResult {
    /// The execution's id.
    pub fn id(&self) -> ExecutionId {
        self.execution.id()
    }

    /// How it ended.
    pub fn status(&self) -> ExecutionStatus {
        self.status
    }

    /// Why it failed.
    pub fn error(&self) -> Option<&ExecutionError> {
        self.error.as_ref()
    }

    /// The execution itself.
    pub fn execution(&self) -> &Arc<ExecutionData> {
        &self.execution
    }

    /// Turns a failure into an error.
    ///
    /// # Errors
    /// When the execution did not succeed.
    pub fn success(self) -> Result<Self, ExecutionError> {
        match (self.status, &self.error) {
            (ExecutionStatus::Success, _) => Ok(self),
            (_, Some(error)) => Err(error.clone()),
            (status, None) => {
                let message = format!("the execution did not succeed: {}", status.as_str());
                Err(ExecutionError { message, node: None, details: Value::Null })
            }
        }
    }

    /// The items that the last run of a node gave on its first output.
    pub fn items(&self, node: &str) -> Batch {
        self.output(node, 0)
    }

    /// The items that the last run of a node gave on one output.
    pub fn output(&self, node: &str, output: usize) -> Batch {
        let record = self.execution.plan.find(node).and_then(|node| self.execution.log.last(node));
        record.and_then(|mut record| record.outputs.get_mut(output).map(|output| std::mem::take(&mut output.items))).unwrap_or_default()
    }

    /// The name of the node that gave something last.
    pub fn last_node(&self) -> Option<&Arc<str>> {
        self.last.map(|node| &self.execution.plan.node(node).spec.name)
    }

    /// What the node that gave something last gave, on each output.
    pub fn last_outputs(&self) -> Vec<Batch> {
        let record = self.last.and_then(|node| self.execution.log.last(node));
        record.map_or_else(Vec::new, |record| record.outputs.into_iter().map(|output| output.items).collect())
    }

    /// All nodes that ran, in the workflow's order.
    pub fn nodes(&self) -> Vec<NodeRuns> {
        let plan = &self.execution.plan;
        (0..)
            .zip(plan.nodes())
            .map(|(index, node)| NodeRuns { name: Arc::clone(&node.spec.name), runs: self.execution.log.all(index) })
            .filter(|node| !node.runs.is_empty())
            .collect()
    }

    /// Everything as JSON: `{"status", "error", "order": [names], "nodes": {name: [{"status", "outputs": [[ITEM]]}]}}`.
    pub fn to_json(&self) -> Value {
        let nodes = self.nodes();
        let mut order: Vec<(u32, &Arc<str>)> = nodes.iter().flat_map(|node| node.runs.iter().map(|run| (run.order, &node.name))).collect();
        order.sort_unstable_by_key(|(order, _)| *order);
        let runs: Json = nodes.iter().map(|node| (node.name.to_string(), node.runs.iter().map(run_to_json).collect())).collect();
        json!({
            "status": self.status.as_str(),
            "error": self.error,
            "order": order.into_iter().map(|(_, name)| name).collect::<Vec<_>>(),
            "nodes": runs,
        })
    }
}

fn run_to_json(record: &RunRecord) -> Value {
    let status = match record.status {
        RunStatus::Success => "success",
        RunStatus::Error => "error",
        RunStatus::Waiting => "waiting",
        RunStatus::Skipped => "skipped",
        RunStatus::Canceled => "canceled",
    };
    let mut run = json!({ "status": status, "outputs": record.outputs.iter().map(output_to_json).collect::<Value>() });
    if let Some(error) = &record.error {
        run["error"] = (**error).clone();
    }
    run
}

/// An output as a list of items.
fn output_to_json(output: &RecordedOutput) -> Value {
    output.items.iter().enumerate().map(|(index, item)| item_to_json(item, &output.paired(index))).collect()
}
