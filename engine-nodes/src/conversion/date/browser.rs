//! What browsers' `Date.parse` makes of texts that follow no standard: `1-Feb-2024`, `May 17, 2023 10:52 PM`, `05/17/2023`.
//!
//! The rules are those of V8's fallback parser: words before the first number are skipped, month names count by their first three letters,
//! numbers before colons are times, other numbers are day, month and year in an order that depends on which of them can be a day.

use jiff::Zoned;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::cursor::Cursor;
use super::mail::MONTHS;
use super::offset_zone;

/// Reads a text in the way of browsers: an instant, seen in `zone`. A text without a zone is meant in `zone` too, unless it is a date of ISO's form,
/// which got here because its month is too short for its day: that is meant in UTC.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Option<Zoned> {
    let mut reading = Reading::default();
    let mut cursor = Cursor::new(text);
    while let Some(c) = cursor.peek() {
        if c.is_ascii_digit() {
            reading.number(&mut cursor)?;
        } else if is_in_word(c) {
            reading.word(&mut cursor)?;
        } else {
            cursor.take();
            reading.sign(c, &mut cursor)?;
        }
    }
    let date = reading.date()?;
    let (time, later_days) = reading.time()?;
    let local = if is_iso_date(text) { TimeZone::UTC } else { zone.clone() };
    let meant = if reading.offset.sign.is_some() { reading.offset.zone()? } else { local };
    let date = date.checked_add(jiff::Span::new().days(later_days)).ok()?;
    Some(date.to_datetime(time).to_zoned(meant).ok()?.with_time_zone(zone.clone()))
}

/// For V8 everything from `A` on is a letter: brackets, braces, what is not ASCII.
fn is_in_word(c: char) -> bool {
    c >= 'A'
}

fn is_iso_date(text: &str) -> bool {
    text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}

#[derive(Default)]
struct Reading {
    seen_number: bool,
    day: Vec<i32>,
    month: Option<i32>,
    clock: Vec<i32>,
    clock_done: bool,
    afternoon: Option<bool>,
    offset: Shift,
}

/// The zone of the text: none, or hours and minutes with a sign.
#[derive(Default)]
struct Shift {
    sign: Option<i32>,
    hours: i32,
    minutes: Option<i32>,
}

impl Shift {
    fn zone(&self) -> Option<TimeZone> {
        offset_zone(self.sign? * (self.hours * 3600 + self.minutes.unwrap_or(0) * 60))
    }

    fn is_utc(&self) -> bool {
        self.sign.is_some() && self.hours == 0 && self.minutes == Some(0)
    }
}

impl Reading {
    fn number(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        self.seen_number = true;
        let digits = cursor.take_while(|c| c.is_ascii_digit());
        // Longer numbers than this are no part of any date.
        let number: i32 = digits.get(..digits.len().min(9)).and_then(|digits| digits.parse().ok())?;
        if cursor.eat(':') {
            if cursor.eat(':') {
                return self.clock.is_empty().then(|| self.clock.extend([number, 0]));
            }
            return self.add_clock(number);
        }
        if cursor.peek() == Some('.') && self.clock_expects(number) {
            cursor.eat('.');
            self.add_clock(number)?;
            return self.finish_clock(milliseconds(cursor.take_while(|c| c.is_ascii_digit()))?);
        }
        if self.offset.sign.is_some() && self.offset.minutes.is_none() {
            self.offset.minutes = (0..60).contains(&number).then_some(number);
            return self.offset.minutes.map(|_| ());
        }
        if self.clock_expects(number) {
            self.finish_clock(number)?;
            let ends = cursor.peek().is_none_or(|c| c.is_whitespace() || matches!(c, 'z' | 'Z' | '+' | '-'));
            return ends.then_some(());
        }
        if self.day.len() == 3 {
            return None;
        }
        self.day.push(number);
        cursor.eat('-');
        Some(())
    }

    fn word(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let word = cursor.take_while(is_in_word).to_ascii_lowercase();
        if matches!(word.as_str(), "am" | "pm") && !self.clock.is_empty() {
            self.afternoon = Some(word == "pm");
            return Some(());
        }
        let prefix = word.get(..3).unwrap_or_default();
        if let Some(month) = MONTHS.iter().position(|name| *name == prefix) {
            self.month = i32::try_from(month + 1).ok();
            cursor.eat('-');
            return Some(());
        }
        if let (Some(hours), true) = (zone_hours(&word), self.seen_number) {
            self.offset = Shift { sign: Some(if hours < 0 { -1 } else { 1 }), hours: hours.abs(), minutes: Some(0) };
            return Some(());
        }
        let glued = cursor.peek().is_some_and(|c| c.is_ascii_digit());
        (!self.seen_number && !glued).then_some(())
    }

    fn sign(&mut self, c: char, cursor: &mut Cursor<'_>) -> Option<()> {
        match c {
            '+' | '-' if self.offset.is_utc() || !self.clock.is_empty() => self.start_offset(c, cursor),
            '+' | '-' | ')' => (!self.seen_number).then_some(()),
            '(' => {
                skip_parentheses(cursor);
                Some(())
            }
            _ => Some(()),
        }
    }

    fn start_offset(&mut self, sign: char, cursor: &mut Cursor<'_>) -> Option<()> {
        let digits = cursor.take_while(|c| c.is_ascii_digit());
        let number: i32 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        self.seen_number = true;
        let (hours, minutes) = match digits.len() {
            _ if cursor.eat(':') => (number, None),
            1 | 2 => (number, Some(0)),
            3 | 4 => (number / 100, Some(number % 100)),
            _ => return None,
        };
        self.offset = Shift { sign: Some(if sign == '-' { -1 } else { 1 }), hours, minutes };
        Some(())
    }

    fn clock_expects(&self, number: i32) -> bool {
        !self.clock_done
            && match self.clock.len() {
                1 | 2 => (0..60).contains(&number),
                3 => (0..1000).contains(&number),
                _ => false,
            }
    }

    fn add_clock(&mut self, number: i32) -> Option<()> {
        (self.clock.len() < 4 && !self.clock_done).then(|| self.clock.push(number))
    }

    fn finish_clock(&mut self, number: i32) -> Option<()> {
        self.add_clock(number)?;
        self.clock_done = true;
        Some(())
    }

    /// Year, month and day from the numbers: a first number that can be no day is the year.
    fn date(&self) -> Option<Date> {
        let part = |index: usize| self.day.get(index).copied();
        let first = part(0)?;
        let first_is_day = (1..=31).contains(&first);
        let (year, month, day) = match (self.month, first_is_day) {
            (None, false) => (first, part(1).unwrap_or(1), part(2).unwrap_or(1)),
            (None, true) => (part(2).unwrap_or(1), first, part(1).unwrap_or(1)),
            (Some(month), false) => (first, month, part(1).unwrap_or(1)),
            (Some(month), true) => (part(1).unwrap_or(1), month, first),
        };
        let year = match year {
            0..=49 => year + 2000,
            50..=99 => year + 1900,
            _ => year,
        };
        if !(1..=31).contains(&day) {
            return None;
        }
        // A day beyond the month's end runs on into the next one.
        let first_of_month = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
        first_of_month.checked_add(jiff::Span::new().days(i64::from(day) - 1)).ok()
    }

    fn time(&self) -> Option<(Time, i64)> {
        let part = |index: usize| self.clock.get(index).copied().unwrap_or(0);
        let (mut hour, minute, second, millis) = (part(0), part(1), part(2), part(3));
        if let Some(afternoon) = self.afternoon {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if afternoon { 12 } else { 0 };
        }
        if hour == 24 && minute == 0 && second == 0 && millis == 0 {
            return Some((Time::midnight(), 1));
        }
        let small = |number: i32| i8::try_from(number).ok();
        Some((Time::new(small(hour)?, small(minute)?, small(second)?, millis.checked_mul(1_000_000)?).ok()?, 0))
    }
}

fn milliseconds(digits: &str) -> Option<i32> {
    (!digits.is_empty()).then(|| digits.chars().chain("00".chars()).take(3).collect::<String>().parse().ok())?
}

fn zone_hours(word: &str) -> Option<i32> {
    Some(match word {
        "ut" | "utc" | "gmt" | "z" => 0,
        "edt" => -4,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        _ => return None,
    })
}

fn skip_parentheses(cursor: &mut Cursor<'_>) {
    let mut depth = 1;
    while depth > 0 {
        match cursor.take() {
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some(_) => {}
            None => return,
        }
    }
}
