//! A store that fails by a seed: without faults it keeps every promise, with faults it keeps those of a store that cannot always be reached.

#![cfg(all(feature = "testing", feature = "tokio"))]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

use std::sync::Arc;
use std::time::Duration;

use engine_core::runtime::{Runtime, TokioRuntime};
use engine_core::state::ExecutionStatus;
use engine_core::store::{Commit, Ending, Heartbeat, MemoryStore, Start, Store, StoreError, Stores, Then, Wakeup, WorkerId};
use engine_core::testing::store::{Test, World, chunk};
use engine_core::testing::{Faults, FaultyStore, Simulator};
use futures::StreamExt;
use proptest::prelude::*;

/// A store in memory, its executions behind a faulty one.
fn faulty(runtime: Arc<dyn Runtime>, seed: u64) -> (Arc<FaultyStore>, Stores) {
    let memory = Arc::new(MemoryStore::new(Arc::clone(&runtime)));
    let store = Arc::new(FaultyStore::new(Arc::clone(&memory) as _, runtime, seed));
    let stores = Stores { executions: Arc::clone(&store) as _, ..Stores::of(&memory) };
    (store, stores)
}

fn on_a_faulty_store_without_faults(test: Test) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let (store, stores) = faulty(Arc::new(TokioRuntime::current()), 1);
        test(stores).await;
        assert_eq!(store.failed(), 0);
    });
}

mod without_faults {
    engine_core::store_conformance!(super::on_a_faulty_store_without_faults);
}

/// Calls until the store could be reached.
async fn insist<T, F: Future<Output = Result<T, StoreError>>>(mut call: impl FnMut() -> F) -> T {
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Drives some executions to their end, repeating every call that failed; gives what the store then has of them, and how many calls failed.
fn drive(seed: u64) -> (Vec<(ExecutionStatus, Vec<u32>)>, u64) {
    let simulator = Simulator::new(seed);
    let (store, stores) = faulty(Arc::new(simulator.clone()), seed);
    store.set_faults(Faults::frequent());
    let found = simulator.block_on(async {
        let world = World::new(stores);
        let worker = WorkerId::new(world.uuid());
        let beat = Heartbeat { worker, name: "w".to_owned(), lease_time: Duration::from_hours(1) };
        insist(|| store.heartbeat(beat.clone())).await;
        let mut ids = Vec::new();
        for _ in 0..10 {
            let start = world.execution("w").claimed_by(worker);
            let Start::Created { lease: Some(lease) } = insist(|| store.start(start.clone())).await else { panic!("no lease") };
            for seq in 1..=4 {
                insist(|| store.commit(Commit::append(lease, chunk(seq, "x")))).await;
            }
            let ending = Ending::new(ExecutionStatus::Success, simulator.now());
            let finish = Commit::only(lease, Then::Finish(Box::new(ending))).with_chunk(chunk(5, "end"));
            insist(|| store.commit(finish.clone())).await;
            ids.push(lease.execution);
        }
        store.set_faults(Faults::none());
        store.load(&ids).await.unwrap()
    });
    let found = found.into_iter().map(|stored| (stored.summary.status, stored.journal.iter().map(|chunk| chunk.seq).collect()));
    (found.collect(), store.failed())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Breaks when a failed call leaves half of its work, or repeating one is not harmless: of the wrapper or of the store in memory.
    #[test]
    fn whoever_insists_gets_everything_once(seed: u64) {
        let (found, failed) = drive(seed);
        prop_assert_eq!(found, vec![(ExecutionStatus::Success, vec![0, 1, 2, 3, 4, 5]); 10]);
        prop_assert_eq!(drive(seed).1, failed, "the same seed meets the same faults");
    }
}

/// Breaks when the wrapper injects nothing, so that the property above holds of nothing. One seed may have none in its 60 calls.
#[test]
fn faults_are_injected() {
    assert!((0..8).map(|seed| drive(seed).1).sum::<u64>() > 0);
}

/// Breaks when a call that "fails after" was not made, or one that "fails before" was.
#[test]
fn a_fault_comes_before_or_after_the_work() {
    let simulator = Simulator::new(3);
    let (store, stores) = faulty(Arc::new(simulator.clone()), 3);
    simulator.block_on(async {
        let world = World::new(stores);
        let (lost, late) = (world.execution("w"), world.execution("w"));
        let ids = [lost.header.id, late.header.id];
        store.set_faults(Faults { before: 1000, ..Faults::none() });
        assert!(store.start(lost).await.unwrap_err().is_transient());
        store.set_faults(Faults { after: 1000, ..Faults::none() });
        assert!(store.start(late).await.unwrap_err().is_transient());
        store.set_faults(Faults::none());
        let there: Vec<_> = store.load(&ids).await.unwrap().into_iter().map(|stored| stored.summary.header.id).collect();
        assert_eq!((there, store.failed()), (vec![ids[1]], 2));
    });
}

/// Breaks when delays do not happen, or hints are not lost and doubled.
#[test]
fn calls_are_late_and_hints_are_lost_or_doubled() {
    let simulator = Simulator::new(4);
    let (store, stores) = faulty(Arc::new(simulator.clone()), 4);
    simulator.block_on(async {
        let world = World::new(stores);
        store.set_faults(Faults { delayed: 1000, longest_delay: Duration::from_hours(1), ..Faults::none() });
        let before = simulator.now();
        store.next_due().await.unwrap();
        assert!(simulator.now() > before);

        for (faults, expect) in [(Faults { lost_hints: 1000, ..Faults::none() }, 0), (Faults { doubled_hints: 1000, ..Faults::none() }, 2)] {
            let mut hints = store.wakeups();
            store.set_faults(faults);
            world.start(world.execution("w")).await;
            let mut heard = 0;
            while let Some(Some(hint)) = futures::FutureExt::now_or_never(hints.next()) {
                assert_eq!(hint, Wakeup::Ready);
                heard += 1;
            }
            assert_eq!(heard, expect, "{faults:?}");
        }
    });
}
