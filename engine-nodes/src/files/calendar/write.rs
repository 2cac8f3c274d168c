//! One event as an iCalendar file.

use engine_core::node::NodeError;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::conversion::Dates;
use crate::settings::Settings;

/// An event: its lines between start and end, and what stands above it.
#[derive(Debug)]
pub(super) struct Event {
    calendar_name: String,
    uid: String,
    title: String,
    times: Vec<String>,
    lines: Vec<String>,
}

impl Event {
    /// Reads the parameters; `uid` counts where they name none.
    pub(super) fn new(settings: Settings<'_>, dates: &Dates, uid: String) -> Result<Self, NodeError> {
        let options = settings.group("additionalFields");
        Ok(Self {
            calendar_name: options.text("calName"),
            uid: options.filled("uid").unwrap_or(uid),
            title: settings.text("title"),
            times: times(settings, dates)?,
            lines: lines(options)?,
        })
    }

    /// The file's text; `stamp` is the time at which it was made.
    pub(super) fn write(&self, stamp: Timestamp) -> String {
        let mut out: Vec<String> =
            ["BEGIN:VCALENDAR", "VERSION:2.0", "CALSCALE:GREGORIAN", "PRODID:adamgibbons/ics", "METHOD:PUBLISH"].map(str::to_owned).to_vec();
        if !self.calendar_name.is_empty() {
            out.push(format!("X-WR-CALNAME:{}", self.calendar_name));
        }
        out.extend(["X-PUBLISHED-TTL:PT1H", "BEGIN:VEVENT"].map(str::to_owned));
        out.push(format!("UID:{}", self.uid));
        out.push(format!("SUMMARY:{}", escape(&self.title)));
        out.push(format!("DTSTAMP:{}", date_time(stamp.to_zoned(TimeZone::UTC).datetime())));
        out.extend(self.times.iter().cloned());
        out.extend(self.lines.iter().cloned());
        out.extend(["END:VEVENT", "END:VCALENDAR", ""].map(str::to_owned));
        out.iter().map(|line| fold(line)).collect::<Vec<_>>().join("\r\n")
    }
}

fn times(settings: Settings<'_>, dates: &Dates) -> Result<Vec<String>, NodeError> {
    let start = settings.text("start");
    let end = settings.filled("end").unwrap_or_else(|| start.clone());
    let (start, end) = (instant(&start, dates)?, instant(&end, dates)?);
    if !settings.flag("allDay") {
        return Ok(vec![format!("DTSTART:{}", date_time(start)), format!("DTEND:{}", date_time(end))]);
    }
    let end = end.checked_add(1.day()).map_err(|error| NodeError::fatal(error.to_string()))?;
    let mut times = vec![format!("DTSTART;VALUE=DATE:{}", start.strftime("%Y%m%d"))];
    if start.date() != end.date() {
        times.push(format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")));
    }
    Ok(times)
}

fn instant(text: &str, dates: &Dates) -> Result<DateTime, NodeError> {
    let time = dates.parse(text).ok_or_else(|| NodeError::fatal(format!("\"{text}\" is not a valid date and time")))?;
    Ok(time.zoned().with_time_zone(TimeZone::UTC).datetime())
}

fn date_time(time: DateTime) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn lines(options: Settings<'_>) -> Result<Vec<String>, NodeError> {
    let mut lines = Vec::new();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{name}:{value}"));
        }
    };
    let sequence = options.number("sequence").filter(|number| *number != 0.0);
    add("SEQUENCE", sequence.map(|number| number.to_string()).unwrap_or_default());
    add("DESCRIPTION", escape(&options.text("description")));
    add("URL", url(options.text("url"))?);
    add("GEO", position(options.group("geolocationUi").group("geolocationValues"))?);
    add("LOCATION", escape(&options.text("location")));
    add("STATUS", options.text("status"));
    let organizer = options.group("organizerUi").group("organizerValues");
    if organizer.get("name").is_some() || organizer.get("email").is_some() {
        let name = organizer.filled("name").unwrap_or_else(|| "Organizer".to_owned());
        lines.push(format!("ORGANIZER;CN={}:mailto:{}", parameter(&name), address(organizer.text("email"))?));
    }
    if let Some(busy) = options.filled("busyStatus") {
        lines.push(format!("X-MICROSOFT-CDO-BUSYSTATUS:{busy}"));
    }
    for attendee in options.group("attendeesUi").groups("attendeeValues") {
        let reply = if attendee.flag("rsvp") { "TRUE" } else { "FALSE" };
        let name = attendee.filled("name").unwrap_or_else(|| "Unnamed attendee".to_owned());
        lines.push(format!("ATTENDEE;RSVP={reply};CN={}:mailto:{}", parameter(&name), address(attendee.text("email"))?));
    }
    if let Some(rule) = options.filled("recurrenceRule") {
        lines.push(format!("RRULE:{rule}"));
    }
    if lines.iter().any(|line| line.contains(['\r', '\n'])) {
        return Err(NodeError::fatal("a line break stands where none may be, such as in a name or an address"));
    }
    Ok(lines)
}

fn url(url: String) -> Result<String, NodeError> {
    let is_url = url.is_empty() || url.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty() && !rest.contains(' '));
    if is_url { Ok(url) } else { Err(NodeError::fatal(format!("\"{url}\" is not a URL"))) }
}

fn address(address: String) -> Result<String, NodeError> {
    let is_address =
        address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace));
    if is_address { Ok(address) } else { Err(NodeError::fatal(format!("\"{address}\" is not an email address"))) }
}

fn position(position: Settings<'_>) -> Result<String, NodeError> {
    match (position.filled("lat"), position.filled("lon")) {
        (None, None) => Ok(String::new()),
        _ => match (position.number("lat"), position.number("lon")) {
            (Some(latitude), Some(longitude)) => Ok(format!("{latitude};{longitude}")),
            _ => Err(NodeError::fatal("latitude and longitude must be numbers")),
        },
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace("\r\n", "\\n").replace(['\r', '\n'], "\\n").replace(';', "\\;").replace(',', "\\,")
}

/// The value of a parameter; in quotes where it holds a mark of the format.
fn parameter(text: &str) -> String {
    let text = text.replace('"', "'");
    if text.contains([':', ';', ',']) { format!("\"{text}\"") } else { text }
}

/// Long lines go on in the next, after a tab.
fn fold(line: &str) -> String {
    let mut folded = String::with_capacity(line.len());
    for (index, c) in line.chars().enumerate() {
        if index >= 75 && (index - 75) % 74 == 0 {
            folded.push_str("\r\n\t");
        }
        folded.push(c);
    }
    folded
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp as Instant;
    use serde_json::{Value, json};

    use super::*;

    fn file(parameters: &Value) -> Result<String, NodeError> {
        let dates = Dates::new("UTC", Instant::EPOCH);
        let event = Event::new(Settings::new(parameters.as_object().unwrap()), &dates, "U".into())?;
        Ok(event.write(Timestamp::from_second(1_700_000_000).unwrap()))
    }

    #[test]
    fn events() {
        let plain = file(&json!({"title": "x", "start": "2024-01-03T10:05:07", "end": "2024-01-04T01:01:01+01:00"})).unwrap();
        assert_eq!(
            plain,
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nPRODID:adamgibbons/ics\r\nMETHOD:PUBLISH\r\nX-PUBLISHED-TTL:PT1H\r\n\
             BEGIN:VEVENT\r\nUID:U\r\nSUMMARY:x\r\nDTSTAMP:20231114T221320Z\r\nDTSTART:20240103T100507Z\r\nDTEND:20240104T000101Z\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        let day = file(&json!({"title": "a;b,c\\d\ne", "start": "2024-01-03", "end": "", "allDay": true, "additionalFields": {
            "calName": "C", "description": "lé".repeat(60), "url": "http://x.y", "sequence": 2, "status": "CONFIRMED", "uid": "V",
            "geolocationUi": {"geolocationValues": {"lat": "1.5", "lon": "-2"}},
            "organizerUi": {"organizerValues": {"name": "O: N", "email": "o@x.y"}},
            "attendeesUi": {"attendeeValues": [{"name": "A B", "email": "a@x.y", "rsvp": true}]},
            "recurrenceRule": "FREQ=DAILY"}}));
        let day = day.unwrap();
        for part in [
            "X-WR-CALNAME:C\r\n",
            "UID:V\r\nSUMMARY:a\\;b\\,c\\\\d\\ne\r\n",
            "DTSTART;VALUE=DATE:20240103\r\nDTEND;VALUE=DATE:20240104\r\nSEQUENCE:2\r\nDESCRIPTION:lé",
            "\r\nURL:http://x.y\r\nGEO:1.5;-2\r\nSTATUS:CONFIRMED\r\nORGANIZER;CN=\"O: N\":mailto:o@x.y\r\n",
            "ATTENDEE;RSVP=TRUE;CN=A B:mailto:a@x.y\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT",
        ] {
            assert!(day.contains(part), "{part} in {day}");
        }
        assert!(day.split("\r\n").all(|line| line.chars().count() <= 75), "{day}");
    }

    #[test]
    fn what_is_refused() {
        for parameters in [
            json!({"start": "never", "end": ""}),
            json!({"start": "2024-01-03", "additionalFields": {"url": "bad"}}),
            json!({"start": "2024-01-03", "additionalFields": {"status": "X\r\nATTACH:file"}}),
            json!({"start": "2024-01-03", "additionalFields": {"attendeesUi": {"attendeeValues": [{"name": "A", "email": "bad"}]}}}),
            json!({"start": "2024-01-03", "additionalFields": {"geolocationUi": {"geolocationValues": {"lat": "x", "lon": "1"}}}}),
        ] {
            assert!(file(&parameters).is_err(), "{parameters}");
        }
    }
}
