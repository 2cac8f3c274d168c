//! How an execution is started.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::driver::Control;
use crate::execution::{ExecutionMode, Responder};
use crate::model::{Batch, ExecutionId, Item, Json};
use crate::plan::Plan;

/// What an execution begins with.
#[derive(Clone)]
pub struct Start {
    pub(crate) items: Batch,
    pub(super) node: Option<StartNode>,
    pub(crate) mode: ExecutionMode,
    pub(crate) id: Option<ExecutionId>,
    pub(crate) responder: Option<Arc<dyn Responder>>,
    pub(crate) control: Arc<Control>,
    pub(crate) depth: u32,
    pub(crate) resume_url: Option<Arc<str>>,
}

/// Where an execution begins.
#[derive(Clone, Debug)]
pub(super) enum StartNode {
    Named(String),
    At(u32),
}

/// Why an execution could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The named start node is not in the workflow.
    #[error("there is no node {0:?} to start at")]
    UnknownNode(String),
    /// No enabled node can start the workflow.
    #[error("no enabled node can start the workflow")]
    NoStartNode,
    /// It could not be written down.
    #[error("the execution could not be recorded: {0}")]
    Journal(String),
}

impl Default for Start {
    fn default() -> Self {
        Self::new(Batch::from(vec![Item::new(Json::new())]))
    }
}

impl Start {
    /// With these items, at the workflow's first trigger, by hand.
    pub fn new(items: impl Into<Batch>) -> Self {
        let control = Arc::default();
        Self { items: items.into(), node: None, mode: ExecutionMode::Manual, id: None, responder: None, control, depth: 0, resume_url: None }
    }

    /// With one item for each of these values.
    pub fn with_items(values: impl IntoIterator<Item = Value>) -> Self {
        Self::new(values.into_iter().map(Item::from_value).collect::<Batch>())
    }

    /// At this node instead of the first trigger.
    #[must_use]
    pub fn at(mut self, node: impl Into<String>) -> Self {
        self.node = Some(StartNode::Named(node.into()));
        self
    }

    /// At the node with this number, as [`Plan::triggers`] gives it.
    #[must_use]
    pub fn at_index(mut self, node: u32) -> Self {
        self.node = Some(StartNode::At(node));
        self
    }

    /// With the address under which it is resumed from outside: `$execution.resumeUrl`.
    #[must_use]
    pub fn resume_url(mut self, url: impl Into<Arc<str>>) -> Self {
        self.resume_url = Some(url.into());
        self
    }

    /// Says how it came to be started.
    #[must_use]
    pub fn mode(mut self, mode: ExecutionMode) -> Self {
        self.mode = mode;
        self
    }

    /// Under an id that was made before.
    #[must_use]
    pub fn id(mut self, id: ExecutionId) -> Self {
        self.id = Some(id);
        self
    }

    /// With somebody who waits for an answer.
    #[must_use]
    pub fn responder(mut self, responder: Arc<dyn Responder>) -> Self {
        self.responder = Some(responder);
        self
    }

    /// Controlled by `control`.
    #[must_use]
    pub fn control(mut self, control: Arc<Control>) -> Self {
        self.control = control;
        self
    }

    pub(crate) fn depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// The node at which it begins: the named one, or the one that n8n would choose (SEMANTICS 4).
    pub(crate) fn node(&self, plan: &Plan) -> Result<u32, StartError> {
        match &self.node {
            Some(StartNode::Named(name)) => plan.find(name).ok_or_else(|| StartError::UnknownNode(name.clone())),
            Some(StartNode::At(node)) if (*node as usize) < plan.len() => Ok(*node),
            Some(StartNode::At(node)) => Err(StartError::UnknownNode(node.to_string())),
            None => plan.start_node(self.mode).ok_or(StartError::NoStartNode),
        }
    }
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("items", &self.items.len()).field("node", &self.node).field("mode", &self.mode).finish_non_exhaustive()
    }
}
