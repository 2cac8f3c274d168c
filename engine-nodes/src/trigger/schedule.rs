//! Schedules as the triggers of this group make them.

use engine_core::node::{Activation, Recurrence, RecurrenceUnit, ScheduleSpec};
use engine_core::schedule::Calendar;

/// A schedule whose expression can be read. The zone is the workflow's, and looked at with its settings.
pub(super) fn activation(schedule: ScheduleSpec) -> Result<Activation, String> {
    match Calendar::new(&schedule, "UTC") {
        Ok(_) => Ok(Activation::Schedule(schedule)),
        Err(problem) => Err(problem.to_string()),
    }
}

/// Fires when the expression says so, in every n-th period.
pub(super) fn every(cron: impl Into<String>, unit: RecurrenceUnit, interval: u32) -> ScheduleSpec {
    ScheduleSpec { every: (interval > 1).then_some(Recurrence { unit, interval }), ..ScheduleSpec::new(cron) }
}

/// Fires every `interval` units of a clock, counted from the first: also where cron cannot say it, as with 90 seconds or 7 hours.
pub(super) fn steadily(unit: RecurrenceUnit, interval: u32) -> ScheduleSpec {
    let cron = match unit {
        RecurrenceUnit::Seconds => "* * * * * *",
        RecurrenceUnit::Minutes => "0 * * * * *",
        _ => "0 0 * * * *",
    };
    every(cron, unit, interval)
}
