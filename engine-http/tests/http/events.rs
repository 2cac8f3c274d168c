//! Live events, over both ways.

use std::time::Duration;

use engine_core::model::ExecutionId;
use engine_core::store::record::{self, Finished, Record, Run, Started};
use engine_core::store::{Chunk, Ending, ExecutionHeader, Keep, MemoryStore, SaveWorkflow, StartExecution, Stores, TenantId};
use engine_core::{execution, runtime, state, store};
use engine_http::{Config, EventHub};
use futures::StreamExt;
use reqwest::Response;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::access::{administrator, member, signed, token};
use crate::server::{Server, chain, header, send, send_json, webhook};

/// A stream of server-sent events, read one by one.
pub(crate) struct Stream {
    response: Response,
    text: String,
}

/// What an event says about itself: id, type, data.
pub(crate) type Told = (String, String, Value);

impl Stream {
    pub(crate) async fn open(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), header(&response, "content-type").as_str()), (200, "text/event-stream"));
        Self { response, text: String::new() }
    }

    /// The next event; `None` when the stream ended.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n").map(|(block, rest)| (block.to_owned(), rest.to_owned())) {
                self.text = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
                if !field("event: ").is_empty() {
                    let data: Value = serde_json::from_str(&field("data: ")).expect("JSON");
                    return Some((field("id: "), field("event: "), data));
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.expect("in time").expect("a body")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    pub(crate) async fn rest(mut self) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(told) = self.next().await {
            all.push(told);
        }
        all
    }
}

pub(crate) fn types(told: &[Told]) -> Vec<&str> {
    told.iter().map(|(_, kind, _)| kind.trim_start_matches("engine.")).collect()
}

fn waiting_flow() -> engine_core::Workflow {
    let wait = engine_core::model::NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    chain("flow", webhook("hook", json!({})), [wait])
}

async fn only_execution(server: &Server) -> String {
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    listed["data"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn an_execution_is_followed_to_its_end_and_the_stream_ends_with_it() {
    let server = Server::with([waiting_flow()]).await;
    assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    let id = only_execution(&server).await;
    let path = format!("/api/v1/executions/{id}/events");
    let stream = Stream::open(server.get(&path)).await;
    assert_eq!(send(server.post(&format!("/api/v1/executions/{id}/cancel"))).await.0, 202);
    let told = stream.rest().await;
    let (last, kind, event) = told.last().expect("an event");
    assert_eq!((last.as_str(), kind.as_str(), &event["data"]["status"]), ("end", "engine.execution.ended", &json!("canceled")));
    assert_eq!(
        (&event["specversion"], &event["subject"], &event["source"]),
        (&json!("1.0"), &json!("flow"), &json!(format!("/api/v1/executions/{id}")))
    );
    let again = Stream::open(server.get(&path)).await.rest().await;
    assert_eq!(types(&again).first(), Some(&"execution.started"), "who comes later is told from the start");
    assert_eq!(send(server.get(&path).header("last-event-id", "end")).await.0, 204, "who has seen the end need not come back");
}

/// An execution of another process, as it shows in the store.
struct Elsewhere {
    stores: Stores,
    id: ExecutionId,
    lease: store::Lease,
}

fn run(node: &str, order: u32) -> Record {
    let at = engine_core::model::Timestamp::from_millis(1_700_000_000_000);
    Record::NodeRun(Box::new(Run {
        node: node.into(),
        run: 0,
        order,
        status: execution::RunStatus::Success,
        tries: 1,
        inputs: 1,
        sources: Vec::new(),
        outputs: Vec::new(),
        error: None,
        memory: None,
        started: at,
        finished: at,
    }))
}

impl Elsewhere {
    async fn begin(runtime: std::sync::Arc<dyn runtime::Runtime>) -> Self {
        let stores = Stores::of(&std::sync::Arc::new(MemoryStore::new(std::sync::Arc::clone(&runtime))));
        let definition = json!({"name": "far", "nodes": [{"id": "n1", "name": "First", "type": "no_op"}], "connections": []});
        let save = SaveWorkflow {
            id: "far".into(),
            tenant: TenantId::default(),
            expected: None,
            name: "far".to_owned(),
            definition,
            author: None,
            labels: None,
        };
        stores.workflows.save_workflow(save).await.expect("saved");
        let worker = store::WorkerId::new(uuid::Uuid::from_u128(9));
        let beat = store::Heartbeat { worker, name: "test".to_owned(), lease_time: Duration::from_mins(1) };
        stores.executions.heartbeat(beat).await.expect("a worker");
        let id = runtime::new_execution_id(&*runtime);
        let header = ExecutionHeader {
            id,
            tenant: TenantId::default(),
            workflow: "far".into(),
            version: store::VersionNumber(1),
            mode: execution::ExecutionMode::Trigger,
            parent: None,
            retry_of: None,
        };
        let first = record::encode(&[Record::Started(Started::default())]).expect("a chunk").bytes;
        let start = stores.executions.start(StartExecution::new(header, first).claimed_by(worker)).await.expect("started");
        let store::Start::Created { lease: Some(lease) } = start else { panic!("no lease: {start:?}") };
        Self { stores, id, lease }
    }

    async fn write(&self, seq: u32, records: &[Record], then: store::Then) {
        let chunk: Chunk = record::encode(records).expect("a chunk").at(seq);
        self.stores.executions.commit(store::Commit::only(self.lease, then).with_chunk(chunk)).await.expect("written");
    }

    async fn end(&self, seq: u32) {
        let at = engine_core::model::Timestamp::from_millis(1_700_000_000_001);
        let status = state::ExecutionStatus::Success;
        let ending = Ending { keep: Keep::Everything, ..Ending::new(status, at) };
        self.write(seq, &[Record::Finished(Finished { status, error: None, at })], store::Then::Finish(Box::new(ending))).await;
    }
}

async fn with_elsewhere() -> (Server, Elsewhere) {
    let elsewhere = Elsewhere::begin(std::sync::Arc::new(runtime::TokioRuntime::current())).await;
    let stores = elsewhere.stores.clone();
    (Server::start(Config::default().with(|config| config.stores = Some(stores))).await, elsewhere)
}

/// Breaks when a stream goes on from memory: this process has never run the execution.
#[tokio::test]
async fn a_stream_goes_on_where_it_stopped_in_any_process() {
    let (server, elsewhere) = with_elsewhere().await;
    let path = format!("/api/v1/executions/{}/events", elsewhere.id);
    let mut stream = Stream::open(server.get(&path)).await;
    assert_eq!(stream.next().await.expect("an event").1, "engine.execution.started");
    elsewhere.write(1, &[run("n1", 0)], store::Then::Continue).await;
    let (id, kind, event) = stream.next().await.expect("an event");
    assert_eq!((id.as_str(), kind.as_str(), &event["data"]["node"]), ("1", "engine.node.finished", &json!("First")));
    drop(stream);
    elsewhere.write(2, &[run("n1", 1), run("n1", 2)], store::Then::Continue).await;
    elsewhere.end(3).await;
    let told = Stream::open(server.get(&path).header("last-event-id", "1")).await.rest().await;
    let ids: Vec<&str> = told.iter().map(|(id, _, _)| id.as_str()).collect();
    assert_eq!((types(&told), ids), (vec!["node.finished", "node.finished", "execution.ended"], vec!["2", "3", "end"]));
    assert_eq!(send(server.get(&path).header("last-event-id", "end")).await.0, 204);
}

#[tokio::test]
async fn what_other_processes_do_shows_in_the_overview() {
    let (server, elsewhere) = with_elsewhere().await;
    let mut stream = Stream::open(server.get("/api/v1/events?types=execution.*")).await;
    elsewhere.end(1).await;
    let (id, kind, event) = stream.next().await.expect("an event");
    assert_eq!((kind.as_str(), &event["subject"]), ("engine.execution.ended", &json!("far")));
    let mut earlier = Stream::open(server.get(&format!("/api/v1/events?lastEventId=1-{}", elsewhere.id))).await;
    assert_eq!(earlier.next().await.expect("an event").1, "engine.execution.started");
    assert_eq!(earlier.next().await.expect("an event").0, id, "the same event under the same id");
    assert_eq!(send(server.get("/api/v1/events?types=nothing")).await.0, 400);
}

#[tokio::test]
async fn inv_27_streams_show_what_their_reader_may_see() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let [ada, eve] = [member(&server, &admin, "ada", "user").await, member(&server, &admin, "eve", "user").await];
    let flow = |name: &str| json!({"name": name, "nodes": [{"id": "1", "name": "Start", "type": "manual_trigger"}], "connections": []});
    let mut ran = Vec::new();
    let mut stream = Stream::open(server.get("/api/v1/events").bearer_auth(token(&eve))).await;
    for who in [&ada, &eve] {
        let (_, workflow) = send_json(server.post("/api/v1/workflows").bearer_auth(token(who)).json(&flow("w"))).await;
        let start = format!("/api/v1/workflows/{}/executions?wait=10", workflow["id"].as_str().expect("an id"));
        let (_, execution) = send_json(server.post(&start).bearer_auth(token(who))).await;
        ran.push((workflow["id"].clone(), execution["id"].as_str().expect("an id").to_owned()));
    }
    assert_eq!(stream.next().await.expect("an event").2["subject"], ran[1].0, "the other's execution came first and is not told");
    let path = format!("/api/v1/executions/{}/events", ran[0].1);
    assert_eq!(send(server.get(&path).bearer_auth(token(&eve))).await.0, 404);
    Stream::open(server.get(&path).bearer_auth(token(&ada))).await;
}

/// Breaks when only the beginning of a stream asks what its reader may see.
#[tokio::test]
async fn inv_27_a_stream_ends_when_its_workflow_is_unshared() {
    let elsewhere = Elsewhere::begin(std::sync::Arc::new(runtime::TokioRuntime::current())).await;
    let stores = elsewhere.stores.clone();
    let server = Server::start(crate::access::signing_in().with(|config| config.stores = Some(stores))).await;
    let admin = administrator(&server).await;
    let eve = member(&server, &admin, "eve", "user").await;
    let share = async |viewers: Value| {
        let request = server.request("PUT", "/api/v1/workflows/far/share").bearer_auth(token(&admin));
        assert_eq!(send(request.json(&json!({"viewers": viewers, "editors": []}))).await.0, 200);
    };
    share(json!([eve["user"]["id"]])).await;
    let path = format!("/api/v1/executions/{}/events", elsewhere.id);
    let mut stream = Stream::open(server.get(&path).bearer_auth(token(&eve))).await;
    let mut request = format!("ws://{}{path}", server.address).into_client_request().expect("a request");
    request.headers_mut().insert("authorization", format!("Bearer {}", token(&eve)).parse().expect("a value"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    let told = |order: u32| [run("n1", order)];
    for (seq, kind) in [(1, "engine.execution.started"), (2, "engine.node.finished")] {
        assert_eq!(stream.next().await.expect("an event").1, kind);
        assert!(socket.next().await.expect("a message").expect("a message").to_string().contains(kind));
        server.wait(Duration::from_secs(3));
        elsewhere.write(seq, &told(seq), store::Then::Continue).await;
    }
    assert_eq!(stream.next().await.expect("an event").1, "engine.node.finished", "whoever may still see it is told");
    assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    share(json!([])).await;
    server.wait(Duration::from_secs(3));
    elsewhere.write(3, &told(3), store::Then::Continue).await;
    assert_eq!(stream.next().await, None);
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
}

/// Breaks when a stream of all executions goes on as the one whom its reader was at the beginning.
#[tokio::test]
async fn inv_27_a_stream_of_all_shows_what_its_reader_may_see_by_now() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let ada = member(&server, &admin, "ada", "admin").await;
    let run = async |who: &Value| {
        let flow = json!({"name": "w", "nodes": [{"id": "1", "name": "Start", "type": "manual_trigger"}], "connections": []});
        let (_, workflow) = send_json(server.post("/api/v1/workflows").bearer_auth(token(who)).json(&flow)).await;
        let start = format!("/api/v1/workflows/{}/executions?wait=10", workflow["id"].as_str().expect("an id"));
        assert_eq!(send(server.post(&start).bearer_auth(token(who))).await.0, 200);
        workflow["id"].clone()
    };
    let mut stream = Stream::open(server.get("/api/v1/events?types=execution.ended").bearer_auth(token(&ada))).await;
    let theirs = run(&admin).await;
    assert_eq!(stream.next().await.expect("an event").2["subject"], theirs, "an administrator sees all");
    let change = async |change: Value| {
        let path = format!("/api/v1/users/{}", ada["user"]["id"].as_str().expect("an id"));
        assert_eq!(send(server.request("PATCH", &path).bearer_auth(token(&admin)).json(&change)).await.0, 200);
        server.wait(Duration::from_secs(3));
    };
    change(json!({"role": "user"})).await;
    run(&admin).await;
    let own = run(&ada).await;
    assert_eq!(stream.next().await.expect("an event").2["subject"], own, "the administrator's execution came first and is not told");
    change(json!({"disabled": true})).await;
    run(&admin).await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_websocket_tells_the_same() {
    let server = Server::with([waiting_flow()]).await;
    assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    let id = only_execution(&server).await;
    let url = format!("ws://{}/api/v1/executions/{id}/events", server.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.expect("a socket");
    assert_eq!(send(server.post(&format!("/api/v1/executions/{id}/cancel"))).await.0, 202);
    let mut last = Value::Null;
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => last = serde_json::from_str(&text).expect("JSON"),
            Message::Close(_) => break,
            _ => {}
        }
    }
    assert_eq!((&last["type"], &last["data"]["status"]), (&json!("engine.execution.ended"), &json!("canceled")));
}

/// Breaks when a frame is gathered before it is found to be too long: it may announce any length, and come as slowly as its sender likes.
#[tokio::test]
async fn inv_23_a_listener_who_talks_is_cut_off() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start(Config::default()).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    let head = "GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 101");
    // The head of a masked binary frame of a megabyte, of which nothing follows.
    stream.write_all(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]).await.expect("sent");
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection ends");
}

#[tokio::test]
async fn a_page_shows_its_token_as_a_protocol() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let url = format!("ws://{}/api/v1/events", server.address);
    assert!(tokio_tungstenite::connect_async(&url).await.is_err(), "without a token");
    let mut request = url.into_client_request().expect("a request");
    let protocols = format!("engine.events.v1, engine.bearer.{}", token(&admin));
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().expect("a value"));
    let (_, response) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    assert_eq!(response.headers()["sec-websocket-protocol"], "engine.events.v1", "the token does not come back");
}

#[tokio::test]
async fn streams_end_when_the_server_does_and_there_are_only_so_many() {
    let hub = EventHub::with_room(8, 2);
    let server = Server::start(Config::default().with(|config| config.events = Some(hub.clone()))).await;
    let one = Stream::open(server.get("/api/v1/events")).await;
    let _two = Stream::open(server.get("/api/v1/events")).await;
    let (status, problem) = send_json(server.get("/api/v1/events")).await;
    assert_eq!((status, &problem["code"]), (503, &json!("too-many-streams")));
    assert_eq!(server.service.drain(Duration::from_secs(5)).await, 0);
    assert_eq!(one.rest().await, []);
    assert_eq!(send(server.get("/api/v1/events")).await.0, 503, "none begins any more");
}

/// Breaks when a reader that reads nothing makes the engine wait, or its events pile up.
#[tokio::test]
async fn inv_23_a_slow_reader_loses_events_and_hinders_nobody() {
    let hub = EventHub::with_room(4, 8);
    let server = Server::start(Config::default().with(|config| config.events = Some(hub.clone()))).await;
    server.service.activate(crate::server::echo("hook", json!({}))).expect("it can be served");
    let mut slow = Stream::open(server.get("/api/v1/events?types=*")).await;
    // One task publishes all events of an execution without a pause: more than there is room for.
    for _ in 0..20 {
        assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    }
    assert!(hub.dropped() > 0);
    let (mut lost, mut told) = (0, 0);
    while lost < hub.dropped() {
        let (id, kind, event) = slow.next().await.expect("an event");
        if kind == "engine.stream.lagged" {
            assert_eq!(id, "", "a stream does not go on after a gap as if there were none");
            lost += event["data"]["lost"].as_u64().expect("a number");
        } else {
            told += 1;
        }
    }
    assert!(told > 0);
}
