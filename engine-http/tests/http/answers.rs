//! What the caller of a webhook gets.

use engine_core::model::NodeDefinition;
use engine_http::Config;
use serde_json::{Value, json};

use crate::server::{Server, answer, chain, echo, header, keep, send, send_json, webhook};

async fn with_mode(mode: Value, rest: impl IntoIterator<Item = NodeDefinition>) -> Server {
    Server::with([chain("flow", webhook("hook", mode), rest)]).await
}

#[tokio::test]
async fn at_once() {
    let check = async |options: Value, status: u16, kind: &str, body: &str| {
        let server = with_mode(json!({"responseMode": "onReceived", "options": options}), []).await;
        assert_eq!(send(server.post("/webhook/hook")).await, (status, kind.to_owned(), body.to_owned()), "{options}");
    };
    let json = "application/json; charset=utf-8";
    check(json!({}), 200, json, r#"{"message":"Workflow was started"}"#).await;
    check(json!({"noResponseBody": true}), 200, "", "").await;
    check(json!({"responseData": "thanks"}), 200, "text/html; charset=utf-8", "thanks").await;
    check(json!({"responseCode": {"values": {"responseCode": 202}}}), 202, json, r#"{"message":"Workflow was started"}"#).await;
    check(json!({"responseCode": {"values": {"responseCode": "customCode", "customCode": 418}}}), 418, json, r#"{"message":"Workflow was started"}"#)
        .await;
    let headers = json!({"responseHeaders": {"entries": [{"name": "Content-Type", "value": "text/plain"}]}, "responseData": "x"});
    check(headers, 200, "text/plain", "x").await;
}

#[tokio::test]
async fn what_the_last_node_gave() {
    let check = async |parameters: Value, expect: (u16, &str, &str)| {
        let mut all = json!({"responseMode": "lastNode"});
        all.as_object_mut().expect("an object").extend(parameters.as_object().cloned().expect("an object"));
        let server = with_mode(all, [keep(&json!({"a": {"b": ["x", 2]}, "t": "text"}))]).await;
        let (status, kind, body) = send(server.post("/webhook/hook")).await;
        assert_eq!((status, kind.as_str(), body.as_str()), expect, "{parameters}");
    };
    let json = "application/json; charset=utf-8";
    check(json!({}), (200, json, r#"{"a":{"b":["x",2]},"t":"text"}"#)).await;
    check(json!({"responseData": "allEntries"}), (200, json, r#"[{"a":{"b":["x",2]},"t":"text"}]"#)).await;
    check(json!({"responseData": "noData"}), (200, "", "")).await;
    check(json!({"options": {"responsePropertyName": "a.b"}}), (200, json, r#"["x",2]"#)).await;
    check(json!({"options": {"responsePropertyName": "a.b[1]"}}), (200, json, "2")).await;
    check(json!({"options": {"responsePropertyName": "t", "responseContentType": "text/plain"}}), (200, "text/plain", "text")).await;
    check(json!({"responseData": "firstEntryBinary"}), (500, "application/json", r#"{"code":500,"message":"No binary data was found to return"}"#))
        .await;
}

#[tokio::test]
async fn a_failed_execution_says_so_and_no_more() {
    let fail = || NodeDefinition::new("Stop", "stop_and_error").parameter("errorMessage", "secret detail");
    for mode in ["lastNode", "responseNode"] {
        let server = with_mode(json!({"responseMode": mode}), [fail()]).await;
        let (status, body) = send_json(server.post("/webhook/hook")).await;
        assert_eq!((status, body), (500, json!({"code": 500, "message": "Error in workflow"})), "{mode}");
    }
}

#[tokio::test]
async fn a_node_answers_and_the_execution_goes_on() {
    let reply = answer(&json!({"status": 201, "headers": [["X-One", "1"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]], "body": {"done": true}}));
    let server = with_mode(json!({"responseMode": "responseNode"}), [reply, NodeDefinition::new("After", "no_op")]).await;
    let response = server.post("/webhook/hook").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), header(&response, "x-one").as_str()), (201, "1"));
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(response.json::<Value>().await.expect("JSON"), json!({"done": true}));
    server.service.drain(std::time::Duration::from_secs(5)).await;
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    let id = listed["data"][0]["id"].as_str().expect("an id");
    let (_, execution) = send_json(server.get(&format!("/api/v1/executions/{id}"))).await;
    assert_eq!(execution["data"]["order"], json!(["Webhook", "Answer", "After"]));
}

#[tokio::test]
async fn nobody_answered() {
    let server = with_mode(json!({"responseMode": "responseNode"}), []).await;
    assert_eq!(send_json(server.post("/webhook/hook")).await, (200, json!({"message": "Workflow executed successfully"})));
}

#[tokio::test]
async fn inv_34_no_header_can_be_split() {
    for header in [["X-A\r\nX-B", "1"], ["X-A", "1\r\nX-B: 2"], ["X-A", "1\nX-B: 2"], ["X-A", "a\u{0}b"], ["", "1"], ["X A", "1"]] {
        let server = with_mode(json!({"responseMode": "responseNode"}), [answer(&json!({"headers": [header], "body": "x"}))]).await;
        let response = server.post("/webhook/hook").send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), response.headers().contains_key("x-b")), (500, false), "{header:?}");
    }
    let options = json!({"responseHeaders": {"entries": [{"name": "X-A", "value": "1\r\nX-B: 2"}]}});
    let server = Server::start(Config::default()).await;
    server.service.activate(echo("hook", json!({"options": options}))).expect_err("an activation is refused");
}

#[tokio::test]
async fn the_workflow_does_not_say_where_a_message_ends() {
    let headers = json!([["Content-Length", "1"], ["Transfer-Encoding", "chunked"], ["Connection", "close"]]);
    let server = with_mode(json!({"responseMode": "responseNode"}), [answer(&json!({"headers": headers, "body": "hello"}))]).await;
    let (status, _, body) = send(server.post("/webhook/hook")).await;
    assert_eq!((status, body.as_str()), (200, "hello"));
}

#[tokio::test]
async fn pages_of_workflows_are_kept_in_a_sandbox() {
    let page = async |headers: Value| {
        let reply = answer(&json!({"headers": headers, "body": "<script>alert(1)</script>"}));
        let server = with_mode(json!({"responseMode": "responseNode"}), [reply]).await;
        let response = server.post("/webhook/hook").send().await.expect("an answer");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{headers}");
        let policies = response.headers().get_all("content-security-policy").iter();
        policies.filter(|policy| policy.to_str().expect("ASCII").starts_with("sandbox allow-downloads")).count()
    };
    assert_eq!(page(json!([])).await, 1);
    for kind in [
        "text/html",
        "TEXT/HTML",
        "text/html;charset=utf-8",
        "image/SVG+xml",
        "application/xhtml+xml",
        "text/xml",
        "application/rss+xml",
        "x/y",
        "text/plain, text/html",
        "text/plain;charset=\"utf-8,text/html",
        "application/json+xml",
        "image/x+xml",
        "audio/x+XML; a=b",
        "text/plainer",
        "\u{e9}",
    ] {
        assert_eq!(page(json!([["Content-Type", kind]])).await, 1, "{kind}");
    }
    for kind in ["application/json", "Text/Plain; charset=utf-8", "image/png", "application/pdf"] {
        assert_eq!(page(json!([["Content-Type", kind]])).await, 0, "{kind}");
    }
    assert_eq!(page(json!([["Content-Type", "text/plain"], ["Content-Type", "text/html"]])).await, 1, "whichever a browser takes");
    assert_eq!(page(json!([["Content-Type", "text/plain"], ["X-Content-Type-Options", "none"]])).await, 0, "nothing is guessed from what it holds");
    assert_eq!(page(json!([["Content-Security-Policy", "default-src *"]])).await, 1, "a workflow does not let itself out");
    assert_eq!(page(json!([["Content-Security-Policy", "sandbox allow-scripts allow-same-origin"]])).await, 1);
}

#[tokio::test]
async fn a_status_that_is_none_gives_500() {
    for status in [0, 99, 101, 1000] {
        let server = with_mode(json!({"responseMode": "responseNode"}), [answer(&json!({"status": status}))]).await;
        assert_eq!(send(server.post("/webhook/hook")).await.0, 500, "{status}");
    }
}

#[tokio::test]
async fn the_caller_does_not_wait_for_ever() {
    let wait = NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    let config = Config::default().with(|config| config.webhook_timeout = std::time::Duration::from_millis(20));
    let server = Server::start(config).await;
    server.service.activate(chain("flow", webhook("hook", json!({"responseMode": "lastNode"})), [wait])).expect("it can be served");
    assert_eq!(send(server.post("/webhook/hook")).await.0, 504);
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    assert_eq!(listed["data"][0]["status"], "waiting", "the execution goes on");
}

#[tokio::test]
async fn a_workflow_of_n8n_answers_by_its_respond_nodes() {
    let workflow = engine_core::Workflow::from_json(include_str!("order.json")).expect("a workflow");
    let server = Server::with([workflow]).await;
    let order = |price: u32| server.post("/webhook/order").json(&json!({"price": price, "count": 2, "name": "Ada"}));
    let large = order(50).send().await.expect("an answer");
    assert_eq!((large.status().as_u16(), header(&large, "x-size").as_str()), (201, "large"));
    assert_eq!(large.json::<Value>().await.expect("JSON"), json!({"order": "large", "total": 100}));
    let (status, _, body) = send(order(1)).await;
    assert_eq!((status, body.as_str()), (200, "small order of Ada"));
}
