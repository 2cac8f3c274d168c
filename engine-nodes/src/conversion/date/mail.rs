//! The dates of HTTP headers and of mails.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::offset_zone;

pub(super) const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
pub(super) fn parse_http(text: &str) -> Option<Zoned> {
    if let Some((day_name, rest)) = text.split_once(", ") {
        let rest = rest.strip_suffix(" GMT")?;
        let (date, time) = rest.rsplit_once(' ')?;
        let separator = if DAYS.contains(&day_name) { ' ' } else { '-' };
        let parts: Vec<&str> = date.split(separator).collect();
        let &[day, month, year] = parts.as_slice() else { return None };
        let year = match (separator, year.len()) {
            (' ', 4) => number(year, 4)?,
            ('-', 2) if LONG_DAYS.contains(&day_name) => full_year(number(year, 2)?),
            _ => return None,
        };
        return at(date_of(year, month, number(day, 2)?)?, time, TimeZone::UTC);
    }
    let mut words = text.split_ascii_whitespace();
    let mut word = || words.next();
    let (day_name, month, day, time, year) = (word()?, word()?, word()?, word()?, word()?);
    if !DAYS.contains(&day_name) || word().is_some() {
        return None;
    }
    at(date_of(number(year, 4)?, month, number(day, day.len())?)?, time, TimeZone::UTC)
}

/// `Tue, 4 Jun 2013 02:24:39 +0530`, with the day's name and the seconds left out or not, and zones by their American names.
pub(super) fn parse_rfc2822(text: &str) -> Option<Zoned> {
    let text = without_comments(text);
    let mut words = text.split_ascii_whitespace().peekable();
    if let Some(day_name) = words.peek().and_then(|word| word.strip_suffix(',')) {
        if !DAYS.contains(&day_name) {
            return None;
        }
        words.next();
    }
    let mut word = || words.next();
    let (day, month, year, time, zone) = (word()?, word()?, word()?, word()?, word()?);
    if word().is_some() || day.len() > 2 || !(2..=4).contains(&year.len()) {
        return None;
    }
    let year_number = number(year, year.len())?;
    let year = if year.len() == 2 { full_year(year_number) } else { year_number };
    let date = date_of(year, month, number(day, day.len())?)?;
    at(date, time, zone_of(zone)?)
}

/// Two digits of a year: Luxon puts the cut at 60.
fn full_year(year: i32) -> i32 {
    if year > 60 { 1900 + year } else { 2000 + year }
}

fn date_of(year: i32, month: &str, day: i32) -> Option<Date> {
    let index = MONTHS.iter().position(|name| month.len() == 3 && name.eq_ignore_ascii_case(month))?;
    Date::new(i16::try_from(year).ok()?, i8::try_from(index + 1).ok()?, i8::try_from(day).ok()?).ok()
}

fn number(text: &str, digits: usize) -> Option<i32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn at(date: Date, time: &str, zone: TimeZone) -> Option<Zoned> {
    let mut parts = time.split(':').map(|part| number(part, 2).and_then(|part| i8::try_from(part).ok()));
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    if parts.next().is_some() || second > 59 {
        return None;
    }
    date.to_datetime(jiff::civil::Time::new(hour, minute, second, 0).ok()?).to_zoned(zone).ok()
}

fn zone_of(text: &str) -> Option<TimeZone> {
    let hours = match text {
        "UT" | "GMT" | "Z" | "z" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return numeric_zone(text),
    };
    offset_zone(hours * 3600)
}

fn numeric_zone(text: &str) -> Option<TimeZone> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let clock = number(digits, 4)?;
    offset_zone(sign * (clock / 100 * 3600 + clock % 100 * 60))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => {
                    let inside = depth > 0;
                    depth = depth.saturating_sub(1);
                    return !inside;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}
