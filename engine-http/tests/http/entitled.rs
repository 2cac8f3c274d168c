//! What users may do with what belongs to others.

use std::sync::Arc;

use engine_core::store::{MemoryStore, NewUser, Stores, TenantId, UserId};
use engine_http::NewAccount;
use serde_json::{Value, json};

use crate::access::{administrator, member, signing_in, token};
use crate::server::{Server, ahead, header, send, send_json};

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
#[tokio::test]
async fn inv_39_an_editor_sends_no_credential_of_the_owner_anywhere() {
    let server = recorded().await;
    let (ada, eve) = two(&server).await;
    let credential = json!({"name": "Billing", "type": "httpHeaderAuth", "data": {"name": "X", "value": "canary"}});
    let (_, credential) = send_json(server.post("/api/v1/credentials").bearer_auth(token(&ada)).json(&credential)).await;
    let asks = |name: &str, url: &str, reference: Value| {
        let parameters = json!({"url": url, "authentication": "genericCredentialType", "genericAuthType": "httpHeaderAuth"});
        json!({"id": name, "name": name, "type": "http_request", "parameters": parameters, "credentials": {"httpHeaderAuth": reference}})
    };
    let by_id = || json!({"id": id(&credential), "name": "Billing"});
    let own = asks("Ask", "https://good.example", by_id());
    let flow = saved(&server, &ada, json!([start(), own])).await;
    let path = format!("/api/v1/workflows/{flow}");
    assert_eq!(share(&server, (&format!("workflows/{flow}"), &ada), json!({"viewers": [], "editors": [eve["user"]["id"]]})).await, 200);
    let save = async |nodes: Value| {
        let flow = json!({"name": "flow", "nodes": nodes, "connections": []});
        send_json(server.request("PUT", &path).header("if-match", "*").bearer_auth(token(&eve)).json(&flow)).await
    };
    let mut moved = own.clone();
    moved["position"] = json!([7, 7]);
    assert_eq!(save(json!([start(), moved, {"id": "3", "name": "New", "type": "no_op"}])).await.0, 200, "all else may be changed");
    let by_name = json!({"name": "Billing"});
    for evil in [
        asks("Ask", "https://evil.example", by_id()),
        asks("Another", "https://evil.example", by_id()),
        asks("Another", "https://evil.example", by_name),
    ] {
        let (status, problem) = save(json!([start(), own, evil])).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (403, &json!("/nodes/2/credentials/httpHeaderAuth")), "{problem}");
    }
    let shared = share(&server, (&format!("credentials/{}", id(&credential)), &ada), json!({"users": [eve["user"]["id"]]})).await;
    assert_eq!((shared, save(json!([asks("Ask", "https://other.example", by_id())])).await.0), (200, 200), "with whom it is shared");
}

/// Breaks when somebody who may look at a workflow, or change it, has the rights of its owner.
#[tokio::test]
async fn inv_27_viewers_and_editors_are_no_owners() {
    let server = recorded().await;
    let (ada, eve) = two(&server).await;
    let flow = saved(&server, &ada, json!([start()])).await;
    let path = format!("workflows/{flow}");
    let execution = run(&server, &ada, &flow).await;
    let execution = format!("/api/v1/executions/{}", id(&execution));
    let eves = json!([eve["user"]["id"]]);
    assert_eq!(share(&server, (&path, &ada), json!({"viewers": eves, "editors": []})).await, 200);
    let remove = async |path: &str, user: &Value| send(server.request("DELETE", path).bearer_auth(token(user))).await.0;
    assert_eq!(send(server.get(&execution).bearer_auth(token(&eve))).await.0, 200);
    assert_eq!(remove(&execution, &eve).await, 403, "a viewer leaves what was done");
    assert_eq!(share(&server, (&path, &ada), json!({"viewers": [], "editors": eves})).await, 200);
    assert_eq!(share(&server, (&path, &eve), json!({"viewers": [], "editors": eves})).await, 403, "an editor lets nobody in");
    assert_eq!(remove(&format!("/api/v1/{path}"), &eve).await, 403, "an editor does not take it away");
    assert_eq!(remove(&execution, &eve).await, 204);
    assert_eq!(remove(&format!("/api/v1/{path}"), &ada).await, 204);
}

/// Breaks when a filter of a request for several is answered with what its sender may not see.
#[tokio::test]
async fn inv_27_a_filter_finds_nothing_of_others() {
    let server = recorded().await;
    let (ada, eve) = two(&server).await;
    let (hers, own) = (saved(&server, &ada, json!([start()])).await, saved(&server, &eve, json!([start()])).await);
    let mine = run(&server, &eve, &own).await;
    for _ in 0..3 {
        run(&server, &ada, &hers).await;
    }
    for (filter, expect) in [(json!({}), vec![id(&mine)]), (json!({"workflowId": hers}), Vec::new())] {
        let request = server.post("/api/v1/executions/cancel").bearer_auth(token(&eve)).json(&json!({"filter": filter}));
        let (status, body) = send_json(request).await;
        let ids: Vec<&str> = body["data"].as_array().expect("a list").iter().map(id).collect();
        assert_eq!((status, ids), (200, expect), "{filter}");
    }
}

/// What lies behind much that a caller may not see is found in parts.
#[tokio::test]
async fn a_list_that_is_mostly_hidden_is_read_in_parts() {
    let server = recorded().await;
    let (ada, eve) = two(&server).await;
    let (hers, own) = (saved(&server, &ada, json!([start()])).await, saved(&server, &eve, json!([start()])).await);
    let mine = run(&server, &eve, &own).await;
    let start = format!("/api/v1/workflows/{hers}/executions");
    for _ in 0..21 {
        let begun = futures::future::join_all((0..100).map(|_| send(server.post(&start).bearer_auth(token(&ada))))).await;
        assert!(begun.iter().all(|(status, _, _)| *status < 300), "{begun:?}");
    }
    let (mut found, mut parts, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let response = server.get(&format!("/api/v1/executions{cursor}")).bearer_auth(token(&eve)).send().await.expect("an answer");
        assert_eq!(header(&response, "content-type"), "application/json");
        let page: Value = response.json().await.expect("JSON");
        found.extend(page["data"].as_array().expect("a list").iter().map(|execution| id(execution).to_owned()));
        parts += 1;
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert_eq!((found, parts), (vec![id(&mine).to_owned()], 2));
}

/// Breaks when an administrator of one tenant is taken for one of all.
#[tokio::test]
async fn inv_27_administrators_are_those_of_their_tenant() {
    let stores = Stores::of(&Arc::new(MemoryStore::new(Arc::new(ahead().0))));
    let accounts = Arc::clone(&stores.accounts);
    let server = Server::start(signing_in().with(|config| config.stores = Some(stores))).await;
    let (ada, _) = two(&server).await;
    let NewAccount { email, password_hash, .. } = NewAccount::new("mallory@example.com", "correct horse battery").expect("an account");
    let id = UserId::new(uuid::Uuid::from_u128(7));
    let (tenant, name, role) = (TenantId::from("other"), String::new(), "admin".to_owned());
    accounts.add_user(NewUser { id, tenant, email, name, role, password_hash: Some(password_hash) }).await.expect("added");
    let login = json!({"email": "mallory@example.com", "password": "correct horse battery"});
    let (_, mallory) = send_json(server.post("/api/v1/auth/login").json(&login)).await;
    let hers = saved(&server, &ada, json!([{"id": "1", "name": "Hook", "type": "webhook", "parameters": {"path": "hers"}}])).await;
    assert_eq!(send(server.post(&format!("/api/v1/workflows/{hers}/activate")).bearer_auth(token(&ada))).await.0, 200);
    let ask = async |method: &str, path: &str| send(server.request(method, path).bearer_auth(token(&mallory)).json(&json!({}))).await.0;
    assert_eq!(ask("POST", &format!("/api/v1/workflows/{hers}/executions")).await, 404);
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(ask(method, &format!("/api/v1/users/{}", ada["user"]["id"].as_str().expect("an id"))).await, 404, "{method}");
    }
    for (list, expect) in [("users", 1), ("webhooks", 0), ("executions", 0), ("workflows", 0)] {
        let (_, listed) = send_json(server.get(&format!("/api/v1/{list}")).bearer_auth(token(&mallory))).await;
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(expect), "{list}: {listed}");
    }
}
