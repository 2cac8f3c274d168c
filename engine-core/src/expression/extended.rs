//! A scope with variables of its own on top of another scope: `$response` while the HTTP node fetches pages.

use std::sync::Arc;

use serde_json::Value;

use super::{ExpressionError, Facts, NodeItems, OtherNode, Scope};
use crate::model::{Batch, Item, ItemSource, Json, Timestamp};

/// Another scope, and variables beside what it has.
#[derive(Clone)]
pub struct ExtendedScope {
    scope: Arc<dyn Scope>,
    variables: Arc<Json>,
}

impl ExtendedScope {
    /// Adds variables, by their full names (`$response`), to a scope.
    pub fn new(scope: Arc<dyn Scope>, variables: impl Into<Arc<Json>>) -> Self {
        Self { scope, variables: variables.into() }
    }
}

impl Scope for ExtendedScope {
    fn item_index(&self) -> usize {
        self.scope.item_index()
    }

    fn run_index(&self) -> usize {
        self.scope.run_index()
    }

    fn input(&self) -> &Batch {
        self.scope.input()
    }

    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        self.scope.node_items(query)
    }

    fn paired_item(&self, node: &str, index: usize) -> Result<Option<Item>, ExpressionError> {
        self.scope.paired_item(node, index)
    }

    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError> {
        self.scope.other_node(name)
    }

    fn previous(&self) -> Option<&ItemSource> {
        self.scope.previous()
    }

    fn facts(&self) -> &Facts {
        self.scope.facts()
    }

    fn now(&self) -> Timestamp {
        self.scope.now()
    }

    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        self.scope.set_custom_data(key, value)
    }

    fn custom_data(&self) -> Json {
        self.scope.custom_data()
    }

    fn variables(&self) -> Option<&Json> {
        Some(&self.variables)
    }

    fn detach(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }
}

impl std::fmt::Debug for ExtendedScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtendedScope").field("variables", &self.variables.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
