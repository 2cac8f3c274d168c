//! The calendar of schedules: at which instants a schedule fires, what is due now, and what of the missed slots is made up for.
//!
//! Pure: no clock, no I/O. The worker reads [`StoredSchedule`](crate::store::StoredSchedule)s, asks [`due`] what to do, and writes the answer through
//! [`ScheduleStore::fire`](crate::store::ScheduleStore::fire); trigger nodes ask [`Calendar::new`] whether an expression can be read.
//!
//! A *slot* is an instant at which a schedule fires. Slots depend on nothing but the schedule, so every process of a fleet finds the same ones, and the
//! store lets each of them fire once. Time zones come from the database that is compiled in, so that two machines cannot differ by what is installed on them.
//!
#![doc = include_str!("../../../docs/SCHEDULES.md")]

mod calendar;
mod cron;
mod due;
mod error;
mod jitter;
mod recurrence;
mod zone;

pub use calendar::Calendar;
pub use due::{Due, GRACE, Passed, Slot, due};
pub use error::{CronField, ScheduleError};
pub use jitter::start_at;
