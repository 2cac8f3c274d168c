//! ISO 8601 as Luxon reads it (calendar, week and ordinal dates, times alone), and SQL's form with a blank in place of the `T`.

use jiff::Zoned;
use jiff::civil::{Date, ISOWeekDate, Time, Weekday};
use jiff::tz::TimeZone;

use super::cursor::Cursor;
use super::{Dates, named_zone, offset_zone};

/// `2024-05-01T10:20:30.123+02:00[Europe/Berlin]` and all its shorter and tighter forms.
pub(super) fn parse(text: &str, dates: &Dates) -> Option<Zoned> {
    let forms: [fn(&mut Cursor<'_>) -> Option<Date>; 3] = [calendar_date, week_date, ordinal_date];
    forms
        .iter()
        .find_map(|form| {
            let mut cursor = Cursor::new(text);
            let date = form(&mut cursor)?;
            let clock = if cursor.eat_any_case('t') { iso_clock(&mut cursor)? } else { Clock::default() };
            if cursor.at_end() { clock.on(date, dates) } else { None }
        })
        .or_else(|| time_alone(text, dates))
}

/// `2024-05-01 10:20:30.123 +02:00`, with the time, and an offset or zone name behind it, left out or not.
pub(super) fn parse_sql(text: &str, dates: &Dates) -> Option<Zoned> {
    let mut cursor = Cursor::new(text);
    let (year, month, day) = (cursor.digits(4)?, dashed(&mut cursor)?, dashed(&mut cursor)?);
    let clock = if cursor.eat(' ') { sql_clock(&mut cursor)? } else { Clock::default() };
    if cursor.at_end() { clock.on(new_date(year, month, day)?, dates) } else { None }
}

/// A time of day, and the zone that stood behind it.
#[derive(Default)]
struct Clock {
    time: Time,
    /// 24:00, the end of the day.
    next_day: bool,
    zone: Option<TimeZone>,
}

impl Clock {
    fn on(self, date: Date, dates: &Dates) -> Option<Zoned> {
        let date = if self.next_day { date.tomorrow().ok()? } else { date };
        date.to_datetime(self.time).to_zoned(self.zone.unwrap_or_else(|| dates.zone().clone())).ok()
    }
}

/// A time without a date is meant today.
fn time_alone(text: &str, dates: &Dates) -> Option<Zoned> {
    let mut cursor = Cursor::new(text);
    let clock = iso_clock(&mut cursor)?;
    let zone = clock.zone.clone().unwrap_or_else(|| dates.zone().clone());
    let today = dates.now().zoned().with_time_zone(zone).date();
    if cursor.at_end() { clock.on(today, dates) } else { None }
}

fn calendar_date(cursor: &mut Cursor<'_>) -> Option<Date> {
    let year = cursor.try_take(signed_year).or_else(|| cursor.digits(4))?;
    let month = cursor.try_take(dash_or_not);
    let day = month.and_then(|_| cursor.try_take(dash_or_not));
    new_date(year, month.unwrap_or(1), day.unwrap_or(1))
}

fn week_date(cursor: &mut Cursor<'_>) -> Option<Date> {
    let year = cursor.digits(4)?;
    cursor.eat('-');
    if !cursor.eat('W') {
        return None;
    }
    let week = cursor.digits(2)?;
    let day = cursor.try_take(|cursor| {
        cursor.eat('-');
        cursor.digits(1)
    });
    let weekday = Weekday::from_monday_one_offset(i8::try_from(day.unwrap_or(1)).ok()?).ok()?;
    Some(ISOWeekDate::new(i16::try_from(year).ok()?, i8::try_from(week).ok()?, weekday).ok()?.date())
}

fn ordinal_date(cursor: &mut Cursor<'_>) -> Option<Date> {
    let year = cursor.digits(4)?;
    cursor.eat('-');
    let day = cursor.digits(3)?;
    new_date(year, 1, 1)?.with().day_of_year(i16::try_from(day).ok()?).build().ok()
}

fn signed_year(cursor: &mut Cursor<'_>) -> Option<i32> {
    let sign = if cursor.eat('-') { -1 } else { i32::from(cursor.eat('+')) };
    if sign == 0 { None } else { cursor.digits(6).map(|year| sign * year) }
}

fn dash_or_not(cursor: &mut Cursor<'_>) -> Option<i32> {
    cursor.eat('-');
    cursor.digits(2)
}

fn dashed(cursor: &mut Cursor<'_>) -> Option<i32> {
    if cursor.eat('-') { cursor.digits(2) } else { None }
}

fn colon_or_not(cursor: &mut Cursor<'_>) -> Option<i32> {
    cursor.eat(':');
    cursor.digits(2)
}

fn new_date(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `10`, `10:20`, `10:20:30`, `10:20:30.123`, with or without the colons.
fn time_of_day(cursor: &mut Cursor<'_>) -> Option<(Time, bool)> {
    let hour = cursor.digits(2)?;
    let minute = cursor.try_take(colon_or_not);
    let second = minute.and_then(|_| cursor.try_take(colon_or_not));
    let millis = if second.is_some() { cursor.try_take(fraction) } else { None };
    let (minute, second, millis) = (minute.unwrap_or(0), second.unwrap_or(0), millis.unwrap_or(0));
    if hour == 24 && minute == 0 && second == 0 && millis == 0 {
        return Some((Time::midnight(), true));
    }
    let part = |number: i32| i8::try_from(number).ok();
    if second > 59 {
        return None;
    }
    Some((Time::new(part(hour)?, part(minute)?, part(second)?, millis * 1_000_000).ok()?, false))
}

/// Milliseconds from the digits behind a point or comma; further digits are cut off.
fn fraction(cursor: &mut Cursor<'_>) -> Option<i32> {
    if !cursor.eat('.') && !cursor.eat(',') {
        return None;
    }
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    if digits.is_empty() || digits.len() > 30 {
        return None;
    }
    digits.chars().chain("00".chars()).take(3).collect::<String>().parse().ok()
}

/// `Z`, `+02`, `+0200`, `+02:00` as a zone.
fn offset(cursor: &mut Cursor<'_>) -> Option<TimeZone> {
    if cursor.eat_any_case('z') {
        return Some(TimeZone::UTC);
    }
    let sign = if cursor.eat('-') { -1 } else { i32::from(cursor.eat('+')) };
    if sign == 0 {
        return None;
    }
    let hours = cursor.digits(2)?;
    let minutes = cursor.try_take(colon_or_not).unwrap_or(0);
    offset_zone(sign * (hours * 3600 + minutes * 60))
}

fn is_zone_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '/')
}

/// A time with an offset and a bracketed zone name, each left out or not. A zone that does not exist makes the text invalid.
fn iso_clock(cursor: &mut Cursor<'_>) -> Option<Clock> {
    let (time, next_day) = time_of_day(cursor)?;
    let fixed = cursor.try_take(offset);
    let zone = if cursor.eat('[') {
        let name = cursor.take_while(is_zone_name);
        if !cursor.eat(']') {
            return None;
        }
        Some(named_zone(name)?)
    } else {
        fixed
    };
    Some(Clock { time, next_day, zone })
}

fn sql_clock(cursor: &mut Cursor<'_>) -> Option<Clock> {
    let (time, next_day) = time_of_day(cursor)?;
    cursor.eat(' ');
    let zone = match cursor.try_take(offset) {
        Some(zone) => Some(zone),
        None if cursor.at_end() => None,
        None => Some(named_zone(cursor.take_while(is_zone_name))?),
    };
    Some(Clock { time, next_day, zone })
}
