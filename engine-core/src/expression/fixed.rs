//! A scope whose data is all given beforehand, for evaluating expressions outside an execution and in tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{ExecutionFacts, ExpressionError, ExpressionErrorKind, Facts, NodeFacts, NodeItems, OtherNode, Scope};
use crate::model::{Batch, Item, ItemSource, Json, NodeVersion, Timestamp};

/// Most entries of custom data.
const MOST_ENTRIES: usize = 10;
/// Longest key of custom data, in characters.
const LONGEST_KEY: usize = 50;
/// Longest value of custom data, in characters of its text.
const LONGEST_VALUE: usize = 512;

/// A [`Scope`] made of given items and facts. Other nodes are unknown unless they are [given too](Self::with_node).
///
/// ```
/// use engine_core::expression::{FixedScope, Template};
/// use engine_core::model::Item;
/// use serde_json::json;
///
/// let scope = FixedScope::new(vec![Item::from_value(json!({"name": "Ada", "born": 1815}))]);
/// let template = Template::compile("{{ $json.name }} would be {{ 2026 - $json.born }}", None)?;
/// assert_eq!(template.evaluate_now(&scope), Some(Ok(Some(json!("Ada would be 211")))));
/// # Ok::<(), engine_core::expression::ExpressionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FixedScope {
    input: Batch,
    item_index: usize,
    now: Timestamp,
    facts: Arc<Facts>,
    nodes: BTreeMap<Arc<str>, Batch>,
    previous: Option<ItemSource>,
    custom: Arc<Mutex<Json>>,
}

impl FixedScope {
    /// A scope in which the first of these items is at hand. The time is the epoch; the zone is n8n's default, `America/New_York`.
    pub fn new(items: impl Into<Batch>) -> Self {
        let facts = Facts {
            execution: ExecutionFacts { id: "1".into(), mode: "test".into(), ..ExecutionFacts::default() },
            node: NodeFacts { version: Some(NodeVersion::ONE), ..NodeFacts::default() },
            time_zone: "America/New_York".into(),
            ..Facts::default()
        };
        Self {
            input: items.into(),
            item_index: 0,
            now: Timestamp::EPOCH,
            facts: Arc::new(facts),
            nodes: BTreeMap::new(),
            previous: None,
            custom: Arc::default(),
        }
    }

    /// The same scope with another item at hand.
    #[must_use]
    pub fn at(mut self, item_index: usize) -> Self {
        self.item_index = item_index;
        self
    }

    /// The same scope at another time.
    #[must_use]
    pub fn at_time(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// The same scope with these facts.
    #[must_use]
    pub fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = Arc::new(facts);
        self
    }

    /// The same scope, in which a node of this name ran once and gave these items. An input item is taken to be made from the item of the
    /// same index.
    #[must_use]
    pub fn with_node(mut self, name: &str, items: impl Into<Batch>) -> Self {
        self.nodes.insert(name.into(), items.into());
        self
    }

    /// The same scope, in which the input came from a node of this name, the one before.
    #[must_use]
    pub fn coming_from(self, name: &str) -> Self {
        let input = self.input.clone();
        let mut scope = self.with_node(name, input);
        scope.previous = Some(ItemSource { node: name.into(), output: 0, run: 0 });
        scope
    }

    fn node(&self, name: &str) -> Result<&Batch, ExpressionError> {
        let unknown = || ExpressionError::new(ExpressionErrorKind::UnknownNode, format!("there is no node named '{name}'"));
        self.nodes.get(name).ok_or_else(unknown)
    }
}

impl Scope for FixedScope {
    fn item_index(&self) -> usize {
        self.item_index
    }

    fn run_index(&self) -> usize {
        0
    }

    fn input(&self) -> &Batch {
        &self.input
    }

    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        let batch = self.node(query.node)?;
        match (query.output, query.run) {
            (None | Some(0), None | Some(0 | -1)) => Ok(batch.clone()),
            (Some(1..), None | Some(0 | -1)) => Ok(Batch::EMPTY),
            _ => Err(out_of_range(format!("node '{}' has no such run", query.node))),
        }
    }

    fn paired_item(&self, node: &str, index: usize) -> Result<Option<Item>, ExpressionError> {
        let missing = || out_of_range(format!("node '{node}' has no item {index}"));
        self.node(node)?.get(index).cloned().map(Some).ok_or_else(missing)
    }

    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError> {
        self.node(name).map(|_| OtherNode { executed: true, ..OtherNode::default() })
    }

    fn previous(&self) -> Option<&ItemSource> {
        self.previous.as_ref()
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        let mut custom = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
        let full = custom.len() >= MOST_ENTRIES && !custom.contains_key(key);
        let length = super::js::to_string(value).chars().count();
        if full || key.chars().count() > LONGEST_KEY || length > LONGEST_VALUE {
            let limits = format!("custom data has at most {MOST_ENTRIES} keys of {LONGEST_KEY} characters with values of {LONGEST_VALUE}");
            return Err(ExpressionError::new(ExpressionErrorKind::Limit, limits));
        }
        custom.insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn custom_data(&self) -> Json {
        self.custom.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn detach(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }
}

fn out_of_range(message: String) -> ExpressionError {
    ExpressionError::new(ExpressionErrorKind::OutOfRange, message)
}
