//! What expressions of a running node see.

use std::sync::Arc;

use serde_json::Value;

use super::{NodeRun, RunRecord, lineage};
use crate::expression::{ExpressionError, ExpressionErrorKind, Facts, NodeItems, OtherNode, Scope};
use crate::model::{Batch, ExecutionOrder, Item, ItemSource, Json, Timestamp};

/// The scope of one item of one run of a node.
#[derive(Clone, Copy, Debug)]
pub struct NodeScope<'a> {
    run: &'a Arc<NodeRun>,
    index: usize,
}

/// The same, owning its run: for evaluations that go on elsewhere.
#[derive(Debug)]
struct DetachedScope {
    run: Arc<NodeRun>,
    index: usize,
}

impl<'a> NodeScope<'a> {
    pub(super) fn new(run: &'a Arc<NodeRun>, index: usize) -> Self {
        Self { run, index }
    }

    fn find(self, name: &str) -> Result<u32, ExpressionError> {
        let missing = || ExpressionError::new(ExpressionErrorKind::UnknownNode, format!("Referenced node doesn't exist: there is no node {name:?}"));
        self.run.execution.plan.find(name).ok_or_else(missing)
    }

    /// The output that is meant; n8n's orders want a connection where the query does.
    fn output_for(self, node: u32, query: &NodeItems<'_>) -> Result<usize, ExpressionError> {
        if let Some(output) = query.output {
            return Ok(output);
        }
        let plan = &self.run.execution.plan;
        let connected = lineage::connected_output(plan, node, self.run.activation.node);
        if connected.is_none() && query.connected && plan.order() != ExecutionOrder::Parallel {
            let message = format!("connect \"{}\" to \"{}\"", plan.node(self.run.activation.node).spec.name, query.node);
            return Err(ExpressionError::new(ExpressionErrorKind::NoPath, message));
        }
        Ok(connected.unwrap_or(0))
    }

    /// The items that a node gave in this execution.
    fn recorded_items(self, node: u32, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        let log = &self.run.execution.log;
        let runs = i64::try_from(log.runs(node)).unwrap_or(i64::MAX);
        if runs == 0 {
            let message = format!("Node '{}' hasn't been executed", query.node);
            return Err(ExpressionError::new(ExpressionErrorKind::NotExecuted, message));
        }
        let wanted = query.run.unwrap_or(-1);
        let index = if wanted < 0 { runs + wanted } else { wanted };
        let output = self.output_for(node, query)?;
        let items = |record: &RunRecord| {
            let items = record.outputs.get(output).map(|output| output.items.clone());
            if items.is_none() && query.output.is_some() {
                let message = format!("Node \"{}\" has no branch with index {output}.", query.node);
                return Err(ExpressionError::new(ExpressionErrorKind::OutOfRange, message));
            }
            Ok(items.unwrap_or_default())
        };
        let found = u32::try_from(index).ok().and_then(|index| log.look(node, index, items));
        found.unwrap_or_else(|| {
            let message = format!("Node '{}' has no run {wanted}: it ran {runs} times", query.node);
            Err(ExpressionError::new(ExpressionErrorKind::OutOfRange, message))
        })
    }
}

impl Scope for NodeScope<'_> {
    fn item_index(&self) -> usize {
        self.index
    }

    fn run_index(&self) -> usize {
        self.run.run_index()
    }

    fn input(&self) -> &Batch {
        self.run.visible()
    }

    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        let node = self.find(query.node)?;
        // Where the node has no such items, what is pinned to it stands in.
        self.recorded_items(node, query).or_else(|error| self.run.execution.pinned(node).cloned().ok_or(error))
    }

    fn paired_item(&self, node: &str, index: usize) -> Result<Option<Item>, ExpressionError> {
        let target = self.find(node)?;
        lineage::ancestor_item(self.run, target, index)
    }

    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError> {
        let node = self.find(name)?;
        let execution = &self.run.execution;
        let runs = execution.log.runs(node);
        Ok(OtherNode {
            executed: runs > 0,
            parameters: Arc::clone(&execution.plan.node(node).spec.source),
            context: execution.memory_context(node),
            run_index: runs.saturating_sub(1),
        })
    }

    fn previous(&self) -> Option<&ItemSource> {
        self.run.previous()
    }

    fn facts(&self) -> &Facts {
        self.run.facts()
    }

    fn now(&self) -> Timestamp {
        self.run.now
    }

    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        self.run.execution.set_custom_data(key, value)
    }

    fn custom_data(&self) -> Json {
        self.run.execution.custom_data()
    }

    fn detach(&self) -> Arc<dyn Scope> {
        Arc::new(DetachedScope { run: Arc::clone(self.run), index: self.index })
    }
}

impl DetachedScope {
    fn scope(&self) -> NodeScope<'_> {
        NodeScope { run: &self.run, index: self.index }
    }
}

impl Scope for DetachedScope {
    fn item_index(&self) -> usize {
        self.index
    }

    fn run_index(&self) -> usize {
        self.run.run_index()
    }

    fn input(&self) -> &Batch {
        self.run.visible()
    }

    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        self.scope().node_items(query)
    }

    fn paired_item(&self, node: &str, index: usize) -> Result<Option<Item>, ExpressionError> {
        self.scope().paired_item(node, index)
    }

    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError> {
        self.scope().other_node(name)
    }

    fn previous(&self) -> Option<&ItemSource> {
        self.run.previous()
    }

    fn facts(&self) -> &Facts {
        self.run.facts()
    }

    fn now(&self) -> Timestamp {
        self.run.now
    }

    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        self.run.execution.set_custom_data(key, value)
    }

    fn custom_data(&self) -> Json {
        self.run.execution.custom_data()
    }

    fn detach(&self) -> Arc<dyn Scope> {
        self.scope().detach()
    }
}
