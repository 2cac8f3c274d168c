//! Luxon's `fromFormat`: reads a text by a format.

use jiff::Zoned;
use jiff::civil::{Date, ISOWeekDate, Time, Weekday};
use jiff::tz::{Offset, TimeZone};

use super::format::{LuxonFormat, Part};
use super::{MONTHS, WEEKDAYS};
use crate::conversion::named_zone;

/// Why a text could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It does not have the form.
    Unparsable,
    /// It has the form, but there is no such date.
    NoSuchDate,
}

/// What a part of the pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Era,
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Ordinal,
    Quarter,
    Hour24,
    Hour12,
    Meridiem,
    Minute,
    Second,
    Millisecond,
    Fraction,
    WeekYear,
    ShortWeekYear,
    Week,
    Weekday,
    WeekdayName,
    Offset,
    Zone,
}

/// The fields that were found.
#[derive(Clone, Debug, Default)]
struct Fields {
    before_christ: bool,
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    ordinal: Option<i32>,
    quarter: Option<i32>,
    hour24: Option<i32>,
    hour12: Option<i32>,
    afternoon: Option<bool>,
    minute: Option<i32>,
    second: Option<i32>,
    millisecond: Option<i32>,
    week_year: Option<i32>,
    week: Option<i32>,
    weekday: Option<i32>,
    offset: Option<i32>,
    zone: Option<String>,
}

/// A format to read by, compiled once.
#[derive(Clone, Debug)]
pub(crate) struct LuxonReader {
    /// `None` for a format that no text can have.
    pattern: Option<regex::Regex>,
    fields: Vec<Field>,
}

impl LuxonReader {
    /// Compiles a format.
    pub(crate) fn new(format: &str) -> Self {
        let (mut pattern, mut fields) = ("(?i)^".to_owned(), Vec::new());
        LuxonFormat::new(format).add_to(&mut pattern, &mut fields);
        pattern.push('$');
        Self { pattern: regex::Regex::new(&pattern).ok(), fields }
    }

    /// Reads a text. Times without a zone of their own are meant in the zone of `now`; parts that are missing before the first one that is there are
    /// taken from `now`.
    pub(crate) fn read(&self, text: &str, now: &Zoned) -> Result<Zoned, ReadError> {
        let captures = self.pattern.as_ref().and_then(|pattern| pattern.captures(text)).ok_or(ReadError::Unparsable)?;
        let mut found = Fields::default();
        for (index, field) in self.fields.iter().enumerate() {
            let text = captures.get(index + 1).map(|group| group.as_str()).unwrap_or_default();
            found.take(*field, text).ok_or(ReadError::NoSuchDate)?;
        }
        found.date(now).ok_or(ReadError::NoSuchDate)
    }
}

impl LuxonFormat {
    /// Adds the pattern, and what its groups stand for.
    fn add_to(&self, pattern: &mut String, fields: &mut Vec<Field>) {
        for part in &self.parts {
            let (Part::Text(text) | Part::Run(text)) = part;
            match (part, field(text)) {
                (Part::Run(_), Some((source, field))) => {
                    pattern.extend(["(", &source, ")"]);
                    fields.push(field);
                }
                (Part::Run(_), None) if let Some(whole) = whole_format(text) => LuxonFormat::new(whole).add_to(pattern, fields),
                _ => pattern.push_str(&regex::escape(text)),
            }
        }
    }
}

/// The pattern of a token, and what it stands for.
fn field(token: &str) -> Option<(String, Field)> {
    let digits = |least: u8, most: u8| format!("[0-9]{{{least},{most}}}");
    let names =
        |names: &[&str], characters: usize| names.iter().map(|name| name.chars().take(characters).collect()).collect::<Vec<String>>().join("|");
    Some(match token {
        "G" => ("BC|AD".to_owned(), Field::Era),
        "GG" => ("Before Christ|Anno Domini".to_owned(), Field::Era),
        "y" => (digits(1, 6), Field::Year),
        "yy" => (digits(2, 4), Field::ShortYear),
        "yyyy" => (digits(4, 4), Field::Year),
        "yyyyy" => (digits(4, 6), Field::Year),
        "yyyyyy" => (digits(6, 6), Field::Year),
        "M" | "L" => (digits(1, 2), Field::Month),
        "MM" | "LL" => (digits(2, 2), Field::Month),
        "MMM" | "LLL" => (names(&MONTHS, 3), Field::MonthName),
        "MMMM" | "LLLL" => (names(&MONTHS, 9), Field::MonthName),
        "d" => (digits(1, 2), Field::Day),
        "dd" => (digits(2, 2), Field::Day),
        "o" => (digits(1, 3), Field::Ordinal),
        "ooo" => (digits(3, 3), Field::Ordinal),
        "q" => (digits(1, 2), Field::Quarter),
        "qq" => (digits(2, 2), Field::Quarter),
        "W" => (digits(1, 2), Field::Week),
        "WW" => (digits(2, 2), Field::Week),
        "kkkk" => (digits(4, 4), Field::WeekYear),
        "kk" => (digits(2, 4), Field::ShortWeekYear),
        "E" | "c" => (digits(1, 1), Field::Weekday),
        "EEE" | "ccc" => (names(&WEEKDAYS, 3), Field::WeekdayName),
        "EEEE" | "cccc" => (names(&WEEKDAYS, 9), Field::WeekdayName),
        _ => return time_field(token),
    })
}

fn time_field(token: &str) -> Option<(String, Field)> {
    let digits = |least: u8, most: u8| format!("[0-9]{{{least},{most}}}");
    Some(match token {
        "H" => (digits(1, 2), Field::Hour24),
        "HH" => (digits(2, 2), Field::Hour24),
        "h" => (digits(1, 2), Field::Hour12),
        "hh" => (digits(2, 2), Field::Hour12),
        "a" => ("AM|PM".to_owned(), Field::Meridiem),
        "m" => (digits(1, 2), Field::Minute),
        "mm" => (digits(2, 2), Field::Minute),
        "s" => (digits(1, 2), Field::Second),
        "ss" => (digits(2, 2), Field::Second),
        "S" => (digits(1, 3), Field::Millisecond),
        "SSS" => (digits(3, 3), Field::Millisecond),
        "u" => (digits(1, 9), Field::Fraction),
        "uu" => (digits(1, 2), Field::Fraction),
        "uuu" => (digits(1, 1), Field::Fraction),
        "Z" | "ZZ" => ("[+-][0-9]{1,2}(?::[0-9]{2})?".to_owned(), Field::Offset),
        "ZZZ" => ("[+-][0-9]{1,2}(?:[0-9]{2})?".to_owned(), Field::Offset),
        "z" => ("[a-z_+/-]{1,256}?".to_owned(), Field::Zone),
        _ => return None,
    })
}

/// Tokens that stand for whole formats, as they are read.
fn whole_format(token: &str) -> Option<&'static str> {
    Some(match token {
        "D" => "M/d/yyyyy",
        "DD" => "MMM d, yyyyy",
        "DDD" => "MMMM d, yyyyy",
        "DDDD" => "EEEE, MMMM d, yyyyy",
        "t" => "h:mm a",
        "tt" => "h:mm:ss a",
        "T" => "HH:mm",
        "TT" => "HH:mm:ss",
        "f" => "M/d/yyyyy, h:mm a",
        "ff" => "MMM d, yyyyy, h:mm a",
        "F" => "M/d/yyyyy, h:mm:ss a",
        "FF" => "MMM d, yyyyy, h:mm:ss a",
        _ => return None,
    })
}

impl Fields {
    /// Takes a field over; `None` when its text means nothing.
    fn take(&mut self, field: Field, text: &str) -> Option<()> {
        let number = || text.parse::<i32>().ok();
        // Two digits of a year: the cut is at 60.
        let full_year = |year: i32| if year > 99 { year } else { year + if year > 60 { 1900 } else { 2000 } };
        let position = |names: &[&str]| {
            let prefix = text.get(..3).unwrap_or(text);
            let is = |name: &&str| name.get(..3).is_some_and(|name| name.eq_ignore_ascii_case(prefix));
            names.iter().position(is).and_then(|index| i32::try_from(index + 1).ok())
        };
        match field {
            Field::Era => self.before_christ = text.to_ascii_lowercase().starts_with('b'),
            Field::Year => self.year = Some(number()?),
            Field::ShortYear => self.year = Some(full_year(number()?)),
            Field::Month => self.month = Some(number()?),
            Field::MonthName => self.month = Some(position(&MONTHS)?),
            Field::Day => self.day = Some(number()?),
            Field::Ordinal => self.ordinal = Some(number()?),
            Field::Quarter => self.quarter = Some(number()?),
            Field::Hour24 => self.hour24 = Some(number()?),
            Field::Hour12 => self.hour12 = Some(number()?),
            Field::Meridiem => self.afternoon = Some(text.eq_ignore_ascii_case("pm")),
            Field::Minute => self.minute = Some(number()?),
            Field::Second => self.second = Some(number()?),
            Field::Millisecond => self.millisecond = Some(number()?),
            Field::Fraction => self.millisecond = Some(text.chars().chain("00".chars()).take(3).collect::<String>().parse().ok()?),
            Field::WeekYear => self.week_year = Some(number()?),
            Field::ShortWeekYear => self.week_year = Some(full_year(number()?)),
            Field::Week => self.week = Some(number()?),
            Field::Weekday => self.weekday = Some(number()?),
            Field::WeekdayName => self.weekday = Some(position(&WEEKDAYS)?),
            Field::Offset => self.offset = Some(offset_seconds(text)?),
            Field::Zone => self.zone = Some(text.to_owned()),
        }
        Some(())
    }

    /// The date that the fields make; `None` when there is none.
    fn date(mut self, now: &Zoned) -> Option<Zoned> {
        if let Some(quarter) = self.quarter {
            self.month = Some((quarter - 1) * 3 + 1);
        }
        if self.before_christ {
            self.year = self.year.map(|year| -year);
        }
        let zone = match (&self.zone, self.offset) {
            (Some(name), _) => named_zone(name)?,
            (None, Some(seconds)) => Offset::from_seconds(seconds).ok().map(TimeZone::fixed)?,
            (None, None) => now.time_zone().clone(),
        };
        let here = now.with_time_zone(zone.clone());
        let hour = self.hour().ok()?;
        let clock = [hour, self.minute, self.second, self.millisecond];
        let date = self.civil_date(here.date(), clock.iter().any(Option::is_some))?;
        let time = self.time(clock, here.time())?;
        date.to_datetime(time).to_zoned(zone).ok().map(|date| date.with_time_zone(now.time_zone().clone()))
    }

    /// The hour, where there is one; an error when it does not fit the half of the day.
    fn hour(&self) -> Result<Option<i32>, ReadError> {
        match (self.hour24, self.hour12, self.afternoon) {
            (Some(_), _, Some(_)) => Err(ReadError::NoSuchDate),
            (Some(hour), _, None) => Ok(Some(hour)),
            (None, Some(hour), _) if hour > 12 => Err(ReadError::NoSuchDate),
            (None, Some(12), Some(false)) => Ok(Some(0)),
            (None, Some(hour), Some(true)) if hour < 12 => Ok(Some(hour + 12)),
            (None, hour, _) => Ok(hour),
        }
    }

    /// The day: by week, by day of the year, or by month.
    fn civil_date(&self, today: Date, has_clock: bool) -> Option<Date> {
        let by_month = self.year.is_some() || self.month.is_some() || self.day.is_some();
        let by_week = self.week_year.is_some() || self.week.is_some() || (self.weekday.is_some() && !by_month);
        if (by_month || self.ordinal.is_some()) && (self.week_year.is_some() || self.week.is_some()) {
            return None;
        }
        if by_week {
            let iso = today.iso_week_date();
            let week = filled([self.week_year, self.week, self.weekday], [iso.year().into(), iso.week().into(), weekday_number(today)], has_clock);
            let weekday = Weekday::from_monday_one_offset(i8::try_from(week[2]).ok()?).ok()?;
            return Some(ISOWeekDate::new(i16::try_from(week[0]).ok()?, i8::try_from(week[1]).ok()?, weekday).ok()?.date());
        }
        if let Some(ordinal) = self.ordinal {
            let year = i16::try_from(self.year.unwrap_or(today.year().into())).ok()?;
            let first = Date::new(year, 1, 1).ok()?;
            return (1..=first.days_in_year().into()).contains(&ordinal).then(|| first.checked_add(jiff::Span::new().days(ordinal - 1)).ok())?;
        }
        let [year, month, day] =
            filled([self.year, self.month, self.day], [today.year().into(), today.month().into(), today.day().into()], has_clock);
        let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        // A name of the day that does not fit is a mistake.
        self.weekday.is_none_or(|weekday| weekday == weekday_number(date)).then_some(date)
    }

    fn time(&self, clock: [Option<i32>; 4], now: Time) -> Option<Time> {
        let has_date = [self.year, self.month, self.day, self.ordinal, self.week_year, self.week, self.weekday].iter().any(Option::is_some);
        let first = if has_date { Some(0) } else { clock.iter().position(Option::is_some) };
        let present = [now.hour().into(), now.minute().into(), now.second().into(), i32::from(now.millisecond())];
        let mut parts = [0; 4];
        for (index, part) in parts.iter_mut().enumerate() {
            *part = clock[index].unwrap_or(if first.is_some_and(|first| index >= first) { 0 } else { present[index] });
        }
        let [hour, minute, second, millisecond] = parts;
        let small = |number: i32| i8::try_from(number).ok();
        Time::new(small(hour)?, small(minute)?, small(second)?, millisecond.checked_mul(1_000_000)?).ok()
    }
}

/// Fills what is missing: before the first part that is there from today, after it with 1. Where only the time is there, all of it is from today.
fn filled(parts: [Option<i32>; 3], today: [i32; 3], has_clock: bool) -> [i32; 3] {
    let first = parts.iter().position(Option::is_some).unwrap_or(if has_clock { 3 } else { 0 });
    let fill = |index: usize| parts[index].unwrap_or(if index < first { today[index] } else { 1 });
    [fill(0), fill(1), fill(2)]
}

fn weekday_number(date: Date) -> i32 {
    date.weekday().to_monday_one_offset().into()
}

/// Seconds of `+5`, `+05:30` or `+0530`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) = text.split_at_checked(1)?;
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = if digits.len() > 2 { digits.split_at_checked(digits.len() - 2)? } else { (digits.as_str(), "0") };
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}
