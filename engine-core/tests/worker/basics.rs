use std::sync::Arc;
use std::time::Duration;

use engine_core::driver::ExecutionResult;
use engine_core::model::{Durability, Timestamp};
use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionFilter, PageRequest};
use engine_core::testing::graph;
use engine_core::worker::{Driven, LaunchError};

use crate::mortal::Life;
use crate::world::{World, recorded};

/// When the first run of a node began.
fn begin_of(result: &ExecutionResult, node: &str) -> Timestamp {
    result.nodes().iter().find(|runs| &*runs.name == node).unwrap().runs[0].started
}

const CHAIN: &str = "T trigger -> A\nA tag -> B\nB effect -> C\nC tag";

#[test]
fn an_execution_runs_and_is_recorded() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("chain", &graph(CHAIN)).await;
        let process = world.process(Life::long());
        let id = process.start("chain").await.unwrap();
        let result = process.result(id).await;
        assert_eq!(result.status(), ExecutionStatus::Success);
        assert_eq!(result.items("C")[0].json()["path"], serde_json::json!(["A", "B", "C"]));
        assert_eq!(recorded(&result).len(), 4);
        assert_eq!(process.worker.driving(), 0);
    });
}

/// Breaks when a process drives what it has no room for, or gives that room back while it drives on.
#[test]
fn what_is_queued_is_driven_by_whoever_has_room() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("slow", &graph("T trigger -> S\nS slow")).await;
        let process = world.process(Life::long());
        for queued in [false, true] {
            let room = Arc::new(());
            let launch = process.launch("slow").await.with(|launch| (launch.queued, launch.held) = (queued, Some(Arc::clone(&room) as _)));
            let id = process.worker.start(launch).await.unwrap().id;
            assert_eq!(Arc::strong_count(&room) > 1, !queued, "what is driven here holds its room");
            assert_eq!(process.result(id).await.status(), ExecutionStatus::Success);
            world.pass(Duration::from_millis(1)).await;
            assert_eq!(Arc::strong_count(&room), 1);
        }
    });
}

#[test]
fn what_has_no_effects_is_recorded_once() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("pure", &graph("T trigger -> A\nA tag -> B\nB tag")).await;
        // Before and after one call: a second one would be its death.
        let process = world.process(Life::of(2));
        let launch = process.launch("pure").await;
        let Driven::Ended(result) = process.worker.execute(launch).await.unwrap() else { panic!("it ends here") };
        let stored = process.worker.read(result.id()).await.unwrap();
        assert_eq!(stored.summary.status, ExecutionStatus::Success);
        assert_eq!(recorded(&stored.result.unwrap()), recorded(&result));
    });
}

#[test]
fn nothing_is_stored_of_what_says_so() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        let mut workflow = graph(CHAIN);
        workflow.settings.durability = Some(Durability::Memory);
        world.save("fleeting", &workflow).await;
        let mut kept = graph(CHAIN);
        kept.settings.durability = Some(Durability::Result);
        world.save("kept", &kept).await;
        let process = world.process(Life::of(2));
        for name in ["fleeting", "kept"] {
            let launch = process.launch(name).await;
            assert!(matches!(process.worker.execute(launch).await.unwrap(), Driven::Ended(_)));
        }
        let listed = world.stores.query.executions(&ExecutionFilter::default(), PageRequest::first(9)).await.unwrap();
        assert_eq!(listed.items.iter().map(|execution| execution.header.workflow.as_str()).collect::<Vec<_>>(), ["kept"]);
    });
}

#[test]
fn inv_14_a_wait_costs_no_memory_and_is_never_early() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("wait", &graph("T trigger -> W\nW wait -> C\nC effect")).await;
        let process = world.process(Life::long());
        let begun = process.worker.engine().runtime().now();
        let id = process.start("wait").await.unwrap();
        world.pass(Duration::from_mins(1)).await;
        assert_eq!(process.worker.driving(), 0, "it lies in the store");
        process.life.end();
        let other = world.process(Life::long());
        let result = other.result(id).await;
        assert_eq!(result.status(), ExecutionStatus::Success);
        let waited = begin_of(&result, "C").since(begun);
        assert!(waited >= Duration::from_hours(1) && waited < Duration::from_mins(61), "{waited:?}");
    });
}

#[test]
fn inv_07_only_the_stores_clock_counts() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("wait", &graph("T trigger -> W\nW wait -> C\nC tag")).await;
        let fast = world.skewed(Life::long(), Duration::from_hours(24));
        let slow = world.process(Life::long());
        let begun = slow.worker.engine().runtime().now();
        for process in [&fast, &slow] {
            let id = process.start("wait").await.unwrap();
            let result = process.result(id).await;
            assert!(begin_of(&result, "C").since(begun) < Duration::from_hours(3), "the store's time is recorded");
        }
        let passed = slow.worker.engine().runtime().now().since(begun);
        assert!(passed >= Duration::from_hours(2) && passed < Duration::from_hours(3), "{passed:?}");
    });
}

#[test]
fn inv_17_drain_hands_back_and_takes_nothing_new() {
    let world = World::new(3);
    world.simulator.clone().block_on(async {
        world.save("slow", &graph("T trigger -> A\nA slow -> B\nB slow -> C\nC slow")).await;
        let process = world.process(Life::long());
        let id = process.start("slow").await.unwrap();
        world.pass(Duration::from_millis(500)).await;
        assert_eq!(process.worker.drain(Duration::from_secs(30)).await, 0, "the running node ends, no other begins");
        let launch = process.launch("slow").await;
        assert!(matches!(process.worker.start(launch).await, Err(LaunchError::Ending)));
        assert_eq!((world.ledger.count("A"), world.ledger.count("B")), (1, 0));
        let other = world.process(Life::long());
        let result = other.result(id).await;
        assert_eq!(result.status(), ExecutionStatus::Success);
        assert_eq!(world.ledger.total(), 4, "nothing ran twice");
    });
}
