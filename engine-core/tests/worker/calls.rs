//! Executions that follow from others: repeated ones, error workflows.

use engine_core::execution::ExecutionMode;
use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionFilter, PageRequest, TenantId, VersionNumber};
use engine_core::testing::graph;
use engine_core::worker::RepeatError;

use crate::mortal::Life;
use crate::world::{World, recorded};

#[test]
fn a_failed_execution_is_retried_from_where_it_failed() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("flow", &graph("T trigger -> E1\nE1 effect -> F\nF fail -> E2\nE2 effect")).await;
        let process = world.process(Life::long());
        let id = process.start("flow").await.unwrap();
        assert_eq!(process.result(id).await.status(), ExecutionStatus::Error);
        let again = process.worker.retry(id, None).await.unwrap();
        let result = process.result(again.id).await;
        assert_eq!(result.status(), ExecutionStatus::Error);
        assert_eq!(recorded(&result), [("T", 1), ("E1", 1), ("F", 1)].map(|(node, runs)| (node.to_owned(), runs)).into());
        assert_eq!((world.ledger.count("E1"), world.ledger.count("F")), (1, 2));
        let summary = process.worker.ended(again.id).await.unwrap();
        assert_eq!((summary.header.retry_of, summary.header.mode), (Some(id), ExecutionMode::Retry));
    });
}

#[test]
fn an_execution_is_run_again_from_any_node() {
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("flow", &graph("T trigger -> E1 E3\nE1 effect -> E2\nE2 effect\nE3 effect")).await;
        let process = world.process(Life::long());
        let id = process.start("flow").await.unwrap();
        process.result(id).await;
        assert!(matches!(process.worker.retry(id, None).await, Err(RepeatError::Succeeded(_))));
        assert!(matches!(process.worker.run_again(id, "none", None).await, Err(RepeatError::UnknownNode { .. })));
        let again = process.worker.run_again(id, "E1", None).await.unwrap();
        let result = process.result(again.id).await;
        assert_eq!(recorded(&result).values().sum::<usize>(), 4);
        assert_eq!(["E1", "E2", "E3"].map(|node| world.ledger.count(node)), [2, 2, 1]);
    });
}

#[test]
fn a_failure_starts_the_error_workflow_once_whatever_dies() {
    for moments in 0..24 {
        let world = World::new(moments);
        world.simulator.clone().block_on(async {
            let mut failing = graph("T trigger -> E\nE effect -> F\nF fail");
            failing.settings.error_workflow = Some("rescue".into());
            world.save("failing", &failing).await;
            world.save("rescue", &graph("T trigger -> N\nN effect")).await;
            let first = world.process(Life::of(i64::try_from(moments).unwrap()));
            let Some(id) = first.start("failing").await else { return };
            let second = world.process(Life::long());
            assert_eq!(second.worker.ended(id).await.unwrap().status, ExecutionStatus::Error);
            world.pass(std::time::Duration::from_mins(3)).await;
            let filter = ExecutionFilter { workflow: Some("rescue".into()), ..ExecutionFilter::default() };
            let rescues = world.stores.query.executions(&filter, PageRequest::first(9)).await.unwrap().items;
            assert_eq!(rescues.len(), 1, "death after {moments} moments");
            assert_eq!((rescues[0].status, rescues[0].header.mode), (ExecutionStatus::Success, ExecutionMode::Error));
            let result = second.result(rescues[0].header.id).await;
            assert_eq!(result.items("T")[0].json()["execution"]["error"]["node"]["name"], "F");
        });
    }
}

#[test]
fn inv_15_a_schedule_fires_each_slot_once_whoever_looks() {
    let world = World::new(4);
    world.simulator.clone().block_on(async {
        world.save("hourly", &graph("S hourly -> E\nE effect")).await;
        let processes = [world.process(Life::long()), world.process(Life::long()), world.process(Life::long())];
        let workflow = "hourly".into();
        processes[0].worker.activate(&TenantId::default(), &workflow, VersionNumber(1)).await.unwrap();
        world.pass(std::time::Duration::from_mins(181)).await;
        assert_eq!(world.ledger.count("E"), 3);
        processes[1].worker.deactivate(&TenantId::default(), &workflow).await.unwrap();
        world.pass(std::time::Duration::from_hours(3)).await;
        assert_eq!(world.ledger.count("E"), 3, "it was switched off");
    });
}
