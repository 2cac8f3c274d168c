//! Schedules.

use futures::future::join_all;

use super::World;
use crate::model::{Timestamp, WorkflowId};
use crate::node::ScheduleSpec;
use crate::store::{Fired, ScheduleId, StoredSchedule, TenantId, VersionNumber};

pub(super) fn schedule(workflow: &str, rule: u32, next: Timestamp) -> StoredSchedule {
    StoredSchedule {
        id: ScheduleId { workflow: workflow.into(), node: "s".into(), rule },
        tenant: TenantId::default(),
        version: VersionNumber(1),
        spec: ScheduleSpec::new("0 * * * * *"),
        time_zone: "Europe/Berlin".to_owned(),
        next: Some(next),
        last: None,
    }
}

/// Breaks when a slot is checked and passed in two steps, or an older slot fires after a newer one.
pub async fn inv_15_a_slot_fires_once(world: World) {
    let slot = world.past().await;
    let next = world.future().await;
    let schedule = schedule("w", 0, slot);
    let store = &world.stores.schedules;
    world.activate("w", (vec![], vec![schedule.clone()])).await.unwrap();
    let fire = |slot: Timestamp, start| store.fire(Fired { schedule: schedule.id.clone(), slot, next: Some(next), start });
    let answers = join_all((0..8).map(|_| fire(slot, Some(world.execution("w"))))).await;
    assert_eq!(answers.into_iter().filter(|answer| answer.as_ref().unwrap().is_some()).count(), 1);
    assert!(fire(Timestamp::from_micros(slot.as_micros() - 1), Some(world.execution("w"))).await.unwrap().is_none());
    let worker = world.worker().await;
    assert_eq!(world.claim(worker, 10).await.len(), 1);
    let stored = store.schedules(Some(&"w".into())).await.unwrap();
    assert_eq!((stored[0].last, stored[0].next), (Some(slot), Some(next)));

    assert!(fire(next, None).await.unwrap().is_none(), "a slot that is passed over starts nothing");
    assert!(fire(next, Some(world.execution("w"))).await.unwrap().is_none());
    assert!(world.claim(worker, 10).await.is_empty());
    let unknown = ScheduleId { workflow: "none".into(), ..schedule.id.clone() };
    let fired = Fired { schedule: unknown, slot, next: None, start: Some(world.execution("w")) };
    assert!(store.fire(fired).await.unwrap().is_none());
}

/// Breaks when schedules that are not due are given out, or due ones are forgotten.
pub async fn due_schedules_come_in_order(world: World) {
    let past = world.past().await;
    let earlier = Timestamp::from_micros(past.as_micros() - 5);
    let store = &world.stores.schedules;
    let never = StoredSchedule { next: None, ..schedule("a", 3, past) };
    let all = vec![schedule("a", 0, past), schedule("a", 1, world.future().await), schedule("a", 2, earlier), never];
    world.activate("a", (vec![], all.clone())).await.unwrap();
    world.activate("b", (vec![], vec![schedule("b", 0, past)])).await.unwrap();
    let due = |limit| async move { store.due_schedules(limit).await.unwrap().into_iter().map(|schedule| schedule.id).collect::<Vec<_>>() };
    let expect = [all[2].id.clone(), all[0].id.clone(), schedule("b", 0, past).id];
    assert_eq!(due(10).await, expect);
    assert_eq!(due(2).await, expect[..2]);
    assert_eq!(store.schedules(None).await.unwrap().len(), 5);
    assert_eq!(store.schedules(Some(&"a".into())).await.unwrap(), all);
}

/// Breaks when saving a workflow anew fires a slot again, or a changed rule keeps the old slots.
pub async fn replaced_schedules_keep_their_place(world: World) {
    let (slot, next) = (world.past().await, world.future().await);
    let store = &world.stores.schedules;
    let workflow = WorkflowId::from("w");
    let both = vec![schedule("w", 0, slot), schedule("w", 1, slot)];
    world.activate("w", (vec![], both.clone())).await.unwrap();
    for schedule in &both {
        store.fire(Fired { schedule: schedule.id.clone(), slot, next: Some(next), start: None }).await.unwrap();
    }
    let mut again = both.clone();
    again[0].version = VersionNumber(2);
    "0 0 * * * *".clone_into(&mut again[1].spec.cron);
    world.activate("w", (vec![], again)).await.unwrap();
    let stored = store.schedules(Some(&workflow)).await.unwrap();
    assert_eq!((stored[0].version, stored[0].last, stored[0].next), (VersionNumber(2), Some(slot), Some(next)));
    assert_eq!((stored[1].last, stored[1].next), (None, Some(slot)));
    world.activate("w", (vec![], vec![])).await.unwrap();
    assert_eq!(store.schedules(None).await.unwrap(), []);
}
