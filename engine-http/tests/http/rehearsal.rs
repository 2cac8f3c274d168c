//! Webhooks that are tried out.

use std::sync::Arc;

use engine_core::runtime::{Runtime, TokioRuntime};
use engine_core::store::{MemoryStore, Stores};
use engine_http::Config;
use serde_json::{Value, json};

use crate::access::{administrator, member, signed, token};
use crate::events::{Stream, types};
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

/// Two processes on one store.
async fn two() -> (Server, Server) {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::current());
    let stores = Stores::of(&Arc::new(MemoryStore::new(runtime)));
    let start = async || Server::start(Config::default().with(|config| config.stores = Some(stores.clone()))).await;
    (start().await, start().await)
}

/// Breaks when what is open is known to one process, or when the one that listens hears nothing of a call that another one took.
#[tokio::test]
async fn the_call_may_come_to_another_process() {
    let (one, two) = two().await;
    let response = one.post("/api/v1/workflows").json(&flow("One")).send().await.expect("an answer");
    let path = format!("{}/test-webhook", header(&response, "location"));
    assert_eq!(send(one.post(&path)).await.0, 200);
    let mut listening = Stream::open(one.get("/api/v1/events")).await;
    let (status, item) = send_json(two.post("/webhook-test/try/a").json(&json!({"n": 1}))).await;
    assert_eq!((status, &item["executionMode"], &item["body"]), (200, &json!("test"), &json!({"n": 1})), "{item}");
    let (_, kind, event) = listening.next().await.expect("an event");
    assert_eq!((kind.as_str(), &event["data"]["mode"]), ("engine.execution.started", &json!("manual")), "{event}");
    let told = Stream::open(one.get(&format!("{}/events", event["source"].as_str().expect("an address")))).await.rest().await;
    assert_eq!(types(&told), ["execution.started", "node.finished", "node.finished", "execution.ended"]);
    for server in [&one, &two] {
        assert_eq!(send(server.post("/webhook-test/try/a")).await.0, 404, "one call");
    }
    assert_eq!(send(one.post(&path)).await.0, 200);
    assert_eq!(send(two.request("DELETE", &path)).await.0, 204);
    assert_eq!(send(one.post("/webhook-test/try/a")).await.0, 404, "closed from elsewhere");
}

/// Breaks when looking and taking are two steps.
#[tokio::test]
async fn of_many_calls_one_is_taken() {
    let (one, two) = two().await;
    let response = one.post("/api/v1/workflows").json(&flow("One")).send().await.expect("an answer");
    let path = format!("{}/test-webhook", header(&response, "location"));
    for _ in 0..2 {
        assert_eq!(send(one.post(&path)).await.0, 200, "asked for twice, open once");
    }
    let calls = (0..16).map(|n| send(if n % 2 == 0 { &one } else { &two }.post("/webhook-test/try/a")));
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.0 == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.0 == 404).count(), 15);
}

/// Breaks when two workflows that open the same at the same time in two processes both get it.
#[tokio::test]
async fn one_path_is_open_for_one_workflow_in_all_processes() {
    let (one, two) = two().await;
    let make = async |server: &Server| {
        let response = server.post("/api/v1/workflows").json(&flow("One")).send().await.expect("an answer");
        format!("{}/test-webhook", header(&response, "location"))
    };
    let (first, second) = (make(&one).await, make(&two).await);
    for _ in 0..8 {
        let (a, b) = tokio::join!(send(one.post(&first)), send(two.post(&second)));
        assert!((a.0, b.0) != (200, 200) && [a.0, b.0].iter().all(|status| [200, 409].contains(status)), "{} {}", a.0, b.0);
        tokio::join!(send(one.request("DELETE", &first)), send(two.request("DELETE", &second)));
    }
    assert_eq!(send(one.post(&first)).await.0, 200);
    assert_eq!(send(two.post(&second)).await.0, 409);
    assert_eq!(send(one.request("DELETE", &first)).await.0, 204);
    assert_eq!(send(two.post(&second)).await.0, 200);
}
