//! Requests that are signed, that carry a token, that have the headers they should.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine_core::credential::CredentialRef;
use engine_http::Config;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::{Server, echo, send, send_json};

async fn guarded(parameters: Value, credential: &str) -> Server {
    let mut workflow = echo("hook", parameters);
    let reference = CredentialRef { id: Some("1".to_owned()), name: "secret".to_owned() };
    workflow.nodes[0].credentials.insert(credential.to_owned(), reference);
    Server::with([workflow]).await
}

/// A request as Standard Webhooks signs it.
fn delivery(server: &Server, (key, id): (&str, &str), signed: &str, body: &str) -> reqwest::RequestBuilder {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(format!("{id}.{seconds}.{signed}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let request = server.post("/webhook/hook").header("webhook-id", id).header("webhook-timestamp", seconds.to_string());
    request.header("webhook-signature", signature).header("content-type", "application/json").body(body.to_owned())
}

async fn executions(server: &Server) -> usize {
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    listed["data"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn inv_31_a_signature_is_over_the_raw_bytes() {
    let server = guarded(json!({"authentication": "signature", "signatureScheme": "standardWebhooks"}), "webhookSignature").await;
    let body = r#"{"a": 1}"#;
    let (status, item) = send_json(delivery(&server, ("new key", "m1"), body, body)).await;
    assert_eq!((status, &item["body"]), (200, &json!({"a": 1})));
    assert_eq!(send(delivery(&server, ("old key", "m2"), body, body)).await.0, 200, "a key that is being replaced");
    assert_eq!(send(delivery(&server, ("third key", "m3"), body, body)).await.0, 403);
    assert_eq!(send(delivery(&server, ("new key", "m4"), body, r#"{"a":1}"#)).await.0, 403, "the same value in other bytes");
    assert_eq!(send(server.post("/webhook/hook").body(body)).await.0, 401);
    assert_eq!(executions(&server).await, 2, "what is refused starts nothing");
}

/// Breaks when a delivery is only remembered in the request that brought it.
#[tokio::test]
async fn inv_31_a_request_that_comes_again_starts_nothing() {
    let server = guarded(json!({"authentication": "signature"}), "webhookSignature").await;
    let send_one = async |id: &str| send_json(delivery(&server, ("new key", id), "{}", "{}")).await;
    assert_eq!(send_one("m1").await.0, 200);
    assert_eq!(send_one("m1").await, (200, json!({"code": 200, "message": "This request was received before."})));
    assert_eq!(send_one("m2").await.0, 200);
    assert_eq!(executions(&server).await, 2);
    let lenient = guarded(json!({"authentication": "signature", "signature": {"deduplicate": false}}), "webhookSignature").await;
    for _ in 0..2 {
        assert_eq!(send(delivery(&lenient, ("new key", "m1"), "{}", "{}")).await.0, 200);
    }
    assert_eq!(executions(&lenient).await, 2);
}

#[tokio::test]
async fn inv_31_of_many_at_once_one_starts() {
    let server = guarded(json!({"authentication": "signature"}), "webhookSignature").await;
    let answers = futures::future::join_all((0..20).map(|_| send(delivery(&server, ("new key", "m1"), "{}", "{}")))).await;
    assert!(answers.iter().all(|(status, _, _)| [200, 409].contains(status)), "{answers:?}");
    assert_eq!(executions(&server).await, 1);
}

#[tokio::test]
async fn a_bearer_token_and_the_one_before_it() {
    let server = guarded(json!({"authentication": "bearerAuth"}), "httpBearerAuth").await;
    for (shown, expect) in [("new token", 200), ("old token", 200), ("new toke", 403), ("", 401)] {
        let request = server.post("/webhook/hook");
        let request = if shown.is_empty() { request } else { request.bearer_auth(shown) };
        assert_eq!(send(request).await.0, expect, "{shown}");
    }
}

#[tokio::test]
async fn requests_have_the_headers_that_they_should() {
    let filter = json!({"entries": [{"name": "X-Event", "value": "order.*"}, {"name": "X-Any", "value": ""}]});
    let server = Server::with([echo("hook", json!({"options": {"headerFilter": filter}}))]).await;
    for (event, any, expect) in [("order.paid", true, 200), ("order.", true, 200), ("user.new", true, 403), ("order.paid", false, 403)] {
        let request = server.post("/webhook/hook").header("x-event", event);
        assert_eq!(send(if any { request.header("x-any", "y") } else { request }).await.0, expect, "{event} {any}");
    }
    let bad = json!({"entries": [{"name": "a b", "value": ""}]});
    let server = Server::start(Config::default()).await;
    server.service.activate(echo("hook", json!({"options": {"headerFilter": bad}}))).expect_err("no header has such a name");
}

/// Breaks when what was received is remembered for less long than its signature counts.
#[tokio::test]
async fn inv_31_a_recorded_request_is_worth_nothing_later() {
    let server = guarded(json!({"authentication": "signature"}), "webhookSignature").await;
    let recorded = delivery(&server, ("new key", "m1"), "{}", "{}");
    let again = || recorded.try_clone().expect("a request");
    assert_eq!(send(again()).await.0, 200);
    server.wait(std::time::Duration::from_mins(4));
    assert_eq!(send_json(again()).await.1["message"], "This request was received before.");
    server.wait(std::time::Duration::from_mins(2));
    assert_eq!(send_json(again()).await, (403, json!({"code": 403, "message": "The request was signed at another time!"})));
    assert_eq!(executions(&server).await, 1);
}
