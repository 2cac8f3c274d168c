//! Real processes, killed without warning while clients call: nothing that was acknowledged is lost, and nothing that was recorded is repeated.
//!
//! `ENGINE_KILL_ROUNDS` says how often a process is killed (5 where nothing is said), `ENGINE_KILL_SEED` repeats a run. Both are printed.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]
#![expect(dead_code, reason = "what the tests of the commands need of the process is more")]

#[path = "../commands/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine_core::runtime::{Runtime, TokioRuntime};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, raw_sql};

use server::{Place, Server, answer};

/// Clients that call at the same time.
const CLIENTS: usize = 4;

/// A workflow that writes two lines into a ledger outside, one after the other, with a node between that only computes.
fn workflow(ledger: &str) -> String {
    let write = |step: u32| json!({"command": format!("=echo {{{{ $('In').first().json.body.id }}}}:{step} >> {ledger}")});
    json!({
        "name": "Ledger",
        "nodes": [
            {"id": "in", "name": "In", "type": "webhook", "parameters": {"path": "ledger", "httpMethod": "POST", "responseMode": "onReceived"}},
            {"id": "one", "name": "One", "type": "execute_command", "parameters": write(1)},
            {"id": "pass", "name": "Pass", "type": "no_op", "parameters": {}},
            {"id": "two", "name": "Two", "type": "execute_command", "parameters": write(2)},
        ],
        "connections": [{"source": "In", "target": "One"}, {"source": "One", "target": "Pass"}, {"source": "Pass", "target": "Two"}],
    })
    .to_string()
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Lets so much time pass. Real processes have only the real clock.
async fn pass(time: Duration) {
    TokioRuntime::current().sleep(time).await;
}

/// A client that calls until it is told to stop; it notes what was acknowledged.
async fn call(url: String, (client, round): (usize, u64), acknowledged: Arc<Mutex<BTreeSet<String>>>, stop: Arc<std::sync::atomic::AtomicBool>) {
    let http = Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    for number in 0.. {
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            return;
        }
        let id = format!("r{round}c{client}n{number}");
        let called = http.post(format!("{url}/webhook/ledger")).json(&json!({ "id": id })).send().await;
        if called.is_ok_and(|answer| answer.status().is_success()) {
            acknowledged.lock().unwrap().insert(id);
        }
    }
}

/// What the ledger holds: how often each line was written.
fn written(place: &Place) -> BTreeMap<String, u32> {
    let mut lines = BTreeMap::new();
    for line in place.read("ledger").lines() {
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    lines
}

/// All executions, once each has ended.
async fn ended(server: &Server) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let (mut all, mut path) = (Vec::new(), "/api/v1/executions?limit=250".to_owned());
        loop {
            let page = answer(server.get(&path), 200).await;
            all.extend(page["data"].as_array().unwrap().clone());
            match page["nextCursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/executions?limit=250&cursor={cursor}"),
                None => break,
            }
        }
        let open: Vec<&Value> = all.iter().filter(|execution| execution["finished"] != true).collect();
        if open.is_empty() {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "{} executions never end, such as {}", open.len(), open[0]);
        pass(Duration::from_millis(200)).await;
    }
}

async fn survives(place: Place, (email, password): (&str, Option<&str>)) {
    let (rounds, seed) = (setting("ENGINE_KILL_ROUNDS", 5), setting("ENGINE_KILL_SEED", u64::from(std::process::id())));
    eprintln!("ENGINE_KILL_ROUNDS={rounds} ENGINE_KILL_SEED={seed}");
    let place = place.with("ENGINE_COMMANDS", "allow").with("ENGINE_LEASE_TIME", "1s").with("ENGINE_POLL", "100ms");
    // Whoever is killed each second is no poison.
    let place = place.with("ENGINE_MAX_CLAIMS", "1000");
    place.write("ledger", "");
    place.write("flows/ledger.json", &workflow(place.path("ledger").to_str().unwrap()));
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let mut random = seed;
    for round in 0..rounds {
        let arguments: &[&str] = if round == 0 { &["--workflows", "flows"] } else { &[] };
        let server = place.serve(arguments);
        let stop: Arc<std::sync::atomic::AtomicBool> = Arc::default();
        let calls: Vec<_> = (0..CLIENTS)
            .map(|client| tokio::spawn(call(server.url.clone(), (client, round), Arc::clone(&acknowledged), Arc::clone(&stop))))
            .collect();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        pass(Duration::from_millis(150 + (random >> 33) % 700)).await;
        server.kill();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for call in calls {
            call.await.unwrap();
        }
    }
    let mut server = place.serve(&[]);
    let password = password.map_or_else(|| place.read("data/first-password").trim().to_owned(), str::to_owned);
    server.sign_in(email, &password).await;
    let executions = ended(&server).await;
    let acknowledged = acknowledged.lock().unwrap().clone();
    eprintln!("{} acknowledged, {} stored, {rounds} kills", acknowledged.len(), executions.len());
    assert!(!acknowledged.is_empty(), "no call was acknowledged: nothing was tested");
    check(&server, &executions, (&acknowledged, written(&place), rounds)).await;
}

/// Acknowledged is a subset of stored; each execution succeeded and recorded each node once; effects happened, and again only when they were under way at a kill.
async fn check(server: &Server, executions: &[Value], (acknowledged, written, rounds): (&BTreeSet<String>, BTreeMap<String, u32>, u64)) {
    let mut stored = BTreeSet::new();
    for execution in executions {
        let path = format!("/api/v1/executions/{}", execution["id"].as_str().unwrap());
        let read = answer(server.get(&path), 200).await;
        assert_eq!(read["status"], "success", "{read}");
        let nodes = &read["data"]["nodes"];
        for node in ["In", "One", "Pass", "Two"] {
            assert_eq!(nodes[node].as_array().map(Vec::len), Some(1), "{node} of {read}");
        }
        stored.insert(nodes["In"][0]["outputs"][0][0]["json"]["body"]["id"].as_str().unwrap().to_owned());
    }
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    for id in &stored {
        assert!((1..=2).all(|step| written.contains_key(&format!("{id}:{step}"))), "an effect of {id} never happened");
    }
    let again: u32 = written.values().map(|count| count - 1).sum();
    // One effect of each execution that was under way, at most, for each kill.
    let under_way = u32::try_from(rounds).unwrap() * 64;
    assert!(again <= under_way, "{again} effects happened again");
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_01_nothing_acknowledged_is_lost_on_sqlite() {
    survives(Place::new(), ("admin@engine.local", None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_01_nothing_acknowledged_is_lost_on_postgres() {
    let url = std::env::var("ENGINE_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    let schema = format!("engine_kill_test_{}", std::process::id());
    let place = Place::new().with("DATABASE_URL", &url).with("ENGINE_DATABASE_SCHEMA", &schema);
    let place = place.with("ENGINE_JWT_SECRET", &"j".repeat(32)).with("ENGINE_RESUME_KEY", &"r".repeat(32));
    let place = place.with("ENGINE_ENCRYPTION_KEYS", &format!("k1:{}", "0a".repeat(32)));
    let place = place.with("ENGINE_ADMIN_EMAIL", "ada@example.com").with("ENGINE_ADMIN_PASSWORD", "correct horse battery");
    survives(place, ("ada@example.com", Some("correct horse battery"))).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    raw_sql(sqlx::AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))).execute(&mut connection).await.unwrap();
}
