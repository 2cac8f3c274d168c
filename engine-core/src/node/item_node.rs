//! Nodes that work on one item at a time.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, OnError, Typed};
use crate::model::{Item, Json, Paired};
use crate::problem::Problem;
use crate::schema::NodeSchema;

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

/// A node type made of a schema and an [`ItemNode`].
///
/// ```
/// use engine_core::model::Item;
/// use engine_core::node::{ItemNode, ItemNodeType, NodeContext, NodeError, NodeRegistry};
/// use engine_core::schema::NodeSchema;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Shout {
///     text: String,
/// }
///
/// struct ShoutNode;
///
/// impl ItemNode for ShoutNode {
///     type Parameters = Shout;
///
///     async fn run_item(&self, _: &NodeContext, item: &Item, parameters: &Shout) -> Result<Item, NodeError> {
///         let mut item = item.clone();
///         item.json_mut().insert("shout".to_owned(), parameters.text.to_uppercase().into());
///         Ok(item)
///     }
/// }
///
/// let shout = ItemNodeType::new(NodeSchema::new("shout", "Shout").parameters::<Shout>(), ShoutNode);
/// let registry = NodeRegistry::new().with(shout);
/// assert_eq!(registry.types().len(), 1);
/// ```
#[derive(Debug)]
pub struct ItemNodeType<N> {
    schema: NodeSchema,
    node: Arc<N>,
}

impl<N: ItemNode> ItemNodeType<N> {
    /// A type whose nodes all share `node`.
    pub fn new(schema: NodeSchema, node: N) -> Self {
        Self { schema, node: Arc::new(node) }
    }
}

impl<N: ItemNode> NodeType for ItemNodeType<N> {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(PerItem { node: Arc::clone(&self.node), parameters: spec.typed()? }))
    }
}

/// Runs an [`ItemNode`] over all items of the input.
#[derive(Debug)]
pub struct PerItem<N: ItemNode> {
    node: Arc<N>,
    parameters: Typed<N::Parameters>,
}

impl<N: ItemNode> PerItem<N> {
    /// Compiles the node's parameters.
    ///
    /// # Errors
    /// When they are constant and do not fit.
    pub fn compile(node: N, spec: &NodeSpec) -> Result<Self, Vec<Problem>> {
        Ok(Self { node: Arc::new(node), parameters: spec.typed()? })
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
