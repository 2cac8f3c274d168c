//! Nodes that work on one item at a time.

use std::future::Future;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OnError, Typed};
use crate::model::{Item, Json, Paired};
use crate::problem::Problem;

/// A node that makes one item of each item, with typed parameters. Wrap it in [`PerItem`] to compile it.
///
/// The wrapper resolves the parameters for each item, links each item to the one it was made from, and turns a failed item into an error item
/// when the node is told to go on.
pub trait ItemNode: Send + Sync + 'static {
    /// The parameters, as serde reads them.
    type Parameters: DeserializeOwned + Send + Sync + 'static;

    /// Makes an item of an item.
    fn run_item(&self, context: &NodeContext, item: &Item, parameters: &Self::Parameters) -> impl Future<Output = Result<Item, NodeError>> + Send;
}

/// Runs an [`ItemNode`] over all items of the input.
#[derive(Debug)]
pub struct PerItem<N: ItemNode> {
    node: N,
    parameters: Typed<N::Parameters>,
}

impl<N: ItemNode> PerItem<N> {
    /// Compiles the node's parameters.
    ///
    /// # Errors
    /// When they are constant and do not fit.
    pub fn compile(node: N, spec: &NodeSpec) -> Result<Self, Vec<Problem>> {
        Ok(Self { node, parameters: spec.typed()? })
    }

    async fn one(&self, context: &NodeContext, index: usize, item: &Item) -> Result<Item, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        self.node.run_item(context, item, &parameters).await
    }
}

#[async_trait]
impl<N: ItemNode> Node for PerItem<N> {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = match self.one(&context, index, item).await {
                Ok(made) => made,
                Err(error) if context.on_error() == OnError::Stop => return Err(error.on_item(index)),
                Err(error) => error_item(&error),
            };
            items.push(if *made.paired() == Paired::Unknown { made.paired_with(index) } else { made });
        }
        Ok(items.into())
    }
}

/// The item that stands for a failed one: `{error: message}`.
pub fn error_item(error: &NodeError) -> Item {
    Item::new(Json::from_iter([("error".to_owned(), json!(error.message()))])).with_error(error.to_json())
}
