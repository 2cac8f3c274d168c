//! The format language of Moment, in English: `YYYY-MM-DD [at] HH:mm`.

use std::cell::OnceCell;

use regex::Regex;

use crate::luxon::{Local, Moment, Zone, days_in_month, format, ordinal_to_date};

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
const TOKENS: [&str; 61] = [
    "Hmmss", "hmmss", "Hmm", "hmm", "MMMM", "MMM", "MM", "Mo", "M", "DDDD", "DDDo", "DDD", "DD", "Do", "D", "dddd", "ddd", "dd", "do", "d", "ww",
    "wo", "w", "WW", "Wo", "W", "Qo", "Q", "YYYYYY", "YYYYY", "YYYY", "YY", "Y", "yyyy", "yyy", "yy", "y", "gggg", "gg", "GGGG", "GG", "e", "E", "a",
    "A", "hh", "h", "HH", "H", "kk", "k", "mm", "m", "ss", "s", "x", "X", "zz", "z", "ZZ", "Z",
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
    pub(super) fn format(&self, date: &Moment) -> String {
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
    pub(super) fn read(&self, text: &str, now: &Moment) -> Option<i64> {
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

fn write_token(token: &str, date: &Moment) -> String {
    let luxon = |token: &str| format(date, token, "en");
    let number = |token: &str| luxon(token).parse::<i64>().unwrap_or_default();
    let fields = date.fields();
    let local = fields.local;
    match token {
        "Mo" => ordinal(local.month),
        "Do" => ordinal(local.day),
        "DDDo" => ordinal(fields.ordinal),
        "do" => ordinal(fields.weekday % 7),
        "wo" => ordinal(american_week(date).1),
        "Wo" => ordinal(fields.week),
        "Qo" => ordinal(number("q")),
        "d" | "e" => (fields.weekday % 7).to_string(),
        "dd" => luxon("EEE").chars().take(2).collect(),
        "w" => american_week(date).1.to_string(),
        "ww" => format!("{:02}", american_week(date).1),
        "gg" => format!("{:02}", american_week(date).0 % 100),
        "gggg" => format!("{:04}", american_week(date).0),
        "a" => luxon("a").to_lowercase(),
        "k" | "kk" => {
            let hour = if local.hour == 0 { 24 } else { local.hour };
            if token == "kk" { format!("{hour:02}") } else { hour.to_string() }
        }
        "hmm" | "hmmss" | "Hmm" | "Hmmss" => luxon(token),
        "YYYYY" => format!("{:05}", local.year),
        "YYYYYY" => format!("+{:06}", local.year),
        // The year of the era.
        "y" | "yy" | "yyy" | "yyyy" => {
            let year = if local.year > 0 { local.year } else { 1 - local.year };
            format!("{year:0width$}", width = token.len())
        }
        "z" | "zz" => abbreviation(date),
        _ if token.starts_with('S') => fraction(local.millisecond, token.len()),
        _ => luxon(luxon_token(token)),
    }
}

/// Year and number of a week that begins on Sunday; the first week is the one with the first of January.
fn american_week(date: &Moment) -> (i64, i64) {
    let fields = date.fields();
    let year = fields.local.year;
    // The Saturday of the week decides; the days of the week that lie in the next year make it that year's first.
    let saturday = fields.ordinal + 6 - fields.weekday % 7;
    let days_in_year = 337 + days_in_month(year, 2);
    if saturday > days_in_year { (year + 1, 1) } else { (year, (saturday + 6) / 7) }
}

/// The time zone's letters.
fn abbreviation(date: &Moment) -> String {
    match &date.zone {
        Zone::Named(zone) => {
            let timestamp = jiff::Timestamp::from_millisecond(date.millis).unwrap_or_default();
            zone.to_offset_info(timestamp).abbreviation().to_owned()
        }
        fixed @ Zone::Fixed(_) => fixed.name(),
    }
}

/// So many digits of the fraction of a second; the time has milliseconds.
fn fraction(millisecond: i64, digits: usize) -> String {
    format!("{millisecond:03}").chars().chain(std::iter::repeat('0')).take(digits).collect()
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
        "Q" => "q",
        "YY" => "yy",
        "YYYY" => "yyyy",
        "Y" => "y",
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
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    is_hour12: bool,
    afternoon: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    millisecond: Option<i64>,
    /// Minutes.
    offset: Option<i32>,
    timestamp: Option<f64>,
}

impl Found {
    /// Takes a token over; `None` when its text means nothing.
    fn take(&mut self, token: &str, text: &str) -> Option<()> {
        let digits: OnceCell<String> = OnceCell::new();
        let number = || digits.get_or_init(|| text.chars().filter(char::is_ascii_digit).collect()).parse::<i64>().ok();
        let two_digit_year = |year: i64| year + if year > 68 { 1900 } else { 2000 };
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
            "Z" | "ZZ" => self.offset = Some(offset_minutes(text)?),
            "X" => self.timestamp = Some(text.parse::<f64>().ok()? * 1000.0),
            "x" => self.timestamp = Some(text.parse().ok()?),
            _ if token.starts_with('S') => self.millisecond = Some(milliseconds(text)?),
            _ => {}
        }
        Some(())
    }

    /// Hours, minutes and perhaps seconds in one number.
    fn take_clock(&mut self, token: &str, number: i64) {
        self.is_hour12 = token.starts_with('h');
        if token.ends_with("ss") {
            (self.hour, self.minute, self.second) = (Some(number / 10_000), Some(number / 100 % 100), Some(number % 100));
        } else {
            (self.hour, self.minute) = (Some(number / 100), Some(number % 100));
        }
    }

    /// The moment that was found, in milliseconds.
    fn date(&self, now: &Moment) -> Option<i64> {
        if let Some(timestamp) = self.timestamp {
            return super::milliseconds(timestamp);
        }
        let (year, month, day) = self.day(&now.fields().local)?;
        let (hour, later) = match self.hour24()? {
            24 if [self.minute, self.second, self.millisecond].iter().all(|part| part.unwrap_or(0) == 0) => (0, 1),
            hour => (hour, 0),
        };
        let (minute, second) = (self.minute.unwrap_or(0), self.second.unwrap_or(0));
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let local = Local { year, month, day: day + later, hour, minute, second, millisecond: self.millisecond.unwrap_or(0) };
        let zone = self.offset.map_or_else(|| now.zone.clone(), Zone::Fixed);
        let millis = local.in_zone(&zone, zone.offset(now.millis));
        let weekday = Moment { millis, zone }.fields().weekday % 7;
        self.weekday.is_none_or(|wanted| wanted == weekday).then_some(millis)
    }

    /// The day: what is missing before the first part that is there is from now, after it 1.
    fn day(&self, now: &Local) -> Option<(i64, i64, i64)> {
        let year = self.year.unwrap_or(now.year);
        if let Some(ordinal) = self.day_of_year {
            let exists = (1..=337 + days_in_month(year, 2)).contains(&ordinal);
            let [year, month, day] = ordinal_to_date(year, ordinal).try_into().ok()?;
            return exists.then_some((year, month, day));
        }
        let from_now = self.year.is_none() && self.month.is_none();
        let month = self.month.unwrap_or(if self.year.is_none() { now.month } else { 1 });
        let day = self.day.unwrap_or(if from_now { now.day } else { 1 });
        ((1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day)).then_some((year, month, day))
    }

    fn hour24(&self) -> Option<i64> {
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
fn milliseconds(text: &str) -> Option<i64> {
    text.chars().chain("00".chars()).take(3).collect::<String>().parse().ok()
}

/// The place of the name with which a text begins.
fn name_index(text: &str, names: &[&str]) -> Option<i64> {
    let text = text.to_ascii_lowercase();
    names.iter().position(|name| text.starts_with(name)).and_then(|index| i64::try_from(index).ok())
}

/// Minutes of `Z`, `+05`, `+05:30` or `+0530`.
fn offset_minutes(text: &str) -> Option<i32> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at_checked(2).unwrap_or(("0", "0"));
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().unwrap_or(0);
    Some(if text.starts_with('-') { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str) -> Moment {
        Moment { millis: engine_core::model::Timestamp::parse(text).unwrap().as_millis(), zone: Zone::parse(zone).unwrap() }
    }

    #[test]
    fn tokens_are_written() {
        let date = at("2023-09-03T17:07:05.054Z", "America/New_York");
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
        let now = at("2024-05-06T07:08:09Z", "UTC");
        let check = |text: &str, format: &str, loose: Option<&str>, strict: Option<&str>| {
            let read = |strict| {
                MomentReader::new(format, strict)
                    .read(text, &now)
                    .map(|millis| crate::luxon::format(&Moment { millis, zone: Zone::UTC }, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "en"))
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
