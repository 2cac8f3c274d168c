//! Requests that mean harm.

use engine_http::Config;
use serde_json::{Value, json};

use crate::access::{administrator, signed, token};
use crate::requests::raw;
use crate::server::{Server, echo, header, send, send_json};

#[tokio::test]
async fn inv_37_unknown_methods_get_405_everywhere() {
    let server = Server::start(Config::default()).await;
    let (_, document) = send_json(server.get("/api/v1/openapi.json")).await;
    for path in document["paths"].as_object().expect("paths").keys() {
        let own = path.replace("{id}", "1").replace("{version}", "1").replace("{name}", "n").replace("{file}", "f");
        for method in ["BREW", "TRACE"] {
            let response = server.request(method, &own).send().await.expect("an answer");
            let allow = header(&response, "allow");
            assert_eq!((response.status().as_u16(), allow.is_empty()), (405, false), "{method} {own}");
            assert_eq!(response.json::<Value>().await.expect("JSON")["code"], "method-not-allowed", "{method} {own}");
        }
    }
    for unknown in ["/api/v1/nothing", "/api/v2/workflows", "/api/v1/workflows/../users", "/api/v1//workflows", "/api/v1/WORKFLOWS"] {
        let answer = raw(&server, &format!("GET {unknown} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("not-found"), "{unknown}: {answer}");
    }
}

/// Breaks when a request is served whose end, or whose host, another server on its way may see elsewhere.
#[tokio::test]
async fn inv_37_requests_of_two_meanings_are_refused() {
    let server = Server::with([echo("hook", json!({}))]).await;
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    for (headers, body) in [
        ("content-length: 2\r\ncontent-length: 3", "{}x"),
        ("content-length: 2, 2", "{}"),
        ("content-length: +2", "{}"),
        ("transfer-encoding: xchunked", chunks),
        ("transfer-encoding: identity\r\ncontent-length: 2", "{}"),
        ("transfer-encoding: chunked, identity", chunks),
        ("transfer-encoding : chunked", chunks),
        ("x: a\r\n b\r\ncontent-length: 2", "{}"),
        ("x: a\rb\r\ncontent-length: 2", "{}"),
        ("host: other\r\ncontent-length: 2", "{}"),
    ] {
        let answer = raw(&server, &format!("POST /webhook/hook HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n{body}")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{headers}: {answer}");
    }
    // What a proxy that counts bytes takes for the rest of the body is no request.
    let (mut stream, mut answer) = (tokio::net::TcpStream::connect(server.address).await.expect("a connection"), String::new());
    let request = format!(
        "POST /webhook/hook HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\ntransfer-encoding: chunked\r\n\r\n{chunks}GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.expect("an answer, and the end of the connection");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

#[tokio::test]
async fn inv_24_deep_and_broken_json_is_refused_by_every_route() {
    let server = Server::start(Config::default()).await;
    let (_, document) = send_json(server.get("/api/v1/openapi.json")).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let object = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            if operation.get("requestBody").is_none() {
                continue;
            }
            let own = path.replace("{id}", "1").replace("{version}", "1").replace("{name}", "n");
            for body in [&deep, &object, "{", "\u{0}", "{\"a\": 1} trailing"] {
                let request = server.request(&method.to_uppercase(), &own).header("if-match", "*").body(body.to_owned());
                let (status, text) = send_json(request).await;
                assert!((400..500).contains(&status), "{method} {own}: {status} {text}");
            }
        }
    }
}

/// Breaks when a name of a caller gets into a header, a log or a path as it is.
#[tokio::test]
async fn inv_34_control_characters_in_names_do_no_harm() {
    let server = signed().await;
    let admin = administrator(&server).await;
    let admin = token(&admin);
    for evil in ["a\r\nX-Evil: 1", "a\nb", "a\u{0}b", "\u{202e}gpj", "a\u{1b}[31m"] {
        let flow = json!({"name": evil, "nodes": [{"id": "1", "name": evil, "type": "manual_trigger"}], "connections": []});
        let response = server.post("/api/v1/workflows").bearer_auth(admin).json(&flow).send().await.expect("an answer");
        assert!(!response.headers().contains_key("x-evil") && response.status().as_u16() < 500, "{evil:?}: {}", response.status());
        let encoded = percent_encoding::percent_encode(evil.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string();
        let path = format!("/api/v1/tags/{encoded}");
        let (status, _, body) = send(server.request("PUT", &path).bearer_auth(admin).json(&json!({"value": 1}))).await;
        assert!(status < 500 && !body.contains('\r'), "{evil:?}: {status} {body}");
        for route in ["workflows", "executions", "credentials", "users", "api-keys"] {
            let response = server.get(&format!("/api/v1/{route}/{encoded}")).bearer_auth(admin).send().await.expect("an answer");
            assert!(response.status().as_u16() < 500 && !response.headers().contains_key("x-evil"), "{route} {evil:?}");
        }
        let key = json!({"name": evil, "scopes": ["*"]});
        assert!(send(server.post("/api/v1/api-keys").bearer_auth(admin).json(&key)).await.0 < 500, "{evil:?}");
    }
    let answer = raw(&server, "GET /api/v1/version HTTP/1.1\r\nhost: x\r\nx-request-id: a\u{7f}b\r\n\r\n").await;
    assert!(!answer.contains("a\u{7f}b"), "{answer}");
    let long = "x".repeat(200);
    for (own, kept) in [("trace-1_2.3:4", true), ("a b", false), ("a;b", false), (long.as_str(), false)] {
        let response = server.get("/api/v1/version").header("x-request-id", own).send().await.expect("an answer");
        assert_eq!(header(&response, "x-request-id") == own, kept, "{own}");
    }
}

#[tokio::test]
async fn an_error_names_its_request() {
    let server = Server::start(Config::default()).await;
    for path in ["/api/v1/nothing", "/api/v1/workflows/none", "/api/v1/executions?limit=0", "/api/v1/users/no-uuid"] {
        let response = server.get(path).header("x-request-id", "mine-7").send().await.expect("an answer");
        assert_eq!(
            (header(&response, "x-request-id").as_str(), header(&response, "content-type").as_str()),
            ("mine-7", "application/problem+json"),
            "{path}"
        );
        assert_eq!(response.json::<Value>().await.expect("JSON")["requestId"], "mine-7", "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_reach_no_server_without_sign_in() {
    let config = Config::default().with(|config| config.origins = vec!["https://app.example.com".to_owned()]);
    let server = Server::start(config).await;
    let call = async |origin: &str| {
        let response = server.post("/api/v1/workflows/validate").header("origin", origin).body("{}").send().await.expect("an answer");
        (response.status().as_u16(), header(&response, "access-control-allow-origin"))
    };
    assert_eq!(call("https://evil.example").await, (403, String::new()));
    assert_eq!(call(&format!("http://{}", server.address)).await, (200, String::new()));
    assert_eq!(call("https://app.example.com").await, (200, "https://app.example.com".to_owned()));
    let preflight = async |origin: &str| {
        let request = server.request("OPTIONS", "/api/v1/workflows").header("origin", origin).header("access-control-request-method", "POST");
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), header(&response, "access-control-allow-methods").is_empty())
    };
    assert_eq!(preflight("https://app.example.com").await, (204, false));
    assert_eq!(preflight("https://evil.example").await, (403, true));
    let answer = raw(&server, "GET /api/v1/workflows HTTP/1.1\r\nhost: rebound.example\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("foreign-host"), "{answer}");
    let answer = raw(&server, "GET /metrics HTTP/1.1\r\nhost: engine.internal\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn inv_23_a_flood_of_webhooks_is_bounded() {
    let config = Config::default().with(|config| (config.body_budget, config.max_executions) = (1 << 20, 100));
    let server = Server::start(config).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    let body = "x".repeat(100_000);
    let call = async || {
        let answer = server.post("/webhook/hook").header("content-type", "text/plain").body(body.clone()).send().await;
        // Whoever is refused with its body still on its way may see the connection end before the answer.
        answer.map_or(503, |answer| answer.status().as_u16())
    };
    let answers = futures::future::join_all((0..500).map(|_| call())).await;
    assert!(answers.iter().all(|status| [200, 503].contains(status)), "{answers:?}");
    assert!(answers.contains(&200));
    assert_eq!(send(server.post("/webhook/hook").body("y".repeat(1 << 20))).await.0, 200, "all of the budget has come back");
}

/// Breaks when an expression in what somebody sends is run.
#[tokio::test]
async fn inv_38_what_is_sent_is_never_evaluated() {
    let server = Server::with([echo("hook", json!({}))]).await;
    let evil = json!({"a": "={{ 1 + 1 }}", "b": ["={{ $env.HOME }}", {"c": "{{ $execution.id }}"}], "={{ 2 }}": "={{"});
    let (status, item) = send_json(server.post("/webhook/hook?q=%3D%7B%7B1%7D%7D").header("x-h", "={{ 3 }}").json(&evil)).await;
    assert_eq!((status, &item["body"], &item["query"]["q"], &item["headers"]["x-h"]), (200, &evil, &json!("={{1}}"), &json!("={{ 3 }}")));
}

#[tokio::test]
async fn numbers_of_routes_nodes_and_queues_are_told() {
    let server = Server::with([echo("hook", json!({}))]).await;
    assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    assert_eq!(send(server.get("/api/v1/workflows/canary-in-the-path?canary=query")).await.0, 404);
    let (_, kind, metrics) = send(server.get("/metrics")).await;
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    for line in [
        "engine_executions_total{status=\"success\"} 1",
        "engine_node_runs_total{node_type=\"no_op\",status=\"success\"} 1",
        "engine_node_seconds_count{node_type=\"no_op\"} 1",
        "engine_http_requests_total{route=\"/webhook/{*path}\",method=\"POST\",status=\"200\"} 1",
        "engine_http_requests_total{route=\"/api/v1/workflows/{id}\",method=\"GET\",status=\"404\"} 1",
        "engine_event_subscribers 0",
    ] {
        assert!(metrics.lines().any(|own| own == line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains("canary"), "{metrics}");
    let documented = include_str!("../../../docs/METRICS.md");
    for name in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(documented.contains(&format!("`{name}`")), "docs/METRICS.md does not tell of {name}");
    }
}

/// What was written to the log.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Breaks when a span takes the address, a header or a body as it is.
#[tokio::test]
async fn inv_28_the_log_names_requests_and_tells_no_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG).with_writer(move || writer.clone()).finish();
    // For the whole process: what one thread alone hears depends on what others asked for before.
    tracing::subscriber::set_global_default(subscriber).expect("the only test that listens");
    let server = signed().await;
    let admin = administrator(&server).await;
    let login = json!({"email": "root@example.com", "password": "sparrow-password"});
    assert_eq!(send(server.post("/api/v1/auth/login").json(&login)).await.0, 401);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request =
        server.get("/api/v1/workflows?name=sparrow-query").bearer_auth(token(&admin)).header("x-request-id", "mine-9").header("traceparent", trace);
    assert_eq!(send(request).await.0, 200);
    assert_eq!(send(server.get("/api/v1/workflows").bearer_auth("sparrow-token")).await.0, 401);
    assert_eq!(send(server.get("/webhook-waiting/018f0000-0000-7000-8000-000000000000?signature=sparrow-signature")).await.0, 401);
    let credential = json!({"name": "c", "type": "httpHeaderAuth", "data": {"name": "X", "value": "sparrow-secret"}});
    assert_eq!(send(server.post("/api/v1/credentials").bearer_auth(token(&admin)).json(&credential)).await.0, 201);
    let text = String::from_utf8_lossy(&log.0.lock().expect("the log")).into_owned();
    let line = text.lines().find(|line| line.contains("mine-9") && line.contains("engine_http")).unwrap_or_else(|| panic!("no request in {text}"));
    for part in ["route=/api/v1/workflows", "0af7651916cd43dd8448eb211c80319c", "status=200"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let own: Vec<&str> = text.lines().filter(|line| line.contains("engine_")).collect();
    for secret in ["sparrow", token(&admin)] {
        assert!(!own.iter().any(|line| line.contains(secret)), "{secret} is in the log");
    }
}
