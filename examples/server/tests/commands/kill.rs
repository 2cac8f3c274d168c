//! SIGKILL in the middle of many executions, on each kind of database.

use serde_json::{Value, json};

use crate::fleet::{Schema, calling, store, until};
use crate::outside::Outside;
use crate::server::{Place, Server, answer};

/// So many executions are started at once.
const STARTS: usize = 24;

/// Kills the server while half of the executions have had their effect, and wants the end of every one whose start was acknowledged.
async fn check(server: Server, again: impl AsyncFnOnce() -> Server) {
    let mut outside = Outside::listen().await;
    let by_hand = json!({"name": "Begin", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}});
    let workflow = store(&server, &calling(&by_hand, &outside.url("/effect"))).await;
    let start = || server.post(&format!("/api/v1/workflows/{workflow}/executions"), &json!({}));
    let mut acknowledged = vec![answer(start(), 202).await["id"].clone()];
    let starting: Vec<_> = (1..STARTS).map(|_| tokio::spawn(start().send())).collect();
    for _ in 0..STARTS / 2 {
        outside.called("/effect").await.answer().await;
    }
    server.kill();
    for started in starting {
        // An answer that did not arrive promises nothing.
        let Ok(answer) = started.await.unwrap() else { continue };
        if let Ok(execution) = answer.json::<Value>().await {
            acknowledged.push(execution["id"].clone());
        }
    }
    let server = again().await;
    let answering = tokio::spawn(async move {
        loop {
            outside.called("/effect").await.answer().await;
        }
    });
    for id in acknowledged {
        let path = format!("/api/v1/executions/{}", id.as_str().unwrap());
        let ended = until(async || {
            let found = answer(server.get(&path), 200).await;
            (found["finished"] == true).then_some(found)
        });
        assert_eq!(ended.await["status"], "success");
    }
    answering.abort();
}

#[tokio::test]
async fn on_sqlite_every_acknowledged_start_ends_after_a_kill() {
    let place = Place::new().with("ENGINE_NETWORK_ALLOW", "127.0.0.1").with("ENGINE_LEASE_TIME", "1s");
    check(place.signed_in(&[]).await, async || place.signed_in(&[]).await).await;
}

#[tokio::test]
async fn on_postgres_every_acknowledged_start_ends_after_a_kill() {
    let schema = Schema::new();
    check(schema.server("first").await, async || schema.server("second").await).await;
}
