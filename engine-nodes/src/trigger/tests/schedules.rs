//! Schedules of trigger nodes.

use engine_core::node::{Activation, Daylight, Gap, Missed, Overlap, ScheduleSpec};
use engine_core::testing::Simulator;
use engine_core::{Engine, Workflow};
use serde_json::{Value, json};

/// The schedules of a node, or its problems as pointer and message.
fn schedules(kind: &str, parameters: &Value) -> Result<Vec<ScheduleSpec>, Vec<String>> {
    let engine = Engine::builder().runtime(Simulator::new(1)).nodes(crate::registry()).build();
    let node = json!({"id": "n", "name": "When", "type": kind, "typeVersion": 1, "parameters": parameters, "position": [0, 0]});
    let workflow = json!({"nodes": [node], "connections": {}});
    let plan = engine.compile(Workflow::from_json(&workflow.to_string()).unwrap());
    let plan = plan.map_err(|problems| problems.into_vec().iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let schedule = |activation: &Activation| match activation {
        Activation::Schedule(schedule) => schedule.clone(),
        other => panic!("{other:?}"),
    };
    Ok(plan.nodes()[0].activations().iter().map(schedule).collect())
}

/// Breaks when a bad expression is found only as the schedule is to fire, without its node and place, or only the first of several.
#[test]
fn a_bad_expression_is_a_problem_with_its_node_and_path() {
    let check = |kind: &str, parameters: Value, expect: &[(&str, &str)]| {
        let problems = schedules(kind, &parameters).unwrap_err();
        assert_eq!(problems.len(), expect.len(), "{problems:?}");
        for (problem, (pointer, message)) in problems.iter().zip(expect) {
            assert!(problem.contains("When") && problem.contains(pointer) && problem.contains(message), "{problem}");
        }
    };
    let cron = |expression: &str| json!({"field": "cronExpression", "expression": expression});
    let rules = json!({"rule": {"interval": [cron("0 25 * * *"), {"field": "days"}, cron("* * *")]}});
    let expect = [("/parameters/rule/interval/0", "the hour, cannot be \"25\""), ("/parameters/rule/interval/2", "has 3")];
    check("schedule_trigger", rules.clone(), &expect);
    check("n8n-nodes-base.scheduleTrigger", rules, &expect);
    let custom = |expression: &str| json!({"mode": "custom", "cronExpression": expression});
    let times = json!({"triggerTimes": {"item": [custom("0 0 9 * * 1-5"), custom("every day")]}});
    check("n8n-nodes-base.cron", times, &[("/parameters/triggerTimes/item/1", "has 2")]);
    check("schedule_trigger", json!({"options": {"missed": "={{ 1 }}"}}), &[("/parameters/options/missed", "cannot be an expression")]);
}

#[test]
fn options_become_the_policy_of_every_rule() {
    let days = json!({"interval": [{"field": "days"}, {"field": "hours", "hoursInterval": 2}]});
    let plain = schedules("schedule_trigger", &json!({"rule": days})).unwrap();
    assert_eq!(plain[0], ScheduleSpec::new("0 0 0 * * *"));
    let options = json!({"daylightGap": "skip", "daylightOverlap": "twice", "missed": "all", "missedLimit": 7, "jitterSeconds": 1.5});
    for (schedule, plain) in schedules("schedule_trigger", &json!({"rule": days, "options": options})).unwrap().iter().zip(&plain) {
        let daylight = Daylight { gap: Gap::Skip, overlap: Overlap::Twice };
        assert_eq!(*schedule, ScheduleSpec { daylight, missed: Missed::All { limit: 7 }, jitter_millis: 1500, ..plain.clone() });
    }
    let latest = schedules("schedule_trigger", &json!({"rule": days, "options": {"missed": "latest", "missedLimit": 3}})).unwrap();
    assert_eq!(latest[1].missed, Missed::Latest);
}

/// Breaks when "every 90 seconds" becomes a step that cron cannot make, and so once a minute.
#[test]
fn old_intervals_are_counted() {
    let check = |every: u32, unit: &str, cron: &str, interval: Option<u32>| {
        let found = schedules("n8n-nodes-base.interval", &json!({"interval": every, "unit": unit})).unwrap();
        assert_eq!((found[0].cron.as_str(), found[0].every.map(|every| every.interval)), (cron, interval));
    };
    check(90, "seconds", "* * * * * *", Some(90));
    check(1, "minutes", "0 * * * * *", None);
    check(7, "hours", "0 0 * * * *", Some(7));
}
