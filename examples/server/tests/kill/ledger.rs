//! Servers that are killed and stopped at random, and in the fleet workers as well, while clients call (promises 1, 3, 4, 5 and 16).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::chance::{Chance, pass};
use crate::home::Home;
use crate::server::{Server, answer};

/// Clients that call at the same time.
const CLIENTS: usize = 4;

/// Longer than the time of a lease and the time after which somebody looks for lost ones.
const PAST_A_LEASE: Duration = Duration::from_millis(1600);

/// A home whose folder `flows` has a workflow that writes two lines into a ledger outside, one after the other, with a node between that only computes,
/// and one without effects that answers when it has ended.
pub(crate) fn furnish(home: Home) -> Home {
    let home = home.with("ENGINE_COMMANDS", "allow");
    let ledger = home.place.path("ledger");
    let write = |step: u32| json!({"command": format!("=echo {{{{ $('In').first().json.body.id }}}}:{step} >> {}", ledger.to_str().unwrap())});
    let hook = |path: &str, mode: &str| json!({"path": path, "httpMethod": "POST", "responseMode": mode});
    let writing = json!({
        "name": "Ledger",
        "nodes": [
            {"id": "in", "name": "In", "type": "webhook", "parameters": hook("ledger", "onReceived")},
            {"id": "one", "name": "One", "type": "execute_command", "parameters": write(1)},
            {"id": "pass", "name": "Pass", "type": "no_op", "parameters": {}},
            {"id": "two", "name": "Two", "type": "execute_command", "parameters": write(2)},
        ],
        "connections": [{"source": "In", "target": "One"}, {"source": "One", "target": "Pass"}, {"source": "Pass", "target": "Two"}],
    });
    let computing = json!({
        "name": "Computes",
        "nodes": [
            {"id": "in", "name": "In", "type": "webhook", "parameters": hook("computes", "lastNode")},
            {"id": "pass", "name": "Pass", "type": "no_op", "parameters": {}},
        ],
        "connections": [{"source": "In", "target": "Pass"}],
    });
    home.place.write("ledger", "");
    home.place.write("flows/ledger.json", &writing.to_string());
    home.place.write("flows/computes.json", &computing.to_string());
    home
}

/// Clients that call until they are told to stop, and note what was acknowledged.
pub(crate) struct Clients {
    stop: Arc<AtomicBool>,
    calls: Vec<JoinHandle<()>>,
}

impl Clients {
    /// They call `/webhook/ledger` and `/webhook/computes` in turn, with ids of this round.
    pub(crate) fn begin(url: &str, round: u64, acknowledged: &Arc<Mutex<BTreeSet<String>>>) -> Self {
        let stop: Arc<AtomicBool> = Arc::default();
        let begin = |client| tokio::spawn(call(url.to_owned(), (client, round), Arc::clone(acknowledged), Arc::clone(&stop)));
        Self { calls: (0..CLIENTS).map(begin).collect(), stop }
    }

    pub(crate) async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for call in self.calls {
            call.await.unwrap();
        }
    }
}

async fn call(url: String, (client, round): (usize, u64), acknowledged: Arc<Mutex<BTreeSet<String>>>, stop: Arc<AtomicBool>) {
    let http = Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let id = format!("r{round}c{client}n{number}");
        let hook = if number % 2 == 0 { "ledger" } else { "computes" };
        let called = http.post(format!("{url}/webhook/{hook}")).json(&json!({ "id": id })).send().await;
        if called.is_ok_and(|answer| answer.status().is_success()) {
            acknowledged.lock().unwrap().insert(id);
        }
    }
}

/// What the ledger holds: how often each line was written.
fn written(home: &Home) -> BTreeMap<String, u32> {
    let mut lines = BTreeMap::new();
    for line in home.place.read("ledger").lines() {
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    lines
}

/// All executions, once each has ended.
async fn all_ended(server: &Server) -> Vec<Value> {
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

/// Each round somebody calls a new server, which is killed in the end; in every second round it sleeps past its lease before. In a fleet one of two workers sleeps
/// through each round or is replaced.
async fn survives(home: Home) {
    let (mut chance, rounds) = Chance::and_rounds();
    // Whoever is killed each second is no poison.
    let home = furnish(home.with("ENGINE_MAX_CLAIMS", "1000"));
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let mut workers = Vec::new();
    for round in 0..rounds {
        let server = home.of("server").serve(if round == 0 { &["--workflows", "flows"] } else { &[] });
        if home.schema.is_some() && workers.is_empty() {
            workers = ["ada", "grace"].map(|name| home.help(name)).into();
        }
        let clients = Clients::begin(&server.url, round, &acknowledged);
        let disturbed = usize::try_from(chance.below(2)).unwrap();
        if let Some(worker) = workers.get(disturbed) {
            worker.stop();
        }
        chance.pass_a_while().await;
        if round % 2 == 1 {
            server.stop();
            pass(PAST_A_LEASE).await;
            server.go_on();
            chance.pass_a_while().await;
        }
        server.kill();
        clients.end().await;
        if workers.is_empty() {
            continue;
        }
        workers[disturbed].go_on();
        if chance.below(2) == 0 {
            workers.remove(disturbed).kill();
            workers.insert(disturbed, home.help("alan"));
        }
    }
    drop(workers);
    let server = home.serve("last").await;
    let acknowledged = acknowledged.lock().unwrap().clone();
    eprintln!("{} acknowledged, {rounds} kills", acknowledged.len());
    check((&home, &server), &acknowledged, 2 * rounds).await;
}

/// Acknowledged is a subset of stored; each execution succeeded and recorded each node once; effects happened, and again only when they were under way at a
/// disturbance.
pub(crate) async fn check((home, server): (&Home, &Server), acknowledged: &BTreeSet<String>, disturbances: u64) {
    assert!(!acknowledged.is_empty(), "no call was acknowledged: nothing was tested");
    let (mut stored, mut effects) = (BTreeSet::new(), BTreeSet::new());
    for execution in all_ended(server).await {
        let path = format!("/api/v1/executions/{}", execution["id"].as_str().unwrap());
        let read = answer(server.get(&path), 200).await;
        assert_eq!(read["status"], "success", "{read}");
        let nodes = &read["data"]["nodes"];
        let id = nodes["In"][0]["outputs"][0][0]["json"]["body"]["id"].as_str().unwrap().to_owned();
        let writes = nodes["One"].is_array();
        for node in if writes { &["In", "One", "Pass", "Two"][..] } else { &["In", "Pass"] } {
            assert_eq!(nodes[node].as_array().map(Vec::len), Some(1), "{node} of {read}");
        }
        if writes {
            effects.extend((1..=2).map(|step| format!("{id}:{step}")));
        }
        assert!(stored.insert(id), "one call led to two executions: {read}");
    }
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let written = written(home);
    for effect in &effects {
        assert!(written.contains_key(effect), "{effect} never happened");
    }
    let again: u32 = written.values().map(|count| count - 1).sum();
    // One effect of each execution that was under way, at most, for each disturbance.
    let under_way = u32::try_from(disturbances).unwrap() * 64;
    assert!(again <= under_way, "{again} effects happened again");
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_01_nothing_acknowledged_is_lost_on_sqlite() {
    survives(Home::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_01_nothing_acknowledged_is_lost_on_postgres() {
    survives(Home::on_postgres()).await;
}
