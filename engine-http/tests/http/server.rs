//! A server for one test, and nodes that answer what a test wants.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine_core::credential::{Credential, CredentialError, CredentialProvider, CredentialRequest};
use engine_core::execution::{Reply, ReplyBody};
use engine_core::model::{Item, NodeDefinition, Timestamp};
use engine_core::node::{ItemNode, ItemNodeType, NodeContext, NodeError};
use engine_core::observer::Observers;
use engine_core::runtime::{Runtime, TokioRuntime};
use engine_core::schema::{NodeSchema, Property, PropertyKind};
use engine_core::{Engine, Workflow};
use engine_http::{Config, Service, Telemetry};
use futures::future::BoxFuture;
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Map, Value, json};

/// A runtime whose clock can be put forward.
#[derive(Debug)]
pub(crate) struct Ahead {
    runtime: TokioRuntime,
    seconds: Arc<AtomicU64>,
}

impl Runtime for Ahead {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.runtime.spawn(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.runtime.sleep(duration)
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.runtime.spawn_blocking(work);
    }

    fn now(&self) -> Timestamp {
        self.runtime.now().after(Duration::from_secs(self.seconds.load(Ordering::Relaxed)))
    }

    fn random(&self) -> u64 {
        self.runtime.random()
    }
}

/// A runtime whose clock can be put forward, and by how many seconds it is.
pub(crate) fn ahead() -> (Ahead, Arc<AtomicU64>) {
    let ahead: Arc<AtomicU64> = Arc::default();
    (Ahead { runtime: TokioRuntime::current(), seconds: Arc::clone(&ahead) }, ahead)
}

/// A running server. It ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) service: Service,
    /// How many seconds the engine's clock is ahead.
    pub(crate) ahead: Arc<AtomicU64>,
    client: Client,
}

impl Server {
    pub(crate) async fn start(config: Config) -> Self {
        let nodes = engine_nodes::registry().with(answer_node()).with(keep_node());
        let hub = config.events.clone().unwrap_or_default();
        let telemetry = Telemetry::new();
        let observers = Observers(vec![Arc::new(hub.clone()), Arc::new(telemetry.clone())]);
        let config = config.with(|config| (config.events, config.telemetry) = (Some(hub), Some(telemetry)));
        let (runtime, ahead) = ahead();
        let builder = Engine::builder().runtime(runtime).nodes(nodes).credentials(Arc::new(Secrets)).observer(Arc::new(observers));
        let engine = builder.build();
        let service = Service::new(engine, config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = service.router().into_make_service_with_connect_info::<SocketAddr>();
        drop(tokio::spawn(axum::serve(listener, router).into_future()));
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Self { address, service, ahead, client }
    }

    /// A server with these workflows.
    pub(crate) async fn with(workflows: impl IntoIterator<Item = Workflow>) -> Self {
        let server = Self::start(Config::default()).await;
        for workflow in workflows {
            server.service.activate(workflow).expect("the workflow can be served");
        }
        server
    }

    /// Puts the engine's clock forward.
    pub(crate) fn wait(&self, duration: Duration) {
        self.ahead.fetch_add(duration.as_secs(), Ordering::Relaxed);
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("http://{}{path}", self.address) };
        self.client.request(method.parse::<Method>().expect("a method"), url)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }
}

/// Sends a request; gives status, content type and body.
pub(crate) async fn send(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.expect("an answer");
    let (status, kind) = (response.status().as_u16(), header(&response, "content-type"));
    (status, kind, response.text().await.expect("a body"))
}

/// Sends a request; gives the beginning of its answer, which may be a stream without an end.
pub(crate) async fn beginning(request: RequestBuilder) -> String {
    let mut response = request.send().await.expect("an answer");
    let mut text = Vec::new();
    let is_stream = header(&response, "content-type") == "text/event-stream";
    while let Some(chunk) = response.chunk().await.expect("a body") {
        text.extend_from_slice(&chunk);
        if is_stream {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Sends a request; gives status and JSON.
pub(crate) async fn send_json(request: RequestBuilder) -> (u16, Value) {
    let (status, _, body) = send(request).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

pub(crate) fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned()).unwrap_or_default()
}

/// A webhook node at a path; `parameters` are added to its own.
pub(crate) fn webhook(path: &str, parameters: Value) -> NodeDefinition {
    let mut node = NodeDefinition::new("Webhook", "n8n-nodes-base.webhook");
    node.version = engine_core::model::NodeVersion::from_f64(2.1);
    node.parameters = Map::from_iter([("path".to_owned(), json!(path)), ("httpMethod".to_owned(), json!("POST"))]);
    if let Value::Object(parameters) = parameters {
        node.parameters.extend(parameters);
    }
    node
}

/// A workflow of one webhook and what follows it, one after the other.
pub(crate) fn chain(name: &str, webhook: NodeDefinition, rest: impl IntoIterator<Item = NodeDefinition>) -> Workflow {
    let mut last = webhook.name.clone();
    let mut builder = Workflow::builder(name).define(webhook);
    for node in rest {
        let name = node.name.clone();
        builder = builder.define(node).connect(&last, &name);
        last = name;
    }
    let mut workflow = builder.build();
    workflow.id = Some(name.into());
    workflow
}

/// A webhook that answers with the item that it made.
pub(crate) fn echo(path: &str, parameters: Value) -> Workflow {
    let mut all = Map::from_iter([("responseMode".to_owned(), json!("lastNode"))]);
    if let Value::Object(parameters) = parameters {
        all.extend(parameters);
    }
    chain(path, webhook(path, Value::Object(all)), [NodeDefinition::new("End", "no_op")])
}

/// A node that answers the request: status, headers as pairs, body.
pub(crate) fn answer(parameters: &Value) -> NodeDefinition {
    let mut node = NodeDefinition::new("Answer", "test_answer");
    node.parameters = parameters.as_object().cloned().unwrap_or_default();
    node
}

#[derive(serde::Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

struct AnswerNode;

impl ItemNode for AnswerNode {
    type Parameters = Answer;

    async fn run_item(&self, context: &NodeContext, item: &Item, parameters: &Answer) -> Result<Item, NodeError> {
        let body = match &parameters.body {
            Value::Null => ReplyBody::Empty,
            Value::String(text) => ReplyBody::Bytes(text.clone().into()),
            other => ReplyBody::Json(other.clone()),
        };
        context.respond(Reply { status: parameters.status, headers: parameters.headers.clone(), body });
        Ok(item.clone())
    }
}

fn answer_node() -> ItemNodeType<AnswerNode> {
    let schema = NodeSchema::new("test_answer", "Answer")
        .property(Property::number("status", 200))
        .property(Property::new("headers", PropertyKind::Any, json!([])))
        .property(Property::new("body", PropertyKind::Any, Value::Null));
    ItemNodeType::new(schema, AnswerNode)
}

#[derive(serde::Deserialize)]
struct Keep {
    json: Map<String, Value>,
}

struct KeepNode;

impl ItemNode for KeepNode {
    type Parameters = Keep;

    async fn run_item(&self, _: &NodeContext, item: &Item, parameters: &Keep) -> Result<Item, NodeError> {
        Ok(item.clone().with_json(parameters.json.clone()))
    }
}

/// A node that gives this object.
pub(crate) fn keep(json: &Value) -> NodeDefinition {
    NodeDefinition::new("Keep", "test_keep").parameter("json", json.clone())
}

fn keep_node() -> ItemNodeType<KeepNode> {
    ItemNodeType::new(NodeSchema::new("test_keep", "Keep").property(Property::new("json", PropertyKind::Any, json!({}))), KeepNode)
}

/// One credential of each type.
#[derive(Debug)]
struct Secrets;

#[async_trait]
impl CredentialProvider for Secrets {
    async fn credential(&self, request: CredentialRequest<'_>) -> Result<Credential, CredentialError> {
        let fields = match request.kind {
            "httpBasicAuth" => json!({"user": "ada", "password": "pass:word"}),
            "httpHeaderAuth" => json!({"name": "X-Key", "value": "open sesame"}),
            "httpBearerAuth" => json!({"token": "new token", "previousToken": "old token"}),
            "webhookSignature" => json!({"secret": "new key", "previousSecret": "old key"}),
            "jwtAuth" => json!({"keyType": "passphrase", "secret": "0123456789abcdef0123456789abcdef", "algorithm": "HS256"}),
            _ => return Err(CredentialError::NotFound { kind: request.kind.to_owned(), name: request.reference.name.clone() }),
        };
        Ok(Credential::new(fields.as_object().cloned().unwrap_or_default()))
    }
}
