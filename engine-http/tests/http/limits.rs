//! Who may ask how often, how much, and for how long.

use std::time::Duration;

use engine_http::{Config, Rate, RateLimits, SignIn};
use serde_json::{Value, json};

use crate::access::{administrator, token};
use crate::requests::raw;
use crate::server::{Server, echo, header, send, send_json};

const SLOW: Duration = Duration::from_hours(1);

async fn limited(change: impl FnOnce(&mut RateLimits)) -> Server {
    Server::start(Config::default().with(|config| {
        config.sign_in = Some(SignIn::new(b"a secret of at least thirty-two bytes".as_slice()));
        config.rate_limits = RateLimits::default().with(change);
    }))
    .await
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_come_back() {
    let server = limited(|limits| limits.user = Some(Rate::new(2, SLOW))).await;
    let admin = administrator(&server).await;
    let me = || server.get("/api/v1/auth/me").bearer_auth(token(&admin));
    for left in [1, 0] {
        let response = me().send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), header(&response, "ratelimit-policy").as_str()), (200, "\"user\";q=2;w=3600"));
        assert!(header(&response, "ratelimit").starts_with(&format!("\"user\";r={left};t=")), "{response:?}");
    }
    let response = me().send().await.expect("an answer");
    let wait: u64 = header(&response, "retry-after").parse().expect("seconds");
    assert!((1700..=1800).contains(&wait), "{wait}");
    assert_eq!((response.status().as_u16(), header(&response, "content-type").as_str()), (429, "application/problem+json"));
    assert_eq!(response.json::<Value>().await.expect("JSON")["code"], "too-many-requests");
    assert_eq!(send(server.get("/health")).await.0, 200);
    let (_, _, metrics) = send(server.get("/metrics")).await;
    assert!(metrics.contains("engine_rate_limited_total{scope=\"user\"} 1"), "{metrics}");
}

#[tokio::test]
async fn keys_and_addresses_have_limits_of_their_own() {
    let server = limited(|limits| (limits.key, limits.address) = (Some(Rate::new(1, SLOW)), Some(Rate::new(6, SLOW)))).await;
    let admin = administrator(&server).await;
    let body = json!({"name": "k", "scopes": ["*"]});
    let make = async || send_json(server.post("/api/v1/api-keys").bearer_auth(token(&admin)).json(&body)).await.1["key"].clone();
    let (one, two) = (make().await, make().await);
    let me = async |key: &Value| send(server.get("/api/v1/auth/me").header("x-api-key", key.as_str().expect("a key"))).await.0;
    assert_eq!((me(&one).await, me(&one).await, me(&two).await), (200, 429, 200));
    assert_eq!(me(&json!("engk_made-up")).await, 429, "guessing counts against the address");
}

#[tokio::test]
async fn inv_32_passwords_are_not_guessed_quickly() {
    let server = limited(|limits| limits.sign_in = Some(Rate::new(3, SLOW))).await;
    let guess = async |name: &str| {
        let body = json!({"email": format!("{name}@example.com"), "password": "guess"});
        send(server.post("/api/v1/auth/login").json(&body)).await.0
    };
    assert_eq!((guess("a").await, guess("b").await, guess("c").await, guess("d").await), (401, 401, 401, 429));
}

#[tokio::test]
async fn webhooks_have_a_limit_of_their_own() {
    let server = limited(|limits| limits.webhooks = Some(Rate::new(1, SLOW))).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    let response = server.post("/webhook/hook").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (429, true));
}

/// Breaks when a Redis that is away lets everybody through, or nobody.
#[tokio::test]
async fn without_its_redis_a_process_counts_for_itself() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let redis = format!("redis://{nobody}/").parse().expect("an address");
    let server = limited(|limits| (limits.user, limits.redis) = (Some(Rate::new(1, SLOW)), Some(redis))).await;
    let admin = administrator(&server).await;
    let me = async || send(server.get("/api/v1/auth/me").bearer_auth(token(&admin))).await.0;
    assert_eq!((me().await, me().await), (200, 429));
    let (_, _, metrics) = send(server.get("/metrics")).await;
    let fallbacks = metrics.lines().find_map(|line| line.strip_prefix("engine_rate_limit_fallbacks_total ")).expect("a number");
    assert!(fallbacks.parse::<u64>().expect("a number") >= 2, "{fallbacks}");
}

#[tokio::test]
async fn a_server_that_is_full_says_so_and_stays_alive() {
    let server = Server::start(Config::default().with(|config| config.max_requests = 0)).await;
    let response = server.get("/api/v1/version").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (503, true));
    for always in ["/health", "/ready", "/metrics"] {
        assert_eq!(send(server.get(always)).await.0, 200, "{always}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(Config::default().with(|config| config.request_timeout = Duration::from_millis(50))).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    for path in ["/api/v1/workflows", "/webhook/hook"] {
        let request = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{");
        let answer = raw(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn inv_23_bodies_of_the_api_are_bounded_before_they_are_buffered() {
    let server = Server::start(Config::default().with(|config| config.body_budget = 1000)).await;
    for head in ["content-length: 104857600\r\n\r\n", "content-length: 1000000000000\r\n\r\n"] {
        let answer = raw(&server, &format!("POST /api/v1/workflows HTTP/1.1\r\nhost: localhost\r\n{head}{{")).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{head:?}: {answer}");
    }
    let (status, problem) = send_json(server.post("/api/v1/workflows/validate").body("x".repeat(1001))).await;
    assert_eq!((status, &problem["code"]), (503, &json!("busy")));
    assert_eq!(send(server.post("/api/v1/workflows/validate").body("{}")).await.0, 200, "the budget is given back");
}

/// Breaks when JSON counts with its text alone.
#[tokio::test]
async fn inv_23_json_counts_with_what_it_takes_once_it_is_read() {
    let server = Server::start(Config::default().with(|config| config.body_budget = 100_000)).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    let (small, large) = (vec![0; 300], vec![0; 1500]);
    for path in ["/webhook/hook", "/api/v1/workflows/validate"] {
        let (status, answer) = send_json(server.post(path).json(&large)).await;
        assert_eq!(status, 413, "{path}: {answer}");
        assert!(answer.to_string().contains("once it is read it takes"), "{path}: {answer}");
        assert_eq!(send(server.post(path).json(&small)).await.0, 200, "{path}");
        assert_eq!(send(server.post(path).json(&small)).await.0, 200, "{path}: the budget is given back");
    }
    let text = server.post("/webhook/hook").header("content-type", "text/plain").body(json!(large).to_string());
    assert_eq!(send(text).await.0, 200, "text stays what it is");
}

/// Breaks when fields, which become entries of objects, count with their text alone; and when bytes do that are no text, and grow when they are made into it.
#[tokio::test]
async fn inv_23_fields_count_with_what_they_become() {
    let server = Server::start(Config::default().with(|config| config.body_budget = 100_000)).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    let fields = |count: usize| vec!["a[b][c][d]=1"; count].join("&");
    let form = |count: usize| (0..count).fold(reqwest::multipart::Form::new(), |form, _| form.text("a[b][c][d]", "1"));
    let sent = |kind: &str, body: Vec<u8>| server.post("/webhook/hook").header("content-type", kind).body(body);
    for (count, status) in [(20, 200), (200, 413)] {
        assert_eq!(send(sent("application/x-www-form-urlencoded", fields(count).into())).await.0, status, "{count}");
        assert_eq!(send(server.post(&format!("/webhook/hook?{}", fields(count)))).await.0, status, "{count} in the address");
        assert_eq!(send(server.post("/webhook/hook").multipart(form(count))).await.0, status, "{count} in parts");
    }
    for (byte, status) in [(b'x', 200), (0xff, 413)] {
        assert_eq!(send(sent("text/plain", vec![byte; 50_000])).await.0, status, "{byte}");
    }
}

/// Breaks when the room of a body is given back with the answer, though the execution that it started holds it for as long as it runs.
#[tokio::test]
async fn inv_23_an_execution_holds_the_room_of_what_it_began_with() {
    let server = Server::start(Config::default().with(|config| config.body_budget = 15_000)).await;
    let wait = engine_core::model::NodeDefinition::new("Wait", "wait").parameter("resume", "webhook");
    server.service.activate(crate::server::chain("flow", crate::server::webhook("hook", json!({})), [wait])).expect("it can be served");
    let called = async || send(server.post("/webhook/hook").header("content-type", "text/plain").body("x".repeat(9000))).await.0;
    let started = async || {
        let request = server.post("/api/v1/workflows/flow/executions").header("idempotency-key", "k");
        send(request.json(&json!({"items": [{"text": "x".repeat(6000)}]}))).await.0
    };
    let cancelled = async || {
        let (_, all) = send_json(server.get("/api/v1/executions?status=waiting")).await;
        let id = all["data"][0]["id"].as_str().expect("an execution").to_owned();
        assert_eq!(send(server.post(&format!("/api/v1/executions/{id}/cancel"))).await.0, 202);
        while send_json(server.get(&format!("/api/v1/executions/{id}"))).await.1["finished"] == false {}
    };
    assert_eq!([called().await, called().await, started().await], [200, 503, 503]);
    cancelled().await;
    assert_eq!([started().await, called().await], [202, 503]);
    cancelled().await;
    assert_eq!(called().await, 200);
}

/// Breaks when a process drives any number of stored executions at the same time that nobody waits for.
#[tokio::test]
async fn inv_23_starts_beyond_what_may_be_driven_wait_in_the_queue() {
    let runtime: std::sync::Arc<dyn engine_core::runtime::Runtime> = std::sync::Arc::new(engine_core::runtime::TokioRuntime::current());
    let stores = engine_core::store::Stores::of(&std::sync::Arc::new(engine_core::store::MemoryStore::new(runtime)));
    let config = Config::default().with(|config| {
        (config.stores, config.max_executions) = (Some(stores), 1);
        config.worker.concurrency = 0;
    });
    let server = Server::start(config).await;
    let wait = engine_core::model::NodeDefinition::new("Wait", "wait")
        .parameter("resume", "timeInterval")
        .parameter("amount", 4)
        .parameter("unit", "seconds");
    server.service.activate(crate::server::chain("flow", crate::server::webhook("hook", json!({})), [wait])).expect("it can be served");
    for _ in 0..3 {
        assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
    }
    let (_, all) = send_json(server.get("/api/v1/executions")).await;
    let statuses: Vec<&str> = all["data"].as_array().expect("a list").iter().filter_map(|one| one["status"].as_str()).collect();
    assert_eq!((statuses.len(), statuses.iter().filter(|status| **status == "new").count()), (3, 2), "{statuses:?}");
    assert_eq!(server.service.worker().driving(), 1);
}

/// A Redis of this test alone.
struct Redis {
    process: std::process::Child,
    url: String,
}

impl Redis {
    /// # Panics
    /// When there is no `redis-server`: see docs/TESTING.md.
    async fn start(more: &[&str]) -> Self {
        let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address").port();
        let mut command = std::process::Command::new("redis-server");
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(more)
            .stdout(std::process::Stdio::null());
        let mut process = command.spawn().expect("redis-server must be installed for this test, see docs/TESTING.md");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(process.try_wait().expect("a process").is_none(), "redis-server does not take {more:?}");
            tokio::task::yield_now().await;
        }
        Self { process, url: format!("redis://127.0.0.1:{port}/") }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Breaks when each process has a burst of its own.
#[tokio::test]
async fn processes_that_share_a_redis_share_their_limits() {
    let redis = Redis::start(&[]).await;
    let secret = b"a secret of at least thirty-two bytes".as_slice();
    let stores = {
        let runtime: std::sync::Arc<dyn engine_core::runtime::Runtime> = std::sync::Arc::new(engine_core::runtime::TokioRuntime::current());
        engine_core::store::Stores::of(&std::sync::Arc::new(engine_core::store::MemoryStore::new(runtime)))
    };
    let start = async || {
        let config = Config::default().with(|config| {
            config.sign_in = Some(SignIn::new(secret));
            config.stores = Some(stores.clone());
            config.rate_limits = RateLimits::default()
                .with(|limits| (limits.user, limits.redis) = (Some(Rate::new(3, SLOW)), Some(redis.url.parse().expect("an address"))));
        });
        Server::start(config).await
    };
    let (one, two) = (start().await, start().await);
    let admin = administrator(&one).await;
    let mut statuses = Vec::new();
    for server in [&one, &two, &one, &two, &one] {
        let response = server.get("/api/v1/auth/me").bearer_auth(token(&admin)).send().await.expect("an answer");
        statuses.push((response.status().as_u16(), header(&response, "ratelimit").split(';').nth(1).unwrap_or_default().to_owned()));
    }
    let told = |status: u16, left: &str| (status, left.to_owned());
    assert_eq!(statuses, [told(200, "r=2"), told(200, "r=1"), told(200, "r=0"), told(429, "r=0"), told(429, "r=0")]);
    let (_, _, metrics) = send(one.get("/metrics")).await;
    assert!(metrics.contains("engine_rate_limit_fallbacks_total 0"), "{metrics}");
}

/// Breaks when user, password or database of the address are left out.
#[tokio::test]
async fn who_counts_in_redis_signs_in_and_has_a_database() {
    let redis = Redis::start(&["--user", "default", "off", "--user", "ada", "on", ">p@ss", "~engine:*", "+@all"]).await;
    let address = |login: &str| redis.url.replace("redis://", &format!("redis://{login}")) + "7";
    for (login, fallbacks) in [("ada:p%40ss@", "0"), ("ada:wrong@", "1"), ("", "1")] {
        let address = address(login).parse().expect("an address");
        let server = limited(|limits| (limits.webhooks, limits.redis) = (Some(Rate::new(100, SLOW)), Some(address))).await;
        server.service.activate(echo("hook", json!({}))).expect("it can be served");
        assert_eq!(send(server.post("/webhook/hook")).await.0, 200);
        let (_, _, metrics) = send(server.get("/metrics")).await;
        assert!(metrics.contains(&format!("engine_rate_limit_fallbacks_total {fallbacks}")), "{login}: {metrics}");
    }
    let cli = std::process::Command::new("redis-cli").args(["-u", &address("ada:p%40ss@"), "--raw", "DBSIZE"]).output().expect("redis-cli");
    assert_eq!(String::from_utf8_lossy(&cli.stdout).trim(), "1", "the count lies in database 7");
}

/// Breaks when a caller who goes round the proxy, or whom it does not name, is not counted.
#[tokio::test]
async fn inv_32_nobody_goes_uncounted_for_want_of_a_header() {
    let config = Config::default().with(|config| {
        config.trusted_proxies = 1;
        config.sign_in = Some(SignIn::new(b"a secret of at least thirty-two bytes".as_slice()));
        config.rate_limits = RateLimits::default().with(|limits| limits.sign_in = Some(Rate::new(2, SLOW)));
    });
    let server = Server::start(config).await;
    let login = async || send(server.post("/api/v1/auth/login").json(&json!({"email": "a@example.com", "password": "wrong"}))).await.0;
    assert_eq!([login().await, login().await, login().await], [401, 401, 429]);
}
