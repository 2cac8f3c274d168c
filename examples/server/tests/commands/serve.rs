//! `engine serve`, `engine health`, `engine config check`.

use serde_json::json;

use crate::server::{Place, answer, greeting, mode};

#[tokio::test]
async fn with_nothing_set_it_serves_one_user_who_can_sign_in() {
    let place = Place::new();
    let server = place.signed_in(&[]).await;
    assert!(server.told.contains("sign in as admin@engine.local") && server.told.contains("./data/first-password"), "{}", server.told);
    let me = answer(server.get("/api/v1/auth/me"), 200).await;
    assert_eq!(me["role"], "admin");
    for seen in ["/", "/api/v1/docs", "/api/v1/docs/"] {
        let page = answer(server.get(seen), 200).await;
        assert!(page.as_str().unwrap().contains("swagger-ui"), "a browser sees the description of the API: {page}");
    }
    for (path, expect) in [("data", 0o700), ("data/engine.sqlite", 0o600), ("data/secrets.toml", 0o600), ("data/first-password", 0o600)] {
        assert_eq!(mode(&place.path(path)), expect, "{path}");
    }
}

/// Whoever else is on this machine must not become administrator by being the first to ask.
#[tokio::test]
async fn nobody_becomes_administrator_by_registering_first() {
    let place = Place::new();
    let server = place.serve(&[]);
    let stranger = json!({"email": "mallory@example.com", "password": "correct horse battery"});
    let refused = answer(server.post("/api/v1/auth/register", &stranger), 403).await;
    assert_eq!(refused["code"], "registration-closed");
    answer(server.get("/api/v1/workflows"), 401).await;
}

#[tokio::test]
async fn beyond_loopback_it_listens_only_when_somebody_can_sign_in() {
    let place = Place::new().with("ENGINE_LISTEN", "0.0.0.0:0");
    let refused = place.run(&["serve"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("there are no users yet") && refused.err.contains("engine user add"), "{}", refused.err);
    let place = place.with("ENGINE_ADMIN_EMAIL", "ada@example.com").with("ENGINE_ADMIN_PASSWORD", "correct horse battery");
    let mut server = place.serve(&[]);
    server.url = server.url.replace("0.0.0.0", "127.0.0.1");
    server.sign_in("ada@example.com", "correct horse battery").await;
    assert!(!place.path("data/first-password").exists());
    server.wait_until_it_logs("ENGINE_PUBLIC_URL is not set");
    drop(server);
    for place in [place.clone().with("ENGINE_PUBLIC_URL", "https://flows.example.com"), place.with("ENGINE_LISTEN", "127.0.0.1:0")] {
        let server = place.serve(&[]);
        server.ask_to_end_unread();
        let ended = server.wait();
        assert!(ended.err.contains("serving") && !ended.err.contains("ENGINE_PUBLIC_URL"), "{ended:?}");
    }
}

#[test]
fn all_mistakes_of_a_configuration_are_told_before_anything_is_made() {
    let place = Place::new().with("ENGINE_LISTEN", "nowhere").with("ENGINE_LOG_FORMAT", "xml").with("ENGINE_JWT_SECRET", "canary");
    let refused = place.run(&["serve"]);
    assert_eq!(refused.code, Some(2));
    for name in ["ENGINE_LISTEN = \"nowhere\"", "ENGINE_LOG_FORMAT = \"xml\"", "ENGINE_JWT_SECRET (from the environment)"] {
        assert!(refused.err.contains(name), "{name}: {}", refused.err);
    }
    assert!(!refused.err.contains("canary") && !place.path("data").exists());
}

#[tokio::test]
async fn what_was_activated_is_served_again_after_a_kill() {
    let place = Place::new();
    place.write("flows/greet.json", &greeting("greet"));
    let server = place.serve(&["--workflows", "flows"]);
    assert!(server.told.contains("POST /webhook/greet"), "{}", server.told);
    server.kill();
    let server = place.serve(&[]);
    let greeted = answer(server.post("/webhook/greet", &json!({"name": "Ada"})), 200).await;
    assert_eq!(greeted["greeting"], "Hello Ada");
}

/// Breaks when the server waits for whoever should read what it prints: a pipe holds 64 KiB.
#[test]
fn nobody_has_to_read_what_it_prints() {
    let place = Place::new();
    for number in 0..200 {
        place.write(&format!("flows/{}{number}.json", "x".repeat(200)), &greeting(&format!("greet{number}")));
    }
    let server = place.serve_unread(&["--workflows", "flows"]);
    server.kill();
}

#[tokio::test]
async fn it_ends_after_the_executions_that_run() {
    let place = Place::new();
    let mut workflow: serde_json::Value = serde_json::from_str(&greeting("slow")).unwrap();
    let wait = json!({"name": "Wait", "type": "n8n-nodes-base.wait", "typeVersion": 1.1, "parameters": {"resume": "timeInterval", "amount": 1, "unit": "seconds"}});
    workflow["nodes"].as_array_mut().unwrap().push(wait);
    workflow["connections"] = json!([{"source": "In", "target": "Wait"}, {"source": "Wait", "target": "Out"}]);
    place.write("flows/slow.json", &workflow.to_string());
    let server = place.serve(&["--workflows", "flows"]);
    let request = tokio::spawn(server.post("/webhook/slow", &json!({"name": "Ada"})).send());
    let metrics = || async { server.get("/metrics").send().await.unwrap().text().await.unwrap() };
    while !metrics().await.contains("engine_executions_running 1") {}
    let ended = tokio::task::spawn_blocking(|| server.terminate()).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_where_one_is_set() {
    let place = Place::new().with("ENGINE_METRICS_LISTEN", "127.0.0.1:0");
    let mut server = place.serve(&[]);
    let taken = server.metrics_address();
    answer(server.get("/metrics"), 404).await;
    answer(server.get("/health"), 200).await;
    let there = |path: &str| reqwest::get(format!("http://{taken}{path}"));
    assert!(there("/metrics").await.unwrap().text().await.unwrap().contains("engine_executions_total"));
    assert_eq!(there("/ready").await.unwrap().status(), 200);
    assert_eq!(there("/api/v1/version").await.unwrap().status(), 404);
    let unknown = place.run(&["health"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("ENGINE_METRICS_LISTEN has port 0") && unknown.err.contains("--address"), "{}", unknown.err);
    place.run(&["health", "--address", &taken]).done();
    let place = place.with("ENGINE_METRICS_LISTEN", &taken);
    place.run(&["health", "--ready"]).done();
    server.kill();
    let gone = place.run(&["health"]);
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("no server answers at"), "{}", gone.err);
}

#[tokio::test]
async fn limits_and_origins_are_those_of_the_settings() {
    let place = Place::new().with("ENGINE_RATE_LIMIT_ADDRESS", "3/1h").with("ENGINE_CORS_ORIGINS", "https://app.example.com/");
    let server = place.signed_in(&[]).await;
    for origin in ["https://app.example.com", "https://other.example.com"] {
        let answer = server.get("/api/v1/workflows").header("Origin", origin).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), origin.contains("app"), "{origin}");
    }
    assert_eq!(answer(server.get("/api/v1/workflows"), 429).await["code"], "too-many-requests");
}

#[tokio::test]
async fn letters_that_nobody_carries_are_logged_on_loopback() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    let asked = server.post("/api/v1/auth/forgot-password", &json!({"email": "admin@engine.local"})).send().await.unwrap();
    assert!(asked.status().is_success(), "{}", asked.status());
    server.wait_until_it_logs("a letter that nobody carries");
}

#[test]
fn the_effective_configuration_is_shown_without_secrets() {
    let canary = "canary-canary-canary-canary-canary";
    let place = Place::new().with("ENGINE_JWT_SECRET", canary).with("DATABASE_URL", "postgres://engine:canary@db/engine");
    let shown = place.run(&["config", "check"]).done();
    assert!(!shown.contains("canary") && shown.contains("postgres://engine:***@db/engine  (from the environment)"), "{shown}");
    let shown: serde_json::Value = serde_json::from_str(&place.run(&["config", "check", "--output", "json"]).done()).unwrap();
    assert_eq!(shown["ENGINE_JWT_SECRET"]["value"], "***");
    assert!(!place.path("data").exists(), "looking makes nothing");
}

#[test]
fn whoever_holds_what_a_server_needs_is_told() {
    let place = Place::new().with("ENGINE_DATABASE_STATEMENT_TIMEOUT", "100ms");
    let server = place.serve(&[]);
    let taken = server.url.trim_start_matches("http://").to_owned();
    let refused = place.run(&["serve", "--listen", &taken]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("perhaps another `engine serve`") && refused.err.contains("ENGINE_LISTEN"), "{}", refused.err);
    server.kill();
    let holder = rusqlite::Connection::open(place.path("data/engine.sqlite")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let refused = place.run(&["serve"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("another program may hold the SQLite file ./data/engine.sqlite locked"), "{}", refused.err);
}
