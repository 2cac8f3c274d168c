//! Cron expressions over local seconds: seconds since 1970-01-01T00:00:00 as a clock on the wall counts them, without a time zone.
//!
//! Reading an expression and saying which days match is croner's work. The search is done here, within given bounds: croner's own walks on to the year 5000
//! when nothing matches, and knows only one policy at changes of clock.

use croner::parser::{CronParser, Seconds, Year};
use croner::{CronPattern, Weekday};
use jiff::civil::Date;

use super::{CronField, ScheduleError};

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 86_400;

/// Longer than any expression that means something: all minutes as a list have 170 characters.
const MAX_LENGTH: usize = 1000;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A cron expression that was read.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    days: CronPattern,
    hours: Vec<i64>,
    minutes: Vec<i64>,
    seconds: Vec<i64>,
    every_hour: bool,
}

impl Pattern {
    /// Reads an expression of five or six fields, or a nickname such as `@daily`.
    pub(super) fn parse(cron: &str) -> Result<Self, ScheduleError> {
        let found = cron.chars().count();
        if found > MAX_LENGTH {
            return Err(ScheduleError::TooLong { found, max: MAX_LENGTH });
        }
        let upper = nickname(cron).unwrap_or(cron).to_ascii_uppercase();
        let mut fields: Vec<&str> = upper.split_whitespace().collect();
        let found = fields.len();
        if found == 5 {
            fields.insert(0, "0");
        }
        if fields.len() != CronField::ALL.len() {
            return Err(ScheduleError::FieldCount { cron: cron.to_owned(), found });
        }
        let wrong = |is_wrong: fn(CronField, &str) -> bool| {
            let mut parts = CronField::ALL.into_iter().zip(&fields).flat_map(|(field, text)| text.split(',').map(move |part| (field, part)));
            let (field, part) = parts.find(|(field, part)| is_wrong(*field, part))?;
            let position = field as usize + 1 - (CronField::ALL.len() - found);
            Some(ScheduleError::Field { cron: cron.to_owned(), position, field, part: part.to_owned() })
        };
        if let Some(problem) = wrong(|field, part| !has_words_of(field, part)) {
            return Err(problem);
        }
        // A step of one is a star: what counts is whether a day field says anything at all.
        let plain: Vec<&str> = fields.iter().map(|field| if *field == "*/1" { "*" } else { field }).collect();
        let Some(days) = croner(&plain.join(" ")) else {
            let unknown = || ScheduleError::Unreadable { cron: cron.to_owned() };
            return Err(wrong(|field, part| !is_readable(field, part)).unwrap_or_else(unknown));
        };
        let values = |component: &croner::CronComponent| component.values().into_iter().map(i64::from).collect::<Vec<_>>();
        let (hours, minutes, seconds) = (values(&days.hours), values(&days.minutes), values(&days.seconds));
        let every_hour = fields[2].starts_with('*') || hours.len() == 24;
        Ok(Self { days, hours, minutes, seconds, every_hour })
    }

    /// Whether it goes on all day, rather than at hours that are named.
    pub(super) fn is_every_hour(&self) -> bool {
        self.every_hour
    }

    /// The first match from `from` on and before `until`.
    pub(super) fn first(&self, from: i64, until: i64) -> Option<i64> {
        let today = from.div_euclid(DAY);
        let last_day = (until - 1).div_euclid(DAY);
        let day = self.first_day(today, last_day)?;
        let time = if day == today { self.first_time(from.rem_euclid(DAY)) } else { self.first_time(0) };
        let slot = match time {
            Some(time) => day * DAY + time,
            None => self.first_day(day + 1, last_day)? * DAY + self.first_time(0)?,
        };
        (slot < until).then_some(slot)
    }

    /// The last match from `from` on and before `until`.
    pub(super) fn last(&self, from: i64, until: i64) -> Option<i64> {
        let latest = until - 1;
        let today = latest.div_euclid(DAY);
        let first_day = from.div_euclid(DAY);
        let day = self.last_day(first_day, today)?;
        let time = if day == today { self.last_time(latest.rem_euclid(DAY)) } else { self.last_time(DAY - 1) };
        let slot = match time {
            Some(time) => day * DAY + time,
            None => self.last_day(first_day, day - 1)? * DAY + self.last_time(DAY - 1)?,
        };
        (slot >= from).then_some(slot)
    }

    fn first_day(&self, mut day: i64, last: i64) -> Option<i64> {
        let mut date = date(day)?;
        while day <= last {
            if !self.is_month(date) {
                day += i64::from(date.days_in_month() - date.day()) + 1;
                date = date.last_of_month().tomorrow().ok()?;
            } else if self.is_day(date) {
                return Some(day);
            } else {
                day += 1;
                date = date.tomorrow().ok()?;
            }
        }
        None
    }

    fn last_day(&self, first: i64, mut day: i64) -> Option<i64> {
        let mut date = date(day)?;
        while day >= first {
            if !self.is_month(date) {
                day -= i64::from(date.day());
                date = date.first_of_month().yesterday().ok()?;
            } else if self.is_day(date) {
                return Some(day);
            } else {
                day -= 1;
                date = date.yesterday().ok()?;
            }
        }
        None
    }

    fn is_month(&self, date: Date) -> bool {
        self.days.month_match(u32::from(date.month().unsigned_abs())).unwrap_or(false)
    }

    fn is_day(&self, date: Date) -> bool {
        let weekday = Weekday::from_days_from_sunday(u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs()));
        let (month, day) = (u32::from(date.month().unsigned_abs()), u32::from(date.day().unsigned_abs()));
        self.days.day_match(i32::from(date.year()), month, day, weekday).unwrap_or(false)
    }

    fn first_time(&self, from: i64) -> Option<i64> {
        let (hour, minute, second) = (from / HOUR, from % HOUR / MINUTE, from % MINUTE);
        let (first_minute, first_second) = (*self.minutes.first()?, *self.seconds.first()?);
        if self.hours.binary_search(&hour).is_ok() {
            if self.minutes.binary_search(&minute).is_ok()
                && let Some(second) = at_least(&self.seconds, second)
            {
                return Some(hour * HOUR + minute * MINUTE + second);
            }
            if let Some(minute) = at_least(&self.minutes, minute + 1) {
                return Some(hour * HOUR + minute * MINUTE + first_second);
            }
        }
        Some(at_least(&self.hours, hour + 1)? * HOUR + first_minute * MINUTE + first_second)
    }

    fn last_time(&self, until: i64) -> Option<i64> {
        let (hour, minute, second) = (until / HOUR, until % HOUR / MINUTE, until % MINUTE);
        let (last_minute, last_second) = (*self.minutes.last()?, *self.seconds.last()?);
        if self.hours.binary_search(&hour).is_ok() {
            if self.minutes.binary_search(&minute).is_ok()
                && let Some(second) = at_most(&self.seconds, second)
            {
                return Some(hour * HOUR + minute * MINUTE + second);
            }
            if let Some(minute) = at_most(&self.minutes, minute - 1) {
                return Some(hour * HOUR + minute * MINUTE + last_second);
            }
        }
        Some(at_most(&self.hours, hour - 1)? * HOUR + last_minute * MINUTE + last_second)
    }
}

/// The date of a day counted from 1970-01-01.
pub(super) fn date(day: i64) -> Option<Date> {
    let midnight = jiff::Timestamp::from_second(day.checked_mul(DAY)?).ok()?;
    Some(jiff::tz::Offset::UTC.to_datetime(midnight).date())
}

fn at_least(values: &[i64], least: i64) -> Option<i64> {
    values.get(values.partition_point(|value| *value < least)).copied()
}

fn at_most(values: &[i64], most: i64) -> Option<i64> {
    values.get(values.partition_point(|value| *value <= most).checked_sub(1)?).copied()
}

fn croner(cron: &str) -> Option<CronPattern> {
    // n8n reads `5/10` as "from 5 on, in steps of 10".
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).sloppy_ranges(true).build();
    parser.parse(cron).ok().map(|cron| cron.pattern)
}

/// What the names stand for that n8n knows.
fn nickname(cron: &str) -> Option<&'static str> {
    Some(match cron.trim().to_ascii_lowercase().as_str() {
        "@secondly" => "* * * * * *",
        "@minutely" => "0 * * * * *",
        "@hourly" => "0 0 * * * *",
        "@daily" | "@midnight" => "0 0 0 * * *",
        "@weekly" => "0 0 0 * * 0",
        "@weekdays" => "0 0 0 * * 1-5",
        "@weekends" => "0 0 0 * * 0,6",
        "@monthly" => "0 0 0 1 * *",
        "@yearly" | "@annually" => "0 0 0 1 1 *",
        _ => return None,
    })
}

/// Whether one part of a list can be read, alone in its field.
fn is_readable(field: CronField, part: &str) -> bool {
    let alone: Vec<&str> = CronField::ALL.into_iter().map(|other| if other == field { part } else { "*" }).collect();
    croner(&alone.join(" ")).is_some()
}

/// Whether one part of a list says something, in words that its field knows.
///
/// croner replaces names of days and months wherever they stand and runs them together (`JANFEB` is 12), and takes an `L` that never matches.
fn has_words_of(field: CronField, part: &str) -> bool {
    let says_nothing = part.is_empty() || part == "+" || (field == CronField::Weekday && part.trim_start_matches('+') == "L");
    !says_nothing && part.split(|c: char| !c.is_ascii_alphabetic()).all(|word| is_word(field, word))
}

fn is_word(field: CronField, word: &str) -> bool {
    word.is_empty()
        || match field {
            CronField::Second | CronField::Minute | CronField::Hour => false,
            CronField::Day => matches!(word, "L" | "W" | "LW"),
            CronField::Month => MONTHS.contains(&word),
            CronField::Weekday => word == "L" || WEEKDAYS.contains(&word.strip_suffix('L').unwrap_or(word)),
        }
}
