//! What changed between two versions of a workflow: nodes by their ids, connections, and everything else by its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine_core::Workflow;
use engine_core::problem::pointer_key;
use engine_core::store::VersionNumber;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{Ask, Caller, Place};
use super::{output, workflows};
use crate::problem::ApiError;
use crate::service::Inner;

/// Which two versions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    /// The number of the older one.
    from: u32,
    /// The number of the other one; the newest where nothing is said.
    to: Option<u32>,
}

/// More changes than this are not listed one by one.
const MOST: usize = 1000;

pub(super) async fn difference(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    Ask(between): Ask<Between>,
) -> Result<Response, ApiError> {
    let stored = workflows::visible(&service, &identity, &id).await?;
    let (from, to) = (between.from, between.to.unwrap_or(stored.version.0));
    let mut sides = Vec::new();
    for number in [from, to] {
        let version = service.stores.workflows.workflow_version(&stored.id, VersionNumber(number)).await?;
        let text = version.definition.unwrap_or_default().to_string();
        sides.push(Workflow::from_json(&text)?.to_json());
    }
    let [before, after] = sides.as_slice() else { return Err(ApiError::internal()) };
    let mut difference = compare(before, after);
    difference["from"] = from.into();
    difference["to"] = to.into();
    Ok(output::ok(&difference))
}

/// What is different in `after`.
fn compare(before: &Value, after: &Value) -> Value {
    let (old, new) = (nodes(before), nodes(after));
    let name = |node: &Value| json!({"id": node["id"], "name": node["name"], "type": node["type"]});
    let only = |one: &BTreeMap<String, &Value>, other: &BTreeMap<String, &Value>| -> Vec<Value> {
        one.iter().filter(|(id, _)| !other.contains_key(*id)).map(|(_, node)| name(node)).collect()
    };
    let mut changed = Vec::new();
    for (id, node) in &new {
        let mut places = Vec::new();
        if let Some(before) = old.get(id) {
            walk(before, node, "", &mut places);
        }
        if !places.is_empty() {
            let mut entry = name(node);
            entry["changes"] = places.into();
            changed.push(entry);
        }
    }
    let mut rest = Vec::new();
    walk(&without_nodes(before), &without_nodes(after), "", &mut rest);
    let (connections, other): (Vec<Value>, Vec<Value>) =
        rest.into_iter().partition(|change| change["path"].as_str().is_some_and(|path| path.starts_with("/connections")));
    json!({
        "nodes": {"added": only(&new, &old), "removed": only(&old, &new), "changed": changed}, "connections": connections, "other": other,
    })
}

/// The nodes by id, or by name where a file gives them none.
fn nodes(workflow: &Value) -> BTreeMap<String, &Value> {
    let all = workflow["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|node| Some((node["id"].as_str().or_else(|| node["name"].as_str())?.to_owned(), node))).collect()
}

fn without_nodes(workflow: &Value) -> Value {
    let fields = workflow.as_object().into_iter().flatten().filter(|(name, _)| *name != "nodes");
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Every place at which two values differ.
fn walk(before: &Value, after: &Value, path: &str, places: &mut Vec<Value>) {
    if before == after || places.len() >= MOST {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let absent = Value::Null;
            for key in keys(old, new) {
                let place = format!("{path}/{}", pointer_key(key));
                walk(old.get(key).unwrap_or(&absent), new.get(key).unwrap_or(&absent), &place, places);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                walk(old, new, &format!("{path}/{index}"), places);
            }
        }
        _ => places.push(json!({"path": path, "before": before, "after": after})),
    }
}

/// The keys of both, each once.
fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> impl Iterator<Item = &'a String> {
    old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_told_apart_by_their_ids() {
        let node = |id: &str, name: &str, value: i32| json!({"id": id, "name": name, "type": "set", "parameters": {"a/b": [value]}});
        let before = json!({"name": "w", "nodes": [node("1", "A", 1), node("2", "B", 1)], "connections": [{"source": "A", "target": "B"}]});
        let after = json!({"name": "v", "nodes": [node("3", "C", 1), node("1", "A new", 2)], "connections": []});
        let found = compare(&before, &after);
        assert_eq!((&found["nodes"]["added"][0]["id"], &found["nodes"]["removed"][0]["id"]), (&json!("3"), &json!("2")));
        let changes = json!([
            {"path": "/name", "before": "A", "after": "A new"}, {"path": "/parameters/a~1b/0", "before": 1, "after": 2},
        ]);
        assert_eq!(found["nodes"]["changed"][0]["changes"], changes);
        assert_eq!(found["connections"][0]["path"], "/connections");
        assert_eq!(found["other"], json!([{"path": "/name", "before": "w", "after": "v"}]));
        assert_eq!(compare(&before, &before), json!({"nodes": {"added": [], "removed": [], "changed": []}, "connections": [], "other": []}));
    }
}
