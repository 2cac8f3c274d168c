//! What expressions mean, and what is said of those that mean nothing.

use engine_core::model::Timestamp;
use engine_core::node::{Recurrence, RecurrenceUnit, ScheduleSpec};
use engine_core::schedule::Calendar;
use proptest::prelude::*;

use crate::{at, calendar, slots};

#[test]
fn expressions_match_as_written() {
    let check = |cron: &str, expect: &[&str]| {
        let got = slots(&calendar(&ScheduleSpec::new(cron), "UTC"), "2026-11-28T12:00:00Z", expect.len());
        assert_eq!(got, expect, "{cron}");
    };
    check("*/20 * * * * *", &["2026-11-28T12:00:20Z", "2026-11-28T12:00:40Z", "2026-11-28T12:01:00Z"]);
    check("0 9 * * 1-5", &["2026-11-30T09:00:00Z", "2026-12-01T09:00:00Z"]);
    check("0 9 * * MON-FRI", &["2026-11-30T09:00:00Z"]);
    check("5/25 * * * *", &["2026-11-28T12:05:00Z", "2026-11-28T12:30:00Z", "2026-11-28T12:55:00Z", "2026-11-28T13:05:00Z"]);
    check("0 0 L * *", &["2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z"]);
    check("0 0 LW * *", &["2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-29T00:00:00Z"]);
    check("0 0 15W * *", &["2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z", "2027-02-15T00:00:00Z"]);
    check("0 0 * * 1#2", &["2026-12-14T00:00:00Z", "2027-01-11T00:00:00Z"]);
    check("0 0 * * friL", &["2026-12-25T00:00:00Z", "2027-01-29T00:00:00Z"]);
    check("0 0 1 * 0", &["2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-06T00:00:00Z"]);
    check("0 0 */1 * 1", &["2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"]);
    check("0 0 13 * +5", &["2027-08-13T00:00:00Z"]);
    check("0 0 * * 7", &["2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z"]);
    check("0 0 1 jan,jul *", &["2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z"]);
    check(" @weekdays ", &["2026-11-30T00:00:00Z"]);
    check("@hourly", &["2026-11-28T13:00:00Z"]);
    check("0 0 29 2 *", &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]);
    check("0 0 29 2 +1", &["2044-02-29T00:00:00Z", "2072-02-29T00:00:00Z", "2112-02-29T00:00:00Z"]);
}

/// Breaks when a date that never comes is searched for without end.
#[test]
fn what_never_comes_is_never_due() {
    for cron in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31W 2 *", "* * * 30 2 *"] {
        let calendar = calendar(&ScheduleSpec::new(cron), "Europe/Berlin");
        assert_eq!(calendar.next_after(at("2026-01-01T00:00:00Z")), None, "{cron}");
        assert_eq!(calendar.last_within(Timestamp::from_micros(i64::MIN), at("2026-01-01T00:00:00Z")), None, "{cron}");
    }
    // Even hours from an odd one: never.
    let every = Some(Recurrence { unit: RecurrenceUnit::Hours, interval: 2 });
    let calendar = calendar(&ScheduleSpec { every, ..ScheduleSpec::new("0 0 */2 * * *") }, "UTC").counting_from(at("2026-01-01T01:00:00Z"));
    assert_eq!(calendar.next_after(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn a_bad_expression_is_told_where() {
    let check = |cron: &str, expect: &str| {
        let problem = Calendar::new(&ScheduleSpec::new(cron), "UTC").unwrap_err().to_string();
        assert!(problem.contains(expect), "{cron}: {problem}");
    };
    check("60 * * * *", "field 1 of \"60 * * * *\", the minute, cannot be \"60\"; it takes 0 to 59");
    check("0 60 * * * *", "field 2 of \"0 60 * * * *\", the minute");
    check("60 * * * * *", "field 1 of \"60 * * * * *\", the second");
    check("0 24 * * *", "the hour, cannot be \"24\"");
    check("0 0 32 * *", "the day of the month, cannot be \"32\"");
    check("0 0 1 13 *", "the month, cannot be \"13\"");
    check("0 0 * * 8", "the day of the week, cannot be \"8\"");
    check("0 0 1,2,x * *", "cannot be \"X\"");
    check("*/0 * * * *", "cannot be \"*/0\"");
    check("1,,2 * * * *", "the minute, cannot be \"\"");
    check("MON * * * *", "the minute, cannot be \"MON\"");
    check("0 0 1 JANFEB *", "the month, cannot be \"JANFEB\"");
    check("0 0 * * L", "the day of the week, cannot be \"L\"");
    check("0 0 * * 1#6", "cannot be \"1#6\"");
    check("0 0 * * +", "the day of the week, cannot be \"+\"");
    check("0 0 * * 1,+2", "\"0 0 * * 1,+2\" cannot be read");
    check("1,2,3,70 * * * *", "the minute, cannot be \"70\"");
    check("0 0 L-3 * *", "cannot be \"L-3\"");
    check("99999999999999999999 * * * *", "the minute");
    check("", "and \"\" has 0");
    check("* * * *", "has 4");
    check("* * * * * * 2027", "has 7");
    check("@often", "has 1");
    check(&"*,".repeat(600), "at most 1000 characters, and this one has 1200");
    let zone = Calendar::new(&ScheduleSpec::new("* * * * *"), "Europe/Nowhere").unwrap_err().to_string();
    assert!(zone.contains("\"Europe/Nowhere\" is no time zone"), "{zone}");
    let every = Some(Recurrence { unit: RecurrenceUnit::Days, interval: 0 });
    assert!(Calendar::new(&ScheduleSpec { every, ..ScheduleSpec::new("* * * * *") }, "UTC").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Breaks when a text from outside panics, hangs, or is taken for a schedule whose slots do not rise.
    #[test]
    fn hostile_expressions_are_refused_or_mean_something(
        cron in prop_oneof![
            "[0-9*/,LW#?+@ -]{0,40}",
            "([0-9*]{1,3}|[0-9]{1,2}[-/#][0-9]{1,2}|[*]/[0-9]{1,6}|[0-9]?[LW]{1,2}|MON|jan|\u{0}|[ßſı٣]|[?+]){1,3}( [0-9*?LW#]{1,3}){4,5}",
            "\\PC{0,60}",
        ],
    ) {
        let start = at("2026-11-28T12:00:00Z");
        if let Ok(calendar) = Calendar::new(&ScheduleSpec::new(cron), "Europe/Berlin") {
            let mut before = start;
            for slot in calendar.slots_after(start).take(3) {
                prop_assert!(slot > before);
                prop_assert_eq!(calendar.last_within(before, slot), Some(slot));
                before = slot;
            }
        }
    }
}
