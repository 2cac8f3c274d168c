//! Resuming waiting executions by their address.

use engine_core::model::NodeDefinition;
use serde_json::{Value, json};

use crate::server::{Server, answer, chain, send, send_json, webhook};

/// Tells the caller the address under which the execution is resumed, and waits there.
fn flow(wait: &Value) -> engine_core::Workflow {
    let mut node = NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    node.parameters.extend(wait.as_object().cloned().expect("an object"));
    let tell = answer(&json!({"body": "={{ $execution.resumeUrl }}"}));
    let hook = webhook("hook", json!({"responseMode": "responseNode"}));
    chain("flow", hook, [tell, node, NodeDefinition::new("End", "no_op")])
}

async fn waiting(wait: &Value) -> (Server, String) {
    let server = Server::with([flow(wait)]).await;
    let (status, _, url) = send(server.post("/webhook/hook")).await;
    assert_eq!(status, 200, "{url}");
    (server, url)
}

#[tokio::test]
async fn the_signed_address_resumes_once() {
    let (server, url) = waiting(&json!({"httpMethod": "POST", "responseMode": "lastNode"})).await;
    assert_eq!(send(server.get(&url)).await.0, 405);
    let (status, item) = send_json(server.post(&url).json(&json!({"approved": true}))).await;
    assert_eq!((status, &item["body"]), (200, &json!({"approved": true})));
    assert_eq!(item.as_object().expect("an object").keys().collect::<Vec<_>>(), ["headers", "params", "query", "body"]);
    assert_eq!(send(server.post(&url)).await.0, 409, "it has finished");
}

#[tokio::test]
async fn without_its_signature_an_address_is_worth_nothing() {
    let (server, url) = waiting(&json!({})).await;
    let (bare, signature) = url.split_once("?signature=").expect("a signed address");
    let (_, other) = waiting(&json!({})).await;
    let (_, foreign) = other.split_once("?signature=").expect("a signed address");
    for url in [bare.to_owned(), format!("{bare}?signature="), format!("{bare}?signature={foreign}"), format!("{bare}?signature={signature}x")] {
        assert_eq!(send(server.get(&url)).await.0, 401, "{url}");
    }
    let unknown = "/webhook-waiting/018f0000-0000-7000-8000-000000000000?signature=x";
    assert_eq!(send(server.get(unknown)).await.0, 401, "nobody learns which executions there are");
    assert_eq!(send(server.get(&url)).await.0, 200);
}

#[tokio::test]
async fn a_suffix_tells_waits_apart() {
    let (server, url) = waiting(&json!({"options": {"webhookSuffix": "yes"}})).await;
    assert_eq!(send(server.get(&url)).await.0, 404);
    assert_eq!(send(server.get(&format!("{url}/no"))).await.0, 404);
    assert_eq!(send(server.get(&format!("{url}/yes"))).await.0, 200);
    let (server, url) = waiting(&json!({"options": {"webhookSuffix": "yes"}})).await;
    assert_eq!(send(server.get(&url.replace("?signature", "/yes?signature"))).await.0, 200);
}
