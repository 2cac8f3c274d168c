//! A database that goes away and comes back, under a server and a worker that are left alone (promise 18).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sqlx::query;

use crate::chance::{Chance, pass};
use crate::home::Home;
use crate::ledger::{Clients, check, furnish};
use crate::proxy::{Proxy, Way};
use crate::server::until;

/// Breaks when a process has to be started anew after a fault, when a connection that swallows is waited for without end, or when what was acknowledged goes with it.
#[tokio::test(flavor = "multi_thread")]
async fn inv_18_processes_outlive_faults_of_the_database() {
    let (mut chance, rounds) = Chance::and_rounds();
    let home = Home::on_postgres();
    let proxy = Proxy::before(&home.schema.as_ref().unwrap().url).await;
    let home = furnish(home.with("DATABASE_URL", &proxy.url).with("ENGINE_DATABASE_STATEMENT_TIMEOUT", "1s").with("ENGINE_MAX_CLAIMS", "1000"));
    let mut server = home.of("server").serve(&["--workflows", "flows"]);
    server.sign_in("ada@example.com", "correct horse battery").await;
    let worker = home.help("worker");
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    for round in 0..rounds {
        let clients = Clients::begin(&server.url, round, &acknowledged);
        chance.pass_a_while().await;
        if round % 2 == 0 {
            let end = query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ANY($1)").bind(proxy.ports());
            end.execute(&mut home.schema.as_ref().unwrap().connect().await).await.unwrap();
        } else {
            proxy.set(Way::Swallowing);
            pass(Duration::from_millis(500 + chance.below(1500))).await;
            proxy.set(Way::Open);
        }
        clients.end().await;
        let tries = AtomicU32::new(0);
        let healed = async || {
            let body = json!({"id": format!("after {round}, {}", tries.fetch_add(1, Ordering::Relaxed))});
            server.post("/webhook/computes", &body).send().await.is_ok_and(|answer| answer.status() == 200).then_some(json!(true))
        };
        until(healed).await;
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    eprintln!("{} acknowledged, {rounds} faults", acknowledged.len());
    check((&home, &server), &acknowledged, rounds).await;
    for process in [server, worker] {
        let ended = tokio::task::spawn_blocking(|| process.terminate()).await.unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}
