//! Webhooks that are tried out.

use engine_http::Config;
use serde_json::{Value, json};

use crate::access::{administrator, member, signed, token};
use crate::server::{Server, header, send, send_json};

fn flow(mark: &str) -> Value {
    let parameters = json!({"path": "try/:what", "httpMethod": "POST", "responseMode": "lastNode"});
    let hook = json!({"id": "1", "name": "Webhook", "type": "webhook", "parameters": parameters});
    let keep = json!({"id": "2", "name": mark, "type": "no_op"});
    json!({"name": "trial", "nodes": [hook, keep], "connections": [{"source": "Webhook", "target": mark}]})
}

#[tokio::test]
async fn the_newest_version_is_served_once_and_by_hand() {
    let server = Server::start(Config::default()).await;
    let response = server.post("/api/v1/workflows").json(&flow("One")).send().await.expect("an answer");
    let path = header(&response, "location");
    assert_eq!(send(server.post("/webhook-test/try/a")).await.0, 404, "nobody has asked for it");
    assert_eq!(send(server.request("PUT", &path).header("if-match", "*").json(&flow("Two"))).await.0, 200);
    let (status, opened) = send_json(server.post(&format!("{path}/test-webhook"))).await;
    assert_eq!((status, &opened["webhooks"][0]["path"], &opened["version"]), (200, &json!("/webhook-test/try/:what"), &json!(2)), "{opened}");
    assert_eq!(send(server.get("/webhook-test/try/a")).await.0, 405, "another method uses nothing up");
    let (status, item) = send_json(server.post("/webhook-test/try/a").json(&json!({"n": 1}))).await;
    assert_eq!((status, &item["executionMode"], &item["params"]), (200, &json!("test"), &json!({"what": "a"})));
    assert_eq!(item["webhookUrl"], json!(format!("http://{}/webhook-test/try/:what", server.address)));
    assert_eq!(send(server.post("/webhook-test/try/a")).await.0, 404, "one call");
    assert_eq!(send(server.post("/webhook/try/a")).await.0, 404, "it is not active");
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    assert_eq!(listed["data"][0]["mode"], "manual");
    assert_eq!(send(server.post(&format!("{path}/test-webhook"))).await.0, 200);
    assert_eq!(send(server.request("DELETE", &format!("{path}/test-webhook"))).await.0, 204);
    assert_eq!(send(server.post("/webhook-test/try/a")).await.0, 404, "closed by hand");
}

#[tokio::test]
async fn inv_27_only_who_may_change_a_workflow_tries_it_out() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let [ada, eve] = [member(&server, &admin, "ada", "user").await, member(&server, &admin, "eve", "user").await];
    let response = server.post("/api/v1/workflows").bearer_auth(token(&ada)).json(&flow("One")).send().await.expect("an answer");
    let path = format!("{}/test-webhook", header(&response, "location"));
    assert_eq!(send(server.post(&path).bearer_auth(token(&eve))).await.0, 404);
    assert_eq!(send(server.post(&path).bearer_auth(token(&ada))).await.0, 200);
    assert_eq!(send(server.request("DELETE", &path).bearer_auth(token(&eve))).await.0, 404);
    let own = server.post("/api/v1/workflows").bearer_auth(token(&eve)).json(&flow("One")).send().await.expect("an answer");
    let (status, problem) = send_json(server.post(&format!("{}/test-webhook", header(&own, "location"))).bearer_auth(token(&eve))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("webhook-taken")), "the call would go to one of two");
}

#[tokio::test]
async fn nobody_has_to_close_them() {
    let server = Server::start(Config::default()).await;
    let response = server.post("/api/v1/workflows").json(&flow("One")).send().await.expect("an answer");
    let path = format!("{}/test-webhook", header(&response, "location"));
    assert_eq!(send(server.post(&path)).await.0, 200);
    server.wait(std::time::Duration::from_secs(121));
    assert_eq!(send(server.post("/webhook-test/try/a")).await.0, 404);
    let nothing = json!({"name": "n", "nodes": [{"id": "1", "name": "Start", "type": "manual_trigger"}], "connections": []});
    let response = server.post("/api/v1/workflows").json(&nothing).send().await.expect("an answer");
    let (status, problem) = send_json(server.post(&format!("{}/test-webhook", header(&response, "location")))).await;
    assert_eq!((status, &problem["code"]), (422, &json!("no-webhook")));
}
