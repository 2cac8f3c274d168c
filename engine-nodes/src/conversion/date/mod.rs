//! Dates and times read from text, in n8n's order: ISO 8601, HTTP, RFC 2822, SQL, and last what browsers' `Date.parse` makes of it.
//!
//! An offset or zone within the text is kept; otherwise the time is meant in the workflow's zone.

mod browser;
mod cursor;
mod iso;
mod mail;

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

use engine_core::expression::{Scope, js};
use engine_core::model::Timestamp;

/// A date and time in a zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DateTime(Zoned);

/// What reading a date depends on: the workflow's zone, and the time at which the node runs (for texts that hold only a time of day).
#[derive(Clone, Debug)]
pub(crate) struct Dates {
    zone: TimeZone,
    now: Timestamp,
}

impl Dates {
    /// With an IANA zone name; an unknown one counts as UTC.
    pub(crate) fn new(zone: &str, now: Timestamp) -> Self {
        Self { zone: named_zone(zone).unwrap_or(TimeZone::UTC), now }
    }

    /// As a node's expressions see them.
    pub(crate) fn of(scope: &dyn Scope) -> Self {
        Self::new(&scope.facts().time_zone, scope.now())
    }

    /// The workflow's zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The time at which the node runs, in the workflow's zone.
    pub(crate) fn now(&self) -> DateTime {
        DateTime::at(self.now, &self.zone)
    }

    /// Reads a JSON value as n8n's `tryToParseDateTime` does: by way of its text.
    pub(crate) fn parse_value(&self, value: &Value) -> Option<DateTime> {
        self.parse(&js::to_string(value))
    }

    /// Reads a text as JavaScript's `new Date` does where the machine's clock is UTC, as n8n's is: without a zone it is meant in UTC.
    pub(crate) fn parse_script(text: &str) -> Option<DateTime> {
        let utc = Self::new("UTC", Timestamp::EPOCH);
        let text = js::trim(text);
        // Of ISO's forms JavaScript knows those with dashes only.
        let zoned = iso::parse(text, &utc).filter(|_| has_dashes(text)).or_else(|| browser::parse(text, &TimeZone::UTC))?;
        Some(DateTime(zoned))
    }

    /// Reads a text in any of the known forms.
    pub(crate) fn parse(&self, text: &str) -> Option<DateTime> {
        let text = js::trim(text);
        let zoned = iso::parse(text, self)
            .or_else(|| mail::parse_http(text))
            .or_else(|| mail::parse_rfc2822(text))
            .or_else(|| iso::parse_sql(text, self))
            .or_else(|| browser::parse(text, &self.zone))?;
        Some(DateTime(zoned))
    }
}

/// Whether a text begins as a year alone or one with a dash behind it.
fn has_dashes(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (year, width) = text.strip_prefix(['+', '-']).map_or((text, 4), |year| (year, 6));
    let rest = year.get(width..).unwrap_or_default();
    let month = rest.strip_prefix('-').is_some_and(|month| digits(month) == 2);
    digits(year) == width && (rest.is_empty() || rest.starts_with('T') || month)
}

impl DateTime {
    /// An instant, seen in a zone.
    pub(crate) fn at(instant: Timestamp, zone: &TimeZone) -> Self {
        let instant = jiff::Timestamp::from_microsecond(instant.as_micros()).unwrap_or_default();
        Self(instant.to_zoned(zone.clone()))
    }

    /// The instant.
    pub(crate) fn instant(&self) -> Timestamp {
        Timestamp::from_micros(self.0.timestamp().as_microsecond())
    }

    /// Whole milliseconds since the epoch.
    pub(crate) fn millis(&self) -> i64 {
        self.0.timestamp().as_millisecond()
    }

    /// The calendar value and its zone.
    pub(crate) fn zoned(&self) -> &Zoned {
        &self.0
    }
}

/// Luxon's `toISO()`: milliseconds, and `Z` for UTC itself.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (zoned, time) = (&self.0, self.0.time());
        write!(f, "{}T{:02}:{:02}:{:02}.{:03}", zoned.date(), time.hour(), time.minute(), time.second(), time.millisecond())?;
        if zoned.time_zone() == &TimeZone::UTC {
            return f.write_str("Z");
        }
        let minutes = zoned.offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

/// The zone of an IANA name. `UTC` and `GMT` are UTC itself, as in Luxon.
pub(crate) fn named_zone(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("gmt") {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).ok()
}

/// The zone of an offset; none at all is UTC itself.
fn offset_zone(seconds: i32) -> Option<TimeZone> {
    if seconds == 0 { Some(TimeZone::UTC) } else { Offset::from_seconds(seconds).ok().map(TimeZone::fixed) }
}
