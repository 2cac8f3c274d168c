//! Split Out: makes an item of each element of a list within an item. Item Lists uses it too.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::parameters::{FieldList, Flag, SplitText};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("split_out", "Split Out")
        .alias("n8n-nodes-base.splitOut")
        .group(NodeGroup::Transform)
        .description("Turns a list inside items into separate items")
        .properties(properties())
}

/// The parameters, without the rules of when they count.
pub(super) fn properties() -> [Property; 4] {
    [
        Property::string("fieldToSplitOut").required().description("The fields to break out into items, separated by commas; $binary for the files"),
        Property::options("include", ["noOtherFields", "allOtherFields", "selectedOtherFields"]).description("Which other fields the new items get"),
        Property::string("fieldsToInclude").show("include", ["selectedOtherFields"]),
        Property::collection(
            "options",
            [
                Property::boolean("disableDotNotation", false).description("Whether a dot is part of a field's name"),
                Property::string("destinationFieldName").description("The fields under which the new items get the elements"),
                Property::boolean("includeBinary", false).description("Whether the new items get the files"),
            ],
        ),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    compile_as::<SplitOut>(spec, Rules::Any)
}

/// Compiles a node whose parameters are read as `P`, under the rules of its version.
pub(super) fn compile_as<P>(spec: &NodeSpec, rules: Rules) -> Compiled
where
    P: DeserializeOwned + AsRef<SplitOut> + Send + Sync + 'static,
{
    Ok(Arc::new(SplitOutNode::<P> { split: spec.typed()?, rules }))
}

struct SplitOutNode<P> {
    split: Typed<P>,
    rules: Rules,
}

#[async_trait]
impl<P: DeserializeOwned + AsRef<SplitOut> + Send + Sync + 'static> Node for SplitOutNode<P> {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::new();
        for (index, item) in context.items().iter().enumerate() {
            let split = self.split.at(&context.scope(index)).await?;
            let made = split.as_ref().as_ref().run(item, self.rules).map_err(|error| error.on_item(index))?;
            items.extend(made.into_iter().map(|item| item.paired_with(index)));
        }
        Ok(items.into())
    }
}

/// What to split, and what to put beside the elements.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
pub(super) struct SplitOut {
    pub(super) fields: Vec<FieldPath>,
    /// Names for the elements; empty to take those of the fields.
    pub(super) destinations: Vec<String>,
    pub(super) others: Others,
    pub(super) with_binary: bool,
    /// Whether `$binary` means the files; it is the name of a field where it does not.
    pub(super) splits_files: bool,
}

impl AsRef<Self> for SplitOut {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Which other fields the new items get.
#[derive(Debug)]
pub(super) enum Others {
    None,
    All,
    Selected(Vec<FieldPath>),
}

/// What older versions refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// A field that is missing or no list; one field only.
    OnlyLists,
    /// A field that is missing, or neither a list nor an object.
    OnlyContainers,
    /// A value that is neither a list nor an object.
    ContainersOrMissing,
    /// Nothing.
    Any,
}

/// The parameters as they stand in the workflow.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Parameters {
    field_to_split_out: FieldList,
    include: Include,
    fields_to_include: FieldList,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Options {
    pub(super) disable_dot_notation: Flag,
    pub(super) destination_field_name: SplitText,
    include_binary: Flag,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) enum Include {
    #[default]
    #[serde(rename = "noOtherFields")]
    No,
    #[serde(rename = "allOtherFields")]
    All,
    #[serde(rename = "selectedOtherFields")]
    Selected,
}

impl Include {
    pub(super) fn others(self, selected: &[String], dots: bool) -> Others {
        match self {
            Self::No => Others::None,
            Self::All => Others::All,
            Self::Selected => Others::Selected(selected.iter().map(|name| FieldPath::with_dots(name, dots)).collect()),
        }
    }
}

impl From<Parameters> for SplitOut {
    fn from(parameters: Parameters) -> Self {
        let Parameters { field_to_split_out, include, fields_to_include, options } = parameters;
        let dots = !options.disable_dot_notation.0;
        let field = |name: &String| FieldPath::with_dots(name.strip_prefix("$json.").unwrap_or(name), dots);
        Self {
            fields: field_to_split_out.0.iter().map(field).collect(),
            destinations: FieldList::parse(&options.destination_field_name.0).0,
            others: include.others(&fields_to_include.0, dots),
            with_binary: options.include_binary.0,
            splits_files: true,
        }
    }
}

impl SplitOut {
    /// The new items that one item gives.
    pub(super) fn run(&self, item: &Item, rules: Rules) -> Result<Vec<Item>, NodeError> {
        if !self.destinations.is_empty() && self.destinations.len() != self.fields.len() {
            return Err(NodeError::fatal("If multiple fields to split out are given, the same number of destination fields must be given"));
        }
        let mut made = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            if self.splits_files && field.as_str() == "$binary" {
                split_files(item, &mut made);
                continue;
            }
            let name = self.destinations.get(index).map_or(field.as_str(), String::as_str);
            for (index, element) in elements(field, item.json(), rules)?.into_iter().enumerate() {
                let json = entry(&mut made, index).json_mut();
                match self.spread(element, rules) {
                    Some(fields) => json.extend(fields),
                    None => _ = json.insert(name.to_owned(), element.clone()),
                }
            }
        }
        made.into_iter().map(|new| self.finish(new, item, rules)).collect()
    }

    /// The fields of an element that becomes an item by itself, where no name is given and nothing else goes into the item.
    fn spread(&self, element: &Value, rules: Rules) -> Option<Json> {
        let alone = self.destinations.is_empty() && self.fields.len() == 1 && matches!(self.others, Others::None);
        match element {
            Value::Object(fields) if alone => Some(fields.clone()),
            Value::Array(values) if alone => Some(values.iter().cloned().enumerate().map(|(index, value)| (index.to_string(), value)).collect()),
            Value::Null if alone && rules == Rules::OnlyLists => Some(Json::new()),
            _ => None,
        }
    }

    /// Adds the other fields and the files.
    fn finish(&self, mut new: Item, item: &Item, rules: Rules) -> Result<Item, NodeError> {
        match &self.others {
            Others::None => {}
            Others::All => {
                let mut json = item.json().clone();
                for field in &self.fields {
                    field.remove(&mut json);
                }
                json.extend(new.json().clone());
                new = new.with_json(json);
            }
            Others::Selected(fields) if fields.is_empty() => {
                return Err(NodeError::fatal("No fields specified").with_description("Please add a field to include"));
            }
            Others::Selected(fields) => {
                // The first version lets the element win; later ones the other fields.
                let wins =
                    |field: &FieldPath, json: &Json| rules == Rules::OnlyLists && (self.fields.contains(field) || json.contains_key(field.as_str()));
                let taken: Vec<_> = fields.iter().filter(|field| !wins(field, new.json())).collect();
                add_fields(&taken, item.json(), new.json_mut());
            }
        }
        Ok(if self.with_binary && new.binary().is_none() { new.with_binary_of(item) } else { new })
    }
}

/// Copies fields under their whole names. One that is not there takes the name away: JavaScript would write undefined.
fn add_fields(fields: &[&FieldPath], from: &Json, to: &mut Json) {
    for field in fields {
        match field.get(from) {
            Some(value) => to.insert(field.as_str().to_owned(), value.clone()),
            None => to.shift_remove(field.as_str()),
        };
    }
}

/// The elements of a field: those of a list, the values of an object, or the value itself.
fn elements<'a>(field: &FieldPath, json: &'a Json, rules: Rules) -> Result<Vec<&'a Value>, NodeError> {
    let name = field.as_str();
    let refused = |kind: &str| Err(NodeError::fatal(format!("The provided field '{name}' is not {kind}")));
    match (field.get(json), rules) {
        (None, Rules::OnlyLists | Rules::OnlyContainers) => {
            let error = NodeError::fatal(format!("Couldn't find the field '{name}' in the input data"));
            Err(if field.hides_dots() { error.with_description(DOTS_HINT) } else { error })
        }
        (None, _) => Ok(Vec::new()),
        (Some(Value::Array(elements)), _) => Ok(elements.iter().collect()),
        (Some(_), Rules::OnlyLists) => refused("an array"),
        (Some(Value::Object(fields)), _) => Ok(js::entries(fields).into_iter().map(|(_, value)| value).collect()),
        (Some(_), Rules::OnlyContainers | Rules::ContainersOrMissing) => refused("an array or object"),
        (Some(value), Rules::Any) => Ok(vec![value]),
    }
}

/// What a user should look at when a name with dots leads nowhere.
pub(super) const DOTS_HINT: &str = "If you're trying to use a nested field, make sure you turn off 'disable dot notation' in the node options";

/// The new item at an index, made when it is not there yet.
fn entry(made: &mut Vec<Item>, index: usize) -> &mut Item {
    if made.len() <= index {
        made.resize_with(index + 1, Item::default);
    }
    &mut made[index]
}

/// Gives each file of an item to a new item.
fn split_files(item: &Item, made: &mut Vec<Item>) {
    for (index, (key, file)) in item.binary().into_iter().flatten().enumerate() {
        entry(made, index).binary_mut().insert(key.clone(), file.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn item(json: Value) -> Item {
        Item::from_value(json)
    }

    fn jsons(result: Result<Vec<Item>, NodeError>) -> Value {
        match result {
            Ok(items) => items.into_iter().map(|item| Value::Object(item.json().clone())).collect(),
            Err(error) => json!(error.message()),
        }
    }

    #[test]
    fn lists_become_items() {
        let data = json!({"a": [1, {"x": 2}], "b": ["p"], "c": {"d": [true]}, "o": {"z": 1, "2": "two", "1": "one"}, "s": "text", "n": null});
        let check = |parameters: Value, expect: Value| {
            let split: SplitOut = from_value(parameters.clone()).unwrap();
            assert_eq!(jsons(split.run(&item(data.clone()), Rules::Any)), expect, "{parameters}");
        };
        check(json!({"fieldToSplitOut": "a"}), json!([{"a": 1}, {"x": 2}]));
        check(json!({"fieldToSplitOut": " $json.a "}), json!([{"a": 1}, {"x": 2}]));
        check(json!({"fieldToSplitOut": "a,b"}), json!([{"a": 1, "b": "p"}, {"a": {"x": 2}}]));
        check(json!({"fieldToSplitOut": "a", "options": {"destinationFieldName": "q.r"}}), json!([{"q.r": 1}, {"q.r": {"x": 2}}]));
        check(json!({"fieldToSplitOut": "c.d"}), json!([{"c.d": true}]));
        check(json!({"fieldToSplitOut": "a.length"}), json!([{"a.length": 2}]));
        assert!(from_value::<SplitOut>(json!({"fieldToSplitOut": "a", "options": {"destinationFieldName": 5}})).is_err());
        check(json!({"fieldToSplitOut": "c.d", "options": {"disableDotNotation": true}}), json!([]));
        check(json!({"fieldToSplitOut": "o"}), json!([{"o": "one"}, {"o": "two"}, {"o": 1}]));
        check(json!({"fieldToSplitOut": "s"}), json!([{"s": "text"}]));
        check(json!({"fieldToSplitOut": "n"}), json!([{"n": null}]));
        check(json!({"fieldToSplitOut": "missing"}), json!([]));
        check(
            json!({"fieldToSplitOut": "c.d", "include": "allOtherFields"}),
            json!([{"a": [1, {"x": 2}], "b": ["p"], "c": {}, "o": {"z": 1, "2": "two", "1": "one"}, "s": "text", "n": null, "c.d": true}]),
        );
        check(
            json!({"fieldToSplitOut": "a", "include": "selectedOtherFields", "fieldsToInclude": "s, c.d"}),
            json!([{"a": 1, "s": "text", "c.d": [true]}, {"a": {"x": 2}, "s": "text", "c.d": [true]}]),
        );
        check(json!({"fieldToSplitOut": "a", "include": "selectedOtherFields"}), json!("No fields specified"));
        check(
            json!({"fieldToSplitOut": "a,b", "options": {"destinationFieldName": "x"}}),
            json!("If multiple fields to split out are given, the same number of destination fields must be given"),
        );
    }

    #[test]
    fn older_versions_refuse_what_is_no_list() {
        let check = |rules: Rules, data: Value, expect: Value| {
            let split =
                SplitOut { fields: vec![FieldPath::new("f")], destinations: vec![], others: Others::None, with_binary: false, splits_files: false };
            assert_eq!(jsons(split.run(&item(data), rules)), expect, "{rules:?}");
        };
        check(Rules::OnlyLists, json!({}), json!("Couldn't find the field 'f' in the input data"));
        check(Rules::OnlyLists, json!({"f": {"a": 1}}), json!("The provided field 'f' is not an array"));
        check(Rules::OnlyLists, json!({"f": [null, [5]]}), json!([{}, {"0": 5}]));
        check(Rules::OnlyContainers, json!({"f": {"a": 1}}), json!([{"f": 1}]));
        check(Rules::OnlyContainers, json!({}), json!("Couldn't find the field 'f' in the input data"));
        check(Rules::ContainersOrMissing, json!({"f": 1}), json!("The provided field 'f' is not an array or object"));
        check(Rules::ContainersOrMissing, json!({}), json!([]));
        check(Rules::Any, json!({"f": 1}), json!([{"f": 1}]));
    }

    #[test]
    fn files_become_items() {
        use engine_core::model::Binary;
        let mut with_files = item(json!({"a": [1]}));
        with_files.binary_mut().insert("one".to_owned(), Binary::inline("1", "text/plain"));
        with_files.binary_mut().insert("two".to_owned(), Binary::inline("2", "text/plain"));
        let split: SplitOut = from_value(json!({"fieldToSplitOut": "$binary"})).unwrap();
        let keys: Vec<Vec<String>> =
            split.run(&with_files, Rules::Any).unwrap().iter().map(|item| item.binary().unwrap().keys().cloned().collect()).collect();
        assert_eq!(keys, [["one"], ["two"]]);
        let split: SplitOut = from_value(json!({"fieldToSplitOut": "a", "options": {"includeBinary": true}})).unwrap();
        assert_eq!(split.run(&with_files, Rules::Any).unwrap()[0].binary().unwrap().len(), 2);
    }
}
