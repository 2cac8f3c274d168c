//! "Every n hours, days, weeks, months": which periods count.

use super::cron::{DAY, HOUR, MINUTE, date};
use crate::node::{Recurrence, RecurrenceUnit};

/// 1970-01-01 was a Thursday; weeks begin on Sunday, as n8n's do.
const FIRST_SUNDAY: i64 = -4;

/// Every n-th period, counted from one that counts.
///
/// Periods are read off the local clock, so that "every 2 hours" stays on even hours when the clock changes. A slot that fired lies in a period that counts,
/// so any of them serves as the first, and counting does not depend on which one it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Periods {
    every: Recurrence,
    phase: i64,
}

impl Periods {
    /// Counts from the period of this local second.
    pub(super) fn from(every: Recurrence, first: i64) -> Option<Self> {
        Some(Self { every, phase: index(every.unit, first)?.rem_euclid(i64::from(every.interval.max(1))) })
    }

    /// Whether this local second lies in a period that counts.
    pub(super) fn count(&self, local: i64) -> bool {
        index(self.every.unit, local).is_some_and(|index| self.behind(index) == 0)
    }

    /// When the next period that counts begins, for a local second in one that does not.
    pub(super) fn next(&self, local: i64) -> Option<i64> {
        let index = index(self.every.unit, local)?;
        start(self.every.unit, index + i64::from(self.every.interval) - self.behind(index))
    }

    /// When the period before it that counts is over, for a local second in one that does not.
    pub(super) fn previous_end(&self, local: i64) -> Option<i64> {
        let index = index(self.every.unit, local)?;
        start(self.every.unit, index - self.behind(index) + 1)
    }

    /// By how many periods this one is behind one that counts.
    fn behind(&self, index: i64) -> i64 {
        (index - self.phase).rem_euclid(i64::from(self.every.interval.max(1)))
    }
}

/// The number of the period in which a local second lies.
fn index(unit: RecurrenceUnit, local: i64) -> Option<i64> {
    let day = local.div_euclid(DAY);
    Some(match unit {
        RecurrenceUnit::Seconds => local,
        RecurrenceUnit::Minutes => local.div_euclid(MINUTE),
        RecurrenceUnit::Hours => local.div_euclid(HOUR),
        RecurrenceUnit::Days => day,
        RecurrenceUnit::Weeks => (day - FIRST_SUNDAY).div_euclid(7),
        RecurrenceUnit::Months => {
            let date = date(day)?;
            i64::from(date.year()) * 12 + i64::from(date.month()) - 1
        }
    })
}

/// The first local second of a period.
fn start(unit: RecurrenceUnit, index: i64) -> Option<i64> {
    Some(match unit {
        RecurrenceUnit::Seconds => index,
        RecurrenceUnit::Minutes => index * MINUTE,
        RecurrenceUnit::Hours => index * HOUR,
        RecurrenceUnit::Days => index * DAY,
        RecurrenceUnit::Weeks => (index * 7 + FIRST_SUNDAY) * DAY,
        RecurrenceUnit::Months => {
            let (year, month) = (i16::try_from(index.div_euclid(12)).ok()?, i8::try_from(index.rem_euclid(12)).ok()? + 1);
            let first = jiff::civil::Date::new(year, month, 1).ok()?;
            jiff::tz::Offset::UTC.to_timestamp(first.to_datetime(jiff::civil::Time::midnight())).ok()?.as_second()
        }
    })
}
