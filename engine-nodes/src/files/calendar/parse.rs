//! Calendars as JSON, in the shapes that n8n gives: `{version, prodId, timezones, events}`. Only the properties listed here are kept.

use engine_core::model::Json;
use serde_json::{Value, json};

use super::CalendarError;
use super::time::{Zones, date_object, duration, parse_offset, plain};

/// Reads a calendar.
///
/// # Errors
/// When a line is no property.
pub(crate) fn parse(text: &str) -> Result<Value, CalendarError> {
    let lines = unfold(text).iter().map(|line| Property::parse(line)).collect::<Result<Vec<_>, _>>()?;
    let root = Component::tree(lines);
    let calendar = root.children.into_iter().find(|child| child.name == "VCALENDAR").unwrap_or_default();
    let mut json = Json::new();
    for property in &calendar.properties {
        if let Some(key) = named(property, &[("METHOD", "method"), ("PRODID", "prodId"), ("VERSION", "version")]) {
            json.insert(key.to_owned(), Value::String(property.value.clone()));
        }
    }
    let zones = Zones(calendar.named("VTIMEZONE").filter_map(own_zone).collect());
    let timezones: Vec<_> = calendar.named("VTIMEZONE").map(|zone| time_zone(zone, &zones)).collect();
    if !timezones.is_empty() {
        json.insert("timezones".to_owned(), Value::Array(timezones));
    }
    let events: Vec<_> = calendar.named("VEVENT").map(|event| self::event(event, &zones)).collect();
    if !events.is_empty() {
        json.insert("events".to_owned(), Value::Array(events));
    }
    Ok(Value::Object(json))
}

/// The lines of a text; one that begins with a blank goes on the line before.
fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split(['\r', '\n']).filter(|line| !line.is_empty()) {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line.trim_start()),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `NAME;PARAMETER=x:value`.
struct Property {
    name: String,
    parameters: Json,
    value: String,
}

impl Property {
    fn parse(line: &str) -> Result<Self, CalendarError> {
        let mut quoted = false;
        let colon = line.char_indices().find(|(_, c)| {
            quoted = quoted != (*c == '"');
            *c == ':' && !quoted
        });
        let (head, value) = colon.and_then(|(at, _)| line.split_at_checked(at)).ok_or_else(|| CalendarError::Line(line.to_owned()))?;
        let mut parts = head.split(';');
        let name = parts.next().unwrap_or_default().to_owned();
        Ok(Self { name, parameters: fields(parts), value: value.strip_prefix(':').unwrap_or_default().to_owned() })
    }

    fn parameter(&self, name: &str) -> Option<Value> {
        self.parameters.get(name).cloned()
    }
}

/// `KEY=value` pairs; quotes around a value go.
fn fields<'a>(parts: impl Iterator<Item = &'a str>) -> Json {
    let field = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        (key.to_owned(), Value::String(bare.to_owned()))
    };
    parts.map(field).collect()
}

/// What stands between BEGIN and END.
#[derive(Default)]
struct Component {
    name: String,
    properties: Vec<Property>,
    children: Vec<Component>,
}

/// How deep components may lie in one another; what is deeper is left out.
const MAX_DEPTH: usize = 8;

impl Component {
    fn tree(lines: Vec<Property>) -> Self {
        let mut open = vec![Self::default()];
        let mut skipped = 0_usize;
        for line in lines {
            match line.name.as_str() {
                "BEGIN" if open.len() > MAX_DEPTH => skipped += 1,
                "BEGIN" => open.push(Self { name: line.value, ..Self::default() }),
                "END" if skipped > 0 => skipped -= 1,
                "END" => Self::close(&mut open),
                _ if skipped > 0 => {}
                _ => {
                    if let Some(last) = open.last_mut() {
                        last.properties.push(line);
                    }
                }
            }
        }
        while open.len() > 1 {
            Self::close(&mut open);
        }
        open.pop().unwrap_or_default()
    }

    fn close(open: &mut Vec<Self>) {
        if open.len() > 1
            && let Some(child) = open.pop()
            && let Some(parent) = open.last_mut()
        {
            parent.children.push(child);
        }
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

fn named<'a>(property: &Property, names: &[(&str, &'a str)]) -> Option<&'a str> {
    names.iter().find(|(name, _)| *name == property.name).map(|(_, key)| *key)
}

const EVENT: [(&str, &str); 23] = [
    ("ATTACH", "attach"),
    ("ATTENDEE", "attendee"),
    ("CATEGORIES", "categories"),
    ("CLASS", "class"),
    ("CREATED", "created"),
    ("DESCRIPTION", "description"),
    ("DTEND", "end"),
    ("DTSTAMP", "stamp"),
    ("DTSTART", "start"),
    ("DURATION", "duration"),
    ("GEO", "geo"),
    ("LAST-MODIFIED", "lastModified"),
    ("LOCATION", "location"),
    ("ORGANIZER", "organizer"),
    ("PRIORITY", "priority"),
    ("RECURRENCE-ID", "recurrenceId"),
    ("RRULE", "recurrenceRule"),
    ("SEQ", "sequence"),
    ("STATUS", "status"),
    ("SUMMARY", "summary"),
    ("TRANSP", "timeTransparent"),
    ("UID", "uid"),
    ("URL", "url"),
];

fn event(component: &Component, zones: &Zones) -> Value {
    let mut json = Json::new();
    let mut attendees = Vec::new();
    for property in &component.properties {
        let Some(key) = named(property, &EVENT) else { continue };
        let value = match key {
            "stamp" | "start" | "end" | "created" | "lastModified" => date_object(&property.value, &property.parameters, zones),
            "categories" => property.value.split(',').collect(),
            "recurrenceRule" => rule(&property.value),
            "duration" => duration(&property.value),
            "organizer" => person(property, &[("CN", "name"), ("DIR", "dir"), ("SENT-BY", "sentBy")]),
            "sequence" => property.value.parse::<i64>().map_or(Value::Null, Value::from),
            "attendee" => {
                attendees.push(attendee(property));
                continue;
            }
            _ => Value::String(property.value.clone()),
        };
        json.insert(key.to_owned(), value);
    }
    let alarms: Vec<_> = component.named("VALARM").map(|component| alarm(component, zones)).collect();
    for (key, list) in [("alarms", alarms), ("attendees", attendees)] {
        if !list.is_empty() {
            json.insert(key.to_owned(), Value::Array(list));
        }
    }
    Value::Object(json)
}

fn alarm(component: &Component, zones: &Zones) -> Value {
    let mut json = Json::new();
    let (mut attachments, mut attendees) = (Vec::new(), Vec::new());
    for property in &component.properties {
        let text = || Value::String(property.value.clone());
        match property.name.as_str() {
            "ACTION" => drop(json.insert("action".to_owned(), text())),
            "DESCRIPTION" => drop(json.insert("description".to_owned(), text())),
            "SUMMARY" => drop(json.insert("summary".to_owned(), text())),
            "DURATION" => drop(json.insert("duration".to_owned(), duration(&property.value))),
            "REPEAT" => drop(json.insert("repeat".to_owned(), property.value.parse::<i64>().map_or(Value::Null, Value::from))),
            "TRIGGER" => drop(json.insert("trigger".to_owned(), trigger(property, zones))),
            "ATTACH" => attachments.push(attachment(property)),
            "ATTENDEE" => attendees.push(attendee(property)),
            _ => {}
        }
    }
    for (key, list) in [("attachments", attachments), ("attendees", attendees)] {
        if !list.is_empty() {
            json.insert(key.to_owned(), Value::Array(list));
        }
    }
    Value::Object(json)
}

fn trigger(property: &Property, zones: &Zones) -> Value {
    let related = property.parameter("RELATED").map_or_else(|| json!({}), |related| json!({ "related": related }));
    let is_absolute = property.parameter("VALUE").is_some_and(|kind| kind == "DATE-TIME" || kind == "DATE");
    if is_absolute {
        json!({"type": "absolute", "value": date_object(&property.value, &property.parameters, zones), "options": related})
    } else {
        json!({"type": "relative", "value": duration(&property.value), "options": related})
    }
}

fn attachment(property: &Property) -> Value {
    if property.parameter("VALUE").is_some_and(|kind| kind == "BINARY") {
        let encoding = property.parameter("ENCODING").unwrap_or_else(|| json!("BASE64"));
        return json!({"type": "binary", "encoding": encoding, "binary": property.value, "value": "BINARY"});
    }
    let mut json = Json::from_iter([("type".to_owned(), json!("uri")), ("url".to_owned(), json!(property.value))]);
    json.extend(property.parameter("FMTTYPE").map(|kind| ("formatType".to_owned(), kind)));
    Value::Object(json)
}

fn attendee(property: &Property) -> Value {
    let names = [
        ("DELEGATED-FROM", "delegatedFrom"),
        ("DIR", "dir"),
        ("MEMBER", "member"),
        ("CN", "name"),
        ("PARTSTAT", "partstat"),
        ("ROLE", "role"),
        ("SENT-BY", "sentBy"),
    ];
    person(property, &names)
}

fn person(property: &Property, names: &[(&str, &str)]) -> Value {
    let mut json = Json::from_iter([("email".to_owned(), Value::String(without_scheme(&property.value)))]);
    for (name, key) in names {
        if let Some(Value::String(value)) = property.parameters.get(*name) {
            let is_address = matches!(*name, "DELEGATED-FROM" | "MEMBER" | "SENT-BY");
            json.insert((*key).to_owned(), Value::String(if is_address { without_scheme(value) } else { value.clone() }));
        }
    }
    Value::Object(json)
}

fn without_scheme(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    match lower.find("mailto:").and_then(|at| Some((address.get(..at)?, address.get(at + "mailto:".len()..)?))) {
        Some((before, after)) => format!("{before}{after}"),
        None => address.to_owned(),
    }
}

const RULE: [(&str, &str); 14] = [
    ("BYDAY", "byDay"),
    ("BYHOUR", "byHour"),
    ("BYMINUTE", "byMinute"),
    ("BYMONTH", "byMonth"),
    ("BYMONTHDAY", "byMonthday"),
    ("BYSECOND", "bySecond"),
    ("BYSETPOS", "bySetPos"),
    ("BYWEEKNO", "byWeekNo"),
    ("BYYEARDAY", "byYearday"),
    ("COUNT", "count"),
    ("FREQ", "frequency"),
    ("INTERVAL", "interval"),
    ("UNTIL", "until"),
    ("WKST", "workweekStart"),
];

fn rule(text: &str) -> Value {
    let number = |text: &str| text.parse::<i64>().ok();
    let list = |value: &str, less: i64| value.split(',').map(|part| number(part).map_or(Value::Null, |n| Value::from(n - less))).collect();
    let mut json = Json::new();
    for (name, value) in fields(text.split(';')) {
        let (Some((_, key)), Value::String(value)) = (RULE.iter().find(|(known, _)| *known == name), value) else { continue };
        let value = match *key {
            "until" => until(&value),
            // n8n counts months from zero.
            "byMonth" => list(&value, 1),
            "byDay" => value.split(',').map(week_day).collect(),
            "count" | "interval" => number(&value).map_or(Value::Null, Value::from),
            "frequency" | "workweekStart" => Value::String(value),
            _ => list(&value, 0),
        };
        json.insert((*key).to_owned(), value);
    }
    Value::Object(json)
}

/// The end of a repetition; one without a time ends at midnight.
fn until(text: &str) -> Value {
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if is_day { format!("{text}T000000Z") } else { text.to_owned() };
    date_object(&text, &Json::new(), &Zones::default())
}

/// `-1MO` as `{day, occurence}`.
fn week_day(text: &str) -> Value {
    match text.len().checked_sub(2).and_then(|at| text.split_at_checked(at)) {
        Some((occurrence, day)) if !occurrence.is_empty() => {
            json!({"day": day, "occurence": occurrence.trim_start_matches('+').parse::<i64>().ok()})
        }
        _ => json!({ "day": text }),
    }
}

fn own_zone(component: &Component) -> Option<(String, jiff::tz::Offset)> {
    let id = component.properties.iter().find(|property| property.name == "TZID")?.value.clone();
    let standard = component.named("STANDARD").chain(component.named("DAYLIGHT")).next()?;
    let offset = standard.properties.iter().find(|property| property.name == "TZOFFSETTO")?;
    Some((id, parse_offset(&offset.value)?))
}

fn time_zone(component: &Component, zones: &Zones) -> Value {
    let seasons = component.named("STANDARD").chain(component.named("DAYLIGHT")).map(|season| self::season(season, zones)).collect();
    let mut json = Json::from_iter([("props".to_owned(), Value::Array(seasons))]);
    for property in &component.properties {
        match property.name.as_str() {
            "LAST-MODIFIED" => drop(json.insert("lastModified".to_owned(), plain(&property.value))),
            "TZID" => drop(json.insert("id".to_owned(), Value::String(property.value.clone()))),
            "TZURL" => drop(json.insert("url".to_owned(), Value::String(property.value.clone()))),
            _ => {}
        }
    }
    Value::Object(json)
}

fn season(component: &Component, zones: &Zones) -> Value {
    let names = [
        ("COMMENT", "comment"),
        ("DTSTART", "start"),
        ("RDATE", "recurrenceDate"),
        ("RRULE", "recurrenceRule"),
        ("TZNAME", "name"),
        ("TZOFFSETFROM", "offsetFrom"),
        ("TZOFFSETTO", "offsetTo"),
    ];
    let mut json = Json::from_iter([("type".to_owned(), Value::String(component.name.clone()))]);
    for property in &component.properties {
        let Some(key) = named(property, &names) else { continue };
        let value = match key {
            "start" => plain(&property.value),
            "recurrenceRule" => rule(&property.value),
            "recurrenceDate" => date_object(&property.value, &property.parameters, zones),
            _ => Value::String(property.value.clone()),
        };
        json.insert(key.to_owned(), value);
    }
    Value::Object(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: &Value) {
        assert_eq!(&parse(&lines.join("\r\n")).unwrap(), expected, "{lines:?}");
    }

    #[test]
    fn events() {
        check(
            &[
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:x",
                "BEGIN:VEVENT",
                "UID:U1",
                "SUMMARY:T\\, x",
                "DTSTART;VALUE=DATE:20240103",
                "DTEND:20240104T010203Z",
                "DESCRIPTION:long\\nx ",
                " folded",
                "CATEGORIES:A,B",
                "ORGANIZER;CN=\"O: N\":mailto:o@x.y",
                "ATTENDEE;RSVP=TRUE;CN=A B;ROLE=CHAIR:MAILTO:a@x.y",
                "RRULE:FREQ=WEEKLY;BYDAY=MO,-1WE;INTERVAL=2;UNTIL=20240201;BYMONTH=1",
                "SEQUENCE:3",
                "BEGIN:VALARM",
                "ACTION:DISPLAY",
                "TRIGGER;RELATED=END:-PT15M",
                "END:VALARM",
                "END:VEVENT",
                "BEGIN:VTODO",
                "UID:no",
                "END:VTODO",
                "END:VCALENDAR",
            ],
            &json!({"version": "2.0", "prodId": "x", "events": [{
                "uid": "U1", "summary": "T\\, x",
                "start": {"date": "2024-01-03T00:00:00.000Z", "type": "DATE"}, "end": {"date": "2024-01-04T01:02:03.000Z", "type": "DATE-TIME"},
                "description": "long\\nx folded", "categories": ["A", "B"], "organizer": {"name": "O: N", "email": "o@x.y"},
                "recurrenceRule": {"frequency": "WEEKLY", "byDay": [{"day": "MO"}, {"day": "WE", "occurence": -1}], "interval": 2, "byMonth": [0],
                    "until": {"date": "2024-02-01T00:00:00.000Z", "type": "DATE-TIME"}},
                "alarms": [{"action": "DISPLAY", "trigger": {"type": "relative", "value": {"before": true, "minutes": 15}, "options": {"related": "END"}}}],
                "attendees": [{"email": "a@x.y", "name": "A B", "role": "CHAIR"}],
            }]}),
        );
    }

    #[test]
    fn zones() {
        check(
            &[
                "BEGIN:VCALENDAR",
                "BEGIN:VTIMEZONE",
                "TZID:Own",
                "BEGIN:STANDARD",
                "DTSTART:19701025T030000",
                "TZOFFSETFROM:+0200",
                "TZOFFSETTO:+0130",
                "END:STANDARD",
                "END:VTIMEZONE",
                "BEGIN:VEVENT",
                "DTSTART;TZID=Europe/Berlin:20240703T100000",
                "DTEND;TZID=Own:20240703T110000",
                "DURATION:P1DT2H3M4S",
                "END:VEVENT",
                "END:VCALENDAR",
            ],
            &json!({
                "timezones": [{"id": "Own", "props": [{"type": "STANDARD", "start": "1970-10-25T03:00:00.000Z", "offsetFrom": "+0200", "offsetTo": "+0130"}]}],
                "events": [{
                    "start": {"date": "2024-07-03T08:00:00.000Z", "type": "DATE-TIME",
                        "local": {"date": "2024-07-03T10:00:00.000Z", "timezone": "Europe/Berlin", "tzoffset": "+0200"}},
                    "end": {"date": "2024-07-03T09:30:00.000Z", "type": "DATE-TIME",
                        "local": {"date": "2024-07-03T11:00:00.000Z", "timezone": "Own", "tzoffset": "+0130"}},
                    "duration": {"days": 1, "hours": 2, "minutes": 3, "seconds": 4},
                }],
            }),
        );
    }

    #[test]
    fn odd_texts() {
        check(&[""], &json!({}));
        check(
            &["BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART:20240101", "END:VEVENT"],
            &json!({"events": [{"start": {"date": null, "type": "DATE-TIME"}}]}),
        );
        assert_eq!(parse("junk").unwrap_err(), CalendarError::Line("junk".into()));
        assert!(parse(&"BEGIN:VEVENT\n".repeat(100_000)).is_ok());
    }
}
