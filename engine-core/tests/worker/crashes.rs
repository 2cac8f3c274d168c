//! Deaths at every moment around every call of the store.

use engine_core::state::ExecutionStatus;
use engine_core::store::{Heartbeat, Rescue};
use engine_core::testing::graph;

use crate::mortal::Life;
use crate::world::{World, recorded};

/// A workflow of effects, with the runs that its journal must show, each once.
fn survives(workflow: &str, runs: &[(&str, usize)]) {
    let mut died = 0;
    for moments in 0..60 {
        let world = World::new(moments);
        world.simulator.clone().block_on(async {
            world.save("flow", &graph(workflow)).await;
            let first = world.process(Life::of(i64::try_from(moments).unwrap()));
            let acknowledged = first.start("flow").await;
            let second = world.process(Life::long());
            let Some(id) = acknowledged else {
                died += 1;
                return;
            };
            let result = second.result(id).await;
            died += u64::from(first.life.is_over());
            assert_eq!(result.status(), ExecutionStatus::Success, "death after {moments} moments");
            let recorded = recorded(&result);
            let expected = runs.iter().map(|(node, count)| ((*node).to_owned(), *count)).collect();
            assert_eq!(recorded, expected, "death after {moments} moments");
            // Each effect happened, and none twice but the one that was under way at the death.
            let effects: Vec<_> = runs.iter().filter(|(node, _)| node.starts_with('E')).collect();
            let again: u64 = effects.iter().map(|(node, count)| world.ledger.count(node) - u64::try_from(*count).unwrap()).sum();
            assert!(again <= 1, "death after {moments} moments: {again} effects happened again");
        });
    }
    assert!(died > 5, "the deaths reach into the workflow: {died}");
}

#[test]
fn inv_03_a_chain_of_effects_survives_every_death() {
    survives("T trigger -> E1\nE1 effect -> E2\nE2 effect -> A\nA tag -> E3\nE3 effect", &[("T", 1), ("E1", 1), ("E2", 1), ("A", 1), ("E3", 1)]);
}

#[test]
fn inv_03_a_loop_with_effects_survives_every_death() {
    survives("T trigger -> L\nL loop -> D | E1\nE1 effect -> L\nD tag", &[("T", 1), ("L", 2), ("E1", 1), ("D", 1)]);
}

#[test]
fn inv_14_a_wait_survives_every_death() {
    survives("T trigger -> E1\nE1 effect -> W\nW wait -> E2\nE2 effect", &[("T", 1), ("E1", 1), ("W", 1), ("E2", 1)]);
}

#[test]
fn inv_12_branches_and_their_join_survive_every_death() {
    let workflow = "T trigger -> A B\nA tag -> M\nB tag -> E1\nE1 effect -> M:1\nM merge -> E2\nE2 effect";
    survives(workflow, &[("T", 1), ("A", 1), ("B", 1), ("E1", 1), ("M", 1), ("E2", 1)]);
}

#[test]
fn inv_05_a_worker_that_slept_past_its_lease_changes_nothing() {
    // The first worker is stopped before a commit, another one takes over and ends the execution; then the first one goes on.
    let world = World::new(1);
    world.simulator.clone().block_on(async {
        world.save("flow", &graph("T trigger -> E1\nE1 effect -> S\nS slow -> E2\nE2 effect")).await;
        let first = world.process(Life::long());
        let id = first.start("flow").await.unwrap();
        world.pass(std::time::Duration::from_millis(500)).await;
        // Taken away, as after a lease that ran out.
        world.stores.executions.leave(first.worker.id()).await.unwrap();
        let second = world.process(Life::long());
        let result = second.result(id).await;
        world.pass(std::time::Duration::from_mins(1)).await;
        assert_eq!(result.status(), ExecutionStatus::Success);
        assert_eq!(recorded(&second.worker.read(id).await.unwrap().result.unwrap()), recorded(&result), "a late write changed something");
        assert!(recorded(&result).values().all(|count| *count == 1));
        assert_eq!(world.ledger.count("E2"), 1, "the first worker was fenced off before its next effect");
        assert_eq!(first.worker.driving(), 0, "it stopped");
    });
}

/// Wrong: going on with what others drive now until the next write, which may never come; and dropping what nobody took.
#[test]
fn inv_05_a_worker_that_was_lost_stops_what_was_taken_and_keeps_the_rest() {
    let world = World::new(4);
    world.simulator.clone().block_on(async {
        world.save("never", &graph("T trigger -> E\nE effect -> N\nN never")).await;
        let (lost, other) = (world.process(Life::long()), world.process(Life::long()));
        for _ in 0..2 {
            lost.start("never").await.unwrap();
        }
        world.pass(std::time::Duration::from_millis(500)).await;
        assert_eq!((lost.worker.driving(), other.worker.driving()), (2, 0));
        // Its lease runs out, and one of its executions is given to the other one before it comes back.
        let silence = Heartbeat { worker: lost.worker.id(), name: "lost".to_owned(), lease_time: std::time::Duration::ZERO };
        world.stores.executions.heartbeat(silence).await.unwrap();
        let rescued = world.stores.executions.rescue(Rescue { max_claims: 5, limit: 1 }).await.unwrap();
        assert_eq!(rescued.released.len(), 1);
        world.pass(std::time::Duration::from_mins(2)).await;
        assert_eq!((lost.worker.driving(), other.worker.driving()), (1, 1), "each is driven once");
        assert_eq!(*world.lost.lock().unwrap(), [1], "it said so once");
    });
}

#[test]
fn inv_08_an_execution_that_gets_on_is_not_taken_for_poison() {
    // Nine nodes of a second each, and a worker that dies in each of the first eight.
    let world = World::new(3);
    world.simulator.clone().block_on(async {
        let mut lines = vec!["T trigger -> S0".to_owned()];
        lines.extend(
            (0..9).map(|node| {
                format!("S{node} slow -> E{node}\nE{node} effect{}", if node < 8 { format!(" -> S{}", node + 1) } else { String::new() })
            }),
        );
        world.save("long", &graph(&lines.join("\n"))).await;
        let mut process = world.process(Life::long());
        let id = process.start("long").await.unwrap();
        for node in 0..8 {
            // At most ten minutes: one that was given up gets nowhere.
            for _ in 0..6000 {
                if world.ledger.count(&format!("E{node}")) > 0 {
                    break;
                }
                world.pass(std::time::Duration::from_millis(100)).await;
            }
            process.life.end();
            process = world.process(Life::long());
        }
        assert_eq!(process.result(id).await.status(), ExecutionStatus::Success);
    });
}

#[test]
fn inv_08_a_poisonous_execution_is_given_up_and_its_neighbours_go_on() {
    let world = World::new(2);
    world.simulator.clone().block_on(async {
        world.save("poison", &graph("T trigger -> N\nN never")).await;
        world.save("fine", &graph("T trigger -> E\nE effect")).await;
        let mut process = world.process(Life::long());
        let poison = process.start("poison").await.unwrap();
        for _ in 0..6 {
            world.pass(std::time::Duration::from_secs(5)).await;
            process.life.end();
            process = world.process(Life::long());
            world.pass(std::time::Duration::from_mins(1)).await;
        }
        let fine = process.start("fine").await.unwrap();
        assert_eq!(process.worker.ended(fine).await.unwrap().status, ExecutionStatus::Success);
        assert_eq!(process.worker.ended(poison).await.unwrap().status, ExecutionStatus::Crashed);
    });
}
