//! Sort: puts items in order, by their fields, at random, or by code. Item Lists uses it too.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Batch, Item};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use engine_core::runtime::Runtime;
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use serde::Deserialize;
use serde_json::Value;

use super::order::{rank, sort_by};
use super::parameters::{Entries, Flag, Text};
use super::split_out::DOTS_HINT;
use crate::conversion::FieldPath;
use crate::node_type::Compiled;

const DEFAULT_CODE: &str = "\
// The two items to compare are in the variables a and b
// Access the fields in a.json and b.json
// Return -1 if a should go before b
// Return 1 if b should go before a
// Return 0 if there's no difference

fieldName = 'myField';

if (a.json[fieldName] < b.json[fieldName]) {
	return -1;
}
if (a.json[fieldName] > b.json[fieldName]) {
	return 1;
}
return 0;";

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("sort", "Sort")
        .alias("n8n-nodes-base.sort")
        .group(NodeGroup::Transform)
        .description("Changes the order of items")
        .properties(properties())
}

/// The parameters, without the rules of when they count that come from outside.
pub(super) fn properties() -> [Property; 4] {
    let field = [
        Property::string("fieldName").required().description("The field to sort by"),
        Property::options("order", ["ascending", "descending"]).description("Which way"),
    ];
    [
        Property::options("type", ["simple", "random", "code"]).description("By fields, at random, or by code"),
        Property::fixed_collection_list("sortFieldsUi", [PropertyGroup::new("sortField", field)])
            .display_name("Fields To Sort By")
            .show("type", ["simple"]),
        Property::string("code").default(DEFAULT_CODE).show("type", ["code"]).description("JavaScript that compares the items a and b"),
        Property::collection("options", [Property::boolean("disableDotNotation", false).description("Whether a dot is part of a field's name")])
            .show("type", ["simple"]),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(SortNode { sort: spec.typed()? }))
}

struct SortNode {
    sort: Typed<Sort>,
}

#[async_trait]
impl Node for SortNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let sort = self.sort.at(&context.scope(0)).await?;
        Ok(sort.run(&context)?.into())
    }
}

/// How to sort.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
enum Sort {
    Fields(Vec<SortField>),
    Random,
    Code(String),
}

#[derive(Debug)]
struct SortField {
    path: FieldPath,
    descending: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    r#type: Text,
    #[serde(default)]
    sort_fields_ui: SortFields,
    #[serde(default)]
    code: Text,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SortFields {
    sort_field: Entries<Field>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Field {
    field_name: Text,
    order: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    disable_dot_notation: Flag,
}

impl From<Parameters> for Sort {
    fn from(parameters: Parameters) -> Self {
        let dots = !parameters.options.disable_dot_notation.0;
        let field = |field: Field| SortField { path: FieldPath::with_dots(&field.field_name.0, dots), descending: field.order.0 != "ascending" };
        match parameters.r#type.0.as_str() {
            "simple" => Self::Fields(parameters.sort_fields_ui.sort_field.0.into_iter().map(field).collect()),
            "random" => Self::Random,
            _ => Self::Code(parameters.code.0),
        }
    }
}

impl Sort {
    /// The items in their new order, linked to where they were.
    fn run(&self, context: &NodeContext) -> Result<Vec<Item>, NodeError> {
        let items = context.items();
        let order = match self {
            Self::Fields(fields) => by_fields(items, fields)?,
            Self::Random => shuffled(items.len(), context.runtime().as_ref()),
            Self::Code(code) => return Err(cannot_run(code)),
        };
        Ok(order.into_iter().filter_map(|index| Some(items.get(index)?.clone().paired_with(index))).collect())
    }
}

/// The indexes of the items, sorted by their fields.
fn by_fields(items: &Batch, fields: &[SortField]) -> Result<Vec<usize>, NodeError> {
    if fields.is_empty() {
        return Err(NodeError::fatal("No sorting specified. Please add a field to sort by"));
    }
    for SortField { path, .. } in fields {
        if items.iter().all(|item| path.get(item.json()).is_none()) {
            let error = NodeError::fatal(format!("Couldn't find the field '{}' in the input data", path.as_str()));
            return Err(if path.hides_dots() { error.with_description(DOTS_HINT) } else { error });
        }
    }
    let keys: Vec<Vec<Option<Cow<'_, Value>>>> =
        items.iter().map(|item| fields.iter().map(|field| field.path.get(item.json()).map(lowered)).collect()).collect();
    let compare = |a: &usize, b: &usize| {
        let ranks = fields.iter().zip(&keys[*a]).zip(&keys[*b]).map(|((field, a), b)| {
            let rank = rank(a.as_deref(), b.as_deref());
            if field.descending { rank.reverse() } else { rank }
        });
        ranks.into_iter().find(|rank| rank.is_ne()).unwrap_or(Ordering::Equal)
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    if (0..fields.len()).all(|field| is_ordered(keys.iter().map(|keys| keys[field].as_deref()))) {
        order.sort_by(compare);
        Ok(order)
    } else {
        Ok(sort_by(order, compare))
    }
}

/// Texts are compared in lower case.
fn lowered(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::String(text) if text.chars().any(|c| !c.is_lowercase() && c.is_alphabetic()) => Cow::Owned(Value::String(text.to_lowercase())),
        other => Cow::Borrowed(other),
    }
}

/// Whether n8n's ranks are an order on these values: all are numbers, or all are texts.
fn is_ordered<'a>(mut values: impl Iterator<Item = Option<&'a Value>>) -> bool {
    match values.next() {
        Some(Some(Value::Number(_))) => values.all(|value| matches!(value, Some(Value::Number(_)))),
        Some(Some(Value::String(_))) => values.all(|value| matches!(value, Some(Value::String(_)))),
        other => other.is_none(),
    }
}

/// The indexes below `count` in an order that is as likely as any other.
fn shuffled(count: usize, runtime: &dyn Runtime) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        // Far fewer items than 2^64, so the remainder favours no place that anybody could notice.
        let other = usize::try_from(runtime.random() % (last as u64 + 1)).unwrap_or(0);
        order.swap(last, other);
    }
    order
}

/// Code is run where there is a script engine and the way to sort is known before the run.
fn cannot_run(code: &str) -> NodeError {
    if !mentions_return(code) {
        return NodeError::fatal("Sort code doesn't return. Please add a 'return' statement to your code");
    }
    NodeError::fatal("sorting by code needs the JavaScript engine")
        .with_description("Build with the feature `js`, and choose the type without an expression.")
}

/// Whether a text has `return` as a word of its own.
pub(crate) fn mentions_return(code: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices("return").any(|(at, word)| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn order(values: Value, parameters: Value) -> Result<Vec<usize>, String> {
        let Value::Array(values) = values else { panic!("no list") };
        let items: Batch = values.into_iter().map(Item::from_value).collect();
        let Sort::Fields(fields) = from_value(parameters).unwrap() else { panic!("not by fields") };
        by_fields(&items, &fields).map_err(|error| error.message().to_owned())
    }

    fn by(fields: &[(&str, &str)]) -> Value {
        let fields: Vec<Value> = fields.iter().map(|(name, order)| json!({"fieldName": name, "order": order})).collect();
        json!({"type": "simple", "sortFieldsUi": {"sortField": fields}})
    }

    #[test]
    fn fields_order_items() {
        let people = json!([{"n": "bob", "a": 3}, {"n": "Al", "a": 3}, {"n": "Cy", "a": 1}]);
        assert_eq!(order(people.clone(), by(&[("n", "ascending")])), Ok(vec![1, 0, 2]));
        assert_eq!(order(people.clone(), by(&[("n", "descending")])), Ok(vec![2, 0, 1]));
        assert_eq!(order(people.clone(), by(&[("a", "ascending"), ("n", "ascending")])), Ok(vec![2, 1, 0]));
        assert_eq!(order(people.clone(), by(&[("a", "descending")])), Ok(vec![0, 1, 2]));
        assert_eq!(order(people.clone(), by(&[("x", "ascending")])), Err("Couldn't find the field 'x' in the input data".to_owned()));
        assert_eq!(order(people, by(&[])), Err("No sorting specified. Please add a field to sort by".to_owned()));
    }

    #[test]
    fn missing_and_mixed_values_come_out_as_from_javascript() {
        assert_eq!(order(json!([{"x": 1}, {"x": "a"}, {"x": 0}]), by(&[("x", "ascending")])), Ok(vec![0, 1, 2]));
        assert_eq!(order(json!([{"x": 2}, {}, {"x": 1}]), by(&[("x", "ascending")])), Ok(vec![0, 1, 2]));
        assert_eq!(order(json!([{"x": {"y": 2}}, {"x": {"y": 1}}]), by(&[("x.y", "ascending")])), Ok(vec![1, 0]));
    }

    #[test]
    fn code_must_return() {
        assert!(mentions_return("return a"));
        assert!(mentions_return("{return}"));
        assert!(!mentions_return("returned a"));
        assert!(!mentions_return("no_return"));
    }
}
