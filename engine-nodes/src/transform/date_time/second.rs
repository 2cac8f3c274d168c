//! Version 2, on Luxon's rules.

use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::NodeError;
use serde::Deserialize;
use serde_json::Value;

use super::super::parameters::{Flag, Text};
use super::{Here, Number, Work, milliseconds, present};
use crate::luxon::{IsoOptions, Moment, Read, Setting, Span, Unit, Zone, difference, format, iso_date, iso_time, scan};

/// What Luxon writes for a date that there is not.
const INVALID: &str = "Invalid DateTime";

/// An operation with its parameters.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
pub(super) struct Operation {
    what: What,
    output: String,
    keeps_fields: bool,
}

#[derive(Debug)]
enum What {
    Now { with_time: bool, zone: Option<String> },
    Add { date: Option<Value>, unit: String, amount: Value, sign: f64 },
    Format { date: Option<Value>, format: String, from: Option<String>, in_workflow_zone: bool },
    RoundDown { date: Option<Value>, unit: String },
    RoundUp { date: Option<Value>, unit: String },
    Nothing,
    Between { start: Option<Value>, end: Option<Value>, units: Vec<String>, as_text: bool },
    Extract { date: Option<Value>, part: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    operation: Text,
    output_field_name: Text,
    include_time: Flag,
    #[serde(deserialize_with = "present")]
    magnitude: Option<Value>,
    time_unit: Text,
    duration: Value,
    #[serde(deserialize_with = "present")]
    date: Option<Value>,
    format: Text,
    custom_format: Text,
    mode: Text,
    to_nearest: Text,
    to: Text,
    #[serde(deserialize_with = "present")]
    start_date: Option<Value>,
    #[serde(deserialize_with = "present")]
    end_date: Option<Value>,
    units: Value,
    part: Text,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    include_input_fields: Flag,
    timezone: Value,
    from_format: Text,
    iso_string: Flag,
}

impl From<Parameters> for Operation {
    fn from(parameters: Parameters) -> Self {
        let keeps_fields = parameters.options.include_input_fields.0;
        let output = parameters.output_field_name.0.clone();
        Self { what: What::from(parameters), output, keeps_fields }
    }
}

impl From<Parameters> for What {
    fn from(parameters: Parameters) -> Self {
        let options = parameters.options;
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let Parameters { date, time_unit, duration, magnitude, .. } = parameters;
        match parameters.operation.0.as_str() {
            "addToDate" => Self::Add { date: magnitude, unit: time_unit.0, amount: duration, sign: 1.0 },
            "subtractFromDate" => Self::Add { date: magnitude, unit: time_unit.0, amount: duration, sign: -1.0 },
            "formatDate" => {
                let format = if parameters.format.0 == "custom" { parameters.custom_format.0 } else { parameters.format.0 };
                Self::Format { date, format, from: filled(options.from_format.0), in_workflow_zone: js::truthy(&options.timezone) }
            }
            "roundDate" => match parameters.mode.0.as_str() {
                "roundDown" => Self::RoundDown { date, unit: parameters.to_nearest.0 },
                "roundUp" => Self::RoundUp { date, unit: parameters.to.0 },
                _ => Self::Nothing,
            },
            "getTimeBetweenDates" => {
                let units = match parameters.units {
                    Value::Array(units) => units.iter().map(|unit| js::to_string(unit).into_owned()).collect(),
                    other => vec![js::to_string(&other).into_owned()],
                };
                Self::Between { start: parameters.start_date, end: parameters.end_date, units, as_text: options.iso_string.0 }
            }
            "extractDate" => Self::Extract { date, part: parameters.part.0 },
            _ => {
                let zone = if js::truthy(&options.timezone) { filled(js::to_string(&options.timezone).into_owned()) } else { None };
                Self::Now { with_time: parameters.include_time.0, zone }
            }
        }
    }
}

impl Work for Operation {
    const LINKS_ERRORS: bool = false;

    fn run(&self, item: &Item, here: &Here) -> Result<Option<Item>, NodeError> {
        let mut made = if self.keeps_fields { item.clone() } else { Item::new(Json::new()) };
        match self.what.value(here)? {
            Some(value) => _ = made.json_mut().insert(self.output.clone(), value),
            // JavaScript would write undefined here, which hides what was there.
            None if made.json().contains_key(&self.output) => _ = made.json_mut().shift_remove(&self.output),
            None => {}
        }
        Ok(Some(made))
    }
}

impl What {
    /// The result; `None` for none at all.
    fn value(&self, here: &Here) -> Result<Option<Value>, NodeError> {
        let read = |date: &Option<Value>| read(date.as_ref(), here);
        Ok(Some(match self {
            Self::Now { with_time, zone } => now(here, zone.as_deref(), *with_time)?,
            Self::Add { date, unit, amount, sign } => iso(later(&read(date)?, unit_named(unit)?, sign * js::to_number(amount))),
            Self::Format { date, format, from, in_workflow_zone } => {
                return formatted(date.as_ref(), (format, from.as_deref()), here, *in_workflow_zone);
            }
            Self::RoundDown { date, unit } => iso(Some(read(date)?.start_of(unit_named(unit)?))),
            Self::RoundUp { date, unit } => {
                let unit = unit_named(unit)?;
                iso(later(&read(date)?, unit, 1.0).map(|date| date.start_of(unit)))
            }
            Self::Nothing => return Ok(None),
            Self::Between { start, end, units, as_text } => {
                let units = units.iter().map(|unit| unit_named(unit)).collect::<Result<Vec<_>, _>>()?;
                let span = difference(&read(start)?, &read(end)?, &units);
                if *as_text { iso_span(&span).into() } else { amounts(&span) }
            }
            Self::Extract { date, part } => extract(&read(date)?, part)?,
        }))
    }
}

/// A date later by an amount; `None` when that is beyond the calendar.
pub(super) fn later(date: &Moment, unit: Unit, amount: f64) -> Option<Moment> {
    // A year has some 3e10 milliseconds, and the calendar some 3e5 years.
    let later = (amount.abs() < 1e16).then(|| date.plus(&Span::of(unit, if unit < Unit::Hour { amount.clamp(-1e9, 1e9) } else { amount })))?;
    milliseconds(crate::luxon::exact(later.millis)).map(|_| later)
}

fn iso(date: Option<Moment>) -> Value {
    let options = IsoOptions::default();
    date.map_or_else(|| INVALID.into(), |date| format!("{}T{}", iso_date(&date, &options), iso_time(&date, &options)).into())
}

/// `{"years": 1, "days": 2.5}`.
fn amounts(span: &Span) -> Value {
    span.units().map(|(unit, amount)| (format!("{}s", unit.name()), js::from_f64(amount))).collect()
}

/// `P1Y2DT3H`.
fn iso_span(span: &Span) -> String {
    let part = |amount: f64, letter: &str| if amount == 0.0 { String::new() } else { js::number_to_string(amount) + letter };
    let date = [
        part(span.get(Unit::Year), "Y"),
        part(span.get(Unit::Month) + span.get(Unit::Quarter) * 3.0, "M"),
        part(span.get(Unit::Week), "W"),
        part(span.get(Unit::Day), "D"),
    ];
    let has_seconds = span.get(Unit::Second) != 0.0 || span.get(Unit::Millisecond) != 0.0;
    let seconds = ((span.get(Unit::Second) * 1000.0 + span.get(Unit::Millisecond)).round()) / 1000.0;
    let seconds = if has_seconds { js::number_to_string(seconds) + "S" } else { String::new() };
    let time = [part(span.get(Unit::Hour), "H"), part(span.get(Unit::Minute), "M"), seconds].concat();
    match (date.concat(), time) {
        (date, time) if date.is_empty() && time.is_empty() => "PT0S".to_owned(),
        (date, time) if time.is_empty() => format!("P{date}"),
        (date, time) => format!("P{date}T{time}"),
    }
}

fn unit_named(name: &str) -> Result<Unit, NodeError> {
    Unit::parse(name).ok_or_else(|| NodeError::fatal(format!("Invalid unit {name}")))
}

fn now(here: &Here, zone: Option<&str>, with_time: bool) -> Result<Value, NodeError> {
    let zone = match zone {
        Some(name) => Zone::parse(name).ok_or_else(|| NodeError::fatal(format!("The timezone {name} is not valid. Please check the timezone.")))?,
        None => here.zone.clone(),
    };
    let now = here.now_in(&zone);
    Ok(iso(Some(if with_time { now } else { now.start_of(Unit::Day) })))
}

fn invalid() -> NodeError {
    NodeError::fatal("Invalid date format")
}

/// Reads a date and shows it in the workflow's zone. What is not there is now.
fn read(value: Option<&Value>, here: &Here) -> Result<Moment, NodeError> {
    let Some(value) = value else { return Ok(here.now_in(&here.zone)) };
    let millis = read_instant(value, here)?.ok_or_else(invalid)?;
    Ok(Moment { millis, zone: here.zone.clone() })
}

/// Reads a number or a text without a format. A text without a zone is meant in UTC.
fn read_instant(value: &Value, here: &Here) -> Result<Option<i64>, NodeError> {
    match (Number::of(Some(value)), value) {
        (Number::Milliseconds(number), _) => Ok(milliseconds(number)),
        (Number::No, Value::String(text)) => here.read(text, "UTC").map(Some).ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

/// Formats a date: in its own offset where it has one to the east, otherwise in UTC, or in the workflow's zone.
fn formatted(date: Option<&Value>, (wanted, from): (&str, Option<&str>), here: &Here, in_workflow_zone: bool) -> Result<Option<Value>, NodeError> {
    let date = match date {
        None | Some(Value::Null) => return Ok(date.cloned()),
        Some(date) => date,
    };
    let millis = match (from, date) {
        (Some(from), Value::String(text)) => {
            let setting = Setting { zone: here.zone.clone(), keep_zone: false, now: here.now.as_millis() };
            match scan(text, from, "en", &setting) {
                Read::Done(date) => Some(date.millis),
                Read::OutOfRange(_) => None,
                Read::Unknown => return Err(invalid()),
            }
        }
        _ => read_instant(date, here)?,
    };
    let zone = match date {
        _ if in_workflow_zone => Some(here.zone.clone()),
        Value::String(text) if from.is_some() || Number::of(Some(date)) == Number::No => own_zone(text),
        _ => Zone::parse("Etc/UTC"),
    };
    Ok(Some(match millis.zip(zone) {
        Some((millis, zone)) => format(&Moment { millis, zone }, wanted, "en").into(),
        None => INVALID.into(),
    }))
}

/// The zone that n8n reads out of a text: the two characters after a plus are hours.
fn own_zone(text: &str) -> Option<Zone> {
    match text.split_once('+') {
        Some((_, rest)) => {
            let rest = rest.split('+').next().unwrap_or_default();
            let hours: String = rest.chars().take(2).collect();
            Zone::parse(&format!("Etc/GMT-{}", js::number_to_string(js::text_to_number(&hours))))
        }
        None => Zone::parse("Etc/UTC"),
    }
}

fn extract(date: &Moment, part: &str) -> Result<Value, NodeError> {
    let fields = date.fields();
    Ok(match part {
        "year" => fields.local.year,
        "month" => fields.local.month,
        "week" => fields.week,
        "day" => fields.local.day,
        "hour" => fields.local.hour,
        "minute" => fields.local.minute,
        "second" => fields.local.second,
        "millisecond" => fields.local.millisecond,
        "quarter" => (fields.local.month - 1) / 3 + 1,
        "weekday" => fields.weekday,
        "ordinal" => fields.ordinal,
        other => return Err(NodeError::fatal(format!("Invalid unit {other}"))),
    }
    .into())
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp;
    use serde_json::{from_value, json};

    use super::*;

    fn check(parameters: &Value, expect: &Value) {
        let here = Here { zone: Zone::parse("America/New_York").unwrap(), now: Timestamp::parse("2024-05-06T07:08:09.010Z").unwrap() };
        let mut parameters = parameters.clone();
        parameters["outputFieldName"] = json!("out");
        let operation: Operation = from_value(parameters.clone()).unwrap();
        let got = match operation.run(&Item::from_value(json!({"in": 1})), &here) {
            Ok(item) => Value::Object(item.unwrap().json().clone()),
            Err(error) => json!(error.message()),
        };
        assert_eq!(got, *expect, "{parameters}");
    }

    #[test]
    fn the_current_time_has_a_zone() {
        check(&json!({"operation": "getCurrentDate", "includeTime": true}), &json!({"out": "2024-05-06T03:08:09.010-04:00"}));
        check(&json!({"operation": "getCurrentDate"}), &json!({"out": "2024-05-06T00:00:00.000-04:00"}));
        let options = json!({"timezone": "GMT", "includeInputFields": true});
        check(&json!({"operation": "getCurrentDate", "includeTime": true, "options": options}), &json!({"in": 1, "out": "2024-05-06T07:08:09.010Z"}));
        let wrong = json!({"operation": "getCurrentDate", "options": {"timezone": "Mars"}});
        check(&wrong, &json!("The timezone Mars is not valid. Please check the timezone."));
    }

    #[test]
    fn units_are_added_and_taken_away() {
        let with =
            |operation: &str, date: Value, amount: i32| json!({"operation": operation, "magnitude": date, "timeUnit": "days", "duration": amount});
        check(&with("addToDate", json!("2024-03-09T12:00:00-05:00"), 2), &json!({"out": "2024-03-11T12:00:00.000-04:00"}));
        check(&with("subtractFromDate", json!("2024-03-09"), 2), &json!({"out": "2024-03-06T19:00:00.000-05:00"}));
        check(&with("addToDate", json!(1_700_000_000), 0), &json!({"out": "2023-11-14T17:13:20.000-05:00"}));
        check(&with("addToDate", json!("1700000000000"), 0), &json!({"out": "2023-11-14T17:13:20.000-05:00"}));
        check(&with("addToDate", json!("nonsense"), 0), &json!("Invalid date format"));
    }

    #[test]
    fn dates_are_formatted() {
        let with = |date: Value, format: &str, options: Value| json!({"operation": "formatDate", "date": date, "format": "custom", "customFormat": format, "options": options});
        check(&with(json!("2023-04-11T23:30:00Z"), "yyyy-MM-dd HH:mm", json!({})), &json!({"out": "2023-04-11 23:30"}));
        check(&with(json!("2023-04-11T23:30:00+02:00"), "HH:mm z", json!({})), &json!({"out": "23:30 Etc/GMT-2"}));
        check(&with(json!("2023-04-11T23:30:00-02:00"), "HH:mm z", json!({})), &json!({"out": "01:30 Etc/UTC"}));
        check(&with(json!("2023-04-11T23:30:00Z"), "HH:mm z", json!({"timezone": true})), &json!({"out": "19:30 America/New_York"}));
        check(&with(json!("20230411"), "dd.MM.yyyy", json!({"fromFormat": "yyyyMMdd"})), &json!({"out": "11.04.2023"}));
        check(&with(json!("2023"), "dd", json!({"fromFormat": "yyyyMMdd"})), &json!("Invalid date format"));
        check(&with(json!("20231311"), "dd", json!({"fromFormat": "yyyyMMdd"})), &json!({"out": "Invalid DateTime"}));
        check(&with(json!(null), "dd", json!({})), &json!({"out": null}));
        check(&with(json!(1_681_221_119.965_f64), "HH:mm:ss.SSS", json!({})), &json!({"out": "13:51:59.965"}));
        check(&json!({"operation": "formatDate", "format": "X", "date": "2023-04-11"}), &json!({"out": "1681171200"}));
        check(&json!({"operation": "formatDate", "format": "X", "options": {}}), &json!({}));
    }

    #[test]
    fn dates_are_rounded_taken_apart_and_compared() {
        let date = "2024-05-16T13:14:15Z";
        check(
            &json!({"operation": "roundDate", "mode": "roundDown", "toNearest": "week", "date": date}),
            &json!({"out": "2024-05-13T00:00:00.000-04:00"}),
        );
        check(&json!({"operation": "roundDate", "mode": "roundUp", "to": "month", "date": date}), &json!({"out": "2024-06-01T00:00:00.000-04:00"}));
        check(&json!({"operation": "extractDate", "part": "week", "date": date}), &json!({"out": 20}));
        check(&json!({"operation": "extractDate", "part": "hour", "date": date}), &json!({"out": 9}));
        let between = |options: Value| json!({"operation": "getTimeBetweenDates", "startDate": date, "endDate": "2024-06-20", "units": ["month", "day"], "options": options});
        check(&between(json!({})), &json!({"out": {"months": 1, "days": 3.448_437_5}}));
        check(&between(json!({"isoString": true})), &json!({"out": "P1M3.4484375D"}));
    }
}
