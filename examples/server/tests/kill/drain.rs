//! Processes that are asked to end, with nodes that do not (promise 17).

use serde_json::json;
use sqlx::{query_as, query_scalar};

use crate::home::{Home, begin, each_once, ended, runs, two_steps};
use crate::outside::Outside;
use crate::schema::Schema;
use crate::server::{Server, until};

/// Breaks when what is cut off at the end is not handed back, or when that counts as a death: the one death at the end would then be one too many.
async fn ending_spends_no_claim(home: Home) {
    let home = home.with("ENGINE_MAX_CLAIMS", "2").with("ENGINE_DRAIN_TIMEOUT", "100ms");
    let mut outside = Outside::listen().await;
    let mut driver = home.serve("first").await;
    let id = begin(&driver, &two_steps("flow", &outside)).await;
    for _ in 0..3 {
        let _unanswered = outside.called("/flow/one").await;
        let cut_off = tokio::task::spawn_blocking(|| driver.terminate()).await.unwrap();
        assert_eq!(cut_off.code, Some(1), "{cut_off:?}");
        driver = home.help("worker");
    }
    let _unanswered = outside.called("/flow/one").await;
    driver.kill();
    let last = home.serve("last").await;
    outside.called("/flow/one").await.answer().await;
    outside.called("/flow/two").await.answer().await;
    let done = ended(&last, &id).await;
    assert_eq!((&done["status"], runs(&done)), (&json!("success"), each_once()));
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_17_ending_spends_no_claim_on_postgres() {
    ending_spends_no_claim(Home::on_postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_17_ending_spends_no_claim_on_sqlite() {
    ending_spends_no_claim(Home::on_sqlite()).await;
}

/// State, worker and claims of an execution that has not ended.
type Standing = (i16, Option<uuid::Uuid>, i32);

/// Nobody has it, and anybody may.
const READY: i16 = 0;

async fn standing(schema: &Schema, execution: &str) -> Standing {
    let id: uuid::Uuid = execution.parse().unwrap();
    query_as("SELECT state, worker, claims FROM active WHERE id = $1").bind(id).fetch_one(&mut schema.connect().await).await.unwrap()
}

/// Until when a worker counts as alive, in microseconds since 1970.
async fn expires(schema: &Schema, worker: &str) -> i64 {
    let latest = query_scalar("SELECT max(expires) FROM workers WHERE name = $1").bind(worker);
    latest.fetch_one(&mut schema.connect().await).await.unwrap()
}

/// Breaks when a worker that is ending still claims, lets its lease run out, starts another node, or keeps what it has.
#[tokio::test(flavor = "multi_thread")]
async fn inv_17_a_worker_that_is_ending_takes_nothing_new() {
    let (home, mut outside) = (Home::on_postgres(), Outside::listen().await);
    let schema = home.schema.as_ref().unwrap();
    let first = home.serve("first").await;
    let kept = begin(&first, &two_steps("kept", &outside)).await;
    let _unanswered = outside.called("/kept/one").await;
    first.kill();
    let mut ending: Server = home.help("ending");
    let call = outside.called("/kept/one").await;
    let second = home.serve("second").await;
    let new = begin(&second, &two_steps("new", &outside)).await;
    let _unanswered_too = outside.called("/new/one").await;
    ending.ask_to_end();
    second.kill();

    until(async || (standing(schema, &new).await == (READY, None, 1)).then_some(json!(true))).await;
    // Twice the time of a lease, in which it could look for work twenty times.
    let later = expires(schema, "ending").await + 2_000_000;
    until(async || (expires(schema, "ending").await > later).then_some(json!(true))).await;
    assert_eq!(standing(schema, &new).await, (READY, None, 1), "it took something new");
    call.answer().await;
    let ended_well = tokio::task::spawn_blocking(|| ending.wait()).await.unwrap();
    assert_eq!(ended_well.code, Some(0), "{ended_well:?}");
    assert_eq!(standing(schema, &kept).await, (READY, None, 1), "it hands back, and that spends no claim");
    assert!(!outside.was_called_at("/new/one") && !outside.was_called_at("/kept/two"), "it started a node");

    let last = home.serve("last").await;
    outside.called("/new/one").await.answer().await;
    for path in ["/kept/two", "/new/two"] {
        outside.called(path).await.answer().await;
    }
    for id in [&kept, &new] {
        let done = ended(&last, id).await;
        assert_eq!((&done["status"], runs(&done)), (&json!("success"), each_once()));
    }
    assert!(!outside.was_called_at("/kept/one"), "a recorded step was done again");
}
