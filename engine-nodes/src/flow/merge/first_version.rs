//! Version 1: two inputs, and modes of its own.

use std::collections::HashMap;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, Json, Link, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use engine_core::schema::Property;
use serde_json::Value;

use super::{append, linked, made_of, schema};
use crate::conversion::FieldPath;
use crate::node_type::{Compiled, Definition, ready};
use crate::settings::Settings;

const MODES: [&str; 8] = ["append", "keepKeyMatches", "mergeByIndex", "mergeByKey", "multiplex", "passThrough", "removeKeyMatches", "wait"];

pub(in crate::flow) fn definition() -> Definition {
    let keys = ["keepKeyMatches", "mergeByKey", "removeKeyMatches"];
    let schema = schema::named().versions([(1, 0)]).properties([
        Property::options("mode", MODES),
        Property::options("join", ["left", "inner", "outer"]).show("mode", ["mergeByIndex"]),
        Property::string("propertyName1").show("mode", keys),
        Property::string("propertyName2").show("mode", keys),
        Property::options("output", ["input1", "input2"]).show("mode", ["passThrough"]),
        Property::options("overwrite", ["always", "blank", "undefined"]).show("mode", ["mergeByKey"]),
    ]);
    Definition::new(schema, compile)
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(FirstMerge { parameters: spec.parameters.clone() })
}

#[derive(Debug)]
struct FirstMerge {
    parameters: Parameter,
}

#[async_trait]
impl Node for FirstMerge {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let parameters = self.parameters.resolve(&context.scope(0)).await?.unwrap_or(Value::Null);
        let empty = Json::new();
        let settings = Settings::new(parameters.as_object().unwrap_or(&empty));
        let (first, second) = (linked(&context, 0), linked(&context, 1));
        Ok(match settings.text("mode").as_str() {
            "mergeByIndex" => by_index(first, second, &settings.text("join")).into(),
            "multiplex" => multiplex(&first, &second).into(),
            "passThrough" => context.input(usize::from(settings.text("output") == "input2")).clone().into(),
            "wait" => vec![Item::new(Json::new()).paired_with(Paired::many((0..first.len()).map(Link::new)))].into(),
            "keepKeyMatches" => by_key(first, &second, &KeyMatch::read(settings, Keep::Matches)).into(),
            "removeKeyMatches" => by_key(first, &second, &KeyMatch::read(settings, Keep::Others)).into(),
            "mergeByKey" => by_key(first, &second, &KeyMatch::read(settings, Keep::All)).into(),
            _ => append(&context, 2),
        })
    }
}

fn by_index(first: Vec<Item>, second: Vec<Item>, join: &str) -> Vec<Item> {
    match (first.is_empty(), second.is_empty()) {
        (true, _) => return if matches!(join, "inner" | "left") { Vec::new() } else { second },
        (_, true) => return if join == "inner" { Vec::new() } else { first },
        _ => {}
    }
    let count = match join {
        "inner" => first.len().min(second.len()),
        "outer" => first.len().max(second.len()),
        _ => first.len(),
    };
    let at = |index: usize| match (first.get(index), second.get(index)) {
        (Some(one), Some(other)) => Some(shallow(one, other)),
        (one, other) => one.or(other).cloned(),
    };
    (0..count).filter_map(at).collect()
}

fn multiplex(first: &[Item], second: &[Item]) -> Vec<Item> {
    first.iter().flat_map(|one| second.iter().map(move |other| shallow(one, other))).collect()
}

fn shallow(one: &Item, other: &Item) -> Item {
    let mut json = one.json().clone();
    json.extend(other.json().iter().map(|(key, value)| (key.clone(), value.clone())));
    made_of(json, &[one, other])
}

/// Which items of the first input are given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Matches,
    Others,
    /// All, with the fields of what they match.
    All,
}

struct KeyMatch {
    keep: Keep,
    first: FieldPath,
    second: FieldPath,
    overwrite: String,
}

impl KeyMatch {
    fn read(settings: Settings<'_>, keep: Keep) -> Self {
        let path = |name: &str| FieldPath::new(&settings.text(name));
        Self { keep, first: path("propertyName1"), second: path("propertyName2"), overwrite: settings.text("overwrite") }
    }

    fn fill(&self, item: &mut Item, from: &Item) {
        for (key, value) in from.json() {
            let old = item.json().get(key);
            let wanted = match self.overwrite.as_str() {
                "undefined" => old.is_none(),
                "blank" => old.is_none_or(|old| old.is_null() || old == ""),
                _ => true,
            };
            if wanted && key != self.second.as_str() {
                item.json_mut().insert(key.clone(), value.clone());
            }
        }
    }
}

fn by_key(first: Vec<Item>, second: &[Item], how: &KeyMatch) -> Vec<Item> {
    if how.first.as_str().is_empty() || how.second.as_str().is_empty() {
        return if how.keep == Keep::Matches { Vec::new() } else { first };
    }
    let key_of = |item: &Item, path: &FieldPath| path.get(item.json()).filter(|key| js::truthy(key)).map(|key| js::to_string(key).into_owned());
    // The last of several items with one key counts.
    let by_key: HashMap<String, &Item> = second.iter().filter_map(|item| Some((key_of(item, &how.second)?, item))).collect();
    let mut items = Vec::with_capacity(first.len());
    for mut item in first {
        let partner = match how.first.get(item.json()) {
            None if how.keep == Keep::Others => None,
            // Only texts and numbers are compared.
            Some(key @ (Value::String(_) | Value::Number(_) | Value::Null)) => by_key.get(&*js::to_string(key)),
            _ => continue,
        };
        match (how.keep, partner) {
            (Keep::Matches, None) | (Keep::Others, Some(_)) => continue,
            (Keep::All, Some(partner)) => how.fill(&mut item, partner),
            _ => {}
        }
        items.push(item);
    }
    items
}
