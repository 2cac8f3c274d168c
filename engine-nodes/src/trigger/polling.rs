//! Triggers that look somewhere from time to time: when they do.

use engine_core::node::{Activation, NodeSpec, ScheduleSpec};
use engine_core::schema::Property;
use serde_json::json;

use super::cron::{cron_of, time};
use crate::node_type::Activations;

/// The parameter that says when; each minute unless said otherwise.
pub(crate) fn times() -> Property {
    Property::fixed_collection_list("pollTimes", [time()]).default(json!({"item": [{"mode": "everyMinute"}]}))
}

/// A schedule for each of the times.
pub(crate) fn activations(spec: &NodeSpec) -> Activations {
    let mut schedules = Vec::new();
    for (index, time) in spec.parameter("pollTimes.item").elements().iter().enumerate() {
        let path = format!("pollTimes.item.{index}");
        let Some(cron) = cron_of(time) else { return Err(vec![spec.invalid(&path, "this is no time to look")]) };
        let mut fields = cron.split_ascii_whitespace();
        // Six fields begin with the seconds.
        if cron.split_ascii_whitespace().count() == 6 && fields.next().is_some_and(|seconds| seconds.contains(['*', ',', '-', '/'])) {
            return Err(vec![spec.invalid(&path, "The polling interval is too short. It has to be at least a minute.")]);
        }
        schedules.push(Activation::Schedule(ScheduleSpec::new(cron)));
    }
    Ok(schedules)
}
