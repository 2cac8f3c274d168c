//! Cron and Interval: n8n's old schedules.

use engine_core::node::{NodeSpec, Parameter, RecurrenceUnit, ScheduleSpec};
use engine_core::schema::{NodeSchema, Property, PropertyGroup};
use serde_json::json;

use super::{pass_on, schedule};
use crate::node_type::{Activations, Definition};

pub(super) fn cron() -> Definition {
    Definition { activations: Some(cron_activations), ..Definition::new(cron_schema(), pass_on::compile) }
}

pub(super) fn interval() -> Definition {
    Definition { activations: Some(interval_activations), ..Definition::new(interval_schema(), pass_on::compile) }
}

/// One time to start at, as an editor shows it.
pub(super) fn time() -> PropertyGroup {
    let modes = ["everyDay", "everyMinute", "everyHour", "everyX", "everyWeek", "everyMonth", "custom"];
    PropertyGroup::new(
        "item",
        [
            Property::options("mode", modes),
            Property::number("hour", 14).hide("mode", ["custom", "everyHour", "everyMinute", "everyX"]).between(Some(0.0), Some(23.0)),
            Property::number("minute", 0).hide("mode", ["custom", "everyMinute", "everyX"]).between(Some(0.0), Some(59.0)),
            Property::number("dayOfMonth", 1).show("mode", ["everyMonth"]).between(Some(1.0), Some(31.0)),
            Property::options("weekday", ["1", "2", "3", "4", "5", "6", "0"]).show("mode", ["everyWeek"]),
            Property::string("cronExpression").default("* * * * * *").show("mode", ["custom"]),
            Property::number("value", 2).show("mode", ["everyX"]).between(Some(0.0), Some(1000.0)),
            Property::options("unit", ["hours", "minutes"]).show("mode", ["everyX"]),
        ],
    )
}

fn cron_schema() -> NodeSchema {
    NodeSchema::new("cron", "Cron")
        .alias("n8n-nodes-base.cron")
        .description("Starts the workflow at given times")
        .trigger()
        .property(Property::fixed_collection_list("triggerTimes", [time()]).default(json!({"item": []})))
}

fn interval_schema() -> NodeSchema {
    NodeSchema::new("interval", "Interval")
        .alias("n8n-nodes-base.interval")
        .description("Starts the workflow again and again")
        .trigger()
        .property(Property::number("interval", 1).between(Some(1.0), None))
        .property(Property::options("unit", ["seconds", "minutes", "hours"]))
}

fn cron_activations(spec: &NodeSpec) -> Activations {
    let (mut schedules, mut problems) = (Vec::new(), Vec::new());
    for (index, time) in spec.parameter("triggerTimes.item").elements().iter().enumerate() {
        let found = cron_of(time).ok_or_else(|| "this is no time to start at".to_owned());
        match found.map(ScheduleSpec::new).and_then(schedule::activation) {
            Ok(activation) => schedules.push(activation),
            Err(message) => problems.push(spec.invalid(&format!("triggerTimes.item.{index}"), message)),
        }
    }
    if problems.is_empty() { Ok(schedules) } else { Err(problems) }
}

/// The cron expression of one time.
pub(super) fn cron_of(time: &Parameter) -> Option<String> {
    let text = |key: &str| time.get(key).and_then(|part| part.constant().map(|value| engine_core::expression::js::to_string(value).into_owned()));
    let part = |key: &str, default: &str| text(key).unwrap_or_else(|| default.to_owned());
    let (minute, hour) = (part("minute", "0"), part("hour", "14"));
    Some(match text("mode")?.as_str() {
        "everyMinute" => "0 * * * * *".to_owned(),
        "everyHour" => format!("0 {minute} * * * *"),
        "everyDay" => format!("0 {minute} {hour} * * *"),
        "everyWeek" => format!("0 {minute} {hour} * * {}", part("weekday", "1")),
        "everyMonth" => format!("0 {minute} {hour} {} * *", part("dayOfMonth", "1")),
        "everyX" if part("unit", "hours") == "minutes" => format!("0 */{} * * * *", part("value", "2")),
        "everyX" => format!("0 0 */{} * * *", part("value", "2")),
        "custom" => text("cronExpression")?.trim().to_owned(),
        _ => return None,
    })
}

fn interval_activations(spec: &NodeSpec) -> Activations {
    let every = spec.constant("interval").and_then(|value| value.as_u64()).and_then(|every| u32::try_from(every).ok()).filter(|every| *every > 0);
    let Some(every) = every else { return Err(vec![spec.invalid("interval", "this must be a number of at least 1")]) };
    let unit = match spec.text("unit").as_str() {
        "minutes" => RecurrenceUnit::Minutes,
        "hours" => RecurrenceUnit::Hours,
        _ => RecurrenceUnit::Seconds,
    };
    schedule::activation(schedule::steadily(unit, every))
        .map(|activation| vec![activation])
        .map_err(|message| vec![spec.invalid("interval", message)])
}
