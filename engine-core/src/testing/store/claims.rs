//! Claiming, limits, and rescue.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;

use super::{LONG, World, chunk};
use crate::model::ExecutionId;
use crate::state::ExecutionStatus;
use crate::store::{Claim, Commit, Epoch, LimitScope, Rescue, SignalKind, Start, StartExecution, StoreError, TenantId, Then, WorkerId};

/// Breaks when a claim reads and takes in two steps that another claim can come between.
pub async fn no_two_claims_get_the_same_execution(world: World) {
    let started: HashSet<_> = world.start_many("w", 60).await.into_iter().collect();
    let mut workers = Vec::new();
    for _ in 0..6 {
        workers.push(world.worker().await);
    }
    let mut claimed = Vec::new();
    while claimed.len() < started.len() {
        let before = claimed.len();
        claimed.extend(join_all(workers.iter().map(|worker| world.claim_ids(*worker, 4))).await.concat());
        assert!(claimed.len() > before, "nothing was claimed though something is ready");
    }
    assert_eq!(claimed.len(), started.len());
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), started);
    assert!(world.claim(workers[0], 10).await.is_empty());
}

/// Breaks when the order of the queue is another one.
pub async fn higher_priority_goes_first_then_the_older(world: World) {
    let mut ids = Vec::new();
    for priority in [0, 5, -3, 5, 0] {
        ids.push(world.start(StartExecution { priority, ..world.execution("w") }).await);
    }
    let worker = world.worker().await;
    let first = world.claim_ids(worker, 2).await;
    let rest = world.claim_ids(worker, 10).await;
    assert_eq!([first, rest].concat(), [1, 3, 0, 4, 2].map(|index| ids[index]));
}

/// Breaks when the tenant with the longer queue is served first, or the one with the older work each time.
pub async fn inv_22_tenants_take_turns(world: World) {
    let of = |tenant: &str| {
        let mut start = world.execution("w");
        start.header.tenant = TenantId::from(tenant);
        start
    };
    let mut of_b = HashSet::new();
    for _ in 0..200 {
        world.start(of("a")).await;
    }
    for _ in 0..3 {
        of_b.insert(world.start(of("b")).await);
    }
    let worker = world.worker().await;
    let mut waited = 0;
    while !of_b.is_empty() {
        for claimed in world.claim(worker, 1).await {
            of_b.remove(&claimed.header.id);
            world.finish(claimed.lease).await;
        }
        waited += 1;
        assert!(waited <= 6, "tenant b still waits after {waited} claims");
    }
    let batch = world.claim(worker, 10).await;
    assert_eq!(batch.len(), 10);
}

/// Breaks when a claim counts before it locks, counts only one scope, or lets what is blocked hide what is not.
pub async fn inv_21_limits_are_never_exceeded_and_never_leak(world: World) {
    let store = &world.stores.executions;
    store.set_limit(LimitScope::Workflow("limited".into()), Some(2)).await.unwrap();
    store.set_limit(LimitScope::Key("k".to_owned()), Some(1)).await.unwrap();
    world.start_many("limited", 30).await;
    for _ in 0..5 {
        world.start(StartExecution { concurrency_key: Some("k".to_owned()), ..world.execution("keyed") }).await;
    }
    world.start_many("free", 2).await;
    let mut workers = Vec::new();
    for _ in 0..4 {
        workers.push(world.worker().await);
    }
    let mut held = Vec::new();
    for _ in 0..4 {
        held.extend(join_all(workers.iter().map(|worker| world.claim(*worker, 20))).await.concat());
    }
    let count = |workflow: &str| held.iter().filter(|claimed| claimed.header.workflow.as_str() == workflow).count();
    assert_eq!((count("limited"), count("keyed"), count("free")), (2, 1, 2));

    // Whatever ends a lease makes room for exactly one.
    let limited: Vec<_> = held.iter().filter(|claimed| claimed.header.workflow.as_str() == "limited").map(|claimed| claimed.lease).collect();
    world.finish(limited[0]).await;
    world.then(limited[1], Then::Wait { due: None }).await;
    assert_eq!(world.claim(workers[0], 20).await.len(), 2);
    for worker in workers {
        world.lose(worker).await;
    }
    world.rescue(10).await;
    let worker = world.worker().await;
    assert_eq!(world.claim(worker, 20).await.len(), 5);
    store.set_limit(LimitScope::Workflow("limited".into()), None).await.unwrap();
    assert_eq!(world.claim(worker, 100).await.len(), 26);
}

/// Breaks when a direct start goes past the queue although a limit is set.
pub async fn a_direct_start_respects_limits(world: World) {
    let worker = world.worker().await;
    let store = &world.stores.executions;
    store.set_limit(LimitScope::Tenant(TenantId::from("t")), Some(1)).await.unwrap();
    let direct = |tenant: &str| {
        let mut start = world.execution("w").claimed_by(worker);
        start.header.tenant = TenantId::from(tenant);
        start
    };
    assert!(matches!(store.start(direct("free")).await.unwrap(), Start::Created { lease: Some(_) }));
    for _ in 0..2 {
        assert_eq!(store.start(direct("t")).await.unwrap(), Start::Created { lease: None });
    }
    assert_eq!(world.claim(worker, 10).await.len(), 1);
}

/// Breaks when a worker claims what would be taken away at once.
pub async fn only_living_workers_claim(world: World) {
    world.start_many("w", 1).await;
    let stranger = WorkerId::new(world.uuid());
    let claim = |worker| world.stores.executions.claim(Claim { worker, limit: 1 });
    assert!(matches!(claim(stranger).await, Err(StoreError::NotFound { .. })));
    assert!(world.beat(stranger, Duration::ZERO).await, "a new worker was not known before");
    assert!(matches!(claim(stranger).await, Err(StoreError::NotFound { .. })));
    assert!(world.beat(stranger, LONG).await, "a lost worker is told so");
    assert!(!world.beat(stranger, LONG).await, "a living worker is not");
    assert_eq!(claim(stranger).await.unwrap().len(), 1);
}

/// Breaks when leases of the lost stay, or leases of the living are taken.
pub async fn inv_08_a_lost_workers_executions_are_rescued(world: World) {
    let (lost, alive) = (world.worker().await, world.worker().await);
    let mine = world.driven(lost).await;
    let other = world.driven(alive).await;
    assert!(world.rescue(3).await.is_empty());
    world.lose(lost).await;
    let rescued = world.rescue(3).await;
    assert_eq!((rescued.released, rescued.given_up), (vec![mine.execution], vec![]));
    assert!(world.rescue(3).await.is_empty());
    let again = world.claim(alive, 10).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].header.id, again[0].claims), (mine.execution, 2));
    world.commit(Commit::append(other, chunk(1, "x"))).await.unwrap();
}

/// Breaks when claims are not counted, or the count is not looked at.
pub async fn inv_08_a_poisonous_execution_is_given_up(world: World) {
    let poison = world.start(world.execution("poison")).await;
    for round in 1..=3 {
        let worker = world.worker().await;
        assert_eq!(world.claim_ids(worker, 10).await, [poison], "round {round}");
        world.lose(worker).await;
        let rescued = world.rescue(3).await;
        assert_eq!(rescued.given_up, if round == 3 { vec![poison] } else { vec![] }, "round {round}");
    }
    let stored = world.load(poison).await;
    assert_eq!(stored.summary.status, ExecutionStatus::Crashed);
    assert_eq!(stored.summary.error.unwrap()["code"], "worker-lost");
    let neighbour = world.start(world.execution("w")).await;
    let worker = world.worker().await;
    assert_eq!(world.claim_ids(worker, 10).await, [neighbour]);
}

/// Breaks when an execution that gets on, however often its workers are lost for other reasons, is taken for one that kills them; or when a worker that lost it can say so.
pub async fn claims_are_forgotten_when_an_execution_gets_on(world: World) {
    let id = world.start(world.execution("long")).await;
    for round in 1..=6 {
        let worker = world.worker().await;
        let claimed = world.claim(worker, 10).await;
        assert_eq!((claimed[0].header.id, claimed[0].claims), (id, 1), "round {round}");
        world.stores.executions.forget_claims(claimed[0].lease).await.unwrap();
        world.lose(worker).await;
        assert_eq!(world.rescue(2).await.given_up, [], "round {round}");
        let late = world.stores.executions.forget_claims(claimed[0].lease).await;
        assert!(matches!(late, Err(StoreError::Fenced(_))), "{late:?}");
    }
}

/// Breaks when rescue takes more than asked for, or never gets past the first ones.
pub async fn rescue_goes_page_by_page(world: World) {
    let worker = world.worker().await;
    world.start_many("w", 25).await;
    assert_eq!(world.claim(worker, 100).await.len(), 25);
    world.lose(worker).await;
    let mut pages = Vec::new();
    loop {
        let page = world.stores.executions.rescue(Rescue { max_claims: 3, limit: 10 }).await.unwrap();
        if page.is_empty() {
            break;
        }
        pages.push(page.len());
    }
    assert_eq!(pages, [10, 10, 5]);
}

/// Breaks when a drained worker leaves leases behind, or counts against what it handed back.
pub async fn a_worker_that_leaves_hands_back_without_spending_a_claim(world: World) {
    let (leaving, other) = (world.worker().await, world.worker().await);
    let lease = world.driven(leaving).await;
    world.stores.executions.leave(leaving).await.unwrap();
    let claimed = world.claim(other, 10).await;
    assert_eq!((claimed.len(), claimed[0].claims), (1, 1));
    assert!(matches!(world.commit(Commit::append(lease, chunk(1, "late"))).await, Err(StoreError::Fenced(_))));
    assert!(matches!(world.stores.executions.claim(Claim { worker: leaving, limit: 1 }).await, Err(StoreError::NotFound { .. })));
}

/// Breaks when any way of handing an execution on keeps or lowers its epoch.
pub async fn inv_06_the_epoch_only_grows(world: World) {
    let worker = world.worker().await;
    let mut lease = world.driven(worker).await;
    let mut last = Epoch(0);
    let past = world.past().await;
    for step in 0..6 {
        assert!(lease.epoch > last, "step {step}: {lease:?} after {last:?}");
        last = lease.epoch;
        match step {
            0 => drop(world.then(lease, Then::Release).await),
            1 => {
                world.then(lease, Then::Pause).await;
                world.signal(lease.execution, SignalKind::Resume).await;
            }
            2 => {
                world.then(lease, Then::Wait { due: Some(past) }).await;
                assert_eq!(world.wake_due().await, 1);
            }
            3 => {
                world.lose(worker).await;
                assert_eq!(world.rescue(9).await.len(), 1);
                world.beat(worker, LONG).await;
            }
            4 => {
                world.stores.executions.leave(worker).await.unwrap();
                world.beat(worker, LONG).await;
            }
            _ => break,
        }
        let claimed = world.claim(worker, 1).await;
        lease = claimed.first().unwrap_or_else(|| panic!("nothing to claim after step {step}")).lease;
    }
    let _: ExecutionId = lease.execution;
}
