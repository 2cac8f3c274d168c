//! The dashboard shows metrics that exist.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::files::{text, yaml};

/// All expressions of a dashboard.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("expr", Value::String(text)) => found.push(text.clone()),
                    _ => expressions(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

/// The names of the engine's metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("engine_")).map(str::to_owned).collect()
}

#[test]
fn every_metric_of_the_dashboard_is_documented() {
    let dashboard: Value = serde_json::from_str(&text("grafana/dashboard.json")).unwrap();
    let documented = metrics(include_str!("../../../../docs/METRICS.md"));
    let mut found = Vec::new();
    expressions(&dashboard, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for expression in &found {
        for metric in metrics(expression) {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|part| metric.strip_suffix(part)).unwrap_or(&metric);
            assert!(documented.contains(&metric) || documented.contains(base), "{metric} in {expression:?} is not in docs/METRICS.md");
        }
    }
}

#[test]
fn panels_ask_the_source_that_is_provisioned_and_do_not_overlap() {
    let dashboard: Value = serde_json::from_str(&text("grafana/dashboard.json")).unwrap();
    let source = &yaml("grafana/datasource.yaml")[0]["datasources"][0];
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = &panel["gridPos"];
        let number = |key: &str| place[key].as_u64().unwrap_or_else(|| panic!("{panel}"));
        for x in number("x")..number("x") + number("w") {
            for y in number("y")..number("y") + number("h") {
                assert!(x < 24 && taken.insert((x, y)), "{} overlaps", panel["title"]);
            }
        }
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], source["uid"], "{}", panel["title"]);
        }
    }
}
