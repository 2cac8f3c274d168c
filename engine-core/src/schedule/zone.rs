//! A time zone as stretches of time with one offset from UTC each.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::ScheduleError;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A stretch of time between two changes of clock. Seconds since the epoch; offsets in seconds east of UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The change of clock with which it begins, and the offset before that.
    pub(super) begins: Option<(i64, i64)>,
    /// The change of clock with which it ends.
    pub(super) ends: Option<i64>,
    /// Its offset.
    pub(super) offset: i64,
}

/// Finds the zone by its IANA name.
pub(super) fn find(name: &str) -> Result<TimeZone, ScheduleError> {
    DATABASE.get(name).map_err(|_| ScheduleError::UnknownZone { zone: name.to_owned() })
}

/// The stretch in which a second lies.
pub(super) fn stretch(zone: &TimeZone, at: i64) -> Option<Stretch> {
    let now = Timestamp::from_second(at).ok()?;
    let just_after = Timestamp::new(at, 1).ok()?;
    let begin = zone.preceding(just_after).next().map(|change| change.timestamp().as_second());
    let begins = match begin {
        Some(begin) => Some((begin, offset(zone, begin - 1)?)),
        None => None,
    };
    let ends = zone.following(now).next().map(|change| change.timestamp().as_second());
    Some(Stretch { begins, ends, offset: offset(zone, at)? })
}

/// The offset at a second.
pub(super) fn offset(zone: &TimeZone, at: i64) -> Option<i64> {
    Some(i64::from(zone.to_offset(Timestamp::from_second(at).ok()?).seconds()))
}

impl Stretch {
    /// The local seconds that the clock left out when the stretch began, and when that was.
    pub(super) fn gap(&self) -> Option<(i64, std::ops::Range<i64>)> {
        let (begin, before) = self.begins?;
        (before < self.offset).then(|| (begin, begin + before..begin + self.offset))
    }

    /// The first local second; with `once`, the first that the stretch before did not have as well.
    pub(super) fn first_local(&self, once: bool) -> Option<i64> {
        let (begin, before) = self.begins?;
        Some(begin + if once { before.max(self.offset) } else { self.offset })
    }
}
