//! Credentials against a server that lets in who has them.

use axum::http::StatusCode;
use engine_core::model::Timestamp;
use engine_core::node::NodeRegistry;
use serde_json::{Value, json};

use super::*;
use crate::network::test_engine::local_client;
use crate::network::test_server::TestServer;
use crate::network::{NetworkNodes, NetworkPolicy};

async fn tried_by(client: HttpClient, (kind, fields): (&str, Value), url: Option<&str>) -> CredentialVerdict {
    let Value::Object(fields) = fields else { panic!("an object") };
    tried_with(client, (kind, Credential::new(fields)), url).await
}

async fn tried_with(client: HttpClient, (kind, credential): (&str, Credential), url: Option<&str>) -> CredentialVerdict {
    let mut registry = NodeRegistry::new();
    NetworkNodes::new(client).register(&mut registry).unwrap();
    let trial = CredentialTrial { kind, credential: &credential, url, now: Timestamp::EPOCH };
    registry.tester(kind).expect("a tester").try_out(trial).await
}

/// A server with a page for each generic kind, and an endpoint that hands out tokens.
async fn server() -> TestServer {
    TestServer::start(|seen| {
        let authorization = seen.header("authorization");
        let may = match seen.path() {
            "/basic" => authorization == "Basic YWRhOmNhbmFyeQ==",
            "/bearer" => authorization == "Bearer canary",
            "/header" => seen.header("x-key") == "canary",
            "/query" => seen.query() == "key=canary",
            "/token" if authorization == "Basic YWRhOmNhbmFyeQ==" => return (StatusCode::OK, r#"{"access_token": "t"}"#),
            "/token" => return (StatusCode::UNAUTHORIZED, r#"{"error": "invalid_client", "error_description": "canary"}"#),
            "/oauth" => authorization == "Bearer t",
            "/login" => true,
            _ => return (StatusCode::FOUND, ""),
        };
        if may { (StatusCode::OK, "canary") } else { (StatusCode::FORBIDDEN, "canary") }
    })
    .await
}

fn works(status: u16) -> CredentialVerdict {
    CredentialVerdict::Works(format!("the server answered with status {status}"))
}

fn fails(text: &str) -> CredentialVerdict {
    CredentialVerdict::Fails(text.to_owned())
}

#[tokio::test]
async fn generic_kinds_are_tried_where_the_caller_says() {
    let server = server().await;
    let checks = [
        ("httpBasicAuth", json!({"user": "ada", "password": "canary"}), json!({"user": "ada", "password": "wrong"}), "/basic"),
        ("httpBearerAuth", json!({"token": "canary"}), json!({"token": "wrong"}), "/bearer"),
        ("httpHeaderAuth", json!({"name": "X-Key", "value": "canary"}), json!({"name": "X-Key", "value": "wrong"}), "/header"),
        ("httpQueryAuth", json!({"name": "key", "value": "canary"}), json!({"name": "key", "value": "wrong"}), "/query"),
        ("httpCustomAuth", json!({"json": "{\"headers\":{\"x-key\":\"canary\"}}"}), json!({"json": "{}"}), "/header"),
    ];
    for (kind, right, wrong, path) in checks {
        let url = server.url(path);
        assert_eq!(tried_by(local_client(), (kind, right), Some(&url)).await, works(200), "{kind}");
        let refused = fails("the server did not take the credential (status 403)");
        assert_eq!(tried_by(local_client(), (kind, wrong.clone()), Some(&url)).await, refused, "{kind}");
        assert!(matches!(tried_by(local_client(), (kind, wrong), None).await, CredentialVerdict::NeedsUrl(_)), "{kind}");
    }
    assert!(server.seen().iter().all(|seen| seen.method == Method::GET));
}

/// Breaks when a page to which strangers are led answers for the one that was asked.
#[tokio::test]
async fn a_redirect_is_no_answer() {
    let server = TestServer::start(|seen| match seen.path() {
        "/login" => (StatusCode::OK, [("location", "")]),
        _ => (StatusCode::FOUND, [("location", "/login")]),
    })
    .await;
    let verdict = tried_by(local_client(), ("httpBearerAuth", json!({"token": "canary"})), Some(&server.url("/a"))).await;
    assert_eq!(verdict, fails("the server led elsewhere (status 302): give the URL that it leads to"));
}

#[tokio::test]
async fn a_client_gets_its_token() {
    let server = server().await;
    let fields =
        |secret: &str| json!({"grantType": "clientCredentials", "accessTokenUrl": server.url("/token"), "clientId": "ada", "clientSecret": secret});
    let handed_out = CredentialVerdict::Works("an access token was handed out".to_owned());
    assert_eq!(tried_by(local_client(), ("oAuth2Api", fields("canary")), None).await, handed_out);
    assert_eq!(tried_by(local_client(), ("oAuth2Api", fields("canary")), Some(&server.url("/oauth"))).await, works(200));
    assert_eq!(tried_by(local_client(), ("oAuth2Api", fields("wrong")), None).await, fails("no access token was handed out: invalid_client"));
}

/// Invariants 29 and 39: a trial reaches what nodes reach, and sends a credential where nodes send it.
#[tokio::test]
async fn inv_29_a_trial_is_guarded_like_a_node() {
    let server = server().await;
    let bearer = || ("httpBearerAuth", json!({"token": "canary"}));
    let inside = fails("the URL leads to an address that workflows may not reach");
    for url in [server.url("/bearer"), "http://169.254.169.254/".to_owned(), "http://[::1]/".to_owned(), "http://2130706433/".to_owned()] {
        let client = HttpClient::new(NetworkPolicy::default());
        assert_eq!(tried_by(client.clone(), bearer(), Some(&url)).await, inside, "{url}");
        assert_eq!(tried_by(client, ("httpSslAuth", json!({})), Some(&url)).await, inside, "{url}");
    }
    for kind in ["httpBearerAuth", "httpSslAuth"] {
        let credential = Credential::new([("token".to_owned(), json!("canary"))]).bound_to(["api.example.com".to_owned()]);
        let verdict = tried_with(local_client(), (kind, credential), Some(&server.url("/bearer"))).await;
        assert_eq!(verdict, fails("the credential is bound to other hosts"), "{kind}");
    }
    assert!(server.seen().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn what_cannot_be_tried_says_so() {
    let check = async |kind: &str, fields: Value, url: Option<&str>| tried_by(local_client(), (kind, fields), url).await;
    let body = json!({"json": "{\"body\":{\"a\":\"canary\"}}"});
    assert!(matches!(check("httpCustomAuth", body, Some("http://127.0.0.1:1/")).await, CredentialVerdict::Unsupported(_)));
    assert!(matches!(check("postgres", json!({"user": "a", "password": "canary"}), None).await, CredentialVerdict::Unsupported(_)));
    assert!(matches!(check("unheardOf", json!({"region": "x"}), Some("http://127.0.0.1:1/")).await, CredentialVerdict::Unsupported(_)));
    assert!(matches!(check("httpBearerAuth", json!({"token": "canary"}), Some("file:///etc/passwd")).await, CredentialVerdict::NeedsUrl(_)));
    let header = json!({"name": "X-Key", "value": "canary\r\nX-Evil: 1"});
    assert_eq!(check("httpHeaderAuth", header, Some("http://127.0.0.1:1/")).await, fails("a field of the credential holds what cannot be sent"));
    let refused = check("httpBearerAuth", json!({"token": "canary"}), Some("http://127.0.0.1:1/")).await;
    assert_eq!(refused, fails("the connection failed (ECONNREFUSED)"));
    let pem = json!({"cert": "canary", "key": "canary"});
    assert_eq!(check("httpSslAuth", pem, Some("http://127.0.0.1:1/")).await, fails("the certificates of the credential cannot be used"));
}
