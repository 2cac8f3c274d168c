//! The REST API of a server without sign-in.

use engine_http::{Config, SealingKeys};
use serde_json::{Value, json};

use crate::server::{Server, header, send, send_json};

async fn server() -> Server {
    Server::start(Config::default().with(|config| config.sealing_keys = Some(SealingKeys::new([("one".to_owned(), [7; 32])])))).await
}

fn flow(path: &str) -> Value {
    let hook = json!({"id": "1", "name": "Webhook", "type": "webhook", "parameters": {"path": path, "responseMode": "lastNode"}});
    json!({"name": path, "nodes": [hook, {"id": "2", "name": "End", "type": "no_op"}], "connections": [{"source": "Webhook", "target": "End"}]})
}

async fn saved(server: &Server, flow: &Value) -> String {
    let response = server.post("/api/v1/workflows").json(flow).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), header(&response, "etag").as_str()), (201, "\"1\""));
    header(&response, "location")
}

#[tokio::test]
async fn a_workflow_from_its_making_to_its_removal() {
    let server = server().await;
    let path = saved(&server, &flow("a")).await;
    assert_eq!(send(server.get("/webhook/a")).await.0, 404);
    let (status, active) = send_json(server.post(&format!("{path}/activate"))).await;
    assert_eq!((status, &active["active"]), (200, &json!(true)));
    assert_eq!(send(server.get("/webhook/a")).await.0, 200);
    let (_, listed) = send_json(server.get("/api/v1/workflows?active=true&name=A")).await;
    assert_eq!(listed["data"][0]["name"], "a");
    let (_, hooks) = send_json(server.get("/api/v1/webhooks")).await;
    assert_eq!(hooks["data"][0]["path"], "/webhook/a");
    assert_eq!(send(server.post(&format!("{path}/deactivate"))).await.0, 200);
    assert_eq!(send(server.get("/webhook/a")).await.0, 404);
    assert_eq!(send(server.request("DELETE", &path)).await.0, 204);
    assert_eq!(send(server.get(&path)).await.0, 404);
    let (_, audit) = send_json(server.get("/api/v1/audit")).await;
    let actions: Vec<&str> = audit["data"].as_array().expect("a list").iter().map(|entry| entry["action"].as_str().expect("an action")).collect();
    assert_eq!(actions, ["workflow.delete", "workflow.deactivate", "workflow.activate", "workflow.create"]);
}

#[tokio::test]
async fn changes_do_not_overwrite_each_other() {
    let server = server().await;
    let path = saved(&server, &flow("a")).await;
    let save = async |tag: Option<&str>, name: &str| {
        let request = server.request("PUT", &path).json(&flow(name));
        send_json(match tag {
            Some(tag) => request.header("if-match", tag),
            None => request,
        })
        .await
    };
    assert_eq!(save(None, "b").await.0, 428);
    assert_eq!(save(Some("\"1\""), "b").await.0, 200);
    let (status, problem) = save(Some("\"1\""), "c").await;
    assert_eq!((status, &problem["code"]), (412, &json!("changed")));
    assert_eq!(save(Some("*"), "c").await.0, 200);
    let cached = server.get(&path).header("if-none-match", "\"3\"");
    assert_eq!(send(cached).await.0, 304);
    let (_, versions) = send_json(server.get(&format!("{path}/versions?limit=2"))).await;
    assert_eq!((&versions["data"][0]["version"], versions["data"].as_array().map(Vec::len)), (&json!(3), Some(2)));
    let next = versions["nextCursor"].as_str().expect("a cursor");
    let (_, rest) = send_json(server.get(&format!("{path}/versions?cursor={next}"))).await;
    assert_eq!(rest["data"][0]["version"], 1);
    let (_, restored) = send_json(server.post(&format!("{path}/versions/1/restore"))).await;
    assert_eq!((&restored["version"], &restored["name"]), (&json!(4), &json!("a")));
}

#[tokio::test]
async fn what_an_active_workflow_starts_is_the_version_that_was_activated() {
    let server = server().await;
    let path = saved(&server, &flow("a")).await;
    assert_eq!(send(server.post(&format!("{path}/activate"))).await.0, 200);
    assert_eq!(send(server.request("PUT", &path).header("if-match", "*").json(&flow("b"))).await.0, 200);
    assert_eq!((send(server.get("/webhook/a")).await.0, send(server.get("/webhook/b")).await.0), (200, 404));
    assert_eq!(send(server.post(&format!("{path}/activate")).json(&json!({"version": 2}))).await.0, 200);
    assert_eq!((send(server.get("/webhook/a")).await.0, send(server.get("/webhook/b")).await.0), (404, 200));
}

#[tokio::test]
async fn mistakes_in_a_workflow_are_all_named() {
    let server = server().await;
    let (status, problem) = send_json(server.post("/api/v1/workflows").json(&json!({"name": "a", "nodes": [], "nodez": []}))).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/nodez")), "{problem}");
    let broken =
        json!({"name": "a", "nodes": [{"id": "1", "name": "A", "type": "nothing"}, {"id": "1", "name": "A", "type": "no_op"}], "connections": []});
    let (_, checked) = send_json(server.post("/api/v1/workflows/validate").json(&broken)).await;
    assert_eq!(checked["valid"], false);
    assert!(checked["problems"].as_array().expect("a list").len() > 1, "{checked}");
    let path = saved(&server, &broken).await;
    let (status, problem) = send_json(server.post(&format!("{path}/activate"))).await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid-workflow")));
    let taken = saved(&server, &flow("a")).await;
    assert_eq!(send(server.post(&format!("{taken}/activate"))).await.0, 200);
    let other = saved(&server, &flow("a")).await;
    let (status, problem) = send_json(server.post(&format!("{other}/activate"))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("webhook-taken")));
}

#[tokio::test]
async fn an_imported_file_is_exported_as_it_was() {
    let server = server().await;
    let file = json!({
        "name": "n8n", "nodes": [{"parameters": {}, "id": "1", "name": "Start", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "position": [0, 0]}],
        "connections": {}, "settings": {"executionOrder": "v1"}, "somethingNew": {"a": 1},
    });
    let response = server.post("/api/v1/workflows/import").json(&file).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 201);
    let (_, exported) = send_json(server.get(&format!("{}/export", header(&response, "location")))).await;
    assert_eq!(exported, file);
}

#[tokio::test]
async fn inv_02_one_idempotency_key_has_one_effect() {
    let server = server().await;
    let path = saved(&server, &flow("a")).await;
    let start = async |key: &str, body: Value| {
        let request = server.post(&format!("{path}/executions?wait=10")).header("idempotency-key", key).json(&body);
        let response = request.send().await.expect("an answer");
        let replayed = header(&response, "idempotency-replayed");
        (response.status().as_u16(), replayed, response.json::<Value>().await.expect("JSON")["id"].clone())
    };
    let (_, _, first) = start("k", json!({"items": [{"a": 1}]})).await;
    assert_eq!(start("k", json!({"items": [{"a": 1}]})).await, (200, "true".to_owned(), first.clone()));
    assert_eq!(start("k", json!({"items": [{"a": 2}]})).await.0, 409);
    assert_ne!(start("other", json!({"items": [{"a": 1}]})).await.2, first);
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn lists_are_read_in_parts() {
    let server = server().await;
    let path = saved(&server, &flow("a")).await;
    for _ in 0..5 {
        assert_eq!(send(server.post(&format!("{path}/executions?wait=10"))).await.0, 200);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = send_json(server.get(&format!("/api/v1/executions?limit=2&status=success{cursor}"))).await;
        seen.extend(page["data"].as_array().expect("a list").iter().map(|execution| execution["id"].clone().to_string()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (5, &sorted));
    for query in ["limit=0", "limit=251", "limit=x", "cursor=x", "cursor=%00", "stauts=x"] {
        assert_eq!(send(server.get(&format!("/api/v1/executions?{query}"))).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn an_execution_is_run_again_with_what_it_began_with() {
    let server = server().await;
    let path = saved(&server, &flow("a")).await;
    let (_, first) = send_json(server.post(&format!("{path}/executions?wait=10")).json(&json!({"items": [{"n": 1}]}))).await;
    let id = first["id"].as_str().expect("an id");
    let (_, again) = send_json(server.post(&format!("/api/v1/executions/{id}/retry"))).await;
    server.service.drain(std::time::Duration::from_secs(5)).await;
    let (_, ended) = send_json(server.get(&format!("/api/v1/executions/{}", again["id"].as_str().expect("an id")))).await;
    assert_eq!((&ended["mode"], &ended["data"]["nodes"]["End"]), (&json!("retry"), &first["data"]["nodes"]["End"]));
}

#[tokio::test]
async fn tags_variables_and_settings_are_kept() {
    let server = server().await;
    for list in ["tags", "variables", "templates", "settings"] {
        let path = format!("/api/v1/{list}/some");
        assert_eq!(send(server.request("PUT", &path).json(&json!({"value": {"a": 1}}))).await.0, 200);
        assert_eq!(send(server.request("PUT", &path).header("if-match", "\"7\"").json(&json!({"value": 2}))).await.0, 412);
        assert_eq!(send_json(server.get(&path)).await.1["value"], json!({"a": 1}));
        assert_eq!(send_json(server.get(&format!("/api/v1/{list}"))).await.1["data"][0]["name"], "some");
        assert_eq!(send(server.request("DELETE", &path)).await.0, 204);
        assert_eq!(send(server.get(&path)).await.0, 404);
    }
}

#[tokio::test]
async fn a_request_has_an_id() {
    let server = server().await;
    let ask = async |id: &str| {
        let response = server.get("/api/v1/workflows/none").header("x-request-id", id).send().await.expect("an answer");
        let shown = header(&response, "x-request-id");
        assert_eq!(header(&response, "content-type"), "application/problem+json");
        shown
    };
    assert_eq!(ask("my-1").await, "my-1");
    assert_ne!(ask("bad id\"").await, "bad id\"");
    assert_ne!(ask(&"x".repeat(500)).await.len(), 500);
}

#[tokio::test]
async fn the_server_tells_how_it_is() {
    let server = server().await;
    for path in ["/health", "/healthz", "/ready", "/readyz", "/api/v1/version", "/api/v1/node-types", "/api/v1/schedules"] {
        assert_eq!(send(server.get(path)).await.0, 200, "{path}");
    }
    let path = saved(&server, &flow("a")).await;
    assert_eq!(send(server.post(&format!("{path}/executions?wait=10"))).await.0, 200);
    let (_, _, metrics) = send(server.get("/metrics")).await;
    assert!(metrics.contains("engine_executions_total{status=\"success\"} 1\n"), "{metrics}");
    assert!(metrics.contains("engine_execution_seconds_bucket{le=\"+Inf\"} 1\n"), "{metrics}");
    assert_eq!(send(server.get("/api/v2/nothing")).await.0, 404);
}

#[tokio::test]
async fn the_document_describes_what_is_served() {
    let server = server().await;
    let (_, document) = send_json(server.get("/api/v1/openapi.json")).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::HashSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            assert!(ids.insert(operation["operationId"].to_string()), "{method} {path} has an id of another");
            let named = operation["parameters"].as_array().expect("a list").iter().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(named, path.matches('{').count(), "{method} {path}");
        }
    }
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().expect("a pointer");
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}
