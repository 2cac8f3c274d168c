//! `$now` and `$today` as they come out of an expression: ISO texts in the workflow's time zone.

use jiff::Zoned;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::eval::Stop;
use crate::model::Timestamp;

/// `$now`: milliseconds and the zone's offset.
pub(super) fn now(at: Timestamp, zone: &str) -> Result<String, Stop> {
    zoned(at, zone).and_then(|now| iso(&now, zone))
}

/// `$today`: the start of the day.
pub(super) fn today(at: Timestamp, zone: &str) -> Result<String, Stop> {
    zoned(at, zone).and_then(|now| iso(&now.start_of_day().map_err(|_| Stop::GiveUp)?, zone))
}

fn zoned(at: Timestamp, zone: &str) -> Result<Zoned, Stop> {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).map_err(|_| Stop::GiveUp)?;
    let zone = if is_utc(zone) { TimeZone::UTC } else { TimeZone::get(zone).map_err(|_| Stop::GiveUp)? };
    Ok(instant.to_zoned(zone))
}

fn iso(at: &Zoned, zone: &str) -> Result<String, Stop> {
    // Years outside four digits and offsets with seconds have forms of their own.
    if !(0..=9999).contains(&at.year()) || at.offset().seconds() % 60 != 0 {
        return Err(Stop::GiveUp);
    }
    let format = if is_utc(zone) { "%Y-%m-%dT%H:%M:%S.%3fZ" } else { "%Y-%m-%dT%H:%M:%S.%3f%:z" };
    strtime::format(format, at).map_err(|_| Stop::GiveUp)
}

/// These two names mean a fixed offset, which is written `Z`; zones that happen to be at zero are written `+00:00`.
const fn is_utc(zone: &str) -> bool {
    zone.eq_ignore_ascii_case("utc") || zone.eq_ignore_ascii_case("gmt")
}
