//! Reads moments from text: ISO 8601, SQL, RFC 2822 and HTTP.

use super::calendar::{Local, date_of, days_in_month, days_of, week_date, weeks_in_year};
use super::moment::Moment;
use super::zone::Zone;

/// What is taken for granted while a text is read.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The zone of a text that names none, and in which moments are shown.
    pub zone: Zone,
    /// A zone that the text names is kept, instead of showing the moment in the other one.
    pub keep_zone: bool,
    /// The time that it is, in milliseconds: times without a date are today's.
    pub now: i64,
}

/// What became of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A moment.
    Done(Moment),
    /// It has the form of a moment, but one of its numbers is out of range; the text names it.
    OutOfRange(&'static str),
    /// It has another form.
    Unknown,
}

/// What a text says, as far as it says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) year: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) ordinal: Option<i64>,
    pub(super) week_year: Option<i64>,
    pub(super) week: Option<i64>,
    pub(super) weekday: Option<i64>,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) millisecond: i64,
    pub(super) zone: Option<Zone>,
    /// An offset that the text gives besides its zone.
    pub(super) offset: Option<i32>,
}

impl Parts {
    /// The moment that the parts mean. What is missing before the largest part that was given is today's.
    pub(super) fn moment(&self, setting: &Setting) -> Read {
        let zone = self.zone.clone().unwrap_or_else(|| setting.zone.clone());
        let offset = self.offset.unwrap_or_else(|| zone.offset(setting.now));
        let today = Local::from_utc(setting.now + i64::from(offset) * 60_000);
        let days = match self.day_number(&today) {
            Ok(days) => days,
            Err(unit) => return Read::OutOfRange(unit),
        };
        if let Some(unit) = self.bad_time() {
            return Read::OutOfRange(unit);
        }
        let (year, month, day) = date_of(days);
        let local = Local { year, month, day, hour: self.hour, minute: self.minute, second: self.second, millisecond: self.millisecond };
        let moment = Moment { millis: local.in_zone(&zone, offset), zone };
        Read::Done(if setting.keep_zone { moment } else { moment.in_zone(setting.zone.clone()) })
    }

    /// The day, counted from 1970-01-01.
    fn day_number(&self, today: &Local) -> Result<i64, &'static str> {
        let within = |value: i64, range: std::ops::RangeInclusive<i64>, unit| if range.contains(&value) { Ok(value) } else { Err(unit) };
        if self.week.is_some() || self.week_year.is_some() || self.weekday.is_some() && self.day.is_none() {
            let this_week = super::calendar::Fields::at(today.as_utc(), &Zone::UTC);
            let year = self.week_year.or(self.year).unwrap_or(this_week.week_year);
            let started = self.week_year.is_some() || self.year.is_some();
            let week = within(self.week.unwrap_or(if started { 1 } else { this_week.week }), 1..=weeks_in_year(year), "week")?;
            let weekday = within(self.weekday.unwrap_or(1), 1..=7, "weekday")?;
            return Ok(week_date(year, week, weekday));
        }
        let year = self.year.unwrap_or(today.year);
        if let Some(ordinal) = self.ordinal {
            let length = days_of(year + 1, 1, 1) - days_of(year, 1, 1);
            return Ok(days_of(year, 1, 1) + within(ordinal, 1..=length, "ordinal")? - 1);
        }
        let month = self.month.unwrap_or(if self.year.is_some() { 1 } else { today.month });
        let month = within(month, 1..=12, "month")?;
        let day = self.day.unwrap_or(if self.year.is_some() || self.month.is_some() { 1 } else { today.day });
        let day = within(day, 1..=days_in_month(year, month), "day")?;
        Ok(days_of(year, month, day))
    }

    fn bad_time(&self) -> Option<&'static str> {
        let midnight = self.hour == 24 && self.minute == 0 && self.second == 0 && self.millisecond == 0;
        if !(0..24).contains(&self.hour) && !midnight {
            return Some("hour");
        }
        let rest = [(self.minute, 60, "minute"), (self.second, 60, "second"), (self.millisecond, 1000, "millisecond")];
        rest.into_iter().find(|(value, end, _)| !(0..*end).contains(value)).map(|(_, _, unit)| unit)
    }
}

/// A text that is read from the left.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// A number of exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.0 = self.0.get(count..)?;
        digits.parse().ok()
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// One of some words, by its index; capitals matter.
    fn word(&mut self, words: &[&str]) -> Option<i64> {
        let at = words.iter().position(|word| self.0.starts_with(word))?;
        self.eat(words.get(at)?);
        i64::try_from(at).ok()
    }

    /// Reads with `step`, or nothing.
    fn maybe<T>(&mut self, step: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = *self;
        let done = step(self);
        if done.is_none() {
            *self = before;
        }
        done
    }

    fn done(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    /// `±YYYYYY` or `YYYY`.
    fn year(&mut self) -> Option<i64> {
        if self.eat("+") {
            return self.digits(6);
        }
        if self.eat("-") {
            return self.digits(6).map(|year| -year);
        }
        self.digits(4)
    }

    /// `HH[:mm[:ss[.fff]]]`, the colons optional.
    fn time(&mut self, parts: &mut Parts) -> Option<()> {
        parts.hour = self.digits(2)?;
        let minute = |cursor: &mut Self| {
            cursor.eat(":");
            cursor.digits(2)
        };
        let Some(value) = self.maybe(minute) else { return Some(()) };
        parts.minute = value;
        let Some(value) = self.maybe(minute) else { return Some(()) };
        parts.second = value;
        let fraction = self.maybe(|cursor| {
            (cursor.eat(".") || cursor.eat(",")).then_some(())?;
            let count = cursor.0.bytes().take_while(u8::is_ascii_digit).count();
            let digits = cursor.0.get(..count).filter(|digits| (1..=30).contains(&digits.len()))?;
            cursor.0 = cursor.0.get(count..)?;
            Some(millis_of_fraction(digits))
        });
        parts.millisecond = fraction.unwrap_or_default();
        Some(())
    }

    /// `Z`, `+HH`, `+HH:mm`, `+HHmm`.
    fn offset(&mut self) -> Option<i32> {
        if self.eat("Z") || self.eat("z") {
            return Some(0);
        }
        let sign = if self.eat("+") {
            1
        } else if self.eat("-") || self.eat("\u{2212}") {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        let minutes = self.maybe(|cursor| {
            cursor.eat(":");
            cursor.digits(2)
        });
        i32::try_from(sign * (hours * 60 + minutes.unwrap_or_default())).ok()
    }

    /// A name of a zone.
    fn zone_name(&mut self) -> Option<Zone> {
        let length = self.0.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte)).count();
        let name = self.0.get(..length).filter(|name| name.len() > 1)?;
        let zone = Zone::parse(name)?;
        self.0 = self.0.get(length..)?;
        Some(zone)
    }

    fn rest(&self) -> &'a str {
        self.0
    }
}

/// The milliseconds of the digits behind a decimal point; what is smaller is cut off.
pub(super) fn millis_of_fraction(digits: &str) -> i64 {
    let padded: String = digits.chars().chain("000".chars()).take(3).collect();
    padded.parse().unwrap_or_default()
}

fn finish(parts: Option<Parts>, setting: &Setting) -> Read {
    parts.map_or(Read::Unknown, |parts| parts.moment(setting))
}

/// Reads ISO 8601: `2024-03-05T10:00:00.000+01:00`, `20240305`, `2024-W10-2`, `2024-065`, `10:00`, and what lies between.
pub fn read_iso(text: &str, setting: &Setting) -> Read {
    let forms = [iso_calendar, iso_week, iso_ordinal, iso_time_alone];
    finish(forms.iter().find_map(|form| form(Cursor(text))), setting)
}

fn iso_calendar(mut text: Cursor<'_>) -> Option<Parts> {
    let mut parts = Parts { year: Some(text.year()?), ..Parts::default() };
    let two = |text: &mut Cursor<'_>| {
        text.eat("-");
        text.digits(2)
    };
    parts.month = text.maybe(two);
    if parts.month.is_some() {
        parts.day = text.maybe(two);
    }
    iso_tail(text, parts)
}

fn iso_week(mut text: Cursor<'_>) -> Option<Parts> {
    let mut parts = Parts { week_year: Some(text.digits(4)?), ..Parts::default() };
    text.eat("-");
    text.eat("W").then_some(())?;
    parts.week = Some(text.digits(2)?);
    parts.weekday = text.maybe(|text| {
        text.eat("-");
        text.digits(1)
    });
    iso_tail(text, parts)
}

fn iso_ordinal(mut text: Cursor<'_>) -> Option<Parts> {
    let mut parts = Parts { year: Some(text.digits(4)?), ..Parts::default() };
    text.eat("-");
    parts.ordinal = Some(text.digits(3)?);
    iso_tail(text, parts)
}

fn iso_time_alone(mut text: Cursor<'_>) -> Option<Parts> {
    let mut parts = Parts::default();
    text.eat("T");
    text.time(&mut parts)?;
    offset_and_zone(text, parts)
}

/// The time behind a date, if there is one.
fn iso_tail(mut text: Cursor<'_>, mut parts: Parts) -> Option<Parts> {
    if text.rest().is_empty() {
        return Some(parts);
    }
    (text.eat("T") || text.eat("t")).then_some(())?;
    text.time(&mut parts)?;
    offset_and_zone(text, parts)
}

fn offset_and_zone(mut text: Cursor<'_>, mut parts: Parts) -> Option<Parts> {
    let offset = text.maybe(Cursor::offset);
    parts.zone = offset.map(Zone::Fixed);
    if text.eat("[") {
        parts.zone = Some(text.zone_name()?);
        parts.offset = offset;
        text.eat("]").then_some(())?;
    }
    text.done()?;
    Some(parts)
}

/// Reads SQL: `2024-03-05 10:00:00.000 Europe/Berlin`.
pub fn read_sql(text: &str, setting: &Setting) -> Read {
    let date = |mut text: Cursor<'_>| {
        let mut parts = Parts { year: Some(text.year()?), ..Parts::default() };
        text.eat("-").then_some(())?;
        parts.month = Some(text.digits(2)?);
        text.eat("-").then_some(())?;
        parts.day = Some(text.digits(2)?);
        if text.rest().is_empty() {
            return Some(parts);
        }
        text.eat(" ").then_some(())?;
        sql_time(text, parts)
    };
    finish(date(Cursor(text)).or_else(|| sql_time(Cursor(text), Parts::default())), setting)
}

fn sql_time(mut text: Cursor<'_>, mut parts: Parts) -> Option<Parts> {
    text.time(&mut parts)?;
    parts.zone = text.maybe(|text| {
        text.eat(" ");
        text.maybe(Cursor::offset).map(Zone::Fixed).or_else(|| text.zone_name())
    });
    text.done()?;
    Some(parts)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Obsolete zones of RFC 2822, in hours.
const ZONES: [(&str, i32); 10] =
    [("EDT", -4), ("EST", -5), ("CDT", -5), ("CST", -6), ("MDT", -6), ("MST", -7), ("PDT", -7), ("PST", -8), ("GMT", 0), ("UT", 0)];

/// Reads RFC 2822: `Tue, 05 Mar 2024 10:00:00 +0100`.
pub fn read_rfc2822(text: &str, setting: &Setting) -> Read {
    let plain = without_comments(text);
    finish(rfc2822(Cursor(&plain)), setting)
}

/// Comments in parentheses and runs of blanks become single blanks.
fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    let kept: String = text
        .chars()
        .filter_map(|c| match c {
            '(' => {
                depth += 1;
                Some(' ')
            }
            ')' => {
                depth = depth.saturating_sub(1);
                None
            }
            _ if depth > 0 => None,
            c => Some(c),
        })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rfc2822(mut text: Cursor<'_>) -> Option<Parts> {
    let mut parts = Parts::default();
    let weekday = text.maybe(|text| {
        let day = text.word(&DAYS)?;
        text.eat(", ").then_some(day)
    });
    parts.day = Some(text.maybe(|text| text.digits(2)).or_else(|| text.digits(1))?);
    text.eat(" ").then_some(())?;
    parts.month = Some(text.word(&MONTHS)? + 1);
    text.eat(" ").then_some(())?;
    let year = text.maybe(|text| text.digits(4)).or_else(|| text.maybe(|text| text.digits(3))).or_else(|| text.digits(2).map(full_year))?;
    parts.year = Some(year);
    text.eat(" ").then_some(())?;
    clock(&mut text, &mut parts)?;
    text.eat(" ").then_some(())?;
    let named = ZONES.iter().find(|(name, _)| text.rest() == *name);
    parts.zone = Some(match named {
        Some((name, hours)) => {
            text.eat(name);
            Zone::Fixed(hours * 60)
        }
        None => Zone::Fixed(text.offset()?),
    });
    text.done()?;
    agreeing(parts, weekday)
}

/// `HH:mm[:ss]`.
fn clock(text: &mut Cursor<'_>, parts: &mut Parts) -> Option<()> {
    parts.hour = text.digits(2)?;
    text.eat(":").then_some(())?;
    parts.minute = text.digits(2)?;
    if text.eat(":") {
        parts.second = text.digits(2)?;
    }
    Some(())
}

/// The parts, unless the text names another day of the week than theirs.
fn agreeing(parts: Parts, weekday: Option<i64>) -> Option<Parts> {
    let Some(named) = weekday else { return Some(parts) };
    let days = days_of(parts.year?, parts.month?, parts.day?);
    ((days + 3).rem_euclid(7) == named).then_some(parts)
}

/// The year that two digits mean.
pub(super) const fn full_year(two_digits: i64) -> i64 {
    if two_digits > 60 { 1900 + two_digits } else { 2000 + two_digits }
}

/// Reads the dates of HTTP: `Tue, 05 Mar 2024 10:00:00 GMT`, and the two older forms.
pub fn read_http(text: &str, setting: &Setting) -> Read {
    let forms = [http_rfc1123, http_rfc850, http_asctime];
    finish(forms.iter().find_map(|form| form(Cursor(text))), setting)
}

fn http_rfc1123(mut text: Cursor<'_>) -> Option<Parts> {
    let weekday = text.word(&DAYS)?;
    text.eat(", ").then_some(())?;
    let day = text.digits(2)?;
    text.eat(" ").then_some(())?;
    let month = text.word(&MONTHS)? + 1;
    text.eat(" ").then_some(())?;
    let year = text.digits(4)?;
    http_end(text, (year, month, day), weekday)
}

fn http_rfc850(mut text: Cursor<'_>) -> Option<Parts> {
    let weekday = text.word(&LONG_DAYS)?;
    text.eat(", ").then_some(())?;
    let day = text.digits(2)?;
    text.eat("-").then_some(())?;
    let month = text.word(&MONTHS)? + 1;
    text.eat("-").then_some(())?;
    let year = full_year(text.digits(2)?);
    http_end(text, (year, month, day), weekday)
}

/// The time, and `GMT`.
fn http_end(mut text: Cursor<'_>, (year, month, day): (i64, i64, i64), weekday: i64) -> Option<Parts> {
    let mut parts = Parts { year: Some(year), month: Some(month), day: Some(day), zone: Some(Zone::UTC), ..Parts::default() };
    text.eat(" ").then_some(())?;
    clock(&mut text, &mut parts)?;
    text.eat(" GMT").then_some(())?;
    text.done()?;
    agreeing(parts, Some(weekday))
}

fn http_asctime(mut text: Cursor<'_>) -> Option<Parts> {
    let weekday = text.word(&DAYS)?;
    text.eat(" ").then_some(())?;
    let month = text.word(&MONTHS)? + 1;
    text.eat(" ").then_some(())?;
    let day = if text.eat(" ") { text.digits(1)? } else { text.digits(2)? };
    text.eat(" ").then_some(())?;
    let mut parts = Parts { month: Some(month), day: Some(day), zone: Some(Zone::UTC), ..Parts::default() };
    clock(&mut text, &mut parts)?;
    text.eat(" ").then_some(())?;
    parts.year = Some(text.digits(4)?);
    text.done()?;
    agreeing(parts, Some(weekday))
}

/// Reads whichever of the forms a text has, in the order in which n8n tries them: ISO, HTTP, RFC 2822, SQL.
pub fn read_any(text: &str, setting: &Setting) -> Read {
    let readers = [read_iso, read_http, read_rfc2822, read_sql];
    let found = readers.iter().map(|read| read(text, setting)).find(|read| matches!(read, Read::Done(_)));
    found.unwrap_or(Read::Unknown)
}
