//! Luxon's `toFormat`: `yyyy-LL-dd 'at' HH:mm`.

use std::fmt::Write;

use jiff::Zoned;
use jiff::civil::{Date, Weekday};

use super::zone_names;

pub(super) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
pub(super) const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A format, split into tokens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LuxonFormat {
    pub(super) parts: Vec<Part>,
}

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text that stands as it is.
    Text(String),
    /// A run of one character: a token, or text when no token looks like that.
    Run(String),
}

impl LuxonFormat {
    /// Splits a format. Every text is one: what is no token stands for itself, and so does what is between single quotes.
    pub(crate) fn new(format: &str) -> Self {
        let mut parts = Vec::new();
        let (mut run, mut quoted) = (String::new(), false);
        let push = |run: &mut String, text: bool, parts: &mut Vec<Part>| {
            let run = std::mem::take(run);
            if !run.is_empty() {
                parts.push(if text || run.chars().all(char::is_whitespace) { Part::Text(run) } else { Part::Run(run) });
            }
        };
        for c in format.chars() {
            if c == '\'' {
                if quoted && run.is_empty() {
                    run.push('\'');
                }
                push(&mut run, quoted, &mut parts);
                quoted = !quoted;
            } else {
                if !quoted && !run.ends_with(c) {
                    push(&mut run, false, &mut parts);
                }
                run.push(c);
            }
        }
        push(&mut run, quoted, &mut parts);
        Self { parts }
    }

    /// Writes a date in this format.
    pub(crate) fn format(&self, date: &Zoned) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Run(token) => match token_text(token, date) {
                    Some(text) => out.push_str(&text),
                    None => out.push_str(token),
                },
            }
        }
        out
    }
}

fn token_text(token: &str, date: &Zoned) -> Option<String> {
    time_token(token, date)
        .or_else(|| date_token(token, date))
        .or_else(|| week_token(token, date))
        .or_else(|| zone_token(token, date))
        .or_else(|| macro_text(token, date))
}

/// A number with at least so many digits.
fn padded(number: impl Into<i64>, digits: usize) -> String {
    let number = number.into();
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:0digits$}", number.abs())
}

/// The last two digits of a year.
fn two_digits(year: i16) -> String {
    padded(i64::from(year).abs() % 100, 2)
}

fn time_token(token: &str, date: &Zoned) -> Option<String> {
    let millisecond = i64::from(date.subsec_nanosecond() / 1_000_000);
    let hour12 = i64::from(if date.hour() % 12 == 0 { 12 } else { date.hour() % 12 });
    Some(match token {
        "S" => padded(millisecond, 1),
        "u" | "SSS" => padded(millisecond, 3),
        "uu" => padded(millisecond / 10, 2),
        "uuu" => padded(millisecond / 100, 1),
        "s" | "ss" => padded(date.second(), token.len()),
        "m" | "mm" => padded(date.minute(), token.len()),
        "h" | "hh" => padded(hour12, token.len()),
        "H" | "HH" => padded(date.hour(), token.len()),
        "a" => if date.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "X" => date.timestamp().as_millisecond().div_euclid(1000).to_string(),
        "x" => date.timestamp().as_millisecond().to_string(),
        _ => return None,
    })
}

fn date_token(token: &str, date: &Zoned) -> Option<String> {
    let quarter = (date.month() - 1) / 3 + 1;
    Some(match token {
        "d" | "dd" => padded(date.day(), token.len()),
        "o" => padded(date.day_of_year(), 1),
        "ooo" => padded(date.day_of_year(), 3),
        "c" | "E" => padded(date.weekday().to_monday_one_offset(), 1),
        "ccc" | "EEE" => first(weekday_name(date), 3),
        "cccc" | "EEEE" => weekday_name(date).to_owned(),
        "ccccc" | "EEEEE" => first(weekday_name(date), 1),
        "L" | "M" | "LL" | "MM" => padded(date.month(), token.len()),
        "LLL" | "MMM" => first(month_name(date), 3),
        "LLLL" | "MMMM" => month_name(date).to_owned(),
        "LLLLL" | "MMMMM" => first(month_name(date), 1),
        "q" | "qq" => padded(quarter, token.len()),
        "y" => padded(date.year(), 1),
        "yy" => two_digits(date.year()),
        "yyyy" | "yyyyyy" => padded(date.year(), token.len()),
        "G" => if date.year() > 0 { "AD" } else { "BC" }.to_owned(),
        "GG" => if date.year() > 0 { "Anno Domini" } else { "Before Christ" }.to_owned(),
        "GGGGG" => if date.year() > 0 { "A" } else { "B" }.to_owned(),
        _ => return None,
    })
}

fn week_token(token: &str, date: &Zoned) -> Option<String> {
    let iso = date.date().iso_week_date();
    Some(match token {
        "kk" => two_digits(iso.year()),
        "kkkk" => padded(iso.year(), 4),
        "W" | "WW" => padded(iso.week(), token.len()),
        "n" | "nn" => padded(american_week(date.date()).1, token.len()),
        "ii" => two_digits(american_week(date.date()).0),
        "iiii" => padded(american_week(date.date()).0, 4),
        _ => return None,
    })
}

fn zone_token(token: &str, date: &Zoned) -> Option<String> {
    let minutes = date.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    Some(match token {
        "Z" if minutes == 0 => format!("{sign}{hours}"),
        "Z" => format!("{sign}{hours}:{minutes}"),
        "ZZ" => format!("{sign}{hours:02}:{minutes:02}"),
        "ZZZ" => format!("{sign}{hours:02}{minutes:02}"),
        "ZZZZ" => zone_names::short(date),
        "ZZZZZ" => zone_names::long(date),
        "z" => zone_names::zone(date),
        _ => return None,
    })
}

/// Tokens that stand for whole formats.
fn macro_text(token: &str, date: &Zoned) -> Option<String> {
    let whole = match token {
        "D" => "M/d/y",
        "DD" => "MMM d, y",
        "DDD" => "MMMM d, y",
        "DDDD" => "EEEE, MMMM d, y",
        "t" => "h:mm a",
        "tt" => "h:mm:ss a",
        "ttt" => "h:mm:ss a ZZZZ",
        "tttt" => "h:mm:ss a ZZZZZ",
        "T" => "HH:mm",
        "TT" => "HH:mm:ss",
        "TTT" => "HH:mm:ss ZZZZ",
        "TTTT" => "HH:mm:ss ZZZZZ",
        "f" => "M/d/y, h:mm a",
        "ff" => "MMM d, y, h:mm a",
        "fff" => "MMMM d, y 'at' h:mm a ZZZZ",
        "ffff" => "EEEE, MMMM d, y 'at' h:mm a ZZZZZ",
        "F" => "M/d/y, h:mm:ss a",
        "FF" => "MMM d, y, h:mm:ss a",
        "FFF" => "MMMM d, y 'at' h:mm:ss a ZZZZ",
        "FFFF" => "EEEE, MMMM d, y 'at' h:mm:ss a ZZZZZ",
        _ => return None,
    };
    Some(LuxonFormat::new(whole).format(date))
}

pub(super) fn month_name(date: &Zoned) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

pub(super) fn weekday_name(date: &Zoned) -> &'static str {
    usize::try_from(date.weekday().to_monday_zero_offset()).ok().and_then(|index| WEEKDAYS.get(index)).copied().unwrap_or_default()
}

fn first(name: &str, characters: usize) -> String {
    name.chars().take(characters).collect()
}

/// Year and number of a week that begins on Sunday; the first week is the one with the first of January.
pub(crate) fn american_week(date: Date) -> (i16, i64) {
    let sunday = |date: Date| date.checked_sub(jiff::Span::new().days(date.weekday().since(Weekday::Sunday))).unwrap_or(date);
    let first_week = |year: i16| Date::new(year, 1, 1).map_or(date, sunday);
    let year = if date.checked_add(jiff::Span::new().days(6)).is_ok() && date >= first_week(date.year() + 1) { date.year() + 1 } else { date.year() };
    let days = sunday(date).since(first_week(year)).map_or(0, |span| i64::from(span.get_days()));
    (year, days / 7 + 1)
}

/// Writes a date as Luxon's `toISO` does: milliseconds, and `Z` only for UTC itself.
pub(crate) fn to_iso(date: &Zoned) -> String {
    let mut out = LuxonFormat::new("yyyy-MM-dd'T'HH:mm:ss.SSS").format(date);
    if date.time_zone() == &jiff::tz::TimeZone::UTC {
        out.push('Z');
    } else {
        let minutes = date.offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        // Writing to a text does not fail.
        _ = write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    }
    out
}
