//! Filling in defaults: for every property that is shown under the current values, the stored value or else the default; hidden ones are dropped
//! (n8n's rule, SEMANTICS 1.4). Keys that the schema does not know are kept.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{NodeSchema, Property, PropertyGroup, PropertyKind};
use crate::model::{Json, NodeVersion};

/// How deep rules may depend on properties that depend on rules.
const MAX_DEPENDENCY: u8 = 8;

/// One level of parameters: the properties and the stored values beside each other.
#[derive(Clone, Copy)]
pub(super) struct Level<'a> {
    pub(super) properties: &'a [Property],
    pub(super) values: &'a Json,
    pub(super) root: Option<&'a Level<'a>>,
    pub(super) version: NodeVersion,
}

impl NodeSchema {
    /// The parameters of a node of this version, completed with defaults.
    pub fn fill(&self, parameters: &Json, version: NodeVersion) -> Json {
        Level { properties: &self.properties, values: parameters, root: None, version }.fill(true)
    }
}

impl<'a> Level<'a> {
    pub(super) fn is_shown(&self, property: &Property) -> bool {
        self.shown(property, 0)
    }

    fn shown(&self, property: &Property, depth: u8) -> bool {
        property.show.is_always() || property.show.holds(|path| self.value_at(path, depth))
    }

    /// The value that a rule tests; `None` for an expression, and for what is nowhere.
    fn value_at(&self, path: &str, depth: u8) -> Option<Cow<'a, Value>> {
        if path == "@version" {
            return Some(Cow::Owned(json!(self.version.as_f64())));
        }
        if let Some(name) = path.strip_prefix('/') {
            return self.root.unwrap_or(self).value_at(name, depth);
        }
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let value = match self.values.get(name) {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Borrowed(&self.default_of(name, depth)?.default),
        };
        match (rest, value) {
            (_, value) if value.as_str().is_some_and(|text| text.starts_with('=')) => None,
            (None, value) => Some(unwrapped(value)),
            (Some(rest), Cow::Borrowed(value)) => value.pointer(&format!("/{}", rest.replace('.', "/"))).map(Cow::Borrowed),
            (Some(_), Cow::Owned(_)) => None,
        }
    }

    fn default_of(&self, name: &str, depth: u8) -> Option<&'a Property> {
        let mut named = self.properties.iter().filter(|property| property.name == name);
        let first = named.next()?;
        if depth >= MAX_DEPENDENCY {
            return Some(first);
        }
        std::iter::once(first).chain(named).find(|property| self.shown(property, depth + 1)).or(Some(first))
    }

    /// Completes the values. In a collection (`defaults` false) only what is set counts.
    fn fill(&self, defaults: bool) -> Json {
        let mut filled = Json::new();
        for property in self.properties {
            if filled.contains_key(&property.name) || !self.is_shown(property) {
                continue;
            }
            match self.values.get(&property.name) {
                Some(value) => drop(filled.insert(property.name.clone(), self.complete(property, value))),
                None if defaults => drop(filled.insert(property.name.clone(), self.complete(property, &property.default))),
                None => {}
            }
        }
        for (key, value) in self.values {
            if !filled.contains_key(key) && !self.properties.iter().any(|property| property.name == *key) {
                filled.insert(key.clone(), value.clone());
            }
        }
        filled
    }

    fn below(&'a self, properties: &'a [Property], values: &'a Json) -> Level<'a> {
        Level { properties, values, root: Some(self.root.unwrap_or(self)), version: self.version }
    }

    fn complete(&self, property: &Property, value: &Value) -> Value {
        match (&property.kind, value) {
            (PropertyKind::Collection { properties }, Value::Object(fields)) => Value::Object(self.below(properties, fields).fill(false)),
            (PropertyKind::FixedCollection { groups, .. }, Value::Object(fields)) => self.complete_groups(groups, fields),
            (PropertyKind::Filter, Value::Object(fields)) => complete_filter(fields),
            _ => value.clone(),
        }
    }

    fn complete_groups(&self, groups: &[PropertyGroup], fields: &Json) -> Value {
        let entry = |group: &PropertyGroup, value: &Value| match value {
            Value::Object(fields) => Value::Object(self.below(&group.properties, fields).fill(true)),
            other => other.clone(),
        };
        let complete = |(key, value): (&String, &Value)| {
            let Some(group) = groups.iter().find(|group| group.name == *key) else { return (key.clone(), value.clone()) };
            let completed = match value {
                Value::Array(entries) => entries.iter().map(|value| entry(group, value)).collect(),
                single => entry(group, single),
            };
            (key.clone(), completed)
        };
        fields.iter().map(complete).collect()
    }
}

/// A resource locator is tested by its value.
fn unwrapped(value: Cow<'_, Value>) -> Cow<'_, Value> {
    match value {
        Cow::Borrowed(Value::Object(fields)) if fields.get("__rl") == Some(&Value::Bool(true)) => {
            fields.get("value").map_or(Cow::Owned(Value::Null), Cow::Borrowed)
        }
        other => other,
    }
}

fn complete_filter(fields: &Json) -> Value {
    let mut filter = fields.clone();
    filter.entry("combinator").or_insert_with(|| json!("and"));
    let options = filter.entry("options").or_insert_with(|| json!({}));
    if let Some(options) = options.as_object_mut() {
        options.entry("caseSensitive").or_insert(Value::Bool(true));
        options.entry("typeValidation").or_insert_with(|| json!("strict"));
        options.entry("version").or_insert_with(|| json!(1));
    }
    Value::Object(filter)
}
