//! Summarize: counts, sums and joins fields over many items, for each combination of other fields. Item Lists uses it too.

use std::collections::HashSet;

use engine_core::expression::js;
use engine_core::model::{Batch, Item, Json, Link, Paired};
use engine_core::node::{NodeError, NodeSpec};
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch_node::BatchNode;
use super::parameters::{Entries, FieldList, Flag, Spelled, SplitText, Text};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;

pub(super) fn schema() -> NodeSchema {
    let not_found = Property::boolean("continueIfFieldNotFound", false).until(1.1).description("Whether a field that no item has is no error");
    NodeSchema::new("summarize", "Summarize")
        .alias("n8n-nodes-base.summarize")
        .versions([(1, 0), (1, 1)])
        .group(NodeGroup::Transform)
        .description("Sums, counts and more across items")
        .properties(properties())
        .property(Property::collection("options", std::iter::once(not_found).chain(options())))
}

/// The parameters but for the options, without the rules of when they count that come from outside.
pub(super) fn properties() -> [Property; 2] {
    let value = [
        Property::options("aggregation", ["append", "average", "concatenate", "count", "countUnique", "max", "min", "sum"]).default("count"),
        Property::string("field").description("The field to summarize"),
        Property::boolean("includeEmpty", false).show("aggregation", ["append", "concatenate", "count", "countUnique"]),
        Property::options("separateBy", [",", ", ", "\n", "", " ", "other"]).show("aggregation", ["concatenate"]),
        Property::string("customSeparator").show("aggregation", ["concatenate"]).show("separateBy", ["other"]),
    ];
    [
        Property::fixed_collection_list("fieldsToSummarize", [PropertyGroup::new("values", value)])
            .default(json!({"values": [{"aggregation": "count", "field": ""}]})),
        Property::string("fieldsToSplitBy").description("Fields, separated by commas; each combination of their values is summarized on its own"),
    ]
}

/// The options.
pub(super) fn options() -> [Property; 3] {
    [
        Property::boolean("disableDotNotation", false).description("Whether a dot is part of a field's name"),
        Property::options("outputFormat", ["separateItems", "singleItem"]).description("One item for each combination, or one for all"),
        Property::boolean("skipEmptySplitFields", false).description("Whether items without a value to split by are left out"),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    if spec.version.at_least(1, 1) {
        BatchNode::<Summary>::compile(spec, |summary, items| Ok(summary.run(items, Rules::TypedGroups)?.into()))
    } else {
        BatchNode::<Summary>::compile(spec, |summary, items| Ok(summary.run(items, Rules::TextGroups)?.into()))
    }
}

/// What differs between versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// Groups keep the type of their value.
    TypedGroups,
    /// Groups are texts. A field that no item has is an error, unless an option says otherwise.
    TextGroups,
    /// Item Lists 2.1 and 3: groups are keys of an object.
    ItemLists { only_numbers: bool, check_fields: bool, clean_names: bool },
}

impl Rules {
    fn is_item_lists(self) -> bool {
        matches!(self, Self::ItemLists { .. })
    }

    fn cleans_names(self) -> bool {
        !matches!(self, Self::ItemLists { clean_names: false, .. })
    }
}

/// What to compute.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
pub(super) struct Summary {
    columns: Vec<Column>,
    groups: Vec<FieldPath>,
    single_item: bool,
    skip_empty_groups: bool,
    accept_missing_fields: bool,
}

#[derive(Debug)]
struct Column {
    name: String,
    field: FieldPath,
    aggregation: Aggregation,
    include_empty: bool,
    separator: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Aggregation {
    Append,
    Average,
    Concatenate,
    #[default]
    Count,
    CountUnique,
    Max,
    Min,
    Sum,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    fields_to_summarize: Values,
    fields_to_split_by: SplitText,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Values {
    values: Entries<ColumnParameter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ColumnParameter {
    aggregation: Aggregation,
    field: Spelled,
    include_empty: Flag,
    separate_by: Option<Text>,
    custom_separator: Option<Spelled>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    continue_if_field_not_found: Flag,
    disable_dot_notation: Flag,
    output_format: Text,
    skip_empty_split_fields: Flag,
}

impl From<Parameters> for Summary {
    fn from(parameters: Parameters) -> Self {
        let Parameters { fields_to_summarize, fields_to_split_by, options } = parameters;
        let dots = !options.disable_dot_notation.0;
        Self {
            columns: fields_to_summarize.values.0.into_iter().map(|column| Column::new(column, dots)).collect(),
            groups: FieldList::parse(&fields_to_split_by.0).0.iter().map(|name| FieldPath::with_dots(name, dots)).collect(),
            single_item: options.output_format.0 == "singleItem",
            skip_empty_groups: options.skip_empty_split_fields.0,
            accept_missing_fields: options.continue_if_field_not_found.0,
        }
    }
}

impl Column {
    fn new(parameter: ColumnParameter, dots: bool) -> Self {
        let separator = match parameter.separate_by {
            Some(Text(separator)) if separator == "other" => parameter.custom_separator.map_or(",".to_owned(), |separator| separator.text),
            Some(Text(separator)) => separator,
            None => ",".to_owned(),
        };
        Self {
            name: format!("{}_{}", parameter.aggregation.prefix(), parameter.field.text),
            field: FieldPath::with_dots(&parameter.field.text, dots),
            aggregation: parameter.aggregation,
            include_empty: parameter.include_empty.0,
            separator,
        }
    }
}

/// A group: the values that its items have in common, one for each field to split by, and the items.
struct Group<'a> {
    values: Vec<Option<Value>>,
    items: Vec<(usize, &'a Json)>,
}

impl Summary {
    /// The summary: an item for each group, or one with all groups within each other.
    pub(super) fn run(&self, items: &Batch, rules: Rules) -> Result<Vec<Item>, NodeError> {
        if self.columns.iter().all(|column| column.field.as_str().is_empty()) {
            let message = "You need to add at least one aggregation to 'Fields to Summarize' with non empty 'Field'";
            return Err(NodeError::fatal(message));
        }
        self.check_fields(items, rules)?;
        let groups = self.split(items.iter().map(Item::json).enumerate().collect(), rules);
        if self.single_item {
            let all = Paired::many((0..items.len()).map(Link::new));
            return Ok(vec![Item::new(self.nested(groups, rules)).paired_with(all)]);
        }
        Ok(groups.into_iter().map(|group| self.row(&group, rules)).collect())
    }

    fn check_fields(&self, items: &Batch, rules: Rules) -> Result<(), NodeError> {
        let checks = match rules {
            Rules::TypedGroups => false,
            Rules::TextGroups => !self.accept_missing_fields,
            Rules::ItemLists { check_fields, .. } => check_fields,
        };
        let missing = |column: &&Column| {
            let name = column.field.as_str();
            checks && !name.is_empty() && items.iter().all(|item| column.field.get(item.json()).is_none())
        };
        match self.columns.iter().find(missing) {
            Some(column) => Err(NodeError::fatal(format!("The field '{}' does not exist in any items", column.field.as_str()))),
            None => Ok(()),
        }
    }

    /// The items by the values of the fields to split by, in the order in which JavaScript would list them.
    fn split<'a>(&self, items: Vec<(usize, &'a Json)>, rules: Rules) -> Vec<Group<'a>> {
        let mut groups = vec![Group { values: Vec::new(), items }];
        for field in &self.groups {
            groups = groups.into_iter().flat_map(|group| self.split_by(field, group, rules)).collect();
        }
        groups
    }

    fn split_by<'a>(&self, field: &FieldPath, group: Group<'a>, rules: Rules) -> Vec<Group<'a>> {
        let mut parts: IndexMap<Key, Group<'a>> = IndexMap::new();
        for (index, json) in group.items {
            let value = group_value(field.get(json), rules);
            if self.skip_empty_groups && is_empty_group(value.as_ref(), rules, field.get(json)) {
                continue;
            }
            let values = || group.values.iter().cloned().chain([value.clone()]).collect();
            parts.entry(Key::of(value.as_ref())).or_insert_with(|| Group { values: values(), items: Vec::new() }).items.push((index, json));
        }
        if rules.is_item_lists() {
            // The keys of an object: numbers come first, in their order.
            parts.sort_by_cached_key(|key, _| key.array_index().map_or(u64::MAX, u64::from));
        }
        parts.into_values().collect()
    }

    /// The summaries of a group as an item.
    fn row(&self, group: &Group<'_>, rules: Rules) -> Item {
        let mut json = Json::new();
        let groups = self.groups.iter().zip(&group.values).map(|(field, value)| (clean(field.as_str(), rules), value.clone()));
        let columns = self.columns.iter().map(|column| (clean(&column.name, rules), Some(column.summarize(group, rules))));
        let fields: Vec<_> = if rules.is_item_lists() { groups.chain(columns).collect() } else { columns.chain(groups).collect() };
        for (name, value) in fields {
            match value {
                Some(value) => json.insert(name, value),
                None => json.shift_remove(&name),
            };
        }
        Item::new(json).paired_with(Paired::many(group.items.iter().map(|(index, _)| Link::new(*index))))
    }

    /// The summaries of all groups, within objects by the values of the fields to split by.
    fn nested(&self, groups: Vec<Group<'_>>, rules: Rules) -> Json {
        let mut all = Json::new();
        for group in groups {
            let mut place = &mut all;
            for value in &group.values {
                let key = value.as_ref().map_or("undefined".into(), |value| js::to_string(value));
                place = object_within(place, &key);
            }
            for column in &self.columns {
                place.insert(clean(&column.name, rules), column.summarize(&group, rules));
            }
        }
        all
    }
}

/// The object under a key, made when there is none.
fn object_within<'a>(json: &'a mut Json, key: &str) -> &'a mut Json {
    let place = json.entry(key).or_insert(Value::Null);
    if !place.is_object() {
        *place = Value::Object(Json::new());
    }
    match place {
        Value::Object(inner) => inner,
        _ => unreachable!("it was just made an object"),
    }
}

/// What tells groups apart. Values of different types are different; text groups are texts by then.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Missing,
    Value(String),
    Text(String),
}

impl Key {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None => Self::Missing,
            Some(Value::String(text)) => Self::Text(text.clone()),
            Some(other) => Self::Value(js::to_string(other).into_owned()),
        }
    }

    fn array_index(&self) -> Option<u32> {
        let Self::Text(text) = self else { return None };
        let usual = text == "0" || !text.starts_with('0');
        text.parse().ok().filter(|_| usual && text.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// The value that names a group: lists and objects become their JSON text, and where groups are texts all else does too.
fn group_value(value: Option<&Value>, rules: Rules) -> Option<Value> {
    let value = match value {
        Some(value @ (Value::Array(_) | Value::Object(_))) => Some(Value::String(js::stringify(value))),
        other => other.cloned(),
    };
    match rules {
        Rules::TypedGroups => value,
        _ => Some(Value::String(value.as_ref().map_or("undefined".into(), |value| js::to_string(value)).into_owned())),
    }
}

/// Whether a group counts as empty. Where groups are texts, only the empty text is, or what Item Lists looks at before it makes the text.
fn is_empty_group(value: Option<&Value>, rules: Rules, original: Option<&Value>) -> bool {
    match if rules.is_item_lists() { original } else { value } {
        None => true,
        Some(Value::Null) => !rules.is_item_lists(),
        Some(Value::Number(_)) => false,
        Some(value) => !js::truthy(value),
    }
}

/// A name without brackets and quotes, with underscores for blanks and dots.
fn clean(name: &str, rules: Rules) -> String {
    if !rules.cleans_names() {
        return name.to_owned();
    }
    name.chars().filter(|c| !matches!(c, '[' | ']' | '"')).map(|c| if matches!(c, ' ' | '.') { '_' } else { c }).collect()
}

impl Aggregation {
    fn prefix(self) -> &'static str {
        match self {
            Self::Append => "appended",
            Self::Average => "average",
            Self::Concatenate => "concatenated",
            Self::Count => "count",
            Self::CountUnique => "unique_count",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
        }
    }
}

impl Column {
    fn summarize(&self, group: &Group<'_>, rules: Rules) -> Value {
        let all = || group.items.iter().map(|(_, json)| self.field.get(json));
        let counts_empty =
            self.include_empty && !(rules.is_item_lists() && matches!(self.aggregation, Aggregation::Count | Aggregation::CountUnique));
        let chosen = || all().filter(|value| counts_empty || !is_empty(*value));
        match self.aggregation {
            Aggregation::Append => chosen().map(|value| value.cloned().unwrap_or(Value::Null)).collect(),
            Aggregation::Concatenate => chosen().map(text).collect::<Vec<_>>().join(&self.separator).into(),
            Aggregation::Count => chosen().count().into(),
            Aggregation::CountUnique => count_unique(chosen()).into(),
            Aggregation::Sum => js::from_f64(numbers(all()).sum()),
            Aggregation::Average => mean(&numbers(all()).collect::<Vec<_>>()),
            Aggregation::Min | Aggregation::Max => self.extreme(all(), rules),
        }
    }

    /// The least or greatest value, as JavaScript compares; values that cannot be compared change nothing.
    fn extreme<'a>(&self, values: impl Iterator<Item = Option<&'a Value>>, rules: Rules) -> Value {
        let only_numbers = matches!(rules, Rules::ItemLists { only_numbers: true, .. });
        let mut extreme: Option<&Value> = None;
        for value in values.flatten() {
            if is_empty(Some(value)) || (only_numbers && !value.is_number()) {
                continue;
            }
            let better = extreme.is_none_or(|extreme| match self.aggregation {
                Aggregation::Min => js::less_than(value, extreme),
                _ => js::less_than(extreme, value),
            });
            if better {
                extreme = Some(value);
            }
        }
        extreme.cloned().unwrap_or(Value::Null)
    }
}

/// Missing, null or the empty text.
fn is_empty(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value.as_str() == Some(""))
}

/// A value as it is joined with others.
fn text(value: Option<&Value>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(value @ (Value::Null | Value::Array(_) | Value::Object(_))) => js::stringify(value),
        Some(value) => js::to_string(value).into_owned(),
    }
}

fn numbers<'a>(values: impl Iterator<Item = Option<&'a Value>>) -> impl Iterator<Item = f64> {
    values.flatten().filter(|value| value.is_number()).map(js::to_number)
}

#[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^53")]
fn mean(numbers: &[f64]) -> Value {
    // Without numbers this is 0/0, which JSON writes as null.
    js::from_f64(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// How many different values there are. Each list and each object is a value of its own.
fn count_unique<'a>(values: impl Iterator<Item = Option<&'a Value>>) -> usize {
    let mut seen = HashSet::new();
    values.filter(|value| matches!(value, Some(Value::Array(_) | Value::Object(_))) || seen.insert(unique_key(*value))).count()
}

fn unique_key(value: Option<&Value>) -> (u8, String) {
    match value {
        None => (0, String::new()),
        Some(Value::String(text)) => (1, text.clone()),
        Some(other) => (2, js::to_string(other).into_owned()),
    }
}
#[cfg(test)]
mod tests;
