//! What of a schedule is to fire now, and what is passed over.

use std::time::Duration;

use super::{Calendar, ScheduleError};
use crate::model::Timestamp;
use crate::node::Missed;
use crate::store::StoredSchedule;

/// Up to this age a slot is on time: it fires whatever is said of missed ones.
pub const GRACE: Duration = Duration::from_secs(30);

/// What is to be done about a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The slots that are to fire, the oldest first. Firing one passes over all before it.
    pub fire: Vec<Slot>,
    /// The slots that are older than those and do not fire. When none fires, the newest is to be passed over, or the schedule stays due.
    pub passed: Option<Passed>,
    /// The first slot that is yet to come.
    pub next: Option<Timestamp>,
}

/// A slot that is to fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its nominal time.
    pub at: Timestamp,
    /// When its execution is to start; later than `at` when the schedule spreads its starts.
    pub start_at: Timestamp,
    /// The slot after it that is to fire. What is left of a list is found again by whoever comes next.
    pub next: Option<Timestamp>,
}

/// Slots that do not fire. How many there are is not counted: that would take as long as the schedule was off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The oldest.
    pub oldest: Timestamp,
    /// The newest.
    pub newest: Timestamp,
}

/// Says which slots of a schedule are to fire now, under its policy for missed ones.
///
/// A slot that is at most [`GRACE`] old is on time and fires; older ones were missed. The work does not grow with the time for which the schedule was off.
///
/// For each slot of `fire` in order, call [`ScheduleStore::fire`](crate::store::ScheduleStore::fire) with its `at`, its `next`, and an execution that is due at its
/// `start_at`. When there is none, call it with `passed.newest`, [`Due::next`] and no execution.
///
/// # Errors
/// When the expression or the zone cannot be read.
pub fn due(schedule: &StoredSchedule, now: Timestamp) -> Result<Due, ScheduleError> {
    let calendar = Calendar::of(schedule)?;
    let Some(oldest) = schedule.next.filter(|next| *next <= now) else {
        return Ok(Due { next: schedule.next, ..Due::default() });
    };
    // The store passes no slot twice; what it would refuse is not offered.
    let floor = schedule.last.map_or(oldest, |last| oldest.max(just_after(last)));
    let mut fire = on_time(&calendar, floor, now);
    let before = |slots: &[Timestamp]| slots.last().map_or(now, |slot| just_before(*slot));
    // Newest first until here.
    let wanted = match schedule.spec.missed {
        Missed::None => 0,
        Missed::Latest => usize::from(fire.is_empty()),
        Missed::All { limit } => limit.min(Missed::MOST) as usize,
    };
    for _ in 0..wanted {
        let Some(slot) = calendar.last_within(floor, before(&fire)) else { break };
        fire.push(slot);
    }
    let newest = calendar.last_within(floor, before(&fire));
    let passed = match newest {
        Some(newest) => Some(Passed { oldest: oldest.min(newest), newest }),
        // A stored slot that the calendar no longer has: the zone has new rules, say.
        None if fire.is_empty() => Some(Passed { oldest, newest: oldest }),
        None => None,
    };
    fire.reverse();
    let next = calendar.next_after(now);
    let nexts = fire.iter().skip(1).copied().map(Some).chain([next]);
    let fire = fire.iter().zip(nexts).map(|(at, next)| Slot { at: *at, start_at: calendar.start_at(&schedule.id, *at), next }).collect();
    Ok(Due { fire, passed, next })
}

/// The slots that are on time, the newest first: at most one for each second of [`GRACE`].
fn on_time(calendar: &Calendar, floor: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    let grace = i64::try_from(GRACE.as_micros()).unwrap_or(i64::MAX);
    let floor = floor.max(Timestamp::from_micros(now.as_micros().saturating_sub(grace)));
    std::iter::successors(calendar.last_within(floor, now), |slot| calendar.last_within(floor, just_before(*slot))).collect()
}

fn just_after(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_add(1))
}

fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_sub(1))
}
