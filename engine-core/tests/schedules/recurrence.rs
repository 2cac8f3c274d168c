//! "Every n periods".

use engine_core::model::Timestamp;
use engine_core::node::{Recurrence, RecurrenceUnit, ScheduleSpec};

use crate::{ZONES, at, calendar, slots};

fn every(cron: &str, interval: u32, unit: RecurrenceUnit) -> ScheduleSpec {
    ScheduleSpec { every: Some(Recurrence { unit, interval }), ..ScheduleSpec::new(cron) }
}

#[test]
fn every_nth_period_counts_from_the_first() {
    let check = |spec: ScheduleSpec, after: &str, expect: &[&str]| {
        assert_eq!(slots(&calendar(&spec, "Europe/Berlin"), after, expect.len()), expect, "{spec:?}");
    };
    let days = every("0 0 9 * * *", 3, RecurrenceUnit::Days);
    check(days, "2026-12-29T12:00:00Z", &["2026-12-30T08:00:00Z", "2027-01-02T08:00:00Z", "2027-01-05T08:00:00Z"]);
    // All of Monday and Thursday of a week that counts; weeks begin on Sunday.
    let weeks = every("0 0 9 * * 1,4", 2, RecurrenceUnit::Weeks);
    check(weeks, "2026-12-21T12:00:00Z", &["2026-12-24T08:00:00Z", "2027-01-04T08:00:00Z", "2027-01-07T08:00:00Z", "2027-01-18T08:00:00Z"]);
    let sundays = every("0 0 9 * * 0,6", 2, RecurrenceUnit::Weeks);
    check(sundays, "2026-12-19T12:00:00Z", &["2026-12-20T08:00:00Z", "2026-12-26T08:00:00Z", "2027-01-03T08:00:00Z"]);
    let months = every("0 0 9 31 * *", 2, RecurrenceUnit::Months);
    check(months, "2026-12-01T00:00:00Z", &["2026-12-31T08:00:00Z", "2027-08-31T07:00:00Z", "2027-10-31T08:00:00Z", "2027-12-31T08:00:00Z"]);
    let hours = every("0 15 * * * *", 5, RecurrenceUnit::Hours);
    check(hours, "2026-12-01T10:00:00Z", &["2026-12-01T10:15:00Z", "2026-12-01T15:15:00Z", "2026-12-01T20:15:00Z", "2026-12-02T01:15:00Z"]);
    let seconds = every("* * * * * *", 90, RecurrenceUnit::Seconds);
    check(seconds, "2026-12-01T10:00:00Z", &["2026-12-01T10:00:01Z", "2026-12-01T10:01:31Z", "2026-12-01T10:03:01Z"]);
    // Hours are read off the local clock: 02:00 is left out on 29 March and comes twice on 25 October.
    let hours = every("0 0 * * * *", 2, RecurrenceUnit::Hours);
    check(hours.clone(), "2026-03-28T22:30:00Z", &["2026-03-28T23:00:00Z", "2026-03-29T02:00:00Z", "2026-03-29T04:00:00Z"]);
    check(hours, "2026-10-24T21:30:00Z", &["2026-10-24T22:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T03:00:00Z"]);
}

/// Breaks when a process that counts from another slot than the first finds other slots: after a restart, or on another worker.
#[test]
fn any_slot_serves_as_the_first() {
    let specs = [
        every("0 0 * * * *", 5, RecurrenceUnit::Hours),
        every("0 30 2 * * *", 3, RecurrenceUnit::Days),
        every("0 0 0 * * 1,3", 2, RecurrenceUnit::Weeks),
        every("0 30 0 29 * *", 2, RecurrenceUnit::Months),
        every("17 * * * * *", 7, RecurrenceUnit::Minutes),
    ];
    for (zone, spec) in ZONES.iter().flat_map(|zone| specs.iter().map(move |spec| (zone, spec))) {
        let fresh = calendar(spec, zone);
        let all: Vec<_> = fresh.slots_after(at("2026-03-20T00:00:00Z")).take(150).collect();
        for (index, slot) in all.iter().enumerate().take(140).step_by(7) {
            let resumed: Vec<_> = fresh.clone().counting_from(*slot).slots_after(*slot).take(9).collect();
            assert_eq!(resumed, all[index + 1..index + 10], "{zone} {spec:?} from {slot}");
        }
        let last = all[all.len() - 1];
        let counted = fresh.clone().counting_from(all[0]);
        let earlier = |slot: &Timestamp| counted.last_within(all[0], Timestamp::from_micros(slot.as_micros() - 1));
        let mut backwards: Vec<_> = std::iter::successors(Some(last), earlier).collect();
        backwards.reverse();
        assert_eq!(backwards, all, "{zone} {spec:?}");
    }
}
