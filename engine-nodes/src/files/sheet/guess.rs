//! What a text in a cell of a text format stands for: a number, a truth value, a point in time, or itself.

use engine_core::expression::js::{text_to_number, trim};
use jiff::civil::{Date, DateTime, Time};

use super::Cell;

/// What a text stands for.
pub(super) fn cell(text: &str) -> Cell {
    match text {
        "TRUE" => Cell::Bool(true),
        "FALSE" => Cell::Bool(false),
        _ => number(text).map(Cell::Number).or_else(|| date(text).map(Cell::Date)).unwrap_or_else(|| Cell::Text(text.to_owned())),
    }
}

/// A number, also with thousands separators, a dollar sign, percent signs, or in parentheses for a negative one.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text_to_number(text);
    if !plain.is_nan() {
        return plain.is_finite().then_some(plain);
    }
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut factor = 1.0;
    let mut bare = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after_digit = bare.ends_with(|c: char| c.is_ascii_digit());
        match c {
            '$' => {}
            '%' => factor *= 100.0,
            ',' if after_digit && rest.peek().is_some_and(char::is_ascii_digit) => {}
            other => bare.push(other),
        }
    }
    let value = text_to_number(&bare);
    if !value.is_nan() {
        return Some(value / factor);
    }
    let (before, inner) = bare.split_once('(')?;
    let (inner, after) = inner.split_once(')')?;
    let value = text_to_number(&format!("{before}{inner}{after}"));
    (!value.is_nan()).then_some(-value / factor)
}

/// A point in time in the usual notations, as the days since the beginning of 1900 that workbooks count.
pub(super) fn date(text: &str) -> Option<f64> {
    let text = trim(text);
    if text.is_empty() || !text.is_ascii() || text.len() > 40 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if let Some(time) = time_of_day(&lower) {
        return serial(Date::new(1899, 12, 31).ok()?.to_datetime(time));
    }
    let (day, rest) = day(&lower)?;
    let rest = rest.trim_start_matches([' ', 't', ',']).trim_end_matches('z').trim();
    let time = if rest.is_empty() { Time::midnight() } else { time_of_day(rest)? };
    serial(day.to_datetime(time))
}

/// The serial number of a point in time.
pub(super) fn serial(time: DateTime) -> Option<f64> {
    let millis = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of years up to 9999 fit in 53 bits")]
    let days = (millis - EPOCH_MILLIS) as f64 / MILLIS_PER_DAY;
    // Workbooks count a 29 February 1900 that never was; before it, serial numbers are one less.
    Some(if days < 61.0 { days - 1.0 } else { days })
}

/// The point in time of a serial number, in milliseconds since 1970.
pub(super) fn millis(serial: f64) -> i64 {
    let days = if serial > 60.0 { serial } else { serial + 1.0 };
    #[expect(clippy::cast_possible_truncation, reason = "saturates far outside the range of dates")]
    let millis = (days * MILLIS_PER_DAY).round() as i64;
    millis.saturating_add(EPOCH_MILLIS)
}

/// 30 December 1899, day 0 of workbooks after their leap-year error, in milliseconds since 1970.
const EPOCH_MILLIS: i64 = -2_209_161_600_000;
const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// `1:30`, `13:05:59.5`, `1 pm`, `1:30 p`.
fn time_of_day(text: &str) -> Option<Time> {
    let (clock, half) = match text.split_once(char::is_whitespace) {
        Some((clock, half)) => (clock, Some(half.trim())),
        None => (text, None),
    };
    let afternoon = match half {
        Some("p" | "pm") => Some(true),
        Some("a" | "am") => Some(false),
        None if clock.contains(':') => None,
        _ => return None,
    };
    let mut parts = clock.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    let second: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    if parts.next().is_some() || !(0.0..60.0).contains(&second) {
        return None;
    }
    let hour = match afternoon {
        Some(_) if !(0..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    #[expect(clippy::cast_possible_truncation, reason = "below a minute")]
    let (whole, nanos) = (second.trunc() as i8, (second.fract() * 1e9).round() as i32);
    Time::new(hour, minute, whole, nanos.min(999_999_999)).ok()
}

/// A day at the start of a text, and what follows it: `2024-1-31`, `2024/1`, `1/31/2024`, `1-31-24`, and `1/31`, which is in the year 2001.
fn day(text: &str) -> Option<(Date, &str)> {
    let (first, rest) = digits(text)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/'))?;
    let (second, rest) = digits(rest.strip_prefix(separator)?)?;
    let third = rest.strip_prefix(separator).and_then(digits);
    let rest = third.map_or(rest, |(_, rest)| rest);
    let (year, month, day) = match (first.len() == 4, third) {
        (true, Some((third, _))) => (first, second, third),
        (true, None) => (first, second, "1"),
        (false, Some((third, _))) => (third, first, second),
        (false, None) => ("2001", first, second),
    };
    Some((Date::new(full_year(year)?, month.parse().ok()?, day.parse().ok()?).ok()?, rest)).filter(|(_, rest)| ends_day(rest))
}

fn ends_day(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', 't', ','])
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())
}

fn full_year(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    match text.len() {
        4 => (1900..=9999).contains(&year).then_some(year),
        1 | 2 => Some(if year < 50 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("00123", Some(123.0)),
            (" 1e5 ", Some(100_000.0)),
            ("1,234.5", Some(1234.5)),
            ("$5", Some(5.0)),
            ("50%", Some(0.5)),
            ("(5)", Some(-5.0)),
            ("1.2.3", None),
            ("x1", None),
            ("Infinity", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2024-01-02", Some(45293.0)),
            ("1/2/2024", Some(45293.0)),
            ("2024-01-02T12:00:00Z", Some(45293.5)),
            ("1/2/24 6:00 pm", Some(45293.75)),
            ("2024-1", Some(45292.0)),
            ("5/6", Some(37017.0)),
            ("1 pm", Some(0.541_666_666_666_666_7)),
            ("Jan 2, 2024", None),
            ("12:00", Some(0.5)),
            ("2024-13-02", None),
            ("2024-01-02x", None),
            ("May", None),
            ("version 1", None),
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
        assert_eq!(millis(46205.0), 1_782_950_400_000);
    }
}
