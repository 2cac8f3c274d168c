//! The parameters of both versions.

use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde_json::json;

const UNITS: [&str; 9] = ["years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"];

pub(in crate::transform) fn schema() -> NodeSchema {
    NodeSchema::new("date_time", "Date & Time")
        .alias("n8n-nodes-base.dateTime")
        .versions([(1, 0), (2, 0)])
        .group(NodeGroup::Transform)
        .description("Computes, formats and compares dates and times")
        .properties(first_version().into_iter().map(|property| property.until(2.0)))
        .properties(second_version().into_iter().map(|property| property.since(2.0)))
}

fn first_version() -> Vec<Property> {
    let format = |property: Property| property.show("action", ["format"]);
    let calculate = |property: Property| property.show("action", ["calculate"]);
    let formats = ["MM/DD/YYYY", "YYYY/MM/DD", "MMMM DD YYYY", "MM-DD-YYYY", "YYYY-MM-DD", "X", "x"];
    let from_format = || Property::string("fromFormat").description("The format in which the value is, where it is not recognized");
    let format_options = [from_format(), Property::string("fromTimezone").default("UTC"), Property::string("toTimezone").default("UTC")];
    vec![
        Property::options("action", ["format", "calculate"]),
        Property::new("value", engine_core::schema::PropertyKind::Any, "").required().description("The date"),
        Property::string("dataPropertyName").default("data").required().description("The field to put the result in"),
        format(Property::boolean("custom", false).description("Whether the format is written out")),
        format(Property::string("toFormat").show("custom", [true]).description("The format in Moment's tokens")),
        format(Property::options("toFormat", formats).show("custom", [false])),
        format(Property::collection("options", format_options)),
        calculate(Property::options("operation", ["add", "subtract"])),
        calculate(Property::number("duration", 0)),
        calculate(
            Property::options("timeUnit", ["quarters", "years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"])
                .default("days"),
        ),
        calculate(Property::collection("options", [from_format()])),
    ]
}

fn second_version() -> Vec<Property> {
    let operations = ["addToDate", "extractDate", "formatDate", "getCurrentDate", "getTimeBetweenDates", "roundDate", "subtractFromDate"];
    let mut properties = vec![Property::options("operation", operations).default("getCurrentDate")];
    properties.extend(calculating());
    properties.extend(formatting());
    properties.extend(reading());
    properties
}

/// What every operation has last: the name of the result, and the options.
fn ending(operation: &'static str, field: &'static str, options: impl IntoIterator<Item = Property>) -> [Property; 2] {
    let include = Property::boolean("includeInputFields", false).description("Whether the fields of the input item stay");
    [
        Property::string("outputFieldName").default(field).show("operation", [operation]).description("The field to put the result in"),
        Property::collection("options", std::iter::once(include).chain(options)).show("operation", [operation]),
    ]
}

fn date(name: &'static str, operation: &'static str) -> Property {
    Property::new(name, engine_core::schema::PropertyKind::Any, "").show("operation", [operation])
}

fn calculating() -> Vec<Property> {
    let mut properties = Vec::new();
    for operation in ["addToDate", "subtractFromDate"] {
        properties.push(date("magnitude", operation).required().description("The date to compute with"));
        properties.push(Property::options("timeUnit", UNITS).default("days").show("operation", [operation]));
        properties.push(Property::number("duration", 0).show("operation", [operation]));
        properties.extend(ending(operation, "newDate", []));
    }
    properties
}

fn formatting() -> Vec<Property> {
    let of = |property: Property| property.show("operation", ["formatDate"]);
    let options = [
        Property::string("fromFormat").description("The format in which the date is, where it is not recognized"),
        Property::boolean("timezone", false).description("Whether the date is shown in the workflow's zone"),
    ];
    let mut properties = vec![
        date("date", "formatDate").description("The date to format"),
        of(Property::string("format").default("MM/dd/yyyy").description("Luxon's tokens, X or x for seconds or milliseconds since 1970, or custom")),
        of(Property::string("customFormat").show("format", ["custom"]).description("The format in Luxon's tokens")),
    ];
    properties.extend(ending("formatDate", "formattedDate", options));
    properties
}

fn reading() -> Vec<Property> {
    let units = ["year", "month", "week", "day", "hour", "minute", "second"];
    let zone = Property::string("timezone").description("An IANA zone; the workflow's by default");
    let round = |property: Property| property.show("operation", ["roundDate"]);
    let between = |property: Property| property.show("operation", ["getTimeBetweenDates"]);
    let mut properties = vec![Property::boolean("includeTime", true).show("operation", ["getCurrentDate"])];
    properties.extend(ending("getCurrentDate", "currentDate", [zone]));
    properties.extend([
        date("date", "roundDate"),
        round(Property::options("mode", ["roundDown", "roundUp"])),
        round(Property::options("toNearest", units).default("month").show("mode", ["roundDown"])),
        round(Property::options("to", ["month"]).show("mode", ["roundUp"])),
    ]);
    properties.extend(ending("roundDate", "roundedDate", []));
    properties.extend([
        date("startDate", "getTimeBetweenDates"),
        date("endDate", "getTimeBetweenDates"),
        between(Property::multi_options("units", units.into_iter().chain(["millisecond"])).default(json!(["day"]))),
    ]);
    properties.extend(ending("getTimeBetweenDates", "timeDifference", [Property::boolean("isoString", false)]));
    properties.extend([date("date", "extractDate"), Property::options("part", units).default("month").show("operation", ["extractDate"])]);
    properties.extend(ending("extractDate", "datePart", []));
    properties
}
