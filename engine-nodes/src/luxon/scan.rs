//! Reads a moment in a format made of tokens.

use regex::Regex;

use super::calendar::Local;
use super::format::{Piece, macro_format, pieces};
use super::moment::Moment;
use super::names::{Lengths, Names};
use super::read::{Parts, Read, Setting, full_year, millis_of_fraction};
use super::zone::Zone;

/// What a token gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Year,
    ShortYear,
    Month,
    MonthName(Lengths),
    Day,
    Ordinal,
    Hour,
    HalfDayHour,
    Meridiem,
    Minute,
    Second,
    Millisecond,
    Fraction,
    WeekYear,
    ShortWeekYear,
    Week,
    Weekday,
    WeekdayName(Lengths),
    Quarter,
    Era,
    Offset,
    ZoneName,
}

/// Reads a text in a format, with the names of a locale.
pub fn scan(text: &str, format: &str, locale: &str, setting: &Setting) -> Read {
    let names = Names::of(locale);
    let mut pattern = String::from("(?i)^");
    let mut meanings = Vec::new();
    for piece in expanded(format) {
        match piece {
            Piece::Literal(literal) => pattern.push_str(&regex::escape(&literal)),
            Piece::Token(token) => match token_pattern(&token, names) {
                Some((part, meaning)) => {
                    pattern.extend(["(", &part, ")"]);
                    meanings.push(meaning);
                }
                None => pattern.push_str(&literal_pattern(&token)),
            },
        }
    }
    pattern.push('$');
    let Ok(regex) = Regex::new(&pattern) else { return Read::Unknown };
    let Some(found) = regex.captures(text) else { return Read::Unknown };
    let values = meanings.iter().zip(found.iter().skip(1)).filter_map(|(meaning, value)| Some((*meaning, value?.as_str())));
    let mut scanned = Scanned::default();
    for (meaning, value) in values {
        if scanned.take(meaning, value, names).is_none() {
            return Read::Unknown;
        }
    }
    scanned.moment(setting)
}

/// The pieces of a format, its macros replaced by what they are short for.
fn expanded(format: &str) -> Vec<Piece> {
    pieces(format)
        .into_iter()
        .flat_map(|piece| match &piece {
            Piece::Token(token) => macro_format(token).map_or_else(|| vec![piece], pieces),
            Piece::Literal(_) => vec![piece],
        })
        .collect()
}

/// Blanks match blanks of any kind.
fn literal_pattern(text: &str) -> String {
    text.chars()
        .map(|c| if c == ' ' || c == '\u{a0}' || c == '\u{202f}' { r"[ \x{a0}\x{202f}]".to_owned() } else { regex::escape(&c.to_string()) })
        .collect()
}

fn one_of<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    // Dots at the end of short names may be left out.
    let alternatives = names.into_iter().map(|name| {
        let name = name.as_ref();
        name.strip_suffix('.').map_or_else(|| regex::escape(name), |short| format!("{}\\.?", regex::escape(short)))
    });
    alternatives.collect::<Vec<_>>().join("|")
}

fn token_pattern(token: &str, names: &Names) -> Option<(String, Meaning)> {
    use Meaning as M;
    let (digits, meaning) = match token {
        "y" => (r"\d{1,6}", M::Year),
        "yy" => (r"\d{2,4}", M::ShortYear),
        "yyyy" => (r"\d{4}", M::Year),
        "yyyyy" => (r"\d{4,6}", M::Year),
        "yyyyyy" => (r"\d{6}", M::Year),
        "M" | "L" => (r"\d{1,2}", M::Month),
        "MM" | "LL" => (r"\d{2}", M::Month),
        "d" => (r"\d{1,2}", M::Day),
        "dd" => (r"\d{2}", M::Day),
        "o" => (r"\d{1,3}", M::Ordinal),
        "ooo" => (r"\d{3}", M::Ordinal),
        "H" => (r"\d{1,2}", M::Hour),
        "HH" => (r"\d{2}", M::Hour),
        "h" => (r"\d{1,2}", M::HalfDayHour),
        "hh" => (r"\d{2}", M::HalfDayHour),
        "m" => (r"\d{1,2}", M::Minute),
        "mm" => (r"\d{2}", M::Minute),
        "q" => (r"\d{1,2}", M::Quarter),
        "qq" => (r"\d{2}", M::Quarter),
        "s" => (r"\d{1,2}", M::Second),
        "ss" => (r"\d{2}", M::Second),
        "S" => (r"\d{1,3}", M::Millisecond),
        "SSS" => (r"\d{3}", M::Millisecond),
        "u" => (r"\d{1,9}", M::Fraction),
        "uu" => (r"\d{1,2}", M::Fraction),
        "uuu" => (r"\d", M::Fraction),
        "kkkk" => (r"\d{4}", M::WeekYear),
        "kk" => (r"\d{2,4}", M::ShortWeekYear),
        "W" => (r"\d{1,2}", M::Week),
        "WW" => (r"\d{2}", M::Week),
        "E" | "c" => (r"\d", M::Weekday),
        "Z" | "ZZ" => (r"[+-]\d{1,2}(?::\d{2})?", M::Offset),
        "ZZZ" => (r"[+-]\d{1,2}(?:\d{2})?", M::Offset),
        "z" => (r"[a-z_+-/]{1,256}?", M::ZoneName),
        _ => return name_pattern(token, names),
    };
    Some((digits.to_owned(), meaning))
}

fn name_pattern(token: &str, names: &Names) -> Option<(String, Meaning)> {
    let length = |token: &str| match token.len() {
        3 => Some(Lengths::Short),
        4 => Some(Lengths::Long),
        _ => None,
    };
    match token {
        "MMM" | "LLL" | "MMMM" | "LLLL" => {
            let length = length(token)?;
            Some((one_of(names.months(length)), Meaning::MonthName(length)))
        }
        "EEE" | "ccc" | "EEEE" | "cccc" => {
            let length = length(token)?;
            Some((one_of(names.weekdays(length)), Meaning::WeekdayName(length)))
        }
        "a" => Some((one_of(names.meridiems()), Meaning::Meridiem)),
        "G" => Some(("AD|BC".to_owned(), Meaning::Era)),
        _ => None,
    }
}

/// What was read so far.
#[derive(Debug, Default)]
struct Scanned {
    parts: Parts,
    half_day: Option<i64>,
    afternoon: Option<bool>,
    weekday: Option<i64>,
    before_christ: bool,
    quarter: Option<i64>,
}

impl Scanned {
    fn take(&mut self, meaning: Meaning, text: &str, names: &Names) -> Option<()> {
        let number = || text.parse::<i64>().ok();
        let short_year = |year: i64| if text.len() > 2 { year } else { full_year(year) };
        let place = |list: Vec<String>| {
            let same = |name: &String| name.trim_end_matches('.').to_lowercase() == text.trim_end_matches('.').to_lowercase();
            i64::try_from(list.iter().position(same)? + 1).ok()
        };
        match meaning {
            Meaning::Year => self.parts.year = Some(number()?),
            Meaning::ShortYear => self.parts.year = Some(short_year(number()?)),
            Meaning::Month => self.parts.month = Some(number()?),
            Meaning::MonthName(length) => self.parts.month = Some(place(names.months(length))?),
            Meaning::Day => self.parts.day = Some(number()?),
            Meaning::Ordinal => self.parts.ordinal = Some(number()?),
            Meaning::Hour => self.parts.hour = number()?,
            Meaning::HalfDayHour => self.half_day = Some(number()?),
            Meaning::Meridiem => self.afternoon = Some(text.to_lowercase() == names.meridiems()[1].to_lowercase()),
            Meaning::Minute => self.parts.minute = number()?,
            Meaning::Second => self.parts.second = number()?,
            Meaning::Millisecond => self.parts.millisecond = number()?,
            Meaning::Fraction => self.parts.millisecond = millis_of_fraction(text),
            Meaning::WeekYear => self.parts.week_year = Some(number()?),
            Meaning::ShortWeekYear => self.parts.week_year = Some(short_year(number()?)),
            Meaning::Week => self.parts.week = Some(number()?),
            Meaning::Weekday => self.weekday = Some(number()?),
            Meaning::WeekdayName(length) => self.weekday = Some(place(names.weekdays(length))?),
            Meaning::Quarter => self.quarter = Some(number()?),
            Meaning::Era => self.before_christ = text.eq_ignore_ascii_case("BC"),
            Meaning::Offset => self.parts.zone = Some(Zone::Fixed(offset_minutes(text)?)),
            Meaning::ZoneName => self.parts.zone = Some(Zone::parse(text)?),
        }
        Some(())
    }

    fn moment(mut self, setting: &Setting) -> Read {
        if let Some(hour) = self.half_day {
            self.parts.hour = match (hour, self.afternoon) {
                (12, Some(false)) => 0,
                (hour, Some(true)) if hour < 12 => hour + 12,
                (hour, _) => hour,
            };
        }
        if self.before_christ {
            self.parts.year = self.parts.year.map(|year| -year);
        }
        if let Some(quarter) = self.quarter.filter(|_| self.parts.month.is_none()) {
            self.parts.month = Some((quarter - 1) * 3 + 1);
        }
        if self.parts.day.is_none() && self.parts.ordinal.is_none() && self.parts.month.is_none() {
            self.parts.weekday = self.weekday;
        }
        let Read::Done(moment) = self.parts.moment(setting) else { return self.parts.moment(setting) };
        // A day of the week that the date does not have makes it no date.
        if self.weekday.is_some_and(|weekday| self.weekday_of(&moment) != weekday) { Read::Unknown } else { Read::Done(moment) }
    }

    fn weekday_of(&self, moment: &Moment) -> i64 {
        match (self.parts.year, self.parts.month, self.parts.day) {
            (Some(year), Some(month), Some(day)) => {
                let local = Local { year, month, day, hour: 0, minute: 0, second: 0, millisecond: 0 };
                (local.as_utc().div_euclid(86_400_000) + 3).rem_euclid(7) + 1
            }
            _ => moment.fields().weekday,
        }
    }
}

/// The minutes of `+1`, `+01:00` or `+0100`.
fn offset_minutes(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    Some(sign * (hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?))
}
