//! What goes wrong: errors as stops and as items, tries, limits of time and size.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body as AnswerBody;
use futures::stream;
use serde_json::json;

use super::{answer, json_answer, node, to};
use crate::network::test_engine::json_of;
use crate::network::test_server::{Seen, TestServer};
use crate::network::{HttpClient, NetworkPolicy};

async fn failing() -> TestServer {
    TestServer::start(|seen: &Seen| match seen.path() {
        "/bad" => answer(400, "application/json", "{\"message\": \"id is missing\"}"),
        _ => json_answer(&json!({"fine": true})),
    })
    .await
}

#[tokio::test]
async fn errors_stop_the_node_or_become_items() {
    let server = failing().await;
    let parameters = || json!({"url": format!("={}{{{{ $json.path }}}}", server.url(""))});
    let items = || [json!({"path": "/a"}), json!({"path": "/bad"}), json!({"path": "/c"})];
    let stopped = node(4.2, parameters()).items(items()).error().await;
    assert_eq!(stopped["message"], "The server answered with status 400 Bad Request");
    assert_eq!(stopped["details"]["details"]["statusCode"].as_i64().or(stopped["details"]["statusCode"].as_i64()), Some(400), "{stopped}");
    let shown = json!({"message": "400 - {\"message\":\"id is missing\"}", "name": "AxiosError", "code": "ERR_BAD_REQUEST", "status": 400});
    let went_on = node(4.2, parameters()).items(items()).with("onError", "continueRegularOutput").json().await;
    assert_eq!(went_on, json!([{"fine": true}, {"error": shown}, {"fine": true}]));
    let result = node(4.2, parameters()).items(items()).with("onError", "continueErrorOutput").run().await;
    assert_eq!(json_of(&result.output("Node", 0)), json!([{"fine": true}, {"fine": true}]));
    assert_eq!(result.output("Node", 1)[0].json()["error"], shown);
}

#[tokio::test]
async fn errors_before_the_request_become_items() {
    let items = [json!({"url": 5}), json!({"url": ""}), json!({"url": "ftp://a.test/"}), json!({"url": "http://169.254.169.254/"})];
    let made = node(4.2, json!({"url": "={{ $json.url }}"})).items(items).with("onError", "continueRegularOutput").json().await;
    assert_eq!(made[0]["error"], "URL parameter must be a string, got number");
    assert_eq!(made[1]["error"], "URL parameter cannot be empty");
    assert_eq!(made[2]["error"]["code"], "ERR_INVALID_URL");
    assert_eq!(made[3]["error"]["code"], "http-address-refused");
}

#[tokio::test]
async fn after_an_error_no_further_request_begins() {
    let server = failing().await;
    let items = (0..200).map(|n| json!({"path": if n == 0 { "/bad" } else { "/fine" }}));
    node(4.2, json!({"url": format!("={}{{{{ $json.path }}}}", server.url(""))})).items(items).error().await;
    assert!(server.seen().len() < 200, "{}", server.seen().len());
}

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_key() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let server = TestServer::start(|_: &Seen| {
        if CALLS.fetch_add(1, Ordering::Relaxed) == 0 { answer(503, "text/plain", "later") } else { json_answer(&json!({"ok": true})) }
    })
    .await;
    let parameters = json!({"method": "POST", "options": {"idempotencyHeader": "Idempotency-Key"}});
    let made = node(4.2, to(&server, "/", parameters)).with("retryOnFail", true).with("waitBetweenTries", 1).json().await;
    assert_eq!(made, json!([{"ok": true}]));
    let keys: Vec<String> = server.seen().iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1] && !keys[0].is_empty(), "{keys:?}");
}

#[tokio::test]
async fn what_cannot_be_known_beforehand_fails_its_item_only() {
    let server = failing().await;
    let url = format!("={}/a{{{{ $('Nowhere').item.json.x }}}}", server.url(""));
    let made = node(4.2, json!({"url": url})).items([json!({}), json!({})]).with("onError", "continueRegularOutput").json().await;
    let texts = made.as_array().unwrap().iter().map(|item| item["error"].as_str().unwrap().contains("Nowhere"));
    assert_eq!(texts.collect::<Vec<_>>(), [true, true]);
    let parameters = json!({"url": server.url("/"), "authentication": "genericCredentialType", "genericAuthType": "httpBearerAuth"});
    let made = node(4.2, parameters).items([json!({}), json!({})]).with("onError", "continueRegularOutput").json().await;
    assert_eq!(made[1]["error"], "this node needs a credential of type \"httpBearerAuth\"");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn batches_pause_between_them() {
    let server = failing().await;
    let options = json!({"batching": {"batch": {"batchSize": 2, "batchInterval": 20}}});
    let begun = std::time::Instant::now();
    let made = node(4.2, to(&server, "/a", json!({"options": options}))).items((0..5).map(|n| json!({"n": n}))).json().await;
    assert_eq!(made.as_array().unwrap().len(), 5);
    // Two pauses of 20 ms; less would mean that they were left out.
    assert!(begun.elapsed().as_millis() >= 40);
}

#[tokio::test]
async fn a_slow_server_runs_into_the_timeout() {
    let server =
        TestServer::start(|_: &Seen| answer(200, "text/plain", AnswerBody::from_stream(stream::pending::<Result<&str, std::io::Error>>()))).await;
    let made = node(4.2, to(&server, "/", json!({"options": {"timeout": 30}}))).with("onError", "continueRegularOutput").json().await;
    assert_eq!(made[0]["error"], json!({"message": "timeout of 30 ms exceeded", "name": "Error", "code": "ECONNABORTED"}));
}

#[tokio::test]
async fn an_endless_download_is_cut_off() {
    let endless = || stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 8192]));
    let server = TestServer::start(move |_: &Seen| answer(200, "image/png", AnswerBody::from_stream(endless()))).await;
    let limits = crate::network::Limits { download: 100_000, ..Default::default() };
    let client = HttpClient::new(NetworkPolicy::default().allow("127.0.0.1").unwrap().with_limits(limits));
    let error = node(4.2, to(&server, "/", json!({}))).client(client).error().await;
    assert_eq!(error["message"], "the response is larger than 100000 bytes");
}
