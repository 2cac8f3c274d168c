//! From a request to an item.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine_core::model::Timestamp;
use engine_http::Config;
use futures::StreamExt;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::server::{Server, echo, send, send_json};

async fn item_of(server: &Server, kind: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = server.post("/webhook/hook").header("content-type", kind).body(body);
    send_json(request).await
}

#[tokio::test]
async fn the_item_has_the_form_that_n8n_gives_it() {
    let server = Server::with([echo("hook", json!({}))]).await;
    let request = server.post("/webhook/hook?a=1&a=2&b[c]=3").header("X-Test", "one").header("X-Test", "two").json(&json!({"n": 1}));
    let (status, item) = send_json(request).await;
    assert_eq!(status, 200);
    assert_eq!(
        item.as_object().expect("an object").keys().collect::<Vec<_>>(),
        ["headers", "params", "query", "body", "webhookUrl", "executionMode"]
    );
    assert_eq!(item["headers"]["x-test"], "one, two");
    assert_eq!(item["query"], json!({"a": ["1", "2"], "b": {"c": "3"}}));
    assert_eq!(item["body"], json!({"n": 1}));
    assert_eq!(item["webhookUrl"], json!(format!("http://{}/webhook/hook", server.address)));
    assert_eq!(item["executionMode"], "production");
}

#[tokio::test]
async fn bodies_are_read_by_their_type() {
    let server = Server::with([echo("hook", json!({}))]).await;
    let check = async |kind: &str, body: &'static str, expect: Value| {
        let (status, item) = item_of(&server, kind, body).await;
        assert_eq!((status, &item["body"]), (200, &expect), "{kind}: {body}");
    };
    check("application/json", r#"{"z": 1, "a": [true, null]}"#, json!({"z": 1, "a": [true, null]})).await;
    check("application/json; charset=utf-8", "[1, 2]", json!([1, 2])).await;
    check("application/json", "\"text\"", json!("text")).await;
    check("application/json", "12345678901234567890", json!(12_345_678_901_234_567_890_u64)).await;
    check("application/json", "", json!({})).await;
    check("application/x-www-form-urlencoded", "a=1&b%5Bc%5D=x+y", json!({"a": "1", "b": {"c": "x y"}})).await;
    check("text/plain", "hello ü", json!("hello ü")).await;
    check("application/xml", "<a/>", json!("<a/>")).await;
    check("image/png", "bytes", json!({})).await;
}

#[tokio::test]
async fn what_is_no_text_becomes_a_file() {
    let hook = json!({"responseData": "firstEntryBinary", "responseBinaryPropertyName": "file", "options": {"binaryPropertyName": "file"}});
    let server = Server::with([echo("hook", hook)]).await;
    let big = vec![7_u8; 100_000];
    for body in [b"small".to_vec(), big] {
        let request = server.post("/webhook/hook").header("content-type", "image/png").body(body.clone());
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.bytes().await.expect("a body"), body);
    }
}

#[tokio::test]
async fn forms_give_fields_and_files() {
    let fields = Server::with([echo("hook", json!({}))]).await;
    let form = || {
        let file = Part::bytes(vec![1_u8; 50_000]).file_name("../../etc/pass wd.bin").mime_str("application/zip").expect("a type");
        Form::new().text("name", "Ada").text("tag", "a").text("tag", "b").part("doc", file)
    };
    let (status, item) = send_json(fields.post("/webhook/hook").multipart(form())).await;
    assert_eq!((status, &item["body"]), (200, &json!({"name": "Ada", "tag": ["a", "b"]})));
    let hook = json!({"responseData": "firstEntryBinary", "responseBinaryPropertyName": "doc"});
    let files = Server::with([echo("hook", hook)]).await;
    let (status, kind, body) = send(files.post("/webhook/hook").multipart(form())).await;
    assert_eq!((status, kind.as_str(), body.len()), (200, "application/zip", 50_000));
}

#[tokio::test]
async fn broken_bodies_are_refused_and_start_nothing() {
    let server = Server::with([echo("hook", json!({}))]).await;
    let deep = "[".repeat(100_000);
    let closed = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    for body in ["{", "{\"a\": }", "nul", "\u{0}", &deep, &closed] {
        let (status, answer) = item_of(&server, "application/json", body.to_owned()).await;
        assert_eq!(status, 422, "{answer}");
    }
    let (status, _) = item_of(&server, "multipart/form-data", "no boundary").await;
    assert_eq!(status, 422);
    let (status, _) = item_of(&server, "multipart/form-data; boundary=x", "--x\r\nbroken").await;
    assert_eq!(status, 422);
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    assert_eq!(listed["data"], json!([]));
}

#[tokio::test]
async fn inv_23_large_bodies_are_refused_before_they_are_buffered() {
    let config = Config::default().with(|config| (config.max_body, config.max_form) = (1000, 2000));
    let server = Server::start(config).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    let (status, _) = item_of(&server, "text/plain", "x".repeat(1000)).await;
    assert_eq!(status, 200);
    let (status, _) = item_of(&server, "text/plain", "x".repeat(1001)).await;
    assert_eq!(status, 413);
    let (status, _, _) = send(server.post("/webhook/hook").multipart(Form::new().text("a", "x".repeat(3000)))).await;
    assert_eq!(status, 413);

    // One that announces much and one that never says how long it is: both are answered though nobody sends them to the end.
    for head in ["content-length: 1000000000000\r\n\r\n", "transfer-encoding: chunked\r\n\r\n800\r\n"] {
        let answer = raw(&server, &format!("POST /webhook/hook HTTP/1.1\r\nhost: x\r\n{head}{}", "x".repeat(2000))).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{head:?}: {answer}");
    }
}

/// Breaks when a form's parser may keep all that has no end: nobody counts it, and it is searched anew with each piece that comes.
#[tokio::test]
async fn inv_23_a_form_without_parts_is_not_gathered() {
    let server = Server::with([echo("hook", json!({}))]).await;
    for head in ["", "--b\r\nContent-Disposition: form-data; name=\"", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b"] {
        let piece = bytes::Bytes::from("x".repeat(64 << 10));
        let sent = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&sent);
        let pieces = (0..1600).map(move |_| {
            counts.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece.clone())
        });
        let body = futures::stream::iter([Ok(head.into())]).chain(futures::stream::iter(pieces));
        let request = server.post("/webhook/hook").header("content-type", "multipart/form-data; boundary=b");
        let (status, _, text) = send(request.body(reqwest::Body::wrap_stream(body))).await;
        assert_eq!(status, 422, "{head}: {text}");
        assert!(sent.load(Ordering::Relaxed) < 400, "{head}: {} MiB were taken", sent.load(Ordering::Relaxed) / 16);
    }
}

#[tokio::test]
async fn inv_23_all_bodies_together_have_a_budget() {
    let config = Config::default().with(|config| config.body_budget = 1000);
    let server = Server::start(config).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    let response = server.post("/webhook/hook").body("x".repeat(1001)).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (503, true));
    let (status, _) = item_of(&server, "text/plain", "x".repeat(1000)).await;
    assert_eq!(status, 200, "the budget is given back");
    let (status, _, _) = send(server.post("/webhook/hook").multipart(Form::new().text("a", "x".repeat(1001)))).await;
    assert_eq!(status, 503, "fields of forms count, too");
    let (status, _, _) = send(server.post("/webhook/hook").multipart(Form::new().text("a", "x".repeat(600)))).await;
    assert_eq!(status, 200);
}

/// Sends bytes as they are; gives the beginning of the answer.
pub(crate) async fn raw(server: &Server, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(answer.get(..read).unwrap_or_default()).into_owned()
}

#[tokio::test]
async fn a_started_execution_can_be_looked_at() {
    let server = Server::with([echo("hook", json!({"responseMode": "onReceived"}))]).await;
    assert_eq!(send_json(server.post("/webhook/hook")).await, (200, json!({"message": "Workflow was started"})));
    server.service.drain(std::time::Duration::from_secs(5)).await;
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    let execution = &listed["data"][0];
    assert_eq!((&execution["status"], &execution["mode"], &execution["workflowId"]), (&json!("success"), &json!("webhook"), &json!("hook")));
    assert!(execution["startedAt"].as_str().is_some_and(|at| Timestamp::parse(at).is_ok()));
}
