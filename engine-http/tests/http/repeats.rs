//! Requests that are made again under their `Idempotency-Key`, because their answer was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine_core::store::{IdempotentRequest, MemoryStore, RequestState, RequestStore, StoreError, Stores, TenantId};
use engine_http::Config;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::server::{Server, ahead, send_json};

/// Remembers requests, but no answer while it is told so: as if the process died before it could.
struct Forgetful {
    store: Arc<MemoryStore>,
    forgets: AtomicBool,
}

#[async_trait]
impl RequestStore for Forgetful {
    async fn begin_request(&self, request: IdempotentRequest) -> Result<RequestState, StoreError> {
        self.store.begin_request(request).await
    }

    async fn answer_request(&self, request: IdempotentRequest, answer: Value) -> Result<(), StoreError> {
        if self.forgets.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("it is gone".into()));
        }
        self.store.answer_request(request, answer).await
    }

    async fn abandon_request(&self, tenant: &TenantId, key: &str) -> Result<(), StoreError> {
        self.store.abandon_request(tenant, key).await
    }

    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError> {
        self.store.remove_expired(limit).await
    }
}

/// Saves a workflow that waits for so many seconds; gives the address at which it is started.
async fn waits(server: &Server, seconds: f64) -> String {
    let nodes = json!([{"id": "1", "name": "Start", "type": "manual_trigger"},
        {"id": "2", "name": "Wait", "type": "wait", "parameters": {"resume": "timeInterval", "amount": seconds, "unit": "seconds"}}]);
    let flow = json!({"name": "waits", "nodes": nodes, "connections": [{"source": "Start", "target": "Wait"}]});
    let (status, body) = send_json(server.post("/api/v1/workflows").json(&flow)).await;
    assert_eq!(status, 201, "{body}");
    format!("/api/v1/workflows/{}/executions", body["id"].as_str().expect("an id"))
}

async fn count(server: &Server) -> usize {
    send_json(server.get("/api/v1/executions")).await.1["data"].as_array().expect("a list").len()
}

/// Breaks when a request ends with its connection: its key would be under way, and its sender could neither learn what became of it nor try again.
#[tokio::test]
async fn inv_02_whoever_was_cut_off_learns_what_became_of_the_request() {
    let server = Server::start(Config::default()).await;
    let path = waits(&server, 0.5).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    let request = format!("POST {path}?wait=10 HTTP/1.1\r\nhost: localhost\r\nidempotency-key: k\r\ncontent-length: 2\r\n\r\n{{}}");
    stream.write_all(request.as_bytes()).await.expect("sent");
    while count(&server).await == 0 {}
    drop(stream);
    let again = async {
        loop {
            let (status, body) = send_json(server.post(&format!("{path}?wait=10")).header("idempotency-key", "k").body("{}")).await;
            if status != 409 {
                return (status, body["status"].clone());
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), again).await.expect("the first request is answered at some time");
    assert_eq!((answer, count(&server).await), ((200, json!("success")), 1));
}

/// Breaks when the key of a request is forgotten with its answer, and when a key is kept from use for as long as an answer is remembered.
#[tokio::test]
async fn inv_02_a_start_whose_answer_was_lost_is_made_once() {
    let (runtime, clock) = ahead();
    let store = Arc::new(MemoryStore::new(Arc::new(runtime)));
    let requests = Arc::new(Forgetful { store: Arc::clone(&store), forgets: AtomicBool::new(true) });
    let stores = Stores { requests: Arc::clone(&requests) as Arc<dyn RequestStore>, ..Stores::of(&store) };
    let server = Server::start(Config::default().with(|config| config.stores = Some(stores))).await;
    let path = waits(&server, 0.0).await;
    let start = async || send_json(server.post(&format!("{path}?wait=10")).header("idempotency-key", "k").body("{}")).await;
    assert_eq!((start().await.0, count(&server).await), (503, 1), "it was started, and nobody heard of it");
    requests.forgets.store(false, Ordering::Relaxed);
    let first = send_json(server.get("/api/v1/executions")).await.1["data"][0]["id"].clone();
    assert_eq!(start().await.0, 409, "it may still be under way");
    clock.fetch_add(11 * 60, Ordering::Relaxed);
    let (status, body) = start().await;
    assert_eq!((status, &body["id"], count(&server).await), (200, &first, 1));
    assert_eq!(start().await.1["id"], first);
}
