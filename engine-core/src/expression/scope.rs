//! What an expression can see: the item at hand, the data of other nodes, and the facts of the execution.

use std::sync::Arc;

use serde_json::Value;

use super::ExpressionError;
use crate::model::{Batch, Item, ItemSource, Json, NodeVersion, Timestamp};

/// The data behind `$json`, `$input`, `$('Node')`, `$workflow` and the others, for one item of one run of a node.
///
/// Evaluation is synchronous; nothing here waits. Data is handed out shared: asking for it copies no JSON.
pub trait Scope: Send + Sync {
    /// Index of the item at hand within [`input`](Self::input): `$itemIndex`.
    fn item_index(&self) -> usize;

    /// Number of the run of the node: `$runIndex`.
    fn run_index(&self) -> usize;

    /// The items that the node works on: `$input`, and `$json` at the item index. Empty for a node without input.
    fn input(&self) -> &Batch;

    /// The items of another node: `$('Node').all(output, run)`. Without an output, the one by which this node is reached; without a run,
    /// the last one (negative numbers count from the end).
    ///
    /// # Errors
    /// When there is no such node, or it has not run, or has no such run.
    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError>;

    /// The item of another node from which the item at `index` was made: `$('Node').item`, `.pairedItem(i)`, `.itemMatching(i)`. `None` is what
    /// a run-time error of JavaScript is: the whole expression is undefined.
    ///
    /// # Errors
    /// When there is no such node, no path to it, or the lineage is broken or leads to several items.
    fn paired_item(&self, node: &str, index: usize) -> Result<Option<Item>, ExpressionError>;

    /// What is known of another node: its parameters, its memory, whether it ran.
    ///
    /// # Errors
    /// When there is no such node.
    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError>;

    /// Where the first connected input came from: `$prevNode`.
    fn previous(&self) -> Option<&ItemSource>;

    /// Facts that hold for the whole run of the node.
    fn facts(&self) -> &Facts;

    /// The clock: `$now`. The same during one run of a node.
    fn now(&self) -> Timestamp;

    /// Sets entries of the execution's custom data: `$execution.customData.set(key, value)`.
    ///
    /// # Errors
    /// When a key or a value is too long, or there are too many.
    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError>;

    /// The execution's custom data so far.
    fn custom_data(&self) -> Json;

    /// Variables that only this scope has, by their full names: `$response` and `$pageCount` while a node fetches pages.
    fn variables(&self) -> Option<&Json> {
        None
    }

    /// The same scope as a value of its own, for an evaluation that goes on elsewhere.
    fn detach(&self) -> Arc<dyn Scope>;
}

/// Which items of which node.
#[derive(Clone, Copy, Debug)]
pub struct NodeItems<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// Output port; by default the one by which the asking node is reached.
    pub output: Option<usize>,
    /// Run, negative from the end; by default the last.
    pub run: Option<i64>,
    /// Whether a path of connections must lead from the node to the asking one, as n8n wants it for `$node["Name"]`.
    pub connected: bool,
}

impl<'a> NodeItems<'a> {
    /// The last run of a node, on the output by which the asking node is reached.
    pub const fn of(node: &'a str) -> Self {
        Self { node, output: None, run: None, connected: false }
    }

    /// The same, of a node that must be connected to the asking one.
    pub const fn beside(node: &'a str) -> Self {
        Self { connected: true, ..Self::of(node) }
    }
}

/// What an expression may know of another node.
#[derive(Clone, Debug, Default)]
pub struct OtherNode {
    /// `.isExecuted`.
    pub executed: bool,
    /// `.params`, as written in the workflow.
    pub parameters: Arc<Json>,
    /// `.context`: the memory that the node keeps between its runs.
    pub context: Json,
    /// `.runIndex`: number of its last run.
    pub run_index: usize,
}

/// Facts that hold for a whole run of a node.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `$workflow`.
    pub workflow: WorkflowFacts,
    /// `$execution`.
    pub execution: ExecutionFacts,
    /// The node at hand.
    pub node: NodeFacts,
    /// `$vars`.
    pub variables: Arc<Json>,
    /// IANA name of the workflow's time zone, such as `Europe/Berlin`.
    pub time_zone: Arc<str>,
}

/// `$workflow`.
#[derive(Clone, Debug, Default)]
pub struct WorkflowFacts {
    /// `$workflow.id`.
    pub id: Arc<str>,
    /// `$workflow.name`.
    pub name: Arc<str>,
    /// `$workflow.active`.
    pub active: bool,
}

/// `$execution`.
#[derive(Clone, Debug, Default)]
pub struct ExecutionFacts {
    /// `$execution.id`.
    pub id: Arc<str>,
    /// `$execution.mode`: `test` for manual executions, otherwise `production`.
    pub mode: Arc<str>,
    /// `$execution.resumeUrl`, where the execution can be resumed by a call.
    pub resume_url: Option<Arc<str>>,
    /// `$execution.resumeFormUrl`.
    pub resume_form_url: Option<Arc<str>>,
}

/// The node whose parameter is evaluated.
#[derive(Clone, Debug, Default)]
pub struct NodeFacts {
    /// `$nodeId`.
    pub id: Arc<str>,
    /// Name of the node.
    pub name: Arc<str>,
    /// `$nodeVersion`.
    pub version: Option<NodeVersion>,
    /// `$webhookId`.
    pub webhook_id: Option<Arc<str>>,
    /// `$parameter`: with defaults filled in, expressions as written.
    pub parameters: Arc<Json>,
}
