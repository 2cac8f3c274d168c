//! Aggregate: gathers fields of many items, or whole items, into lists of one item. Item Lists uses it too.

use engine_core::expression::js;
use engine_core::model::{Batch, Binary, Item, Json, Link, Paired};
use engine_core::node::{NodeError, NodeSpec};
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch_node::BatchNode;
use super::parameters::{Entries, FieldList, Flag, Spelled, Text};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;

pub(super) fn schema() -> NodeSchema {
    let group_by = Property::string("groupByFields").description("Fields, separated by commas; each combination of their values gets an item");
    NodeSchema::new("aggregate", "Aggregate")
        .alias("n8n-nodes-base.aggregate")
        .group(NodeGroup::Transform)
        .description("Combines a field of many items into a list in one item")
        .properties(properties())
        .property(Property::collection("options", std::iter::once(group_by).chain(options())))
}

/// The parameters but for the options, without the rules of when they count that come from outside.
pub(super) fn properties() -> [Property; 6] {
    const ALL: [&str; 1] = ["aggregateAllItemData"];
    [
        Property::options("aggregate", ["aggregateIndividualFields", "aggregateAllItemData"]),
        fields_property().show("aggregate", ["aggregateIndividualFields"]),
        Property::string("destinationFieldName").default("data").show("aggregate", ALL).description("The field to put the list in"),
        Property::options("include", ["allFields", "specifiedFields", "allFieldsExcept"]).show("aggregate", ALL),
        Property::string("fieldsToExclude").show("aggregate", ALL).show("include", ["allFieldsExcept"]),
        Property::string("fieldsToInclude").show("aggregate", ALL).show("include", ["specifiedFields"]),
    ]
}

/// The fields to aggregate.
pub(super) fn fields_property() -> Property {
    let field = [
        Property::string("fieldToAggregate").description("The field whose values are gathered"),
        Property::boolean("renameField", false).description("Whether the list gets another name"),
        Property::string("outputFieldName").show("renameField", [true]).description("The name of the list"),
    ];
    Property::fixed_collection_list("fieldsToAggregate", [PropertyGroup::new("fieldToAggregate", field)])
        .default(json!({"fieldToAggregate": [{"fieldToAggregate": "", "renameField": false}]}))
}

/// The options.
pub(super) fn options() -> [Property; 5] {
    let single = |name: &str| Property::boolean(name, false).hide("/aggregate", ["aggregateAllItemData"]);
    [
        single("disableDotNotation").description("Whether a dot is part of a field's name"),
        single("mergeLists").description("Whether values that are lists become one flat list"),
        Property::boolean("includeBinaries", false).description("Whether the new item gets the files"),
        Property::boolean("keepOnlyUnique", false).show("includeBinaries", [true]).description("Whether files that look the same are taken once"),
        single("keepMissing").description("Whether a missing value or null becomes a null in the list"),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    BatchNode::<Aggregate>::compile(spec, |aggregate, items| Ok(aggregate.run(items)?.into()))
}

/// What to gather.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
pub(super) struct Aggregate {
    pub(super) what: What,
    group_by: Vec<FieldPath>,
    files: Files,
}

#[derive(Debug)]
pub(super) enum What {
    Fields(Fields),
    Items(WholeItems),
}

/// Values of single fields.
#[derive(Debug)]
pub(super) struct Fields {
    list: Vec<Field>,
    merge_lists: bool,
    keep_missing: bool,
}

/// Whole items, or some of their fields.
#[derive(Debug)]
pub(super) struct WholeItems {
    pub(super) destination: String,
    pub(super) exclude: Vec<String>,
    pub(super) include: Vec<String>,
}

/// What happens to the files of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Files {
    Dropped,
    Kept,
    KeptOnce,
}

/// One field to gather.
#[derive(Debug)]
pub(super) struct Field {
    path: FieldPath,
    /// The name that it is given explicitly.
    renamed: Option<String>,
    /// The last part of its own name.
    last_key: String,
    output: FieldPath,
    /// Whether the name of the list can be made.
    named: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FieldParameter {
    field_to_aggregate: Spelled,
    rename_field: Flag,
    output_field_name: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FieldsParameter {
    field_to_aggregate: Entries<FieldParameter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Parameters {
    aggregate: Text,
    fields_to_aggregate: FieldsParameter,
    destination_field_name: Text,
    fields_to_exclude: FieldList,
    fields_to_include: FieldList,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Options {
    group_by_fields: FieldList,
    disable_dot_notation: Flag,
    merge_lists: Flag,
    keep_missing: Flag,
    include_binaries: Flag,
    keep_only_unique: Flag,
}

impl From<Parameters> for Aggregate {
    fn from(parameters: Parameters) -> Self {
        let options = parameters.options;
        let what = if parameters.aggregate.0 == "aggregateIndividualFields" {
            What::Fields(options.fields(parameters.fields_to_aggregate))
        } else {
            What::Items(WholeItems {
                destination: parameters.destination_field_name.0,
                exclude: parameters.fields_to_exclude.0,
                include: parameters.fields_to_include.0,
            })
        };
        let group_by = options.group_by_fields.0.iter().map(|name| FieldPath::new(name)).collect();
        Self { what, group_by, files: options.files() }
    }
}

impl Options {
    pub(super) fn fields(&self, parameter: FieldsParameter) -> Fields {
        let dots = !self.disable_dot_notation.0;
        Fields {
            list: parameter.field_to_aggregate.0.into_iter().map(|field| Field::new(field, dots)).collect(),
            merge_lists: self.merge_lists.0,
            keep_missing: self.keep_missing.0,
        }
    }

    fn files(&self) -> Files {
        match (self.include_binaries.0, self.keep_only_unique.0) {
            (false, _) => Files::Dropped,
            (true, false) => Files::Kept,
            (true, true) => Files::KeptOnce,
        }
    }
}

impl Aggregate {
    /// Without files and groups.
    pub(super) fn plain(what: What) -> Self {
        Self { what, group_by: Vec::new(), files: Files::Dropped }
    }

    /// Like [`run`](Self::run), but a field without a name, or one that no item has, is refused.
    pub(super) fn run_strictly(&self, items: &Batch) -> Result<Vec<Item>, NodeError> {
        if let What::Fields(fields) = &self.what {
            fields.check_found(items)?;
        }
        self.run(items)
    }

    /// One new item, or one for each group.
    pub(super) fn run(&self, items: &Batch) -> Result<Vec<Item>, NodeError> {
        if let What::Fields(fields) = &self.what {
            fields.check()?;
        }
        let all: Vec<usize> = (0..items.len()).collect();
        if self.group_by.is_empty() {
            let (json, used) = self.gather(items, &all, Json::new());
            let item = with_files(Item::new(json), used.iter().filter_map(|index| items.get(*index)), self.files);
            return Ok(vec![item.paired_with(Paired::many(used.into_iter().map(Link::new)))]);
        }
        self.check_groups()?;
        Ok(groups(items, &self.group_by)?.into_values().map(|indexes| self.group(items, &indexes)).collect())
    }

    /// The item of one group: the fields that it has in common, and the lists.
    fn group(&self, items: &Batch, indexes: &[usize]) -> Item {
        let mut json = Json::new();
        let first = indexes.first().copied().unwrap_or_default();
        for field in &self.group_by {
            if let Some(value) = items.get(first).and_then(|item| field.get(item.json())) {
                field.set(&mut json, value.clone());
            }
        }
        let (json, _) = self.gather(items, indexes, json);
        with_files(Item::new(json), indexes.iter().filter_map(|index| items.get(*index)), self.files).paired_with(first)
    }

    /// Adds the lists to an object; gives it back with the indexes of the items that are in them.
    fn gather(&self, items: &Batch, indexes: &[usize], mut json: Json) -> (Json, Vec<usize>) {
        let chosen = indexes.iter().filter_map(|index| Some((*index, items.get(*index)?.json())));
        match &self.what {
            What::Fields(fields) => {
                fields.gather(&mut json, &chosen.map(|(_, json)| json).collect::<Vec<_>>());
                (json, indexes.to_vec())
            }
            What::Items(whole) => {
                let (used, list): (Vec<usize>, Vec<Value>) =
                    chosen.filter_map(|(index, json)| Some((index, Value::Object(whole.part(json)?)))).unzip();
                json.insert(whole.destination.clone(), list.into());
                (json, used)
            }
        }
    }

    /// Refuses lists that would hide the fields by which the items are grouped.
    fn check_groups(&self) -> Result<(), NodeError> {
        let conflict = |name: &str| self.group_by.iter().find(|field| overlap(name, field.as_str())).map(FieldPath::as_str);
        match &self.what {
            What::Items(whole) => match conflict(&whole.destination) {
                Some(field) => {
                    Err(NodeError::fatal(format!("The destination field '{}' conflicts with a Group By field '{field}'", whole.destination))
                        .with_description("Please choose a different destination field name or Group By field"))
                }
                None => Ok(()),
            },
            What::Fields(fields) => {
                fields.check_unique(|field| field.renamed.as_ref().unwrap_or(&field.last_key))?;
                match fields.list.iter().map(|field| field.output.as_str()).find_map(|name| Some((name, conflict(name)?))) {
                    Some((name, field)) => Err(NodeError::fatal(format!("The output field '{name}' conflicts with a Group By field '{field}'"))
                        .with_description("Please rename the aggregated field or choose a different Group By field")),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whether one path is the other, or leads to something within it.
fn overlap(a: &str, b: &str) -> bool {
    a.split('.').zip(b.split('.')).all(|(a, b)| a == b)
}

/// The indexes of the items by the values of some fields, in the order in which the values appear.
fn groups(items: &Batch, fields: &[FieldPath]) -> Result<IndexMap<String, Vec<usize>>, NodeError> {
    let mut groups: IndexMap<String, Vec<usize>> = IndexMap::new();
    for (index, item) in items.iter().enumerate() {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let value = field.get(item.json()).cloned().unwrap_or(Value::Null);
            if value.is_array() || value.is_object() {
                let message = format!("Field \"{}\" has a non-scalar value which cannot be used for grouping.", field.as_str());
                return Err(NodeError::fatal(message)
                    .with_description("Only scalar values (string, number, boolean, null) can be used in \"Group By Fields\".")
                    .on_item(index));
            }
            values.push(value);
        }
        groups.entry(js::stringify(&Value::Array(values))).or_default().push(index);
    }
    Ok(groups)
}

impl Field {
    fn new(parameter: FieldParameter, dots: bool) -> Self {
        let FieldParameter { field_to_aggregate: Spelled { text: name, is_text }, rename_field, output_field_name: Text(output) } = parameter;
        let last_key = if dots { name.rsplit('.').next().unwrap_or(&name) } else { &name }.to_owned();
        Self {
            path: FieldPath::with_dots(&name, dots),
            named: is_text || !dots || !output.is_empty(),
            output: FieldPath::with_dots(if output.is_empty() { &last_key } else { &output }, dots),
            renamed: rename_field.0.then_some(output),
            last_key,
        }
    }
}

impl Fields {
    fn check(&self) -> Result<(), NodeError> {
        if self.list.is_empty() {
            return Err(NodeError::fatal("No fields specified").with_description("Please add a field to aggregate"));
        }
        self.list.iter().all(|field| field.named).then_some(()).ok_or_else(|| NodeError::fatal("the name of a field must be a text"))?;
        self.check_unique(|field| field.renamed.as_deref().unwrap_or(field.path.as_str()))
    }

    fn check_unique<'a>(&'a self, name: impl Fn(&'a Field) -> &'a str) -> Result<(), NodeError> {
        let names: Vec<&str> = self.list.iter().map(name).collect();
        match names.iter().enumerate().find(|(index, name)| names.iter().take(*index).any(|other| other == *name)) {
            Some((_, name)) => Err(NodeError::fatal(format!("The '{name}' output field is used more than once"))
                .with_description("Please make sure each output field name is unique")),
            None => Ok(()),
        }
    }

    /// What older versions refuse: a field without a name, or one that no item has.
    fn check_found(&self, items: &Batch) -> Result<(), NodeError> {
        for field in &self.list {
            let (path, name) = (&field.path, field.path.as_str());
            if name.is_empty() {
                return Err(NodeError::fatal("Field to aggregate is blank").with_description("Please add a field to aggregate"));
            }
            let found = items.iter().any(|item| path.get(item.json()).is_some());
            if !found && (!self.keep_missing || path.hides_dots()) {
                let error = NodeError::fatal(format!("Couldn't find the field '{name}' in the input data"));
                return Err(if path.hides_dots() { error.with_description(super::split_out::DOTS_HINT) } else { error });
            }
        }
        Ok(())
    }

    /// Adds a list for each field.
    fn gather(&self, json: &mut Json, items: &[&Json]) {
        let mut lists: IndexMap<&str, (&Field, Vec<Value>)> = IndexMap::new();
        for field in self.list.iter().filter(|field| !field.path.as_str().is_empty()) {
            let mut list = Vec::new();
            for item in items {
                self.add(&mut list, field.path.get(item));
            }
            lists.insert(field.output.as_str(), (field, list));
        }
        for (field, list) in lists.into_values() {
            field.output.set(json, list.into());
        }
    }

    fn add(&self, list: &mut Vec<Value>, value: Option<&Value>) {
        match value {
            Some(Value::Array(values)) => {
                let values = values.iter().filter(|value| self.keep_missing || !value.is_null()).cloned();
                if self.merge_lists { list.extend(values) } else { list.push(values.collect()) }
            }
            None | Some(Value::Null) => list.extend(self.keep_missing.then_some(Value::Null)),
            Some(value) => list.push(value.clone()),
        }
    }
}

impl WholeItems {
    /// The part of an item that goes into the list; `None` when nothing of it is left.
    fn part(&self, json: &Json) -> Option<Json> {
        if self.exclude.is_empty() && self.include.is_empty() {
            return Some(json.clone());
        }
        let wanted = |name: &String| !self.exclude.contains(name) && (self.include.is_empty() || self.include.contains(name));
        let part: Json = json.iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
        (!part.is_empty()).then_some(part)
    }
}

/// Adds the files of some items to a new one. A key that is taken gets a number.
fn with_files<'a>(mut new: Item, items: impl Iterator<Item = &'a Item>, files: Files) -> Item {
    if files == Files::Dropped {
        return new;
    }
    for (key, file) in items.filter_map(Item::binary).flatten() {
        let have = new.binary_mut();
        if files == Files::KeptOnce && have.values().any(|other| looks_the_same(other, file)) {
            continue;
        }
        let mut free = key.clone();
        let mut number = 0;
        while have.contains_key(&free) {
            number += 1;
            free = format!("{key}_{number}");
        }
        have.insert(free, file.clone());
    }
    new
}

/// n8n compares the sizes as it shows them, rounded; here they are compared to the byte, so that no other file is taken for a copy.
fn looks_the_same(a: &Binary, b: &Binary) -> bool {
    a.mime_type == b.mime_type && a.size == b.size && a.file_extension == b.file_extension
}

#[cfg(test)]
mod tests {
    use serde_json::from_value;

    use super::*;

    fn run(parameters: &Value, values: &Value) -> Result<Vec<Item>, NodeError> {
        let items: Batch = values.as_array().unwrap().iter().cloned().map(Item::from_value).collect();
        from_value::<Aggregate>(parameters.clone()).unwrap().run(&items)
    }

    fn jsons(result: Result<Vec<Item>, NodeError>) -> Value {
        match result {
            Ok(items) => items.into_iter().map(|item| Value::Object(item.json().clone())).collect(),
            Err(error) => json!(error.message()),
        }
    }

    #[test]
    fn fields_are_gathered() {
        let data = json!([{"a": 1, "l": [1, null], "o": {"x": "p"}}, {"a": null, "l": [2]}, {"o": {"x": "q"}, "a.b": 7}]);
        let check = |fields: Value, options: Value, expect: Value| {
            let parameters = json!({"aggregate": "aggregateIndividualFields", "fieldsToAggregate": {"fieldToAggregate": fields}, "options": options});
            assert_eq!(jsons(run(&parameters, &data)), expect, "{parameters}");
        };
        let field = |name: &str| json!({"fieldToAggregate": name});
        check(json!([field("a")]), json!({}), json!([{"a": [1]}]));
        check(json!([field("a")]), json!({"keepMissing": true}), json!([{"a": [1, null, null]}]));
        check(json!([field("l")]), json!({}), json!([{"l": [[1], [2]]}]));
        check(json!([field("l")]), json!({"mergeLists": true}), json!([{"l": [1, 2]}]));
        check(json!([field("l")]), json!({"mergeLists": true, "keepMissing": true}), json!([{"l": [1, null, 2, null]}]));
        check(json!([field("o.x")]), json!({}), json!([{"x": ["p", "q"]}]));
        check(json!([field("a.b")]), json!({"disableDotNotation": true}), json!([{"a.b": [7]}]));
        let renamed = json!({"fieldToAggregate": "o.x", "renameField": true, "outputFieldName": "r.s"});
        check(json!([renamed]), json!({}), json!([{"r": {"s": ["p", "q"]}}]));
        check(json!([renamed]), json!({"disableDotNotation": true}), json!([{"r.s": []}]));
        check(json!([field("a"), field("a")]), json!({}), json!("The 'a' output field is used more than once"));
        check(json!([]), json!({}), json!("No fields specified"));
        check(json!([field("")]), json!({}), json!([{}]));
        check(json!([{"fieldToAggregate": null}]), json!({}), json!("the name of a field must be a text"));
        check(json!([{"fieldToAggregate": null}, {}]), json!({"disableDotNotation": true}), json!([{"null": [], "undefined": []}]));
    }

    #[test]
    fn items_are_gathered() {
        let data = json!([{"a": 1, "b": 2}, {"b": 3}]);
        let check = |parameters: Value, expect: Value, links: &[u32]| {
            let mut parameters = parameters;
            parameters["aggregate"] = json!("aggregateAllItemData");
            let items = run(&parameters, &data).unwrap();
            let linked: Vec<u32> = items[0].paired().links().iter().map(|link| link.item).collect();
            assert_eq!(linked, links, "{parameters}");
            assert_eq!(jsons(Ok(items)), expect, "{parameters}");
        };
        check(json!({"destinationFieldName": "d.e"}), json!([{"d.e": [{"a": 1, "b": 2}, {"b": 3}]}]), &[0, 1]);
        check(json!({"destinationFieldName": "d", "fieldsToExclude": "b"}), json!([{"d": [{"a": 1}]}]), &[0]);
        check(json!({"destinationFieldName": "d", "fieldsToInclude": "b, x"}), json!([{"d": [{"b": 2}, {"b": 3}]}]), &[0, 1]);
        check(json!({"destinationFieldName": "d", "fieldsToInclude": "x"}), json!([{"d": []}]), &[]);
    }

    #[test]
    fn groups_get_items_of_their_own() {
        let data = json!([{"g": {"k": "a"}, "v": 1}, {"g": {"k": "b"}, "v": 2}, {"g": {"k": "a"}, "v": 3}, {"v": 4}]);
        let check = |parameters: Value, expect: Value| assert_eq!(jsons(run(&parameters, &data)), expect, "{parameters}");
        let fields = json!({"fieldToAggregate": [{"fieldToAggregate": "v"}]});
        let individual =
            |group: &str| json!({"aggregate": "aggregateIndividualFields", "fieldsToAggregate": fields, "options": {"groupByFields": group}});
        check(individual("g.k"), json!([{"g": {"k": "a"}, "v": [1, 3]}, {"g": {"k": "b"}, "v": [2]}, {"v": [4]}]));
        check(individual("v"), json!("The output field 'v' conflicts with a Group By field 'v'"));
        check(individual("g"), json!("Field \"g\" has a non-scalar value which cannot be used for grouping."));
        let whole = json!({"aggregate": "aggregateAllItemData", "destinationFieldName": "g", "options": {"groupByFields": "g.k"}});
        check(whole, json!("The destination field 'g' conflicts with a Group By field 'g.k'"));
    }

    #[test]
    fn files_are_gathered() {
        let file = |text: &'static str| Binary::inline(text, "text/plain");
        let mut items = vec![Item::default(), Item::default()];
        items[0].binary_mut().insert("f".to_owned(), file("1"));
        items[1].binary_mut().insert("f".to_owned(), file("2"));
        let keys = |options: Value| {
            let parameters = json!({"aggregate": "aggregateAllItemData", "destinationFieldName": "d", "options": options});
            let made = from_value::<Aggregate>(parameters).unwrap().run(&items.clone().into()).unwrap();
            made[0].binary().map(|files| files.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
        };
        assert_eq!(keys(json!({})), [""; 0]);
        assert_eq!(keys(json!({"includeBinaries": true})), ["f", "f_1"]);
        assert_eq!(keys(json!({"includeBinaries": true, "keepOnlyUnique": true})), ["f"]);
    }
}
