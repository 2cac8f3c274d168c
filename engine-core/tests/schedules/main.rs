//! The calendar of schedules: tables, and properties against a reference that counts second by second.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod due;
mod expressions;
mod recurrence;
mod reference;
mod stored;
mod transitions;

use engine_core::model::Timestamp;
use engine_core::node::{Daylight, Gap, Overlap, ScheduleSpec};
use engine_core::schedule::Calendar;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Zones with changes of clock of every kind: none, an hour, half an hour, at Ramadan, at midnight, in the south.
const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "America/Santiago",
    "Pacific/Chatham",
    "Asia/Beirut",
    "Africa/Cairo",
];

const POLICIES: [Daylight; 6] = [
    Daylight { gap: Gap::Shift, overlap: Overlap::Auto },
    Daylight { gap: Gap::Shift, overlap: Overlap::Once },
    Daylight { gap: Gap::Shift, overlap: Overlap::Twice },
    Daylight { gap: Gap::Skip, overlap: Overlap::Auto },
    Daylight { gap: Gap::Skip, overlap: Overlap::Once },
    Daylight { gap: Gap::Skip, overlap: Overlap::Twice },
];

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The zone of the database that is compiled in: what the machine has installed may be older.
fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn calendar(spec: &ScheduleSpec, zone: &str) -> Calendar {
    Calendar::new(spec, zone).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Slots after an instant, as UTC without what is always zero.
fn slots(calendar: &Calendar, after: &str, count: usize) -> Vec<String> {
    calendar.slots_after(at(after)).take(count).map(|slot| slot.to_string().replace(".000000Z", "Z")).collect()
}
