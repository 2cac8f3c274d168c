//! One rule of a schedule as a cron expression, with a recurrence where cron cannot say "every n days".
//!
//! Seconds and minutes are steps of a minute or an hour, as in n8n; 60 and more, which n8n refuses, are counted.
//!
//! n8n draws the seconds at random, to spread load over a minute; here they are 0, and schedules fire when they say they do.

use engine_core::expression::js;
use engine_core::node::{Parameter, RecurrenceUnit, ScheduleSpec};
use serde_json::Value;

use crate::trigger::schedule::{every, steadily};

/// The schedule of one entry of `rule.interval`.
pub(super) fn schedule(interval: &Parameter) -> Result<ScheduleSpec, String> {
    let entry = Entry(interval);
    let field = entry.text("field").unwrap_or_else(|| "days".to_owned());
    let (minute, hour) = (entry.number("triggerAtMinute", 0)?, entry.number("triggerAtHour", 0)?);
    let count = |unit: &str, default: u32| entry.number(&format!("{unit}Interval"), default).map(|count| count.max(1));
    Ok(match field.as_str() {
        "cronExpression" => {
            ScheduleSpec::new(entry.text("expression").filter(|text| !text.trim().is_empty()).ok_or("a cron expression is missing")?.trim())
        }
        "seconds" => match count("seconds", 30)? {
            seconds @ ..60 => ScheduleSpec::new(format!("*/{seconds} * * * * *")),
            seconds => steadily(RecurrenceUnit::Seconds, seconds),
        },
        "minutes" => match count("minutes", 5)? {
            minutes @ ..60 => ScheduleSpec::new(format!("0 */{minutes} * * * *")),
            minutes => steadily(RecurrenceUnit::Minutes, minutes),
        },
        "hours" => every(format!("0 {minute} * * * *"), RecurrenceUnit::Hours, count("hours", 1)?),
        "days" => every(format!("0 {minute} {hour} * * *"), RecurrenceUnit::Days, count("days", 1)?),
        "weeks" => every(format!("0 {minute} {hour} * * {}", entry.weekdays()), RecurrenceUnit::Weeks, count("weeks", 1)?),
        "months" => {
            let day = entry.number("triggerAtDayOfMonth", 1)?.clamp(1, 31);
            every(format!("0 {minute} {hour} {day} * *"), RecurrenceUnit::Months, count("months", 1)?)
        }
        other => return Err(format!("there is no interval of {other:?}")),
    })
}

struct Entry<'a>(&'a Parameter);

impl Entry<'_> {
    fn value(&self, key: &str) -> Option<Value> {
        self.0.get(key).and_then(|part| part.constant().cloned())
    }

    fn text(&self, key: &str) -> Option<String> {
        self.value(key).map(|value| js::to_string(&value).into_owned())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before the cast")]
    fn number(&self, key: &str, default: u32) -> Result<u32, String> {
        match self.value(key).filter(|value| !value.is_null()) {
            None => Ok(default),
            Some(value) => match js::to_number(&value) {
                number if (0.0..1e6).contains(&number) => Ok(number as u32),
                _ => Err(format!("{key} must be a number")),
            },
        }
    }

    fn weekdays(&self) -> String {
        let days: Vec<String> = match self.value("triggerAtDay") {
            Some(Value::Array(days)) => days.iter().map(|day| js::to_string(day).into_owned()).collect(),
            _ => Vec::new(),
        };
        if days.is_empty() { "*".to_owned() } else { days.join(",") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_become_cron_expressions() {
        let check = |entry: Value, cron: &str, every: Option<u32>| {
            let spec = schedule(&Parameter::Constant(entry.clone())).unwrap();
            assert_eq!((spec.cron.as_str(), spec.every.map(|every| every.interval)), (cron, every), "{entry}");
        };
        check(json!({}), "0 0 0 * * *", None);
        check(json!({"field": "seconds", "secondsInterval": 10}), "*/10 * * * * *", None);
        check(json!({"field": "minutes", "minutesInterval": 5}), "0 */5 * * * *", None);
        check(json!({"field": "seconds", "secondsInterval": 90}), "* * * * * *", Some(90));
        check(json!({"field": "minutes", "minutesInterval": 60}), "0 * * * * *", Some(60));
        check(json!({"field": "hours", "hoursInterval": 5, "triggerAtMinute": 30}), "0 30 * * * *", Some(5));
        check(json!({"field": "days", "daysInterval": 3, "triggerAtHour": 9}), "0 0 9 * * *", Some(3));
        check(json!({"field": "weeks", "triggerAtDay": [1, 3], "triggerAtHour": 9}), "0 0 9 * * 1,3", None);
        check(json!({"field": "months", "monthsInterval": 2, "triggerAtDayOfMonth": 15}), "0 0 0 15 * *", Some(2));
        check(json!({"field": "cronExpression", "expression": " 0 9 * * 1-5 "}), "0 9 * * 1-5", None);
        assert!(schedule(&Parameter::Constant(json!({"field": "cronExpression"}))).is_err());
        assert!(schedule(&Parameter::Constant(json!({"field": "days", "daysInterval": "x"}))).is_err());
    }
}
