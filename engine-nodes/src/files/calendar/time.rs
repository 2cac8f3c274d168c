//! Points in time and durations in calendars, as JSON.

use engine_core::model::Json;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

/// Time zones of a calendar that are not in the IANA database: the name and the offset outside summer.
#[derive(Clone, Debug, Default)]
pub(super) struct Zones(pub(super) Vec<(String, Offset)>);

impl Zones {
    fn find(&self, name: &str) -> Option<TimeZone> {
        let own = || self.0.iter().find(|(own, _)| own == name).map(|(_, offset)| TimeZone::fixed(*offset));
        TimeZone::get(name).ok().or_else(own)
    }
}

/// `{date, type}`, with the local time for one that names a zone.
pub(super) fn date_object(text: &str, parameters: &Json, zones: &Zones) -> Value {
    let parameter = |name: &str| parameters.get(name).and_then(Value::as_str);
    let kind = parameter("VALUE").unwrap_or("DATE-TIME");
    if kind == "DATE" {
        return json!({"date": day(text).map(|day| iso(day.to_datetime(jiff::civil::Time::midnight()))), "type": kind});
    }
    let Some(local) = date_time(text) else { return json!({"date": null, "type": kind}) };
    let there = parameter("TZID").and_then(|name| Some((name, local.to_zoned(zones.find(name)?).ok()?)));
    let Some((name, time)) = there else { return json!({"date": iso(local), "type": kind}) };
    let utc = time.with_time_zone(TimeZone::UTC).datetime();
    json!({"date": iso(utc), "type": kind, "local": {"date": iso(local), "timezone": name, "tzoffset": offset(time.offset())}})
}

/// The point in time of a text, as ISO 8601 in UTC; null when it is none.
pub(super) fn plain(text: &str) -> Value {
    date_time(text).map_or(Value::Null, |time| Value::String(iso(time)))
}

/// An offset such as `+0130`.
pub(super) fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let number = |from: usize| digits.get(from..from + 2).map_or(Some(0), |digits| digits.parse::<i32>().ok());
    let seconds = (number(0)? * 60 + number(2)?) * 60 + number(4)?;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let minutes = seconds.abs() / 60;
    format!("{}{:02}{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}

fn iso(time: DateTime) -> String {
    format!("{}.{:03}Z", time.strftime("%Y-%m-%dT%H:%M:%S"), time.millisecond())
}

fn day(text: &str) -> Option<Date> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    Date::new(number(0, 4)?, i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?).ok()
}

/// `20240131T235959`, whether it ends with a Z or not.
fn date_time(text: &str) -> Option<DateTime> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let time = jiff::civil::Time::new(number(9, 11)?, number(11, 13)?, number(13, 15)?, 0).ok()?;
    Some(day(text)?.to_datetime(time))
}

/// `-P1DT2H` as `{before, days, hours}`.
pub(super) fn duration(text: &str) -> Value {
    let mut parts = Json::new();
    let body = match text.strip_prefix('-') {
        Some(body) => {
            parts.insert("before".to_owned(), Value::Bool(true));
            body
        }
        None => text,
    };
    let (days, times) = body.split_once('T').unwrap_or((body, ""));
    for (part, units) in [(days, [('D', "days"), ('W', "weeks"), (' ', "")]), (times, [('H', "hours"), ('M', "minutes"), ('S', "seconds")])] {
        let mut number = String::new();
        for c in part.chars() {
            match units.iter().find(|(unit, _)| *unit == c) {
                Some((_, name)) => {
                    let value = number.parse::<u32>().map_or(Value::Null, Value::from);
                    parts.insert((*name).to_owned(), value);
                    number.clear();
                }
                None if c.is_ascii_digit() => number.push(c),
                None => {}
            }
        }
    }
    Value::Object(parts)
}
