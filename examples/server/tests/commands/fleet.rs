//! Several processes on one Postgres.

use serde_json::{Value, json};
use sqlx::query_scalar;

use crate::outside::Outside;
use crate::schema::Schema;
use crate::server::{Place, Server, answer, greeting, store, until};

#[tokio::test]
async fn what_one_server_stores_another_serves() {
    let schema = Schema::new();
    let (here, there) = (schema.place(), schema.place());
    assert_eq!(here.run(&["migrate"]).done(), "the schema on Postgres is up to date\n");
    let mut first = here.serve(&[]);
    first.sign_in("ada@example.com", "correct horse battery").await;
    here.write("greet.json", &greeting("greet"));
    here.run(&["import", "greet.json", "--activate"]).done();
    let second = there.serve(&[]);
    assert_eq!(answer(second.post("/webhook/greet", &json!({"name": "Ada"})), 200).await["greeting"], "Hello Ada");
    assert_eq!(here.run(&["user", "list"]).done().lines().count(), 1, "the first administrator is made once");
    assert!(!here.path("data").exists(), "a member of a fleet keeps nothing on its machine");
}

/// A workflow that makes a request between its trigger and a node that only computes.
fn calling(trigger: &Value, url: &str) -> Value {
    let assignment = json!({"name": "done", "type": "boolean", "value": true});
    json!({
        "name": "Call",
        "nodes": [
            trigger,
            {"name": "Call", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "parameters": {"url": url, "options": {}}},
            {"name": "After", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": {"assignments": {"assignments": [assignment]}}},
        ],
        "connections": [{"source": trigger["name"], "target": "Call"}, {"source": "Call", "target": "After"}],
    })
}

/// Breaks when an activation stays with the server that was asked, or when nobody fires what is due.
#[tokio::test]
async fn what_one_server_activates_all_serve_and_a_worker_fires() {
    let (schema, mut outside) = (Schema::new(), Outside::listen().await);
    let (first, second) = (schema.server("first").await, schema.server("second").await);
    let greet = store(&first, &serde_json::from_str(&greeting("greet")).unwrap()).await;
    answer(first.post(&format!("/api/v1/workflows/{greet}/activate"), &json!({})), 200).await;
    let greeted = until(async || {
        let answer = second.post("/webhook/greet", &json!({"name": "Ada"})).send().await.unwrap();
        if answer.status() == 200 { answer.json().await.ok() } else { None }
    });
    assert_eq!(greeted.await["greeting"], "Hello Ada");
    answer(second.post(&format!("/api/v1/workflows/{greet}/deactivate"), &json!({})), 200).await;
    until(async || (first.post("/webhook/greet", &json!({})).send().await.unwrap().status() == 404).then_some(Value::Null)).await;

    let each_second = json!({"name": "When", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1.2,
        "parameters": {"rule": {"interval": [{"field": "seconds", "secondsInterval": 1}]}}});
    let ticking = store(&first, &calling(&each_second, &outside.url("/tick"))).await;
    answer(first.post(&format!("/api/v1/workflows/{ticking}/activate"), &json!({})), 200).await;
    first.kill();
    second.kill();
    let observed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = schema.place_of("worker").with("ENGINE_METRICS_LISTEN", &observed.to_string());
    let _worker = place.work();
    for _ in 0..2 {
        outside.called("/tick").await.answer().await;
    }
    place.run(&["health", "--ready"]).done();
    let there = async |path: &str| reqwest::get(format!("http://{observed}{path}")).await.unwrap();
    assert_eq!(there("/api/v1/version").await.status(), 404);
    // What it took from the queue counts, though nobody waits for it here.
    let ended = async || {
        let metrics = there("/metrics").await.text().await.unwrap();
        let count = metrics.lines().find_map(|line| line.strip_prefix("engine_executions_total{status=\"success\"} ")).unwrap();
        (count != "0").then_some(Value::Null)
    };
    until(ended).await;
}

/// Breaks when what a dead process drove stays where it is, when a recorded step is done again, or when draining loses something.
#[tokio::test]
async fn an_execution_outlives_every_process_that_drives_it() {
    let (schema, mut outside) = (Schema::new(), Outside::listen().await);
    let server = schema.server("server").await;
    let by_hand = json!({"name": "Begin", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}});
    let workflow = store(&server, &calling(&by_hand, &outside.url("/hold"))).await;
    let mut workers: Vec<(String, Server)> = ["ada", "grace"].map(|name| (name.to_owned(), schema.place_of(name).work())).into();
    let started = answer(server.post(&format!("/api/v1/workflows/{workflow}/executions"), &json!({})), 202).await;
    let execution = started["id"].as_str().unwrap().to_owned();

    let _unanswered = outside.called("/hold").await;
    assert_eq!(schema.driving().await, "server");
    server.kill();
    let _unanswered_too = outside.called("/hold").await;
    let holder = schema.driving().await;
    let (name, holding) = workers.remove(workers.iter().position(|(name, _)| *name == holder).expect("a worker has it"));
    holding.kill();
    let call = outside.called("/hold").await;
    let (other, mut last) = workers.remove(0);
    assert_eq!(schema.driving().await, other, "{name} was killed");

    last.ask_to_end();
    call.answer().await;
    let ended = tokio::task::spawn_blocking(|| last.wait()).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let server = schema.server("another").await;
    let done = until(async || {
        let found = answer(server.get(&format!("/api/v1/executions/{execution}")), 200).await;
        (found["finished"] == true).then_some(found)
    });
    assert_eq!(done.await["status"], "success");
    assert!(!outside.was_called_at("/hold"), "a recorded step is not done again");
}

/// Breaks when what was claimed counts only once its work has begun: the next claim comes before that.
#[tokio::test]
async fn a_worker_claims_no_more_than_it_may_drive() {
    let (schema, mut outside) = (Schema::new(), Outside::listen().await);
    let server = schema.server("server").await;
    let by_hand = json!({"name": "Begin", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}});
    let workflow = store(&server, &calling(&by_hand, &outside.url("/hold"))).await;
    let mut unanswered = Vec::new();
    for _ in 0..5 {
        answer(server.post(&format!("/api/v1/workflows/{workflow}/executions"), &json!({})), 202).await;
        unanswered.push(outside.called("/hold").await);
    }
    server.kill();
    let _worker = schema.place_of("worker").with("ENGINE_CONCURRENCY", "2").work();
    let _first = outside.called("/hold").await;
    let _second = outside.called("/hold").await;
    let held = query_scalar::<_, i64>("SELECT count(*) FROM active a JOIN workers w ON w.id = a.worker WHERE w.name = 'worker'");
    assert_eq!(held.fetch_one(&mut schema.connect().await).await.unwrap(), 2);
}

#[test]
fn a_worker_needs_what_others_can_reach() {
    let refused = Place::new().run(&["worker"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("set DATABASE_URL") && refused.err.contains("engine serve"), "{}", refused.err);
}

#[test]
fn the_command_that_backs_up_shows_no_password() {
    let schema = Schema::new();
    let place = schema.place();
    let told = place.run(&["backup", "engine.dump"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(told.out, format!("pg_dump --format=custom --schema={} --file=engine.dump \"$DATABASE_URL\"\n", schema.name));
}

#[test]
fn a_database_that_cannot_be_reached_is_told_with_what_to_do() {
    let place = Place::new().with("DATABASE_URL", "postgres://engine:canary@127.0.0.1:1/engine").with("ENGINE_DATABASE_STATEMENT_TIMEOUT", "2s");
    let refused = place.run(&["migrate"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("the Postgres database cannot be used") && !refused.err.contains("canary"), "{}", refused.err);
}

/// Breaks when what the database says is told twice, or with lines of its own source.
#[test]
fn a_database_that_is_not_there_is_told_once() {
    let schema = Schema::new();
    let (server, _) = schema.url.rsplit_once('/').unwrap();
    let refused = Place::new().with("DATABASE_URL", &format!("{server}/engine_nowhere")).run(&["migrate"]);
    assert_eq!((refused.code, refused.err.matches("engine_nowhere").count()), (Some(2), 1), "{}", refused.err);
    assert!(refused.err.contains("does not exist") && !refused.err.contains("at line"), "{}", refused.err);
}
