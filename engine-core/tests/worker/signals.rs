use std::time::Duration;

use engine_core::model::ExecutionId;
use engine_core::state::ExecutionStatus;
use engine_core::store::{Signal, SignalKind, SignalOutcome};
use engine_core::testing::graph;

use crate::mortal::Life;
use crate::world::{Process, World};

async fn send(process: &Process, execution: ExecutionId, request: &str, kind: SignalKind) -> SignalOutcome {
    process.worker.signal(Signal { execution, request: request.into(), kind }).await.unwrap()
}

#[test]
fn inv_11_cancel_reaches_a_running_node_wherever_it_runs() {
    for seed in 0..10 {
        let world = World::new(seed);
        world.simulator.clone().block_on(async {
            world.save("never", &graph("T trigger -> N\nN never -> E\nE effect")).await;
            let (driver, other) = (world.process(Life::long()), world.process(Life::long()));
            let id = driver.start("never").await.unwrap();
            world.pass(Duration::from_secs(3)).await;
            assert_eq!(send(&other, id, "c", SignalKind::Cancel).await, SignalOutcome::Sent);
            assert_eq!(other.worker.ended(id).await.unwrap().status, ExecutionStatus::Canceled);
            assert_eq!(world.ledger.count("E"), 0);
            assert_eq!(send(&other, id, "d", SignalKind::Resume).await, SignalOutcome::Ended, "a final state is final");
        });
    }
}

#[test]
fn inv_10_a_paused_execution_starts_nothing_until_it_is_resumed() {
    for seed in 0..20 {
        // Days pass: whoever looks each second looks often.
        let world = World { poll: Duration::from_mins(10), ..World::new(seed) };
        world.simulator.clone().block_on(async {
            world.save("flow", &graph("T trigger -> A\nA slow -> B\nB effect -> C\nC slow -> W\nW wait -> E\nE effect")).await;
            let process = world.process(Life::long());
            let id = process.start("flow").await.unwrap();
            world.pass(Duration::from_millis(seed * 150)).await;
            send(&process, id, "p", SignalKind::Pause).await;
            world.pass(Duration::from_secs(2)).await;
            let before = world.ledger.total();
            assert_eq!(process.worker.driving(), 0, "seed {seed}: it lies in the store");
            world.pass(Duration::from_hours(240)).await;
            assert_eq!(world.ledger.total(), before, "seed {seed}: something started");
            assert_eq!(send(&process, id, "p", SignalKind::Pause).await, SignalOutcome::Repeated);
            send(&process, id, "r", SignalKind::Resume).await;
            send(&process, id, "p", SignalKind::Pause).await;
            assert_eq!(process.worker.ended(id).await.unwrap().status, ExecutionStatus::Success, "seed {seed}");
            assert_eq!(world.ledger.total(), 6, "seed {seed}: each node ran once");
        });
    }
}
