//! Leaving out items that are the same as others of the input.

use std::cmp::Ordering;
use std::collections::HashSet;

use engine_core::expression::js;
use engine_core::model::{Batch, Item, Json};
use engine_core::node::NodeError;
use engine_core::schema::Property;
use indexmap::IndexSet;
use serde::Deserialize;
use serde_json::Value;

use super::super::order::{rank, sort_by};
use super::super::parameters::{FieldList, Flag, Text};
use super::super::split_out::DOTS_HINT;
use crate::conversion::{FieldPath, same};

/// The parameters, without the rules of when they count that come from outside.
pub(in crate::transform) fn properties() -> [Property; 3] {
    [
        Property::options("compare", ["allFields", "allFieldsExcept", "selectedFields"]).description("Which fields say that two items are the same"),
        Property::string("fieldsToExclude").show("compare", ["allFieldsExcept"]),
        Property::string("fieldsToCompare").show("compare", ["selectedFields"]),
    ]
}

/// The options.
pub(in crate::transform) fn options() -> [Property; 2] {
    [
        Property::boolean("disableDotNotation", false).description("Whether a dot is part of a field's name"),
        Property::boolean("removeOtherFields", false).description("Whether only the compared fields stay"),
    ]
}

/// Which items count as the same.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
pub(in crate::transform) struct Duplicates {
    pub(in crate::transform) compare: Compare,
    pub(in crate::transform) dots: bool,
    pub(in crate::transform) remove_other_fields: bool,
}

/// The fields to compare.
#[derive(Debug)]
pub(in crate::transform) enum Compare {
    All,
    Except(Vec<String>),
    Only(Vec<String>),
}

/// How strict a version is about the types within one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transform) enum Rules {
    /// All values of a field have one type.
    OneType,
    /// All values of a field that are not null have one type.
    OneTypeOrNull,
    /// Values of any type; each type has its place in the order.
    AnyType,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::transform) struct Parameters {
    compare: Text,
    fields_to_exclude: FieldList,
    fields_to_compare: FieldList,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::transform) struct Options {
    disable_dot_notation: Flag,
    remove_other_fields: Flag,
}

impl From<Parameters> for Duplicates {
    fn from(parameters: Parameters) -> Self {
        Self::new(&parameters.compare.0, (parameters.fields_to_exclude.0, parameters.fields_to_compare.0), &parameters.options)
    }
}

impl Duplicates {
    /// From the fields that are excluded and those that are compared; `compare` says which of them count.
    pub(in crate::transform) fn new(compare: &str, (exclude, only): (Vec<String>, Vec<String>), options: &Options) -> Self {
        let compare = match compare {
            "allFieldsExcept" => Compare::Except(exclude),
            "selectedFields" => Compare::Only(only),
            _ => Compare::All,
        };
        Self { compare, dots: !options.disable_dot_notation.0, remove_other_fields: options.remove_other_fields.0 }
    }

    /// The items without duplicates, in their order; of those that are the same the first stays.
    pub(in crate::transform) fn run(&self, items: &Batch, rules: Rules) -> Result<Vec<Item>, NodeError> {
        let keys = self.keys(items)?;
        let values: Vec<Vec<Option<&Value>>> = items.iter().map(|item| keys.iter().map(|key| key.get(item.json())).collect()).collect();
        let sorted = sorted(&values, rules);
        rules.check(&keys, &sorted.iter().map(|index| &values[*index]).collect::<Vec<_>>())?;
        let mut removed = HashSet::new();
        let mut kept = sorted.first().copied().unwrap_or_default();
        for &index in sorted.iter().skip(1) {
            if values[index].iter().zip(&values[kept]).all(|(a, b)| same(*a, *b)) {
                removed.insert(index);
            } else {
                kept = index;
            }
        }
        let stay = items.iter().enumerate().filter(|(index, _)| !removed.contains(index));
        if self.remove_other_fields {
            // n8n counts the new items here, not those that they were made from.
            return Ok(stay.enumerate().map(|(position, (_, item))| Item::new(pick(item.json(), &keys)).paired_with(position)).collect());
        }
        Ok(stay.map(|(index, item)| item.clone().paired_with(index)).collect())
    }

    fn keys(&self, items: &Batch) -> Result<Vec<FieldPath>, NodeError> {
        let path = |name: &String| FieldPath::with_dots(name, self.dots);
        let first = || items.first().map(|item| self.names(item.json())).unwrap_or_default();
        let all = || items.iter().flat_map(|item| self.names(item.json())).collect::<IndexSet<_>>().into_iter().collect::<Vec<_>>();
        match &self.compare {
            Compare::All => Ok(all().iter().map(path).collect()),
            Compare::Except(fields) if fields.is_empty() => {
                Err(NodeError::fatal("No fields specified. Please add a field to exclude from comparison"))
            }
            Compare::Except(fields) => {
                // With dots, the fields of the first item alone count, as in n8n.
                let names = if self.dots { first() } else { all() };
                Ok(names.iter().filter(|name| !fields.contains(name)).map(path).collect())
            }
            Compare::Only(fields) if fields.is_empty() => Err(NodeError::fatal("No fields specified. Please add a field to compare on")),
            Compare::Only(fields) => Ok(fields.iter().map(|name| js::trim(name).to_owned()).map(|name| path(&name)).collect()),
        }
    }

    fn names(&self, json: &Json) -> Vec<String> {
        if !self.dots {
            return js::entries(json).into_iter().map(|(name, _)| name.clone()).collect();
        }
        let mut names = Vec::new();
        for (name, value) in js::entries(json) {
            flatten(name, value, &mut names);
        }
        names
    }
}

impl Rules {
    /// Refuses fields that some items lack, or whose values are of several types.
    fn check(self, keys: &[FieldPath], sorted: &[&Vec<Option<&Value>>]) -> Result<(), NodeError> {
        keys.iter().enumerate().try_for_each(|(at, key)| self.check_field(key, sorted.iter().map(|values| values[at])))
    }

    fn check_field<'a>(self, key: &FieldPath, sorted: impl Iterator<Item = Option<&'a Value>>) -> Result<(), NodeError> {
        let name = key.as_str();
        if name.is_empty() {
            return Err(NodeError::fatal("Name of field to compare is blank"));
        }
        let mut seen = None;
        for (index, value) in sorted.enumerate() {
            let Some(value) = value else {
                let error = NodeError::fatal(format!("'{name}' field is missing from some input items"));
                return Err(if key.hides_dots() { error.with_description(DOTS_HINT) } else { error });
            };
            if self == Self::AnyType || (self == Self::OneTypeOrNull && value.is_null()) {
                continue;
            }
            let kind = type_of(value);
            if let Some(other) = seen.replace(kind).filter(|other| *other != kind) {
                return Err(self.mixed_types(name, (index, kind), other));
            }
        }
        Ok(())
    }

    fn mixed_types(self, name: &str, (index, kind): (usize, &str), other: &str) -> NodeError {
        let description = match self {
            Self::OneTypeOrNull => {
                let before = index.saturating_sub(1);
                format!("The type of this field varies between items, in item [{before}] it's a {other} and in item [{index}] it's a {kind} ")
            }
            _ => "The type of this field varies between items".to_owned(),
        };
        NodeError::fatal(format!("'{name}' isn't always the same type")).with_description(description)
    }
}

/// The indexes of the items, sorted by the compared values: those that are the same come to lie side by side.
fn sorted(values: &[Vec<Option<&Value>>], rules: Rules) -> Vec<usize> {
    let compare = |a: Option<&Value>, b: Option<&Value>| match rules {
        Rules::AnyType => type_rank(a).cmp(&type_rank(b)).then_with(|| rank(a, b)),
        _ => rank(a, b),
    };
    sort_by((0..values.len()).collect(), |a, b| {
        let mut ranks = values[*a].iter().zip(&values[*b]).map(|(a, b)| compare(*a, *b));
        ranks.find(|rank| rank.is_ne()).unwrap_or(Ordering::Equal)
    })
}

/// The names of the leaves below a field, with dots. An empty list or object has none.
fn flatten(name: &str, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => js::entries(fields).into_iter().for_each(|(key, value)| flatten(&format!("{name}.{key}"), value, names)),
        Value::Array(values) => values.iter().enumerate().for_each(|(index, value)| flatten(&format!("{name}.{index}"), value, names)),
        _ => names.push(name.to_owned()),
    }
}

/// The fields at some paths, and nothing else.
fn pick(json: &Json, keys: &[FieldPath]) -> Json {
    let mut picked = Json::new();
    for key in keys {
        // A name with dots that was taken as it stands may still lead to a field within another.
        let path = if key.get(json).is_some() { key } else { &FieldPath::new(key.as_str()) };
        path.copy(json, &mut picked);
    }
    picked
}

/// JavaScript's `typeof`.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    }
}

/// The place of a value's type in the order of types.
fn type_rank(value: Option<&Value>) -> u8 {
    match value {
        Some(Value::String(_)) => 1,
        Some(Value::Number(_)) => 2,
        Some(Value::Bool(_)) => 4,
        None => 6,
        Some(Value::Object(_)) => 7,
        Some(Value::Array(_)) => 9,
        Some(Value::Null) => 10,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn check(rules: Rules, parameters: &Value, data: &Value, expect: &Value) {
        let items: Batch = data.as_array().unwrap().iter().cloned().map(Item::from_value).collect();
        let duplicates = from_value::<Duplicates>(parameters.clone()).unwrap();
        let got = match duplicates.run(&items, rules) {
            Ok(items) => items.into_iter().map(|item| Value::Object(item.json().clone())).collect(),
            Err(error) => json!(error.message()),
        };
        assert_eq!(got, *expect, "{parameters} {data}");
    }

    #[test]
    fn of_items_that_are_the_same_the_first_stays() {
        let check = |parameters: &Value, data: &Value, expect: &Value| check(Rules::OneTypeOrNull, parameters, data, expect);
        let data = json!([{"a": 2, "b": "x"}, {"a": 1, "b": "x"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]);
        check(&json!({}), &data, &json!([{"a": 2, "b": "x"}, {"a": 1, "b": "x"}, {"a": 2, "b": "y"}]));
        check(&json!({"compare": "selectedFields", "fieldsToCompare": "a"}), &data, &json!([{"a": 2, "b": "x"}, {"a": 1, "b": "x"}]));
        check(&json!({"compare": "allFieldsExcept", "fieldsToExclude": "a"}), &data, &json!([{"a": 2, "b": "x"}, {"a": 2, "b": "y"}]));
        let only = json!({"compare": "selectedFields", "fieldsToCompare": "a", "options": {"removeOtherFields": true}});
        check(&only, &data, &json!([{"a": 2}, {"a": 1}]));
        let nested = json!([{"o": {"x": 1, "y": 1}}, {"o": {"x": 1, "y": 2}}]);
        let only = json!({"compare": "selectedFields", "fieldsToCompare": "o.x", "options": {"removeOtherFields": true}});
        check(&only, &nested, &json!([{"o": {"x": 1}}]));
        check(&json!({}), &json!([{"a": 1, "b": null}, {"a": 1, "b": null}]), &json!([{"a": 1, "b": null}]));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let data = json!([{"a": 1}, {"b": 1}]);
        check(Rules::OneType, &json!({}), &data, &json!("'a' field is missing from some input items"));
        check(Rules::OneType, &json!({}), &json!([{"a": 1}, {"a": "1"}]), &json!("'a' isn't always the same type"));
        check(Rules::OneType, &json!({}), &json!([{"a": 1}, {"a": null}]), &json!("'a' isn't always the same type"));
        check(Rules::OneTypeOrNull, &json!({}), &json!([{"a": 1}, {"a": null}]), &json!([{"a": 1}, {"a": null}]));
        check(Rules::AnyType, &json!({}), &json!([{"a": 1}, {"a": "1"}, {"a": 1}]), &json!([{"a": 1}, {"a": "1"}]));
        check(Rules::OneType, &json!({"compare": "selectedFields"}), &data, &json!("No fields specified. Please add a field to compare on"));
        check(
            Rules::OneType,
            &json!({"compare": "allFieldsExcept"}),
            &data,
            &json!("No fields specified. Please add a field to exclude from comparison"),
        );
    }
}
