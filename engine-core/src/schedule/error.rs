//! What is wrong with a schedule: where, what, and what would be right.

use std::fmt;

/// A schedule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The expression is longer than any that means something.
    #[error("a cron expression has at most {max} characters, and this one has {found}")]
    TooLong {
        /// Characters that there are.
        found: usize,
        /// Characters that may be.
        max: usize,
    },
    /// Too few or too many fields, or a nickname that is not known.
    #[error("a cron expression has five fields (minute hour day month weekday) or six (a second before them), and {cron:?} has {found}")]
    FieldCount {
        /// The expression.
        cron: String,
        /// Fields that it has.
        found: usize,
    },
    /// One field cannot be read.
    #[error("field {position} of {cron:?}, the {field}, cannot be {part:?}; it takes {}", field.takes())]
    Field {
        /// The expression.
        cron: String,
        /// Which field, counted from 1.
        position: usize,
        /// What the field says.
        field: CronField,
        /// The part of the field that is wrong.
        part: String,
    },
    /// Its fields can be read one by one, but not together.
    #[error("the cron expression {cron:?} cannot be read")]
    Unreadable {
        /// The expression.
        cron: String,
    },
    /// A recurrence of zero.
    #[error("a schedule cannot recur every 0 periods; the least is 1")]
    NoInterval,
    /// No time zone has this name.
    #[error("{zone:?} is no time zone; one is named as in the IANA database, such as Europe/Berlin or UTC")]
    UnknownZone {
        /// The name.
        zone: String,
    },
}

/// What a field of a cron expression says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CronField {
    /// The second of the minute.
    Second,
    /// The minute of the hour.
    Minute,
    /// The hour of the day.
    Hour,
    /// The day of the month.
    Day,
    /// The month.
    Month,
    /// The day of the week.
    Weekday,
}

impl CronField {
    /// All fields in the order in which they are written.
    pub const ALL: [Self; 6] = [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Weekday];

    /// What may be written in the field.
    const fn takes(self) -> &'static str {
        match self {
            Self::Second | Self::Minute => "0 to 59, ranges (10-20), lists (0,30), steps (*/5) or *",
            Self::Hour => "0 to 23, ranges (9-17), lists (6,18), steps (*/2) or *",
            Self::Day => "1 to 31, ranges (1-7), lists (1,15), steps (*/2), L (the last day), 15W (the weekday nearest to the 15th), LW or *",
            Self::Month => "1 to 12 or JAN to DEC, ranges (1-3), lists (1,7), steps (*/3) or *",
            Self::Weekday => {
                "0 to 7 or SUN to SAT (0 and 7 are Sunday), ranges (1-5), lists (1,4), 1#2 (the second Monday), 5L (the last Friday) or *"
            }
        }
    }
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day of the month",
            Self::Month => "month",
            Self::Weekday => "day of the week",
        })
    }
}
