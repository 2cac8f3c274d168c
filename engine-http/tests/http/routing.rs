//! Which webhook a path means.

use engine_core::Engine;
use engine_core::runtime::TokioRuntime;
use engine_http::{Config, Service};
use serde_json::{Value, json};

use crate::server::{Server, chain, echo, header, keep, send, send_json, webhook};

fn named(path: &str) -> engine_core::Workflow {
    let node = webhook(path, json!({"responseMode": "lastNode", "httpMethod": "GET"}));
    chain(path, node, [keep(&json!({"route": path}))])
}

#[tokio::test]
async fn the_pattern_with_the_most_fixed_segments_wins() {
    let server = Server::with(["a", "a/b", "a/:x", ":x/b", "u/:id/p", "u/:id/:what", ":any/:id/p", "deep/:a/:b/:c"].map(named)).await;
    let check = async |path: &str, expect: Value| {
        let (status, body) = send_json(server.get(&format!("/webhook/{path}"))).await;
        assert_eq!((status, &body["route"]), (if expect.is_null() { 404 } else { 200 }, &expect), "{path}");
    };
    check("a", json!("a")).await;
    check("a/b", json!("a/b")).await;
    check("a/c", json!("a/:x")).await;
    check("z/b", json!(":x/b")).await;
    check("u/7/p", json!("u/:id/p")).await;
    check("u/7/q", json!("u/:id/:what")).await;
    check("v/7/p", json!(":any/:id/p")).await;
    check("deep/1/2/3", json!("deep/:a/:b/:c")).await;
    check("deep/1/2", Value::Null).await;
    check("a/", json!("a")).await;
    check("%61", json!("a")).await;
    check("a%2Fb", Value::Null).await;
    check("../a", Value::Null).await;
    check("nowhere", Value::Null).await;
    check(&"x/".repeat(2000), Value::Null).await;
}

#[tokio::test]
async fn parameters_are_decoded_and_kept_whole() {
    let server = Server::with([echo("orders/:id/:part", json!({"httpMethod": "GET"}))]).await;
    let (_, item) = send_json(server.get("/webhook/orders/a%2Fb%20c/%C3%BC?x=1")).await;
    assert_eq!(item["params"], json!({"id": "a/b c", "part": "ü"}));
}

#[tokio::test]
async fn inv_37_other_methods_get_405_and_a_list() {
    let server = Server::with([echo("hook", json!({"httpMethod": ["GET", "PUT"], "multipleMethods": true}))]).await;
    for method in ["POST", "DELETE", "PATCH", "HEAD", "TRACE", "BREW"] {
        let response = server.request(method, "/webhook/hook").send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), header(&response, "allow").as_str()), (405, "GET, PUT"), "{method}");
    }
    assert_eq!(send_json(server.get("/webhook/hook")).await.0, 200);
}

#[tokio::test]
async fn two_workflows_cannot_have_one_webhook() {
    let server = Server::with([echo("hook", json!({}))]).await;
    let mut other = echo("hook", json!({}));
    other.id = Some("other".into());
    let error = server.service.activate(other).expect_err("a conflict");
    assert_eq!(error.to_string(), "POST /webhook/hook belongs to the active workflow \"hook\"");
    server.service.activate(echo("hook", json!({}))).expect("its own workflow may be activated again");
}

#[tokio::test]
async fn a_workflow_that_is_switched_off_is_gone() {
    let server = Server::with([echo("hook", json!({}))]).await;
    assert!(server.service.deactivate(&"hook".into()));
    let (status, body) = send_json(server.post("/webhook/hook")).await;
    assert_eq!((status, &body["message"]), (404, &json!("The requested webhook \"POST hook\" is not registered.")));
    assert!(body["hint"].as_str().is_some_and(|hint| hint.contains("must be active")), "{body}");
}

#[tokio::test]
async fn each_method_has_an_output_of_its_own() {
    use engine_core::Workflow;
    use engine_core::model::{Connection, NodeDefinition};
    let keep = |name: &str| NodeDefinition::new(name, "test_keep").parameter("json", json!({"by": name}));
    let node = webhook("hook", json!({"httpMethod": ["GET", "POST"], "multipleMethods": true, "responseMode": "lastNode"}));
    let workflow = Workflow::builder("outputs")
        .define(node)
        .define(keep("get"))
        .define(keep("post"))
        .connect("Webhook", "get")
        .connection(Connection::new("Webhook", "post").from_output(1))
        .build();
    let server = Server::with([workflow]).await;
    assert_eq!(send_json(server.get("/webhook/hook")).await, (200, json!({"by": "get"})));
    assert_eq!(send_json(server.post("/webhook/hook")).await, (200, json!({"by": "post"})));
}

/// Breaks when an address that is given out leaves out the path below which a program serves this router, or when health is looked for at the root.
#[tokio::test]
async fn a_program_serves_it_below_a_path() {
    let config = |most: usize| Config::default().public_url("https://example.com/flows/").with(|config| config.max_requests = most);
    for (most, created) in [(16, 201), (0, 503)] {
        let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry()).build();
        let service = Service::new(engine, config(most));
        service.activate(echo("hook", json!({}))).expect("it can be served");
        let app = axum::Router::new().nest("/flows", service.router());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let root = format!("http://{}/flows", listener.local_addr().expect("an address"));
        drop(tokio::spawn(axum::serve(listener, app).into_future()));
        let client = reqwest::Client::new();
        assert_eq!(send(client.get(format!("{root}/health"))).await.0, 200, "also when nothing else is answered");
        let workflow = json!({"name": "w", "nodes": [{"id": "1", "name": "Start", "type": "manual_trigger"}], "connections": []});
        let response = client.post(format!("{root}/api/v1/workflows")).json(&workflow).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), created);
        if created == 201 {
            assert!(header(&response, "location").starts_with("/flows/api/v1/workflows/"), "{response:?}");
            let (_, item) = send_json(client.post(format!("{root}/webhook/hook"))).await;
            assert_eq!(item["webhookUrl"], "https://example.com/flows/webhook/hook");
        }
    }
}
