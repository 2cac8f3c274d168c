//! Starting executions by the API, and looking at them.

use engine_http::Config;
use serde_json::{Value, json};

use crate::server::{Server, chain, header, keep, send, send_json, webhook};
use engine_core::model::NodeDefinition;

fn flow() -> engine_core::Workflow {
    chain("flow", webhook("hook", json!({})), [NodeDefinition::new("End", "no_op")])
}

#[tokio::test]
async fn a_workflow_is_started_with_items() {
    let server = Server::with([flow()]).await;
    let request = server.post("/api/v1/workflows/flow/executions?wait=10").json(&json!({"items": [{"json": {"n": 1}}, {"n": 2}]}));
    let response = request.send().await.expect("an answer");
    let location = header(&response, "location");
    assert_eq!(response.status().as_u16(), 200);
    let started = response.json::<Value>().await.expect("JSON");
    assert_eq!(location, format!("/api/v1/executions/{}", started["id"].as_str().expect("an id")));
    let outputs = &started["data"]["nodes"]["End"][0]["outputs"][0];
    assert_eq!((&outputs[0]["json"], &outputs[1]["json"]), (&json!({"n": 1}), &json!({"n": 2})));
    let (status, shown) = send_json(server.get(&location)).await;
    assert_eq!((status, &shown["data"]), (200, &started["data"]));
    assert_eq!(send(server.request("DELETE", &location)).await.0, 204);
    assert_eq!(send(server.get(&location)).await.0, 404);
}

#[tokio::test]
async fn without_waiting_the_answer_comes_at_once() {
    let wait = NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    let server = Server::with([chain("flow", webhook("hook", json!({})), [wait])]).await;
    let (status, started) = send_json(server.post("/api/v1/workflows/flow/executions")).await;
    assert_eq!((status, &started["finished"]), (202, &json!(false)));
    let location = format!("/api/v1/executions/{}", started["id"].as_str().expect("an id"));
    assert_eq!(send(server.request("DELETE", &location)).await.0, 409);
    assert_eq!(send(server.post(&format!("{location}/cancel"))).await.0, 202);
    let ended = server.post(&format!("{location}/cancel"));
    server.service.drain(std::time::Duration::from_secs(5)).await;
    let (_, shown) = send_json(ended).await;
    assert!(["canceled", "waiting"].contains(&shown["status"].as_str().expect("a status")));
}

#[tokio::test]
async fn mistakes_are_named_by_their_place() {
    let server = Server::with([flow()]).await;
    let check = async |body: &'static str, status: u16, code: &str, pointer: Value| {
        let (got, problem) = send_json(server.post("/api/v1/workflows/flow/executions").body(body)).await;
        assert_eq!((got, &problem["code"], &problem["errors"][0]["pointer"]), (status, &json!(code), &pointer), "{body}");
    };
    check("{", 400, "not-json", Value::Null).await;
    check("[]", 422, "invalid-body", json!("")).await;
    check(r#"{"item": []}"#, 422, "invalid-body", json!("/item")).await;
    check(r#"{"startNode": 5}"#, 422, "invalid-body", json!("/startNode")).await;
    check(r#"{"items": [1]}"#, 400, "bad-request", Value::Null).await;
    check(r#"{"startNode": "Nobody"}"#, 422, "unknown-start-node", Value::Null).await;
    let (status, problem) = send_json(server.post("/api/v1/workflows/nothing/executions")).await;
    assert_eq!((status, &problem["code"]), (404, &json!("not-found")));
    assert_eq!(send(server.get("/api/v1/executions/nothing")).await.0, 404);
}

#[tokio::test]
async fn the_list_of_ended_executions_is_bounded() {
    let server = Server::start(Config::default().with(|config| config.history = 3)).await;
    server.service.activate(chain("flow", webhook("hook", json!({"responseMode": "lastNode"})), [keep(&json!({}))])).expect("it can be served");
    let mut ids = Vec::new();
    for _ in 0..5 {
        send(server.post("/webhook/hook")).await;
        let (_, listed) = send_json(server.get("/api/v1/executions")).await;
        ids.push(listed["data"][0]["id"].clone());
    }
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    let kept: Vec<&Value> = listed["data"].as_array().expect("a list").iter().map(|execution| &execution["id"]).collect();
    assert_eq!(kept, [&ids[4], &ids[3], &ids[2]]);
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let wait = NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    let server = Server::start(Config::default().with(|config| config.max_executions = 1)).await;
    server.service.activate(chain("flow", webhook("hook", json!({"responseMode": "onReceived"})), [wait])).expect("it can be served");
    assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    let response = server.post("/webhook/hook").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), header(&response, "retry-after").as_str()), (503, "1"));
}

#[tokio::test]
async fn a_caller_who_hangs_up_stops_nothing() {
    use tokio::io::AsyncWriteExt;
    let wait = NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    let workflow = chain("flow", webhook("hook", json!({"responseMode": "lastNode"})), [wait, keep(&json!({"went": "on"}))]);
    let server = Server::with([workflow]).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"POST /webhook/hook HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.expect("sent");
    let running = async || send_json(server.get("/api/v1/executions")).await.1["data"][0]["status"] == "waiting";
    while !running().await {}
    drop(stream);
    for _ in 0..20 {
        assert!(running().await);
    }
}
