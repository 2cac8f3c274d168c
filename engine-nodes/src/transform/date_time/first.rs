//! Version 1, on Moment's rules. Times without a zone are meant in UTC.

use engine_core::expression::js;
use engine_core::model::Item;
use engine_core::node::NodeError;
use serde::Deserialize;
use serde_json::Value;

use super::super::parameters::Text;
use super::moment::{MomentFormat, MomentReader};
use super::second::later;
use super::{Here, Number, Work, milliseconds, present};
use crate::luxon::{Moment, Unit, Zone, format};

/// What Moment writes for a date that there is not.
const INVALID: &str = "Invalid date";

/// An action with its parameters.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
pub(super) struct Action {
    what: What,
    value: Option<Value>,
    from: Form,
    output: String,
}

/// The format in which the value is.
#[derive(Debug)]
enum Form {
    /// None was given.
    None,
    /// An empty one: Moment does not use it, but the value is not checked either.
    Empty,
    Format(MomentReader),
}

#[derive(Debug)]
enum What {
    Format { format: MomentFormat, from_zone: Option<String>, to_zone: Option<String> },
    Calculate { sign: f64, duration: Value, unit: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    action: Text,
    #[serde(deserialize_with = "present")]
    value: Option<Value>,
    data_property_name: Text,
    to_format: Text,
    operation: Text,
    duration: Value,
    time_unit: Text,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    from_format: Option<Text>,
    from_timezone: Text,
    to_timezone: Text,
}

impl From<Parameters> for Action {
    fn from(parameters: Parameters) -> Self {
        let Parameters { action, value, data_property_name, to_format, operation, duration, time_unit, options } = parameters;
        let filled = |text: Text| Some(text.0).filter(|text| !text.is_empty());
        let what = if action.0 == "calculate" {
            What::Calculate { sign: if operation.0 == "add" { 1.0 } else { -1.0 }, duration, unit: time_unit.0 }
        } else {
            What::Format { format: MomentFormat::new(&to_format.0), from_zone: filled(options.from_timezone), to_zone: filled(options.to_timezone) }
        };
        let from = match options.from_format {
            None => Form::None,
            Some(Text(format)) if format.is_empty() => Form::Empty,
            Some(Text(format)) => Form::Format(MomentReader::new(&format, matches!(what, What::Calculate { .. }))),
        };
        Self { what, value, from, output: data_property_name.0 }
    }
}

impl Work for Action {
    const LINKS_ERRORS: bool = true;

    fn run(&self, item: &Item, here: &Here) -> Result<Option<Item>, NodeError> {
        let text = match &self.what {
            What::Format { format, from_zone, to_zone } => {
                let Some(value) = &self.value else { return Ok(None) };
                self.format(value, format, [from_zone.as_deref(), to_zone.as_deref()], here)?
            }
            What::Calculate { sign, duration, unit } => self.calculate(sign * js::to_number(duration), unit, here)?,
        };
        let mut made = item.clone();
        made.json_mut().insert(self.output.clone(), text.into());
        Ok(Some(made))
    }
}

impl Action {
    fn format(&self, value: &Value, format: &MomentFormat, [from_zone, to_zone]: [Option<&str>; 2], here: &Here) -> Result<String, NodeError> {
        let zoned = from_zone.is_some() || to_zone.is_some();
        let zone = |name: Option<&str>| name.map_or_else(|| Some(here.zone.clone()), Zone::parse).unwrap_or(Zone::UTC);
        let meant = if zoned { zone(from_zone) } else { Zone::UTC };
        let millis = match (Number::of(Some(value)), value, &self.from) {
            (Number::Milliseconds(number), ..) => milliseconds(number),
            (_, Value::String(text), Form::Format(from)) => from.read(text, &here.now_in(&meant)),
            (_, Value::String(text), _) => read(text, &meant, here),
            _ => None,
        };
        if millis.is_none() && matches!(self.from, Form::None) {
            return Err(NodeError::fatal("The date input format could not be recognized. Please set the \"From Format\" field"));
        }
        let zone = if zoned { zone(to_zone) } else { Zone::UTC };
        Ok(millis.map_or_else(|| INVALID.to_owned(), |millis| format.format(&Moment { millis, zone })))
    }

    fn calculate(&self, amount: f64, unit: &str, here: &Here) -> Result<String, NodeError> {
        let millis = match &self.from {
            Form::Format(from) => from
                .read(&self.value.as_ref().map_or("undefined".into(), js::to_string), &here.now_in(&Zone::UTC))
                .ok_or_else(|| NodeError::fatal("Date input cannot be parsed. Please recheck the value and the \"From Format\" field."))?,
            // `new Date(undefined)` is no date, `new Date(null)` is the first of all.
            _ => self
                .value
                .as_ref()
                .and_then(|value| browser_date(value, here))
                .ok_or_else(|| NodeError::fatal("Unrecognized date input. Please specify a format in the \"From Format\" field."))?,
        };
        let unit = Unit::parse(unit).ok_or_else(|| NodeError::fatal(format!("there is no unit of time called '{unit}'")))?;
        // Moment adds whole days and months only, rounded away from zero; other units of the calendar are so many of them.
        let (unit, amount) = match unit {
            Unit::Year => (Unit::Month, amount * 12.0),
            Unit::Quarter => (Unit::Month, amount * 3.0),
            Unit::Week => (Unit::Day, amount * 7.0),
            other => (other, amount),
        };
        let amount = if unit < Unit::Hour { amount.round() } else { amount };
        let date = later(&Moment { millis, zone: Zone::UTC }, unit, amount).ok_or_else(|| NodeError::fatal(INVALID))?;
        Ok(format(&date, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "en"))
    }
}

/// Reads a text as Moment does without a format. What is not of ISO's form goes to the browser's reader, which knows no zone but UTC.
fn read(text: &str, zone: &Zone, here: &Here) -> Option<i64> {
    let is_iso = text.trim_start_matches(['+', '-']).bytes().take(4).filter(u8::is_ascii_digit).count() == 4 && !text.contains('/');
    if is_iso { here.read(text, &zone.name()) } else { here.read(text, "UTC") }
}

/// `new Date(value)`.
fn browser_date(value: &Value, here: &Here) -> Option<i64> {
    match value {
        Value::String(text) => here.read(text, "UTC"),
        Value::Array(_) | Value::Object(_) => None,
        other => milliseconds(js::to_number(other)),
    }
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp;
    use serde_json::{from_value, json};

    use super::*;

    fn check(parameters: &Value, expect: &Value) {
        let here = Here { zone: Zone::parse("America/New_York").unwrap(), now: Timestamp::parse("2024-05-06T07:08:09.010Z").unwrap() };
        let mut parameters = parameters.clone();
        parameters["dataPropertyName"] = json!("a.b");
        let action: Action = from_value(parameters.clone()).unwrap();
        let got = match action.run(&Item::from_value(json!({"in": 1})), &here) {
            Ok(item) => item.map(|item| item.json()["a.b"].clone()).unwrap_or_default(),
            Err(error) => json!(error.message()),
        };
        assert_eq!(got, *expect, "{parameters}");
    }

    #[test]
    fn dates_are_formatted() {
        let with = |value: Value, format: &str, options: Value| json!({"action": "format", "value": value, "toFormat": format, "options": options});
        check(&with(json!("2023-04-11T13:51:59.965Z"), "MM/DD/YYYY", json!({})), &json!("04/11/2023"));
        check(&with(json!(1_681_221_119), "YYYY-MM-DD HH:mm", json!({})), &json!("2023-04-11 13:51"));
        check(&with(json!("1681221119965"), "x", json!({})), &json!("1681221119965"));
        check(&with(json!("2023-04-11T13:51"), "HH:mm Z", json!({"toTimezone": "Asia/Tokyo"})), &json!("02:51 +09:00"));
        check(&with(json!("2023-04-11T13:51"), "HH:mm", json!({"fromTimezone": "Asia/Tokyo", "toTimezone": "UTC"})), &json!("04:51"));
        check(&with(json!("11.04.23"), "YYYY-MM-DD", json!({"fromFormat": "DD.MM.YY"})), &json!("2023-04-11"));
        check(&with(json!("x"), "YYYY", json!({"fromFormat": "DD.MM.YY"})), &json!("Invalid date"));
        check(&with(json!("x"), "YYYY", json!({})), &json!("The date input format could not be recognized. Please set the \"From Format\" field"));
        check(&json!({"action": "format", "toFormat": "YYYY"}), &json!(null));
        check(&with(json!(null), "dd/MM/yyyy", json!({})), &json!("Th/01/1970"));
    }

    #[test]
    fn units_are_added_and_taken_away() {
        let with = |value: Value, operation: &str, duration: f64, unit: &str| json!({"action": "calculate", "value": value, "operation": operation, "duration": duration, "timeUnit": unit});
        check(&with(json!("2024-01-31"), "add", 1.0, "months"), &json!("2024-02-29T00:00:00.000Z"));
        check(&with(json!("2024-01-31T10:00:00+02:00"), "subtract", 1.5, "days"), &json!("2024-01-29T08:00:00.000Z"));
        check(&with(json!(0), "add", 1.5, "hours"), &json!("1970-01-01T01:30:00.000Z"));
        check(&with(json!(0), "add", 1.5, "quarters"), &json!("1970-06-01T00:00:00.000Z"));
        check(&with(json!(0), "add", 1.5, "years"), &json!("1971-07-01T00:00:00.000Z"));
        check(&with(json!(0), "add", 0.5, "weeks"), &json!("1970-01-05T00:00:00.000Z"));
        check(&with(json!(null), "add", 1.0, "days"), &json!("1970-01-02T00:00:00.000Z"));
        let missing = json!({"action": "calculate", "operation": "add", "duration": 1.0, "timeUnit": "days"});
        check(&missing, &json!("Unrecognized date input. Please specify a format in the \"From Format\" field."));
        check(&with(json!("x"), "add", 1.0, "days"), &json!("Unrecognized date input. Please specify a format in the \"From Format\" field."));
    }
}
