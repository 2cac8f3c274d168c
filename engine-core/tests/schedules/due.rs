//! What fires now, what is passed over, and what starts late.

use engine_core::model::Timestamp;
use engine_core::node::{Missed, Recurrence, RecurrenceUnit, ScheduleSpec};
use engine_core::schedule::{Due, due, start_at};
use engine_core::store::{ScheduleId, StoredSchedule, TenantId, VersionNumber};

use crate::{at, calendar};

fn stored(spec: ScheduleSpec, next: &str) -> StoredSchedule {
    StoredSchedule {
        id: ScheduleId { workflow: "w".into(), node: "n".into(), rule: 0 },
        tenant: TenantId::default(),
        version: VersionNumber(1),
        spec,
        time_zone: "Europe/Berlin".to_owned(),
        next: Some(at(next)),
        last: None,
    }
}

fn hourly(missed: Missed) -> StoredSchedule {
    stored(ScheduleSpec { missed, ..ScheduleSpec::new("0 0 * * * *") }, "2026-11-28T01:00:00Z")
}

/// The hours of 2026-11-28, UTC, that fire, and the newest that is passed over.
fn hours(due: &Due) -> (Vec<i64>, Option<i64>) {
    let hour = |at: Timestamp| at.since(self::at("2026-11-28T00:00:00Z")).as_secs().cast_signed() / 3600;
    (due.fire.iter().map(|slot| hour(slot.at)).collect(), due.passed.map(|passed| hour(passed.newest)))
}

#[test]
fn missed_slots_follow_the_policy() {
    let check = |missed: Missed, now: &str, expect: (&[i64], Option<i64>)| {
        let due = due(&hourly(missed), at(now)).unwrap();
        assert_eq!(hours(&due), (expect.0.to_vec(), expect.1), "{missed:?} at {now}");
    };
    let all = |limit: u32| Missed::All { limit };
    for missed in [Missed::None, Missed::Latest, all(3), all(0)] {
        check(missed, "2026-11-28T00:59:59Z", (&[], None));
        check(missed, "2026-11-28T01:00:00Z", (&[1], None));
        check(missed, "2026-11-28T01:00:30Z", (&[1], None));
    }
    check(Missed::None, "2026-11-28T01:00:31Z", (&[], Some(1)));
    check(Missed::Latest, "2026-11-28T01:00:31Z", (&[1], None));
    check(Missed::None, "2026-11-28T05:30:00Z", (&[], Some(5)));
    check(Missed::Latest, "2026-11-28T05:30:00Z", (&[5], Some(4)));
    check(all(3), "2026-11-28T05:30:00Z", (&[3, 4, 5], Some(2)));
    check(all(100), "2026-11-28T05:30:00Z", (&[1, 2, 3, 4, 5], None));
    // A slot that is on time fires as well; it is enough for `latest`.
    check(Missed::None, "2026-11-28T05:00:01Z", (&[5], Some(4)));
    check(Missed::Latest, "2026-11-28T05:00:01Z", (&[5], Some(4)));
    check(all(2), "2026-11-28T05:00:01Z", (&[3, 4, 5], Some(2)));
}

/// Breaks when what a crash leaves of a list is lost: each slot names the one after it as the next.
#[test]
fn a_list_that_was_cut_short_goes_on() {
    let now = at("2026-11-28T05:30:00Z");
    let mut schedule = hourly(Missed::All { limit: 10 });
    let mut fired = Vec::new();
    while let Some(slot) = due(&schedule, now).unwrap().fire.first().copied() {
        assert_eq!(slot.at, slot.start_at);
        fired.push(slot.at);
        (schedule.last, schedule.next) = (Some(slot.at), slot.next);
    }
    assert_eq!(fired, (1..=5).map(|hour| at(&format!("2026-11-28T0{hour}:00:00Z"))).collect::<Vec<_>>());
    assert_eq!(schedule.next, Some(at("2026-11-28T06:00:00Z")));
    assert_eq!(due(&schedule, now).unwrap(), Due { next: schedule.next, ..Due::default() });
}

/// Breaks when a slot that the store would refuse is offered, or a stored slot that the calendar does not have keeps the schedule due for ever.
#[test]
fn a_schedule_gets_ahead_of_what_is_stored() {
    let passed = StoredSchedule { last: Some(at("2026-11-28T04:00:00Z")), ..hourly(Missed::All { limit: 10 }) };
    assert_eq!(hours(&due(&passed, at("2026-11-28T05:30:00Z")).unwrap()), (vec![5], None));
    let strange = stored(ScheduleSpec::new("0 0 12 * * *"), "2026-11-28T01:23:45Z");
    let answer = due(&strange, at("2026-11-28T01:24:00Z")).unwrap();
    assert_eq!(answer.passed.map(|passed| passed.newest), strange.next);
    assert_eq!(answer.next, Some(at("2026-11-28T11:00:00Z")));
    let over = StoredSchedule { next: None, ..strange };
    assert_eq!(due(&over, at("2026-11-28T01:24:00Z")).unwrap(), Due::default());
}

/// Breaks when the work grows with the time for which a schedule was off: a hundred years of seconds are three thousand million slots.
#[test]
fn a_century_is_caught_up_with_at_once() {
    for missed in [Missed::None, Missed::Latest, Missed::All { limit: u32::MAX }] {
        let schedule = stored(ScheduleSpec { missed, ..ScheduleSpec::new("* * * * * *") }, "1926-01-01T00:00:00Z");
        let now = at("2026-11-28T12:00:00.5Z");
        let answer = due(&schedule, now).unwrap();
        let expect = if let Missed::All { .. } = missed { 30 + Missed::MOST } else { 30 };
        assert_eq!(answer.fire.len(), expect as usize);
        assert!(answer.fire.windows(2).all(|pair| pair[0].next == Some(pair[1].at) && pair[0].at < pair[1].at));
        assert_eq!(answer.fire.last().map(|slot| (slot.at, slot.next)), Some((at("2026-11-28T12:00:00Z"), answer.next)));
        assert_eq!(answer.passed.map(|passed| passed.oldest), schedule.next);
    }
}

/// Breaks when catching up loses count of the periods.
#[test]
fn every_third_day_stays_every_third_day() {
    let every = Some(Recurrence { unit: RecurrenceUnit::Days, interval: 3 });
    let spec = ScheduleSpec { every, missed: Missed::Latest, ..ScheduleSpec::new("0 0 9 * * *") };
    let schedule = StoredSchedule { last: Some(at("2026-01-01T08:00:00Z")), ..stored(spec, "2026-01-04T08:00:00Z") };
    let answer = due(&schedule, at("2026-11-28T12:00:00Z")).unwrap();
    let days = |slot: Timestamp| slot.since(at("2025-12-31T12:00:00Z")).as_secs() / 86_400;
    assert_eq!((days(answer.fire[0].at) % 3, answer.fire.len()), (0, 1));
    assert_eq!(answer.fire[0].at, at("2026-11-27T08:00:00Z"));
    assert_eq!(answer.next, Some(at("2026-11-30T08:00:00Z")));
}

#[test]
fn jitter_is_bounded_spread_and_the_same_everywhere() {
    let id = |rule: u32| ScheduleId { workflow: "w".into(), node: "n".into(), rule };
    let slot = at("2026-11-28T00:00:00Z");
    let delays: Vec<u64> = (0..1000).map(|rule| start_at(&id(rule), slot, 60_000).since(slot).as_secs()).collect();
    assert!(delays.iter().all(|delay| *delay < 60));
    let most = (0..60).map(|second| delays.iter().filter(|delay| **delay == second).count()).max().unwrap();
    assert!(most < 40, "of 1000 starts {most} fall into one second of 60");
    // Pinned: a fleet of two releases has to agree.
    assert_eq!(start_at(&id(0), slot, 60_000), at("2026-11-28T00:00:50.68Z"));
    assert_eq!(start_at(&id(0), slot, 0), slot);
    let spread = calendar(&ScheduleSpec { jitter_millis: 5000, ..ScheduleSpec::new("* * * * * *") }, "UTC");
    assert!((0..99).any(|rule| spread.start_at(&id(rule), slot) > slot));
}
