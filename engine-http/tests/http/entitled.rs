//! What users may do with what belongs to others.

use std::sync::Arc;

use engine_core::store::{MemoryStore, Stores};
use serde_json::{Value, json};

use crate::access::{administrator, member, signing_in, token};
use crate::server::{Server, ahead, send, send_json};

/// A server that records executions.
async fn recorded() -> Server {
    let stores = Stores::of(&Arc::new(MemoryStore::new(Arc::new(ahead().0))));
    Server::start(signing_in().with(|config| config.stores = Some(stores))).await
}

/// Ada, who has something, and Eve, who wants it.
async fn two(server: &Server) -> (Value, Value) {
    let admin = administrator(server).await;
    (member(server, &admin, "ada", "user").await, member(server, &admin, "eve", "user").await)
}

fn id(body: &Value) -> &str {
    body["id"].as_str().expect("an id")
}

/// Saves a workflow of these nodes, each followed by the next one; gives its id.
async fn saved(server: &Server, user: &Value, nodes: Value) -> String {
    let names: Vec<Value> = nodes.as_array().expect("a list").iter().map(|node| node["name"].clone()).collect();
    let connections: Vec<Value> = names.windows(2).map(|pair| json!({"source": pair[0], "target": pair[1]})).collect();
    let flow = json!({"name": "flow", "nodes": nodes, "connections": connections});
    let (status, body) = send_json(server.post("/api/v1/workflows").bearer_auth(token(user)).json(&flow)).await;
    assert_eq!(status, 201, "{body}");
    id(&body).to_owned()
}

async fn run(server: &Server, user: &Value, workflow: &str) -> Value {
    let (status, body) = send_json(server.post(&format!("/api/v1/workflows/{workflow}/executions?wait=10")).bearer_auth(token(user))).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn share(server: &Server, (path, user): (&str, &Value), body: Value) -> u16 {
    send(server.request("PUT", &format!("/api/v1/{path}/share")).bearer_auth(token(user)).json(&body)).await.0
}

fn start() -> Value {
    json!({"id": "1", "name": "Start", "type": "manual_trigger"})
}

fn call(parameters: &Value) -> Value {
    json!({"id": "2", "name": "Call", "type": "execute_workflow", "parameters": parameters})
}

/// Breaks when a workflow starts any other whose id its author knows: it would run with the credentials of that one's owner, and tell what came of it.
#[tokio::test]
async fn inv_27_a_workflow_calls_no_workflow_of_others() {
    let server = recorded().await;
    let (ada, eve) = two(&server).await;
    let hers = saved(&server, &ada, json!([start(), {"id": "2", "name": "Keep", "type": "test_keep", "parameters": {"json": {"secret": 1}}}])).await;
    let calls = saved(&server, &eve, json!([start(), call(&json!({"source": "database", "workflowId": hers}))])).await;
    let refused = run(&server, &eve, &calls).await;
    assert_eq!(refused["status"], "error", "{refused}");
    assert!(!refused.to_string().contains("secret"), "{refused}");
    assert_eq!(share(&server, (&format!("workflows/{hers}"), &ada), json!({"viewers": [eve["user"]["id"]], "editors": []})).await, 200);
    let called = run(&server, &eve, &calls).await;
    assert_eq!(called["status"], "success", "whoever may run it may call it: {called}");
    assert!(called.to_string().contains("secret"), "{called}");
}

/// Breaks when a workflow that is brought along goes by the id that it gives itself: it would be given the credentials of somebody else.
#[tokio::test]
async fn inv_39_a_workflow_that_is_brought_along_is_its_callers() {
    let server = recorded().await;
    let (ada, eve) = two(&server).await;
    let hers = saved(&server, &ada, json!([start()])).await;
    let inline = json!({"id": hers, "name": "inline", "nodes": [start()], "connections": []}).to_string();
    let calls = saved(&server, &eve, json!([start(), call(&json!({"source": "parameter", "workflowJson": inline}))])).await;
    assert_eq!(run(&server, &eve, &calls).await["status"], "success");
    let (_, listed) = send_json(server.get("/api/v1/executions").bearer_auth(token(&eve))).await;
    let owners: Vec<&Value> = listed["data"].as_array().expect("a list").iter().map(|execution| &execution["workflowId"]).collect();
    assert_eq!(owners, [&json!(calls), &json!(calls)], "{listed}");
    let (_, listed) = send_json(server.get("/api/v1/executions").bearer_auth(token(&ada))).await;
    assert_eq!(listed["data"], json!([]));
}

/// Breaks when an editor may change where a credential of the owner is sent.
/// Breaks when somebody who may look at a workflow, or change it, has the rights of its owner.
/// Breaks when a filter of a request for several is answered with what its sender may not see.
/// What lies behind much that a caller may not see is found in parts.
/// Breaks when an administrator of one tenant is taken for one of all.