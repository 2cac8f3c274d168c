//! Who may call a webhook.

use engine_core::credential::CredentialRef;
use engine_http::Config;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::server::{Server, echo, header, send, send_json};

async fn guarded(authentication: &str, credential: &str) -> Server {
    let mut workflow = echo("hook", json!({"authentication": authentication}));
    let reference = CredentialRef { id: Some("1".to_owned()), name: "secret".to_owned() };
    workflow.nodes[0].credentials.insert(credential.to_owned(), reference);
    Server::with([workflow]).await
}

#[tokio::test]
async fn basic_authentication() {
    let server = guarded("basicAuth", "httpBasicAuth").await;
    let response = server.post("/webhook/hook").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), header(&response, "www-authenticate").starts_with("Basic ")), (401, true));
    let check = async |user: &str, password: &str, expect: u16| {
        assert_eq!(send(server.post("/webhook/hook").basic_auth(user, Some(password))).await.0, expect, "{user}:{password}");
    };
    check("ada", "pass:word", 200).await;
    check("ada", "pass:wor", 403).await;
    check("ada", "", 403).await;
    check("", "", 403).await;
    check("ada:pass", "word", 200).await;
    assert_eq!(send(server.post("/webhook/hook").header("authorization", "Basic !!!")).await.0, 401);
}

#[tokio::test]
async fn a_header() {
    let server = guarded("headerAuth", "httpHeaderAuth").await;
    let check = async |name: &str, value: &str, expect: u16| {
        assert_eq!(send(server.post("/webhook/hook").header(name, value)).await.0, expect, "{name}: {value}");
    };
    check("x-key", "open sesame", 200).await;
    check("X-KEY", "open sesame", 200).await;
    check("x-key", "open", 403).await;
    check("x-other", "open sesame", 403).await;
}

#[tokio::test]
async fn inv_32_tokens() {
    let server = guarded("jwtAuth", "jwtAuth").await;
    let secret = b"0123456789abcdef0123456789abcdef";
    let sign =
        |algorithm, secret: &[u8], claims: &Value| encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).expect("a token");
    let claims = json!({"sub": "ada", "exp": 4_000_000_000_u64});
    let good = sign(Algorithm::HS256, secret, &claims);
    let (status, item) = send_json(server.post("/webhook/hook").bearer_auth(&good)).await;
    assert_eq!((status, &item["jwtPayload"]), (200, &claims));
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", good.split('.').nth(1).expect("claims"));
    let bad = [
        ("another algorithm", sign(Algorithm::HS512, secret, &claims)),
        ("another key", sign(Algorithm::HS256, b"another", &claims)),
        ("expired", sign(Algorithm::HS256, secret, &json!({"exp": 1_000_000_000}))),
        ("not yet", sign(Algorithm::HS256, secret, &json!({"exp": 4_000_000_000_u64, "nbf": 3_000_000_000_u64}))),
        ("no algorithm", none),
        ("no token", "x".to_owned()),
    ];
    for (what, token) in bad {
        assert_eq!(send(server.post("/webhook/hook").bearer_auth(token)).await.0, 403, "{what}");
    }
    assert_eq!(send(server.post("/webhook/hook")).await.0, 401);
}

#[tokio::test]
async fn without_its_credential_nobody_gets_in() {
    let server = guarded("basicAuth", "httpHeaderAuth").await;
    let (status, body) = send_json(server.post("/webhook/hook").basic_auth("", Some(""))).await;
    assert_eq!((status, &body["message"]), (500, &json!("No authentication data defined on node!")));
}

#[tokio::test]
async fn addresses_and_bots() {
    let check = async |options: Value, proxies: usize, forwarded: &str, agent: &str, expect: u16| {
        let server = Server::start(Config::default().with(|config| config.trusted_proxies = proxies)).await;
        server.service.activate(echo("hook", json!({"options": options}))).expect("it can be served");
        let request = server.post("/webhook/hook").header("x-forwarded-for", forwarded).header("user-agent", agent);
        assert_eq!(send(request).await.0, expect, "{options} {forwarded} {agent}");
    };
    check(json!({"ipWhitelist": "127.0.0.1"}), 0, "", "curl", 200).await;
    check(json!({"ipWhitelist": "10.0.0.0/8, 127.0.0.0/8"}), 0, "", "curl", 200).await;
    check(json!({"ipWhitelist": "10.1.2.3"}), 0, "10.1.2.3", "curl", 403).await;
    check(json!({"ipWhitelist": "10.1.2.3"}), 1, "10.1.2.3", "curl", 200).await;
    check(json!({"ipWhitelist": "10.1.2.3"}), 1, "10.1.2.3, 10.9.9.9", "curl", 403).await;
    check(json!({"ipWhitelist": "10.1.2.3"}), 2, "10.1.2.3, 10.9.9.9", "curl", 200).await;
    check(json!({"ipWhitelist": "::1"}), 1, "", "curl", 403).await;
    check(json!({"ignoreBots": true}), 0, "", "Mozilla/5.0 (compatible; Googlebot/2.1)", 403).await;
    check(json!({"ignoreBots": true}), 0, "", "curl/8", 200).await;
}

#[tokio::test]
async fn pages_of_other_origins() {
    let check = async |allowed: &str, origin: &str, expect: &str| {
        let server = Server::with([echo("hook", json!({"options": {"allowedOrigins": allowed}}))]).await;
        for method in ["OPTIONS", "POST"] {
            let response = server.request(method, "/webhook/hook").header("origin", origin).send().await.expect("an answer");
            assert_eq!(header(&response, "access-control-allow-origin"), expect, "{method} {allowed} {origin}");
            assert_eq!(response.status().as_u16(), if method == "OPTIONS" { 204 } else { 200 });
        }
    };
    check("*", "https://a.example", "*").await;
    check("https://a.example, https://b.example", "https://b.example", "https://b.example").await;
    check("https://a.example", "https://a.example.evil", "").await;
    check("https://a.example", "null", "").await;
}
