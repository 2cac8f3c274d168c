//! The calendar: from days to dates and back.

use super::zone::Zone;

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// A date and a time without a zone. Values beyond their ranges mean what they mean to JavaScript: the 32nd of January is the 1st of February.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Year.
    pub year: i64,
    /// Month, from 1.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
    /// Hour.
    pub hour: i64,
    /// Minute.
    pub minute: i64,
    /// Second.
    pub second: i64,
    /// Millisecond.
    pub millisecond: i64,
}

/// All that a calendar and a clock say of a moment in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Date and time.
    pub local: Local,
    /// Minutes from UTC.
    pub offset: i32,
    /// Day of the week, Monday being 1.
    pub weekday: i64,
    /// Day of the year, from 1.
    pub ordinal: i64,
    /// Number of the ISO week.
    pub week: i64,
    /// Year of the ISO week.
    pub week_year: i64,
}

/// Days from 1970-01-01 to a date; months and days may lie beyond their ranges.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    // Years begin in March here, so that the day that comes and goes is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that lies so many days after 1970-01-01.
pub(super) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

/// Number of days in a month, which may lie beyond its year.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    days_of(year, month + 1, 1) - days_of(year, month, 1)
}

/// Day of the week of a day, Monday being 1.
fn weekday_of(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// Number of ISO weeks in a year.
pub fn weeks_in_year(year: i64) -> i64 {
    (first_week(year + 1) - first_week(year)) / 7
}

/// The Monday of a year's first ISO week, as a day.
fn first_week(year: i64) -> i64 {
    let fourth = days_of(year, 1, 4);
    fourth - (weekday_of(fourth) - 1)
}

/// The day of an ISO week date.
pub(super) fn week_date(year: i64, week: i64, weekday: i64) -> i64 {
    first_week(year) + (week - 1) * 7 + weekday - 1
}

impl Local {
    /// Midnight of a day.
    pub(super) fn midnight(days: i64) -> Self {
        let (year, month, day) = date_of(days);
        Self { year, month, day, hour: 0, minute: 0, second: 0, millisecond: 0 }
    }

    /// Milliseconds, as if this were UTC.
    pub(super) fn as_utc(&self) -> i64 {
        days_of(self.year, self.month, self.day) * DAY + self.hour * 3_600_000 + self.minute * 60_000 + self.second * 1000 + self.millisecond
    }

    /// The date and time that UTC shows at a moment.
    pub(super) fn from_utc(millis: i64) -> Self {
        let rest = millis.rem_euclid(DAY);
        let date = Self::midnight(millis.div_euclid(DAY));
        Self { hour: rest / 3_600_000, minute: rest / 60_000 % 60, second: rest / 1000 % 60, millisecond: rest % 1000, ..date }
    }

    /// The moment at which a zone shows this date and time. Where there is none, or there are two, the offset that was known before decides.
    pub fn in_zone(&self, zone: &Zone, known_offset: i32) -> i64 {
        let minutes = |offset: i32| i64::from(offset) * 60_000;
        let local = self.as_utc();
        let guess = local - minutes(known_offset);
        let found = zone.offset(guess);
        if found == known_offset {
            return guess;
        }
        let second = local - minutes(found);
        let again = zone.offset(second);
        if again == found {
            return second;
        }
        local - minutes(found.min(again))
    }
}

impl Fields {
    /// What a zone shows at a moment.
    pub fn at(millis: i64, zone: &Zone) -> Self {
        let offset = zone.offset(millis);
        let shown = millis + i64::from(offset) * 60_000;
        let local = Local::from_utc(shown);
        let days = shown.div_euclid(DAY);
        let weekday = weekday_of(days);
        let ordinal = days - days_of(local.year, 1, 1) + 1;
        // The Thursday of a week lies in the year to which the week belongs.
        let (week_year, _, _) = date_of(days - weekday + 4);
        let week = (days - first_week(week_year)) / 7 + 1;
        Self { local, offset, weekday, ordinal, week, week_year }
    }
}

/// The year, the month and the day of an ISO week date.
pub fn week_to_date(year: i64, week: i64, weekday: i64) -> Vec<i64> {
    let (year, month, day) = date_of(week_date(year, week, weekday));
    vec![year, month, day]
}

/// The year, the month and the day of the n-th day of a year.
pub fn ordinal_to_date(year: i64, ordinal: i64) -> Vec<i64> {
    let (year, month, day) = date_of(days_of(year, 1, ordinal));
    vec![year, month, day]
}
