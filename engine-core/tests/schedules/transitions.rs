//! Changes of clock.

use engine_core::model::Timestamp;
use engine_core::node::{Daylight, Gap, Overlap, ScheduleSpec};
use jiff::tz::TimeZone;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::reference::{Fields, Span};
use crate::{POLICIES, ZONES, at, calendar, slots, zone};

const HOUR: i64 = 3600;

/// All changes of clock of a year, or its middle where there is none.
fn changes(name: &str, year: i16) -> Vec<i64> {
    let zone = zone(name);
    let second = |year: i16| jiff::civil::date(year, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let changes: Vec<i64> = zone
        .following(second(year))
        .map(|change| change.timestamp())
        .take_while(|change| *change < second(year + 1))
        .map(jiff::Timestamp::as_second)
        .collect();
    if changes.is_empty() { vec![second(year).as_second() + 180 * 24 * HOUR] } else { changes }
}

fn fields(second: &[i8], minute: &[i8], hour: &[i8], weekday: &[i8]) -> Fields {
    Fields { second: second.to_vec(), minute: minute.to_vec(), hour: hour.to_vec(), day: Vec::new(), weekday: weekday.to_vec() }
}

/// Holds the calendar to the reference in a span, forwards and backwards.
fn compare(fields: &Fields, zone: &str, daylight: Daylight, span: &Span) {
    let calendar = calendar(&ScheduleSpec { daylight, ..ScheduleSpec::new(fields.cron()) }, zone);
    let expect = span.slots(fields, daylight);
    let (before, end) = span.bounds();
    let context = || format!("{} {zone} {daylight:?} from {before}", fields.cron());
    let got: Vec<Timestamp> = calendar.slots_after(before).take_while(|slot| *slot <= end).collect();
    assert_eq!(got, expect, "{}", context());
    let earlier = |slot: &Timestamp| calendar.last_within(before, Timestamp::from_micros(slot.as_micros() - 1));
    let mut backwards: Vec<Timestamp> = std::iter::successors(calendar.last_within(before, end), earlier).collect();
    backwards.reverse();
    assert_eq!(backwards, expect, "backwards: {}", context());
}

/// Breaks when a slot is lost, doubled or moved at any change of clock of a year, under any policy.
#[test]
fn inv_15_every_change_of_clock_of_a_year_follows_the_policy() {
    let seconds: Vec<i8> = (0..60).step_by(30).collect();
    let schedules = [
        fields(&[0], &[0], &[0], &[]),
        fields(&[0], &[30], &[2], &[]),
        fields(&[0], &[45], &[], &[]),
        fields(&[0], &[0, 15, 30, 45], &[], &[]),
        fields(&[30], &[15, 45], &[0, 1, 2, 3, 23], &[0]),
        fields(&seconds, &[], &[], &[]),
    ];
    for zone in ZONES {
        for change in changes(zone, 2026) {
            let span = Span::new(&crate::zone(zone), change - 2 * HOUR..change + 2 * HOUR);
            for (schedule, daylight) in schedules.iter().flat_map(|schedule| POLICIES.map(|policy| (schedule, policy))) {
                compare(schedule, zone, daylight, &span);
            }
        }
    }
}

/// Breaks when a gap of a whole day is walked past: in 2011 Samoa left out 30 December.
#[test]
fn a_day_that_is_left_out_is_shifted_or_skipped() {
    let daily = ScheduleSpec::new("0 0 12 30 12 *");
    let skip = ScheduleSpec { daylight: Daylight { gap: Gap::Skip, ..Daylight::default() }, ..daily.clone() };
    assert_eq!(slots(&calendar(&daily, "Pacific/Apia"), "2011-12-01T00:00:00Z", 2), ["2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"]);
    assert_eq!(slots(&calendar(&skip, "Pacific/Apia"), "2011-12-01T00:00:00Z", 1), ["2012-12-29T22:00:00Z"]);
}

/// Breaks when the guide says something else than the calendar does.
#[test]
fn the_table_of_the_guide_holds() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SCHEDULES.md")).unwrap();
    let mut rows = 0;
    for row in guide.lines().filter(|line| line.contains("| 2026-")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let mut daylight = Daylight::default();
        match cells[1] {
            "shift" => daylight.gap = Gap::Shift,
            "skip" => daylight.gap = Gap::Skip,
            "auto" => daylight.overlap = Overlap::Auto,
            "once" => daylight.overlap = Overlap::Once,
            "twice" => daylight.overlap = Overlap::Twice,
            other => panic!("no option is {other}"),
        }
        let (day, times) = cells[2].split_once(' ').unwrap();
        let calendar = calendar(&ScheduleSpec { daylight, ..ScheduleSpec::new(cells[0]) }, "Europe/Berlin");
        let end = at(&format!("{day}T03:00:00Z"));
        let found = calendar.slots_after(at(&format!("{day}T00:00:00Z"))).take_while(|slot| *slot < end);
        let found: Vec<String> = found.map(|slot| slot.to_string().chars().skip(11).take(5).collect()).collect();
        assert_eq!(if found.is_empty() { "never".to_owned() } else { found.join(" ") }, times, "{row}");
        rows += 1;
    }
    assert_eq!(rows, 10);
}

#[test]
fn the_table_of_policies_holds() {
    let check = |cron: &str, (gap, overlap), after: &str, expect: &[&str]| {
        let spec = ScheduleSpec { daylight: Daylight { gap, overlap }, ..ScheduleSpec::new(cron) };
        assert_eq!(slots(&calendar(&spec, "Europe/Berlin"), after, expect.len()), expect, "{cron} {gap:?} {overlap:?}");
    };
    // On 2026-03-29 the clock goes from 02:00 to 03:00, at 01:00 UTC.
    let spring = "2026-03-28T12:00:00Z";
    check("0 30 2 * * *", (Gap::Shift, Overlap::Auto), spring, &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    check("0 30 2 * * *", (Gap::Skip, Overlap::Auto), spring, &["2026-03-30T00:30:00Z"]);
    check("0 0 3 * * *", (Gap::Shift, Overlap::Auto), spring, &["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]);
    check("0 0,30 2,3 * * *", (Gap::Shift, Overlap::Auto), spring, &["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:00:00Z"]);
    let spring = "2026-03-29T00:31:00Z";
    check("0 30 * * * *", (Gap::Shift, Overlap::Auto), spring, &["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
    check("0 30 * * * *", (Gap::Skip, Overlap::Auto), spring, &["2026-03-29T01:30:00Z"]);
    // On 2026-10-25 it goes from 03:00 back to 02:00, at 01:00 UTC.
    let autumn = "2026-10-24T12:00:00Z";
    check("0 30 2 * * *", (Gap::Shift, Overlap::Auto), autumn, &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    check("0 30 2 * * *", (Gap::Shift, Overlap::Once), autumn, &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    check("0 30 2 * * *", (Gap::Shift, Overlap::Twice), autumn, &["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"]);
    let autumn = "2026-10-25T00:00:00Z";
    check("0 30 * * * *", (Gap::Shift, Overlap::Auto), autumn, &["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]);
    check("0 30 * * * *", (Gap::Shift, Overlap::Once), autumn, &["2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"]);
}

fn values(range: std::ops::Range<i8>) -> impl Strategy<Value = Vec<i8>> {
    prop_oneof![1 => Just(Vec::new()), 2 => btree_set(range, 1..4).prop_map(|set| set.into_iter().collect())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Breaks where the tables above have no row: random expressions around random changes of clock of random years.
    #[test]
    fn any_schedule_follows_the_reference(
        (second, minute, hour, day, weekday) in (vec(0..60_i8, 1..3), values(0..60), values(0..24), values(1..32), values(0..7)),
        zone in prop::sample::select(&ZONES[..]),
        policy in prop::sample::select(&POLICIES[..]),
        year in 2000..2045_i16,
        change in any::<prop::sample::Index>(),
        shift in -9..9_i64,
    ) {
        let fields = Fields { second, minute, hour, day, weekday };
        let changes = changes(zone, year);
        let middle = changes[change.index(changes.len())] + shift * HOUR / 3;
        compare(&fields, zone, policy, &Span::new(&crate::zone(zone), middle - 4 * HOUR..middle + 4 * HOUR));
    }
}

/// Breaks when an instant before 1970, at the ends of time, or between seconds ends in a panic or a slot that is not later.
#[test]
fn slots_are_later_whatever_is_asked() {
    for zone in ZONES {
        let calendar = calendar(&ScheduleSpec::new("*/7 * * * * *"), zone);
        for micros in [i64::MIN, -62_135_596_800_000_001, -1, 0, 1, 999_999, 253_402_300_799_999_999, i64::MAX] {
            let after = Timestamp::from_micros(micros);
            assert!(calendar.next_after(after).is_none_or(|slot| slot > after), "{zone} {micros}");
            assert!(calendar.last_within(Timestamp::from_micros(i64::MIN), after).is_none_or(|slot| slot <= after), "{zone} {micros}");
        }
    }
    assert_eq!(calendar(&ScheduleSpec::new("* * * * * *"), "UTC").next_after(at("2026-01-01T00:00:00.000001Z")), Some(at("2026-01-01T00:00:01Z")));
}
