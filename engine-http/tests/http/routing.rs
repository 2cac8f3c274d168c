//! Which webhook a path means.

use serde_json::{Value, json};

use crate::server::{Server, chain, echo, header, keep, send_json, webhook};

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
