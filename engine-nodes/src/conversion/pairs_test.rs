//! n8n's own recorded calls of its type conversion, where they lie beside the repository.

use engine_core::model::Timestamp;
use serde_json::{Value, json};

use super::field_type::{describe_value, to_form_fields};
use super::*;

/// The records of a file of recorded calls; none where there is no such file.
pub(crate) fn records(file: &str) -> Vec<Value> {
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = home.ancestors().map(|folder| folder.join("shared/conformance").join(file)).find(|path| path.is_file());
    let Some(path) = path else { return Vec::new() };
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["records"].as_array().unwrap().clone()
}

/// A recorded argument: dates travel as ISO texts, `undefined` is absent.
pub(crate) fn argument(value: &Value) -> Option<Value> {
    if value.get("$undefined").is_some() {
        return None;
    }
    let date = value.get("$date").or_else(|| value.get("$luxon").and_then(|_| value.get("iso")));
    Some(date.unwrap_or(value).clone())
}

fn dates(zone: &str) -> Dates {
    Dates::new(zone, Timestamp::parse("2026-11-23T12:00:00Z").unwrap())
}

fn validate(arguments: &[Value]) -> Value {
    let options = arguments.get(3).cloned().unwrap_or_default();
    let allowed: Vec<Value> = options["valueOptions"].as_array().into_iter().flatten().map(|option| option["value"].clone()).collect();
    let dates = dates("UTC");
    let conversion =
        Conversion { strict: options["strict"] == true, parse_strings: options["parseStrings"] == true, options: &allowed, dates: &dates };
    let field_type = FieldType::of(arguments[2].as_str().unwrap()).unwrap();
    let value = argument(&arguments[1]).unwrap_or(Value::Null);
    match conversion.convert(arguments[0].as_str().unwrap(), &value, field_type) {
        Ok(value) => json!({"valid": true, "newValue": value}),
        Err(error) => json!({"valid": false, "errorMessage": error.to_string()}),
    }
}

fn url(text: &Value) -> Result<Value, String> {
    let dates = dates("UTC");
    let converted = Conversion::loose(&dates).convert("field", text, FieldType::Url);
    converted.map(std::borrow::Cow::into_owned).map_err(|_| format!("The value {text} is not a valid url"))
}

/// The answer to a record's call; `Err` is what was thrown.
fn answer(record: &Value) -> Result<Value, String> {
    let steps = record["call"].as_array().unwrap();
    let arguments = steps[0]["call"].as_array().unwrap();
    let step = |index: usize| steps.get(index).and_then(|step| step["get"].as_str());
    let value = match record["fn"].as_str().unwrap() {
        "validateFieldType" => validate(arguments),
        "getValueDescription" => describe_value(argument(&arguments[0]).as_ref()).into(),
        "tryToParseUrl" => url(&arguments[0])?,
        "tryToParseJsonToFormFields" => to_form_fields(&arguments[0]).unwrap().into(),
        "tryToParseDateTime" => {
            // The recording machine's own zone was seven hours behind UTC; a DateTime carries its zone, which the record spells out.
            let zone = arguments.get(1).and_then(Value::as_str).unwrap_or("Etc/GMT+7");
            let own_zone = arguments[0]["zone"].as_str();
            let date = dates(own_zone.unwrap_or(zone)).parse(argument(&arguments[0]).unwrap().as_str().unwrap()).unwrap();
            let offset = date.zoned().offset().seconds() / 3600;
            let name = date.zoned().time_zone().iana_name().filter(|name| !name.starts_with("Etc/"));
            match step(1) {
                Some("zoneName") => own_zone.or(name).map_or_else(|| format!("UTC{offset:+}"), str::to_owned).into(),
                _ => date.to_string().into(),
            }
        }
        other => panic!("no such function: {other}"),
    };
    Ok(match step(1) {
        Some(key @ ("valid" | "errorMessage" | "newValue")) => value[key].clone(),
        _ => value,
    })
}

#[test]
fn converts_as_recorded() {
    for record in records("type-validation.pairs.json") {
        let expected = record["expected"].get(0).cloned().unwrap_or_default();
        match answer(&record) {
            Ok(value) if expected.pointer("/newValue/$match").is_some() => assert_eq!(value["valid"], true, "{record}"),
            Ok(value) if value["newValue"].is_f64() => assert!((value["newValue"].as_f64() == expected["newValue"].as_f64()), "{record}: {value}"),
            Ok(value) => assert_eq!(value, expected, "{record}"),
            Err(message) => assert!(message.contains(expected.as_str().unwrap()), "{record}: {message}"),
        }
    }
}
