//! Runs one node of this group in a real engine, with credentials and items that a test gives.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine_core::credential::{Credential, CredentialError, CredentialProvider, CredentialRequest};
use engine_core::driver::ExecutionResult;
use engine_core::model::{Batch, Item};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeRegistry, NodeSpec, NodeType};
use engine_core::problem::{Problem, Problems};
use engine_core::runtime::TokioRuntime;
use engine_core::schema::NodeSchema;
use engine_core::{Engine, Start, Workflow};
use serde_json::{Value, json};

use super::{HttpClient, NetworkNodes, NetworkPolicy};

/// A client that may reach this machine.
pub(crate) fn local_client() -> HttpClient {
    HttpClient::new(NetworkPolicy::default().allow("127.0.0.1").unwrap())
}

/// One node and what it is given.
pub(crate) struct TestNode {
    pub(crate) node: Value,
    pub(crate) items: Vec<Item>,
    pub(crate) credentials: Vec<(&'static str, Credential)>,
    pub(crate) nodes: NetworkNodes,
}

impl TestNode {
    /// A node of this type and version with these parameters and one empty item.
    pub(crate) fn new(kind: &str, version: f64, parameters: impl Into<Value>) -> Self {
        let parameters: Value = parameters.into();
        let node = json!({"id": "n", "name": "Node", "type": kind, "typeVersion": version, "parameters": parameters, "position": [200, 0]});
        Self { node, items: vec![Item::default()], credentials: Vec::new(), nodes: NetworkNodes::new(local_client()) }
    }

    /// Sets a field of the node, such as `onError`.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.node[field] = value.into();
        self
    }

    pub(crate) fn items(mut self, items: impl IntoIterator<Item = Value>) -> Self {
        self.items = items.into_iter().map(Item::from_value).collect();
        self
    }

    pub(crate) fn item(mut self, item: Item) -> Self {
        self.items = vec![item];
        self
    }

    /// Gives the node a credential of this type.
    pub(crate) fn credential(mut self, kind: &'static str, fields: Value) -> Self {
        let Value::Object(fields) = fields else { panic!("an object") };
        self.node["credentials"][kind] = json!({"id": "1", "name": "mine"});
        self.credentials.push((kind, Credential::new(fields)));
        self
    }

    pub(crate) fn client(self, client: HttpClient) -> Self {
        self.nodes(NetworkNodes::new(client))
    }

    pub(crate) fn nodes(mut self, nodes: NetworkNodes) -> Self {
        self.nodes = nodes;
        self
    }

    fn workflow(&self) -> Workflow {
        let text = json!({
            "nodes": [{"id": "s", "name": "Start", "type": "start", "typeVersion": 1, "parameters": {}, "position": [0, 0]}, self.node],
            "connections": {"Start": {"main": [[{"node": "Node", "type": "main", "index": 0}]]}},
            "settings": {"executionOrder": "v1"},
        });
        Workflow::from_json(&text.to_string()).unwrap()
    }

    fn engine(&self) -> Engine {
        let mut registry = NodeRegistry::new().with(StartType(NodeSchema::new("start", "Start").trigger()));
        self.nodes.register(&mut registry).unwrap();
        let credentials = Given(self.credentials.iter().cloned().collect());
        Engine::builder().runtime(TokioRuntime::current()).nodes(registry).credentials(Arc::new(credentials)).build()
    }

    /// The problems of a node that does not compile.
    pub(crate) fn problems(&self) -> Problems {
        self.engine().compile(self.workflow()).expect_err("the node has problems")
    }

    pub(crate) async fn run(self) -> ExecutionResult {
        let engine = self.engine();
        let plan = engine.compile(self.workflow()).unwrap();
        engine.run(&plan, Start::new(Batch::from(self.items))).await.unwrap()
    }

    /// The JSON of the items that the node gives.
    pub(crate) async fn json(self) -> Value {
        let result = self.run().await;
        assert_eq!(result.error().map(|error| error.message.as_str()), None);
        json_of(&result.items("Node"))
    }

    /// The error that stops the node.
    pub(crate) async fn error(self) -> Value {
        let result = self.run().await;
        json!(result.error().expect("the execution fails"))
    }
}

pub(crate) fn json_of(items: &Batch) -> Value {
    items.iter().map(|item| Value::Object(item.json().clone())).collect()
}

/// Hands on what the execution was started with.
struct StartType(NodeSchema);

struct StartNode;

impl NodeType for StartType {
    fn schema(&self) -> &NodeSchema {
        &self.0
    }

    fn compile(&self, _spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(StartNode))
    }
}

#[async_trait]
impl Node for StartNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        Ok(context.items().clone().into())
    }
}

#[derive(Debug)]
struct Given(HashMap<&'static str, Credential>);

#[async_trait]
impl CredentialProvider for Given {
    async fn credential(&self, request: CredentialRequest<'_>) -> Result<Credential, CredentialError> {
        let missing = || CredentialError::NotFound { kind: request.kind.to_owned(), name: request.reference.name.clone() };
        self.0.get(request.kind).cloned().ok_or_else(missing)
    }
}
