//! Schedules as they are stored.

use engine_core::node::{Daylight, Gap, Missed, Overlap, Recurrence, RecurrenceUnit, ScheduleSpec};
use serde_json::{Value, json};

/// Breaks when schedules that were stored before there were policies can no longer be read, or a plain one is stored in another form: it would count as changed,
/// and lose its place.
#[test]
fn schedules_keep_their_form() {
    let check = |spec: ScheduleSpec, stored: Value| {
        assert_eq!(serde_json::to_value(&spec).unwrap(), stored);
        assert_eq!(serde_json::from_value::<ScheduleSpec>(stored).unwrap(), spec);
    };
    check(ScheduleSpec::new("0 * * * * *"), json!({"cron": "0 * * * * *"}));
    let every = Some(Recurrence { unit: RecurrenceUnit::Days, interval: 3 });
    check(ScheduleSpec { every, ..ScheduleSpec::new("@daily") }, json!({"cron": "@daily", "every": {"unit": "days", "interval": 3}}));
    let daylight = Daylight { gap: Gap::Skip, overlap: Overlap::Auto };
    let all = ScheduleSpec { daylight, missed: Missed::All { limit: 3 }, jitter_millis: 250, ..ScheduleSpec::new("@daily") };
    check(all, json!({"cron": "@daily", "daylight": {"gap": "skip"}, "missed": {"all": {"limit": 3}}, "jitterMillis": 250}));
    let latest =
        ScheduleSpec { missed: Missed::Latest, daylight: Daylight { overlap: Overlap::Twice, gap: Gap::Shift }, ..ScheduleSpec::new("@daily") };
    check(latest, json!({"cron": "@daily", "daylight": {"overlap": "twice"}, "missed": "latest"}));
}
