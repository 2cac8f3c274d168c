//! What the store on Postgres does when the database, or the way to it, fails.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine_core::model::ExecutionId;
use engine_core::state::ExecutionStatus;
use engine_core::store::{Commit, Ending, Start, Store, StoreError, Stores, Then, Wakeup, WorkerId};
use engine_core::testing::store::{World, chunk};
use engine_store_sqlx::{PostgresOptions, PostgresStore};
use futures::future::join_all;
use futures::{StreamExt, stream};
use sqlx::postgres::PgListener;
use sqlx::{Executor, PgConnection, Row, query};
use support::proxy::{Proxy, Way};
use support::{Schema, connect, run, url};
use tokio::time::{Instant, timeout};

const SOON: Duration = Duration::from_mins(1);

async fn inside(schema: &Schema) -> PgConnection {
    let mut connection = connect().await;
    query("SELECT set_config('search_path', $1, false)").bind(&schema.0).execute(&mut connection).await.unwrap();
    connection
}

/// Runs one execution of three steps; gives it once its start was acknowledged.
async fn drive(world: &World, worker: WorkerId, acknowledged: &AtomicUsize) -> Option<ExecutionId> {
    let store = &world.stores.executions;
    let Ok(Start::Created { lease: Some(lease) }) = store.start(world.execution("w").claimed_by(worker)).await else { return None };
    acknowledged.fetch_add(1, Ordering::Relaxed);
    let ending = Ending::new(ExecutionStatus::Success, engine_core::model::Timestamp::from_micros(1));
    for commit in [
        Commit::append(lease, chunk(1, "one")),
        Commit::append(lease, chunk(2, "two")),
        Commit::only(lease, Then::Finish(Box::new(ending))).with_chunk(chunk(3, "end")),
    ] {
        store.commit(commit).await.unwrap_or_else(|error| panic!("a commit under a lease that is held fails for good: {error:?}"));
    }
    Some(lease.execution)
}

/// Breaks when a connection that dies in silence on its way back to the pool is waited for without end: nobody else could have its place, and all writes would fail.
#[test]
fn inv_18_a_connection_that_is_lost_when_it_is_given_back_leaves_its_place() {
    // On one thread the pool asks the connection only after the fault has begun.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (schema, proxy) = (Schema::new(), Proxy::before(&url()).await);
        let options = PostgresOptions::new(&proxy.url).schema(&schema.0).connections(2).writers(1).statement_timeout(Duration::from_millis(500));
        let store = PostgresStore::open(options).await.unwrap();
        let world = World::new(Stores::of(&Arc::new(store.clone())));
        let worker = world.worker().await;
        for _ in 0..3 {
            store.start(world.execution("w").claimed_by(worker)).await.unwrap();
            proxy.set(Way::Swallowing);
            store.next_due().await.unwrap_err();
            proxy.set(Way::Open);
            timeout(SOON, store.start(world.execution("w").claimed_by(worker))).await.unwrap().unwrap();
        }
        store.close().await;
    });
}

/// Breaks when an acknowledged start is lost with its connection, a commit is made twice, or somebody has to help the store up again.
#[test]
fn inv_18_terminated_backends_lose_nothing() {
    run(async {
        let schema = Schema::new();
        let proxy = Proxy::before(&url()).await;
        let store = PostgresStore::open(PostgresOptions::new(&proxy.url).schema(&schema.0).connections(4).writers(4)).await.unwrap();
        let world = World::new(Stores::of(&Arc::new(store.clone())));
        let worker = world.worker().await;
        let acknowledged = AtomicUsize::new(0);
        let load = stream::iter(0..600).map(|_| drive(&world, worker, &acknowledged)).buffer_unordered(40).collect::<Vec<_>>();
        let murder = async {
            let mut connection = connect().await;
            let mut killed = 0;
            for round in 1..=5 {
                while acknowledged.load(Ordering::Relaxed) < round * 100 {
                    tokio::task::yield_now().await;
                }
                let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ANY($1)";
                killed += connection.fetch_all(query(kill).bind(proxy.ports())).await.unwrap().len();
            }
            killed
        };
        let (driven, killed) = timeout(Duration::from_mins(2), futures::future::join(load, murder)).await.expect("the store stands still");
        assert!(killed >= 5, "only {killed} connections were cut");
        let driven: Vec<ExecutionId> = driven.into_iter().flatten().collect();
        assert_eq!(driven.len(), 600, "each start was acknowledged, if need be after some tries");
        let stored = world.stores.executions.load(&driven).await.unwrap();
        let is_whole = |journal: &[engine_core::store::Chunk]| journal.iter().map(|chunk| chunk.seq).eq(0..4);
        assert!(stored.iter().all(|stored| stored.summary.status == ExecutionStatus::Success && is_whole(&stored.journal)));
        assert_eq!(stored.len(), driven.iter().collect::<HashSet<_>>().len());
        store.close().await;
    });
}

/// Breaks when a call waits for ever for a connection that swallows everything, or the store does not find a new one.
#[test]
fn inv_18_a_stalled_connection_meets_its_time_limit() {
    run(async {
        let schema = Schema::new();
        let proxy = Proxy::before(&url()).await;
        let options = PostgresOptions::new(&proxy.url).schema(&schema.0).connections(3).writers(2);
        let store = PostgresStore::open(options.statement_timeout(Duration::from_millis(1500)).patience(Duration::ZERO)).await.unwrap();
        let world = World::new(Stores::of(&Arc::new(store.clone())));
        let worker = world.worker().await;
        let first = world.driven(worker).await;
        proxy.set(Way::Swallowing);
        let before = Instant::now();
        let start = world.execution("w");
        let (started, committed, due) =
            futures::join!(store.start(start.clone()), world.commit(Commit::append(first, chunk(1, "x"))), store.next_due());
        for error in [started.unwrap_err(), committed.unwrap_err(), due.unwrap_err()] {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        }
        assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
        proxy.set(Way::Open);
        let healed = async {
            while store.start(start.clone()).await.is_err() {}
            while world.commit(Commit::append(first, chunk(1, "x"))).await.is_err() {}
            while store.next_due().await.is_err() {}
        };
        timeout(SOON, healed).await.expect("the store does not find its way back");
        assert_eq!(world.load(first.execution).await.journal.len(), 2);
    });
}

/// Breaks when a write looks at the epoch first and waits for the row then: a rescue that comes in between must not be overlooked.
#[test]
fn inv_05_a_write_that_waited_for_a_rescue_is_fenced() {
    run(async {
        let schema = Schema::new();
        let store = schema.open().await;
        let world = World::new(Stores::of(&Arc::new(store.clone())));
        let worker = world.worker().await;
        for opened in
            [vec![], vec![engine_core::store::ResumePoint { token: "t".into(), node: "n".into(), run: 0, options: serde_json::Value::Null }]]
        {
            let lease = world.driven(worker).await;
            let mut rescuer = inside(&schema).await;
            rescuer.execute("BEGIN; UPDATE active SET state = 0, worker = NULL, epoch = epoch + 1 WHERE state = 1").await.unwrap();
            let late = Commit { opened, ..Commit::append(lease, chunk(1, "late")) };
            let committing = tokio::spawn({
                let store = store.clone();
                async move { store.commit(late).await }
            });
            let waits = "SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid WHERE NOT l.granted AND pg_blocking_pids(a.pid) @> ARRAY[$1]";
            let mut watcher = connect().await;
            let rescuer_pid: i32 = query("SELECT pg_backend_pid()").fetch_one(&mut rescuer).await.unwrap().get(0);
            while query(waits).bind(rescuer_pid).fetch_one(&mut watcher).await.unwrap().get::<i64, _>(0) == 0 {}
            rescuer.execute("COMMIT").await.unwrap();
            let answer = committing.await.unwrap();
            assert!(matches!(answer, Err(StoreError::Fenced(_))), "{answer:?}");
            assert_eq!(world.load(lease.execution).await.journal.len(), 1);
            let again = world.claim(worker, 9).await;
            assert_eq!(again.len(), 1);
            world.finish(again[0].lease).await;
        }
    });
}

/// Breaks when callers that find no connection wait for ever, or a store that had none stays without.
#[test]
fn inv_18_an_exhausted_pool_refuses_and_recovers() {
    run(async {
        let schema = Schema::new();
        let options = PostgresOptions::new(url()).schema(&schema.0).connections(2).writers(1);
        let store = PostgresStore::open(options.statement_timeout(Duration::from_millis(1500)).patience(Duration::ZERO)).await.unwrap();
        let world = World::new(Stores::of(&Arc::new(store.clone())));
        world.start_many("w", 3).await;
        assert!(join_all((0..30).map(|_| store.next_due())).await.iter().all(Result::is_ok), "waiting for one's turn is no failure");

        let mut blocker = inside(&schema).await;
        blocker.execute("BEGIN; LOCK TABLE active IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let (reads, writes) = futures::join!(
            timeout(SOON, join_all((0..10).map(|_| store.next_due()))),
            timeout(SOON, join_all((0..10).map(|_| store.start(world.execution("w")))))
        );
        assert!(reads.expect("reads wait for ever").iter().all(|read| matches!(read, Err(StoreError::Unavailable(_)))));
        assert!(writes.expect("writes wait for ever").iter().all(|write| matches!(write, Err(StoreError::Unavailable(_)))));
        blocker.execute("ROLLBACK").await.unwrap();
        let healed = async { while store.next_due().await.is_err() || store.start(world.execution("w")).await.is_err() {} };
        timeout(SOON, healed).await.expect("the store stays without connections");
    });
}

/// Breaks when hints are sent one by one, do not reach another process, or work waits for one that was lost.
#[test]
fn inv_20_hints_cost_only_time() {
    run(async {
        let schema = Schema::new();
        let (here, there) = (schema.open().await, schema.open().await);
        let channel = format!("engine_wakeups_{}", schema.0);
        let mut counter = PgListener::connect(&url()).await.unwrap();
        counter.listen(&channel).await.unwrap();
        let mut hints = there.wakeups();
        let world = World::new(Stores::of(&Arc::new(here.clone())));
        let before = Instant::now();
        join_all((0..300).map(|_| async { world.start(world.execution("w")).await })).await;
        // The other process hears of it, sooner or later.
        while timeout(SOON, hints.next()).await.expect("no hint came from another process") != Some(Wakeup::Ready) {}
        let mut heard = 0_u128;
        while timeout(Duration::from_millis(500), counter.recv()).await.is_ok() {
            heard += 1;
        }
        let most = before.elapsed().as_millis() / 50 * 3 + 3;
        assert!(heard <= most && heard < 100, "{heard} hints for 300 starts");

        // Doubled hints, and none: the work is there once, for whoever looks.
        let mut connection = connect().await;
        for _ in 0..10 {
            query("SELECT pg_notify($1, 'ready')").bind(&channel).execute(&mut connection).await.unwrap();
        }
        query("SELECT pg_notify($1, 'no such hint')").bind(&channel).execute(&mut connection).await.unwrap();
        let other = World::new(Stores::of(&Arc::new(there.clone())));
        let worker = other.worker().await;
        let claimed: HashSet<_> = other.claim_ids(worker, 1000).await.into_iter().collect();
        assert_eq!((claimed.len(), other.claim_ids(worker, 1000).await.len()), (300, 0));
        here.close().await;
        there.close().await;
    });
}
