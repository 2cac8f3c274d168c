//! A scope with a node `Prev` before the node at hand.

use std::sync::{Arc, Mutex};

use engine_core::expression::{ExpressionError, ExpressionErrorKind, Facts, NodeItems, OtherNode, Scope};
use engine_core::model::{Batch, Item, ItemSource, Json, NodeVersion, Timestamp};
use serde_json::Value;

/// Items that come from `Prev`, and made-up facts.
#[derive(Clone, Debug)]
pub(in crate::js) struct TestScope {
    input: Batch,
    pub(in crate::js) index: usize,
    pub(in crate::js) facts: Facts,
    pub(in crate::js) now: Timestamp,
    previous: ItemSource,
    custom: Arc<Mutex<Json>>,
}

impl TestScope {
    /// A scope on these items.
    pub(in crate::js) fn new(items: impl IntoIterator<Item = Value>) -> Self {
        let mut facts = Facts { time_zone: "America/New_York".into(), ..Facts::default() };
        facts.node.name = "node".into();
        facts.node.version = Some(NodeVersion::ONE);
        Self {
            input: items.into_iter().map(Item::from_value).collect::<Vec<_>>().into(),
            index: 0,
            facts,
            now: Timestamp::from_millis(1_700_000_000_000),
            previous: ItemSource { node: "Prev".into(), output: 0, run: 0 },
            custom: Arc::default(),
        }
    }

    fn known(name: &str) -> Result<(), ExpressionError> {
        if name == "Prev" {
            return Ok(());
        }
        Err(ExpressionError::new(ExpressionErrorKind::UnknownNode, format!("Referenced node doesn't exist: '{name}'")))
    }
}

impl Scope for TestScope {
    fn item_index(&self) -> usize {
        self.index
    }

    fn run_index(&self) -> usize {
        0
    }

    fn input(&self) -> &Batch {
        &self.input
    }

    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        Self::known(query.node).map(|()| self.input.clone())
    }

    fn paired_item(&self, node: &str, index: usize) -> Result<Item, ExpressionError> {
        Self::known(node)?;
        self.input.get(index).cloned().ok_or_else(|| ExpressionError::new(ExpressionErrorKind::NoPairedItem, "no such item"))
    }

    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError> {
        Self::known(name).map(|()| OtherNode { executed: true, ..OtherNode::default() })
    }

    fn previous(&self) -> Option<&ItemSource> {
        Some(&self.previous)
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        self.custom.lock().unwrap().insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn custom_data(&self) -> Json {
        self.custom.lock().unwrap().clone()
    }

    fn detach(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }
}
