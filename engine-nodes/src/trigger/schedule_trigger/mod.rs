//! Schedule Trigger: starts the workflow at times. In an execution started by hand it gives the moment of the start.

mod moment;
mod policy;
mod rule;

use async_trait::async_trait;
use engine_core::execution::ExecutionMode;
use engine_core::expression::Scope;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, ScheduleSpec};
use engine_core::schema::{NodeSchema, Property, PropertyGroup};
use serde_json::json;

use super::schedule;
use crate::conversion::Dates;
use crate::node_type::{Activations, Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    Definition { activations: Some(activations), ..Definition::new(schema(), compile) }
}

fn schema() -> NodeSchema {
    NodeSchema::new("schedule_trigger", "Schedule Trigger")
        .alias("n8n-nodes-base.scheduleTrigger")
        .versions([(1, 0), (1, 1), (1, 2), (1, 3), (1, 4)])
        .description("Starts the workflow at given times, in the workflow's time zone")
        .trigger()
        .property(Property::fixed_collection_list("rule", [PropertyGroup::new("interval", interval())]).default(json!({"interval": [{}]})))
        .property(policy::property())
}

fn interval() -> Vec<Property> {
    let count = |name: &str, default: i32, field: &str| Property::number(name, default).show("field", [field]).between(Some(1.0), None);
    let fields = ["days", "seconds", "minutes", "hours", "weeks", "months", "cronExpression"];
    vec![
        Property::options("field", fields),
        count("secondsInterval", 30, "seconds"),
        count("minutesInterval", 5, "minutes"),
        count("hoursInterval", 1, "hours"),
        count("daysInterval", 1, "days"),
        count("weeksInterval", 1, "weeks"),
        count("monthsInterval", 1, "months"),
        Property::number("triggerAtDayOfMonth", 1).show("field", ["months"]).between(Some(1.0), Some(31.0)),
        Property::multi_options("triggerAtDay", [1, 2, 3, 4, 5, 6, 0]).show("field", ["weeks"]).default(json!([0])),
        Property::number("triggerAtHour", 0).show("field", ["days", "weeks", "months"]).between(Some(0.0), Some(23.0)),
        Property::number("triggerAtMinute", 0).show("field", ["hours", "days", "weeks", "months"]).between(Some(0.0), Some(59.0)),
        Property::string("expression").show("field", ["cronExpression"]),
    ]
}

fn compile(_spec: &NodeSpec) -> Compiled {
    ready(ScheduleTrigger)
}

fn activations(spec: &NodeSpec) -> Activations {
    let (mut schedules, mut problems) = (Vec::new(), Vec::new());
    let policy = policy::of(spec).unwrap_or_else(|problem| {
        problems.push(problem);
        ScheduleSpec::default()
    });
    for (index, interval) in spec.parameter("rule.interval").elements().iter().enumerate() {
        let rule = rule::schedule(interval).map(|rule| ScheduleSpec { cron: rule.cron, every: rule.every, ..policy.clone() });
        match rule.and_then(schedule::activation) {
            Ok(activation) => schedules.push(activation),
            Err(message) => problems.push(spec.invalid(&format!("rule.interval.{index}"), message)),
        }
    }
    if problems.is_empty() { Ok(schedules) } else { Err(problems) }
}

#[derive(Debug)]
struct ScheduleTrigger;

#[async_trait]
impl Node for ScheduleTrigger {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if context.mode() != ExecutionMode::Manual && !context.items().is_empty() {
            return Ok(context.items().clone().into());
        }
        let scope = context.scope(0);
        let now = Dates::of(&scope).now();
        Ok(vec![Item::new(moment::describe(&now, &scope.facts().time_zone))].into())
    }
}
