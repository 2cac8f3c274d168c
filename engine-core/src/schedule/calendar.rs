//! The slots of one schedule.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::cron::{DAY, Pattern};
use super::recurrence::Periods;
use super::zone::{self, Stretch};
use super::{ScheduleError, jitter};
use crate::model::Timestamp;
use crate::node::{Gap, Overlap, Recurrence, ScheduleSpec};
use crate::store::{ScheduleId, StoredSchedule};

/// The calendar repeats itself after 400 years; what does not match within them never does.
const HORIZON: i64 = 146_097 * DAY;

/// Tries to find a match within a period that counts before a search is given up. An expression and a recurrence that can meet do so long before.
const MAX_TRIES: usize = 4096;

/// Says at which instants a schedule fires.
///
/// ```
/// use engine_core::model::Timestamp;
/// use engine_core::node::ScheduleSpec;
/// use engine_core::schedule::Calendar;
///
/// let calendar = Calendar::new(&ScheduleSpec::new("0 30 9 * * MON-FRI"), "Europe/Berlin")?;
/// let friday_noon = Timestamp::parse("2026-11-27T12:00:00Z")?;
/// assert_eq!(calendar.next_after(friday_noon), Some(Timestamp::parse("2026-11-30T08:30:00Z")?));
///
/// let wrong = Calendar::new(&ScheduleSpec::new("0 25 * * *"), "Europe/Berlin").unwrap_err();
/// assert!(wrong.to_string().starts_with("field 2 of \"0 25 * * *\", the hour, cannot be \"25\"; it takes 0 to 23"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Calendar {
    pattern: Pattern,
    zone: TimeZone,
    every: Option<Recurrence>,
    periods: Option<Periods>,
    shift: bool,
    once: bool,
    jitter_millis: u32,
}

impl Calendar {
    /// The calendar of a schedule that has not fired yet.
    ///
    /// # Errors
    /// When the expression or the zone cannot be read.
    pub fn new(spec: &ScheduleSpec, time_zone: &str) -> Result<Self, ScheduleError> {
        if spec.every.is_some_and(|every| every.interval == 0) {
            return Err(ScheduleError::NoInterval);
        }
        let pattern = Pattern::parse(&spec.cron)?;
        let once = match spec.daylight.overlap {
            Overlap::Auto => !pattern.is_every_hour(),
            Overlap::Once => true,
            Overlap::Twice => false,
        };
        Ok(Self {
            pattern,
            zone: zone::find(time_zone)?,
            every: spec.every.filter(|every| every.interval > 1),
            periods: None,
            shift: spec.daylight.gap == Gap::Shift,
            once,
            jitter_millis: spec.jitter_millis,
        })
    }

    /// The calendar of a stored schedule: it counts from the slot at which that fired last, or is to fire first.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(schedule: &StoredSchedule) -> Result<Self, ScheduleError> {
        let calendar = Self::new(&schedule.spec, &schedule.time_zone)?;
        Ok(match schedule.last.or(schedule.next) {
            Some(slot) => calendar.counting_from(slot),
            None => calendar,
        })
    }

    /// Counts "every n" periods from this slot. Without it each slot of the expression may be the first.
    #[must_use]
    pub fn counting_from(mut self, slot: Timestamp) -> Self {
        let second = second(slot);
        let local = zone::offset(&self.zone, second).map(|offset| second + offset);
        self.periods = self.every.zip(local).and_then(|(every, local)| Periods::from(every, local));
        self
    }

    /// The first slot later than `after`; none when there is none in 400 years.
    ///
    /// Of a schedule that counts periods this is the first slot of all, unless [`counting_from`](Self::counting_from) says where counting begins.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut at = second(after).checked_add(1)?;
        let horizon = at.checked_add(HORIZON)?;
        let mut tries = MAX_TRIES;
        while at < horizon && tries > 0 {
            let stretch = zone::stretch(&self.zone, at)?;
            if self.shifted(&stretch) == Some(at) {
                return Some(instant(at));
            }
            let from = (at + stretch.offset).max(stretch.first_local(self.once).unwrap_or(i64::MIN));
            let until = stretch.ends.unwrap_or(horizon).min(horizon) + stretch.offset;
            if let Some(local) = self.first(from..until, &mut tries) {
                return Some(instant(local - stretch.offset));
            }
            at = stretch.ends?;
        }
        None
    }

    /// The last slot that is not earlier than `from` and not later than `until`.
    pub fn last_within(&self, from: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let lowest = if from.as_micros().rem_euclid(1_000_000) == 0 { second(from) } else { second(from).checked_add(1)? };
        let mut at = second(until);
        let lowest = lowest.max(at.checked_sub(HORIZON)?);
        let mut tries = MAX_TRIES;
        while at >= lowest && tries > 0 {
            let stretch = zone::stretch(&self.zone, at)?;
            let low = (lowest + stretch.offset).max(stretch.first_local(self.once).unwrap_or(i64::MIN));
            if let Some(local) = self.last(low..at + stretch.offset + 1, &mut tries) {
                return Some(instant(local - stretch.offset));
            }
            if let Some(begin) = self.shifted(&stretch).filter(|begin| *begin >= lowest) {
                return Some(instant(begin));
            }
            at = stretch.begins?.0 - 1;
        }
        None
    }

    /// The slots later than `after`, without end if there is none. A schedule that counts periods counts from the first of them.
    pub fn slots_after(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
        let first = self.next_after(after);
        let calendar = match first {
            Some(slot) if self.periods.is_none() => self.clone().counting_from(slot),
            _ => self.clone(),
        };
        std::iter::successors(first, move |slot| calendar.next_after(*slot))
    }

    /// When the execution of a slot is to start: at the slot, or a little later if the schedule spreads its starts. See [`start_at`](super::start_at).
    pub fn start_at(&self, schedule: &ScheduleId, slot: Timestamp) -> Timestamp {
        jitter::start_at(schedule, slot, self.jitter_millis)
    }

    /// The change of clock with which the stretch begins, if a slot that it left out is made up for then.
    fn shifted(&self, stretch: &Stretch) -> Option<i64> {
        let (begin, gap) = stretch.gap().filter(|_| self.shift)?;
        self.pattern.first(gap.start, gap.end)?;
        self.periods.is_none_or(|periods| periods.count(begin + stretch.offset)).then_some(begin)
    }

    fn first(&self, mut within: Range<i64>, tries: &mut usize) -> Option<i64> {
        while *tries > 0 {
            *tries -= 1;
            let local = self.pattern.first(within.start, within.end)?;
            match self.periods.filter(|periods| !periods.count(local)) {
                None => return Some(local),
                Some(periods) => within.start = periods.next(local)?,
            }
        }
        None
    }

    fn last(&self, mut within: Range<i64>, tries: &mut usize) -> Option<i64> {
        while *tries > 0 {
            *tries -= 1;
            let local = self.pattern.last(within.start, within.end)?;
            match self.periods.filter(|periods| !periods.count(local)) {
                None => return Some(local),
                Some(periods) => within.end = periods.previous_end(local)?,
            }
        }
        None
    }
}

fn second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_micros(second.saturating_mul(1_000_000))
}
