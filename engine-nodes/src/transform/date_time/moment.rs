//! The format language of Moment, in English: `YYYY-MM-DD [at] HH:mm`.

use std::cell::OnceCell;

use jiff::Zoned;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use regex::Regex;

use crate::conversion::LuxonFormat;

/// A format, split into tokens.
#[derive(Clone, Debug)]
pub(super) struct MomentFormat {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Token(&'static str),
}

/// All tokens, longer ones before their beginnings.
const TOKENS: [&str; 57] = [
    "Hmmss", "hmmss", "Hmm", "hmm", "MMMM", "MMM", "MM", "Mo", "M", "DDDD", "DDDo", "DDD", "DD", "Do", "D", "dddd", "ddd", "dd", "do", "d", "ww",
    "wo", "w", "WW", "Wo", "W", "Qo", "Q", "YYYYYY", "YYYYY", "YYYY", "YY", "Y", "gggg", "gg", "GGGG", "GG", "e", "E", "a", "A", "hh", "h", "HH",
    "H", "kk", "k", "mm", "m", "ss", "s", "x", "X", "zz", "z", "ZZ", "Z",
];

/// Tokens that stand for whole formats.
const WHOLE: [(&str, &str); 10] = [
    ("LTS", "h:mm:ss A"),
    ("LT", "h:mm A"),
    ("LLLL", "dddd, MMMM D, YYYY h:mm A"),
    ("LLL", "MMMM D, YYYY h:mm A"),
    ("LL", "MMMM D, YYYY"),
    ("L", "MM/DD/YYYY"),
    ("llll", "ddd, MMM D, YYYY h:mm A"),
    ("lll", "MMM D, YYYY h:mm A"),
    ("ll", "MMM D, YYYY"),
    ("l", "M/D/YYYY"),
];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const FRACTIONS: [&str; 9] = ["S", "SS", "SSS", "SSSS", "SSSSS", "SSSSSS", "SSSSSSS", "SSSSSSSS", "SSSSSSSSS"];

impl MomentFormat {
    /// Splits a format. What is no token stands for itself, and so does what is between brackets or behind a backslash.
    pub(super) fn new(format: &str) -> Self {
        let mut parts = Vec::new();
        split(format, true, &mut parts);
        Self { parts }
    }

    /// Writes a date in this format.
    pub(super) fn format(&self, date: &Zoned) -> String {
        let write = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Token(token) => write_token(token, date),
        };
        self.parts.iter().map(write).collect()
    }
}

/// A format to read by, compiled once.
#[derive(Clone, Debug)]
pub(super) struct MomentReader {
    /// What each part looks like, and the token that it is. `None` for a format that is not read.
    parts: Option<Vec<(Regex, Option<&'static str>)>>,
    /// Whether a text must have exactly this form; otherwise what does not fit in between is passed over.
    strict: bool,
}

impl MomentReader {
    /// Compiles a format.
    pub(super) fn new(format: &str, strict: bool) -> Self {
        let compiled = |part: &Part| {
            let (pattern, token) = match part {
                Part::Text(text) => (regex::escape(text), None),
                Part::Token(token) => (token_pattern(token, strict)?, Some(*token)),
            };
            Some((Regex::new(&format!("(?i){pattern}")).ok()?, token))
        };
        Self { parts: MomentFormat::new(format).parts.iter().map(compiled).collect(), strict }
    }

    /// Reads a text. Parts that are missing before the first one that is there are taken from `now`, in whose zone the time is meant.
    pub(super) fn read(&self, text: &str, now: &Zoned) -> Option<Zoned> {
        let mut rest = text;
        let mut found = Found::default();
        let mut any = false;
        for (pattern, token) in self.parts.as_ref()? {
            let matched = pattern.find(rest).filter(|found| !self.strict || found.start() == 0);
            let Some(matched) = matched else {
                if self.strict {
                    return None;
                }
                continue;
            };
            if let Some(token) = token {
                found.take(token, matched.as_str())?;
                any = true;
            }
            rest = rest.get(matched.end()..).unwrap_or_default();
        }
        if !any || (self.strict && !rest.is_empty()) {
            return None;
        }
        found.date(now)
    }
}

fn split(format: &str, expand: bool, parts: &mut Vec<Part>) {
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let bracketed = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')).filter(|(inner, _)| !inner.contains('['));
        let token = FRACTIONS.iter().rev().chain(&TOKENS).find_map(|token| rest.strip_prefix(token).map(|tail| (*token, tail)));
        let whole = WHOLE.iter().find_map(|(token, format)| rest.strip_prefix(token).map(|tail| (*format, tail)));
        let push_text = |text: &str, parts: &mut Vec<Part>| match parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => parts.push(Part::Text(text.to_owned())),
        };
        rest = if let Some((inner, tail)) = bracketed {
            push_text(inner, parts);
            tail
        } else if let (Some((format, tail)), true) = (whole, expand) {
            split(format, false, parts);
            tail
        } else if let Some((token, tail)) = token {
            parts.push(Part::Token(token));
            tail
        } else {
            let tail = rest.get(c.len_utf8()..).unwrap_or_default();
            // A backslash takes the meaning of the character behind it away.
            let (text, tail) = match tail.chars().next().filter(|_| c == '\\') {
                Some(next) => tail.split_at(next.len_utf8()),
                None => rest.split_at(c.len_utf8()),
            };
            push_text(text, parts);
            tail
        };
    }
}

/// `1st`, `2nd`, `3rd`, `4th`.
fn ordinal(number: impl Into<i64>) -> String {
    let number = number.into();
    let suffix = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

fn write_token(token: &str, date: &Zoned) -> String {
    let luxon = |format: &str| LuxonFormat::new(format).format(date);
    let number = |format: &str| luxon(format).parse::<i64>().unwrap_or_default();
    match token {
        "Mo" => ordinal(date.month()),
        "Do" => ordinal(date.day()),
        "DDDo" => ordinal(date.day_of_year()),
        "do" => ordinal(date.weekday().to_sunday_zero_offset()),
        "wo" => ordinal(number("n")),
        "Wo" => ordinal(number("W")),
        "Qo" => ordinal(number("q")),
        "d" | "e" => date.weekday().to_sunday_zero_offset().to_string(),
        "dd" => luxon("EEE").chars().take(2).collect(),
        "a" => luxon("a").to_lowercase(),
        "k" | "kk" => {
            let hour = if date.hour() == 0 { 24 } else { date.hour() };
            if token == "kk" { format!("{hour:02}") } else { hour.to_string() }
        }
        "hmm" => luxon("hmm"),
        "hmmss" => luxon("hmmss"),
        "YYYYY" => format!("{:05}", date.year()),
        "YYYYYY" => format!("+{:06}", date.year()),
        "z" | "zz" => date.time_zone().to_offset_info(date.timestamp()).abbreviation().to_owned(),
        _ if token.starts_with('S') => fraction(date, token.len()),
        _ => luxon(luxon_token(token)),
    }
}

/// So many digits of the fraction of a second; the time has milliseconds.
fn fraction(date: &Zoned, digits: usize) -> String {
    format!("{:03}", date.subsec_nanosecond() / 1_000_000).chars().chain(std::iter::repeat('0')).take(digits).collect()
}

/// The same token in Luxon's language.
fn luxon_token(token: &str) -> &str {
    match token {
        "D" => "d",
        "DD" => "dd",
        "DDD" => "o",
        "DDDD" => "ooo",
        "ddd" => "EEE",
        "dddd" => "EEEE",
        "w" => "n",
        "ww" => "nn",
        "Q" => "q",
        "YY" => "yy",
        "YYYY" => "yyyy",
        "Y" => "y",
        "gg" => "ii",
        "gggg" => "iiii",
        "GG" => "kk",
        "GGGG" => "kkkk",
        "A" => "a",
        "Z" => "ZZ",
        "ZZ" => "ZZZ",
        // The others are the same in both.
        same => same,
    }
}

/// What a token looks like in a text; `None` for one that is not read.
fn token_pattern(token: &str, strict: bool) -> Option<String> {
    const MONTHS: &str = "january|february|march|april|may|june|july|august|september|october|november|december";
    const SHORT_MONTHS: &str = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
    const DAYS: &str = "sunday|monday|tuesday|wednesday|thursday|friday|saturday";
    const SHORT_DAYS: &str = "sun|mon|tue|wed|thu|fri|sat";
    let exactly = |digits: usize, most: usize| if strict { format!("[0-9]{{{digits}}}") } else { format!("[0-9]{{1,{most}}}") };
    Some(match token {
        "M" | "D" | "H" | "h" | "k" | "m" | "s" | "d" | "e" | "E" => "[0-9]{1,2}".to_owned(),
        "MM" | "DD" | "HH" | "hh" | "kk" | "mm" | "ss" | "YY" => exactly(2, 2),
        "MMM" | "MMMM" => format!("{MONTHS}|{SHORT_MONTHS}"),
        "dd" | "ddd" | "dddd" => format!("{DAYS}|{SHORT_DAYS}|su|mo|tu|we|th|fr|sa"),
        "Do" | "Mo" | "DDDo" => "[0-9]{1,3}(?:st|nd|rd|th)".to_owned(),
        "DDD" => "[0-9]{1,3}".to_owned(),
        "DDDD" => "[0-9]{3}".to_owned(),
        "Q" => "[0-9]".to_owned(),
        "Y" | "x" => "[+-]?[0-9]+".to_owned(),
        "X" => "[+-]?[0-9]+(?:\\.[0-9]{1,3})?".to_owned(),
        "YYYY" => exactly(4, 4),
        "YYYYY" | "YYYYYY" => "[+-]?[0-9]{1,6}".to_owned(),
        "a" | "A" => "[ap]\\.?m?\\.?".to_owned(),
        "hmm" | "Hmm" => "[0-9]{3,4}".to_owned(),
        "hmmss" | "Hmmss" => "[0-9]{5,6}".to_owned(),
        "Z" | "ZZ" => "z|[+-][0-9]{2}(?::?[0-9]{2})?".to_owned(),
        "S" | "SS" | "SSS" => exactly(token.len(), 3),
        _ if token.starts_with('S') => "[0-9]+".to_owned(),
        _ => return None,
    })
}

/// What was found in a text.
#[derive(Debug, Default)]
struct Found {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    day_of_year: Option<i32>,
    weekday: Option<i32>,
    hour: Option<i32>,
    is_hour12: bool,
    afternoon: Option<bool>,
    minute: Option<i32>,
    second: Option<i32>,
    nanosecond: Option<i32>,
    offset: Option<i32>,
    timestamp: Option<f64>,
}

impl Found {
    /// Takes a token over; `None` when its text means nothing.
    fn take(&mut self, token: &str, text: &str) -> Option<()> {
        let digits: OnceCell<String> = OnceCell::new();
        let number = || digits.get_or_init(|| text.chars().filter(char::is_ascii_digit).collect()).parse::<i32>().ok();
        let two_digit_year = |year: i32| year + if year > 68 { 1900 } else { 2000 };
        match token {
            "YY" => self.year = Some(two_digit_year(number()?)),
            "YYYY" if text.len() == 2 => self.year = Some(two_digit_year(number()?)),
            "Y" | "YYYY" | "YYYYY" | "YYYYYY" => self.year = Some(number()? * if text.starts_with('-') { -1 } else { 1 }),
            "M" | "MM" | "Mo" => self.month = Some(number()?),
            "MMM" | "MMMM" => self.month = Some(name_index(text, &MONTHS)? + 1),
            "Q" => self.month = Some((number()? - 1) * 3 + 1),
            "D" | "DD" | "Do" => self.day = Some(number()?),
            "DDD" | "DDDD" | "DDDo" => self.day_of_year = Some(number()?),
            "dd" | "ddd" | "dddd" => self.weekday = Some(name_index(text, &["su", "mo", "tu", "we", "th", "fr", "sa"])?),
            "H" | "HH" => self.hour = Some(number()?),
            "k" | "kk" => self.hour = Some(number()?).map(|hour| if hour == 24 { 0 } else { hour }),
            "h" | "hh" => (self.hour, self.is_hour12) = (Some(number()?), true),
            "hmm" | "Hmm" | "hmmss" | "Hmmss" => self.take_clock(token, number()?),
            "a" | "A" => self.afternoon = Some(text.to_ascii_lowercase().starts_with('p')),
            "m" | "mm" => self.minute = Some(number()?),
            "s" | "ss" => self.second = Some(number()?),
            "Z" | "ZZ" => self.offset = Some(offset_seconds(text)?),
            "X" => self.timestamp = Some(text.parse::<f64>().ok()? * 1000.0),
            "x" => self.timestamp = Some(text.parse().ok()?),
            _ if token.starts_with('S') => self.nanosecond = Some(milliseconds(text)? * 1_000_000),
            _ => {}
        }
        Some(())
    }

    /// Hours, minutes and perhaps seconds in one number.
    fn take_clock(&mut self, token: &str, number: i32) {
        self.is_hour12 = token.starts_with('h');
        if token.ends_with("ss") {
            (self.hour, self.minute, self.second) = (Some(number / 10_000), Some(number / 100 % 100), Some(number % 100));
        } else {
            (self.hour, self.minute) = (Some(number / 100), Some(number % 100));
        }
    }

    fn date(&self, now: &Zoned) -> Option<Zoned> {
        if let Some(timestamp) = self.timestamp {
            return super::instant(timestamp, now.time_zone());
        }
        let year = || i16::try_from(self.year.unwrap_or(now.year().into())).ok();
        let date = match self.day_of_year {
            Some(day) => {
                let first = Date::new(year()?, 1, 1).ok()?;
                (1..=first.days_in_year().into()).contains(&day).then(|| first.checked_add(jiff::Span::new().days(day - 1)).ok())??
            }
            None => self.month_date(year()?, now)?,
        };
        if self.weekday.is_some_and(|weekday| weekday != i32::from(date.weekday().to_sunday_zero_offset())) {
            return None;
        }
        let (hour, next_day) = match self.hour24()? {
            24 if [self.minute, self.second, self.nanosecond].iter().all(|part| part.unwrap_or(0) == 0) => (0, 1),
            hour => (hour, 0),
        };
        let small = |number: Option<i32>| i8::try_from(number.unwrap_or(0)).ok();
        let time = Time::new(small(Some(hour))?, small(self.minute)?, small(self.second)?, self.nanosecond.unwrap_or(0)).ok()?;
        let zone = match self.offset {
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            None => now.time_zone().clone(),
        };
        date.checked_add(jiff::Span::new().days(next_day)).ok()?.to_datetime(time).to_zoned(zone).ok()
    }

    /// The day by month: what is missing before the first part that is there is from now, after it 1.
    fn month_date(&self, year: i16, now: &Zoned) -> Option<Date> {
        let from_now = self.year.is_none() && self.month.is_none();
        let month = self.month.unwrap_or(if self.year.is_none() { now.month().into() } else { 1 });
        let day = self.day.unwrap_or(if from_now { now.day().into() } else { 1 });
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn hour24(&self) -> Option<i32> {
        let hour = self.hour.unwrap_or(0);
        if self.is_hour12 && !(1..=12).contains(&hour) {
            return None;
        }
        Some(match self.afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        })
    }
}

/// The first three digits of a fraction.
fn milliseconds(text: &str) -> Option<i32> {
    text.chars().chain("00".chars()).take(3).collect::<String>().parse().ok()
}

/// The place of the name with which a text begins.
fn name_index(text: &str, names: &[&str]) -> Option<i32> {
    let text = text.to_ascii_lowercase();
    names.iter().position(|name| text.starts_with(name)).and_then(|index| i32::try_from(index).ok())
}

/// Seconds of `Z`, `+05`, `+05:30` or `+0530`.
fn offset_seconds(text: &str) -> Option<i32> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at_checked(2).unwrap_or(("0", "0"));
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().unwrap_or(0) * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn tokens_are_written() {
        let date = at("2023-09-03T13:07:05.054[America/New_York]");
        let check = |format: &str, expect: &str| assert_eq!(MomentFormat::new(format).format(&date), expect, "{format:?}");
        check("MM/DD/YYYY", "09/03/2023");
        check("MMMM Do YYYY, h:mm:ss a", "September 3rd 2023, 1:07:05 pm");
        check("M Mo MM MMM", "9 9th 09 Sep");
        check("Q Qo D DDD DDDo DDDD", "3 3rd 3 246 246th 246");
        check("d do dd ddd dddd e E", "0 0th Su Sun Sunday 0 7");
        check("w wo ww W WW YY Y gg gggg GGGG", "36 36th 36 35 35 23 2023 23 2023 2023");
        check("A a H HH h hh k kk m mm s ss", "PM pm 13 13 1 01 13 13 7 07 5 05");
        check("S SS SSS SSSS", "0 05 054 0540");
        check("Z ZZ z X x", "-04:00 -0400 EDT 1693760825 1693760825054");
        check("L LL LLL LT LTS l", "09/03/2023 September 3, 2023 September 3, 2023 1:07 PM 1:07 PM 1:07:05 PM 9/3/2023");
        check("[YYYY] \\YYYYY T", "YYYY Y2023 T");
        check("YYYY-MM-DDTHH:mm:ssZ", "2023-09-03T13:07:05-04:00");
    }

    #[test]
    fn texts_are_read() {
        let now = at("2024-05-06T07:08:09[UTC]");
        let check = |text: &str, format: &str, loose: Option<&str>, strict: Option<&str>| {
            let read = |strict| {
                MomentReader::new(format, strict).read(text, &now).map(|date| crate::conversion::to_iso(&date.with_time_zone(TimeZone::UTC)))
            };
            assert_eq!(read(false).as_deref(), loose, "{text:?} {format:?}");
            assert_eq!(read(true).as_deref(), strict, "{text:?} {format:?} strictly");
        };
        let both = |text: &str, format: &str, expect: &str| check(text, format, Some(expect), Some(expect));
        both("11.04.2023", "DD.MM.YYYY", "2023-04-11T00:00:00.000Z");
        both("3rd March 2023 5:06 PM", "Do MMMM YYYY h:mm A", "2023-03-03T17:06:00.000Z");
        both("20230411 +0200", "YYYYMMDD ZZ", "2023-04-10T22:00:00.000Z");
        both("10:30", "HH:mm", "2024-05-06T10:30:00.000Z");
        both("1681221119", "X", "2023-04-11T13:51:59.000Z");
        both("2023", "YYYY", "2023-01-01T00:00:00.000Z");
        check("on 1/4/23!", "DD/MM/YY", Some("2023-04-01T00:00:00.000Z"), None);
        check("1/4/23", "DD/MM/YY", Some("2023-04-01T00:00:00.000Z"), None);
        check("31/02/2023", "DD/MM/YYYY", None, None);
        check("x", "DD/MM/YYYY", None, None);
    }
}
