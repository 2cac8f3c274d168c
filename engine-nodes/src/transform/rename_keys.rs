//! Rename Keys: gives fields other names, one by one or by a regular expression.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::parameters::{Entries, Flag, Spelled};
use crate::conversion::{FieldPath, Pattern};
use crate::node_type::Compiled;

pub(super) fn schema() -> NodeSchema {
    let key = [
        Property::string("currentKey").description("The field's name; dots lead to deeper fields"),
        Property::string("newKey").description("The new name; dots lead to deeper fields"),
    ];
    let options = [
        Property::boolean("caseInsensitive", false),
        Property::number("depth", -1).display_name("Max Depth").description("How deep to go: -1 for all the way, 0 for the top level only"),
    ];
    let replacement = [
        Property::string("searchRegex").description("A regular expression that the name matches"),
        Property::string("replaceRegex").description("The new name; $1, $2 and so on stand for groups"),
        Property::collection("options", options),
    ];
    let replacements = Property::fixed_collection_list("regexReplacement", [PropertyGroup::new("replacements", replacement)]);
    NodeSchema::new("rename_keys", "Rename Keys")
        .alias("n8n-nodes-base.renameKeys")
        .group(NodeGroup::Transform)
        .description("Changes the names of fields")
        .property(Property::fixed_collection_list("keys", [PropertyGroup::new("key", key)]))
        .property(Property::collection("additionalOptions", [replacements]))
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(RenameKeys { names: spec.typed()? }))
}

struct RenameKeys {
    names: Typed<Names>,
}

impl RenameKeys {
    async fn renamed(&self, context: &NodeContext, index: usize, item: &Item) -> Result<Item, NodeError> {
        let names = self.names.at(&context.scope(index)).await?;
        Ok(Item::new(names.apply(item.json())?).with_binary_of(item))
    }
}

#[async_trait]
impl Node for RenameKeys {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = match self.renamed(&context, index, item).await {
                Ok(made) => made,
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

/// What to rename.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
struct Names {
    single: Vec<(FieldPath, FieldPath)>,
    patterns: Vec<Replacement>,
}

#[derive(Debug)]
struct Replacement {
    pattern: Result<Pattern, String>,
    with: String,
    /// How many levels below the top are searched; `None` for all.
    depth: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    keys: Keys,
    additional_options: AdditionalOptions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Keys {
    key: Entries<Key>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Key {
    current_key: Spelled,
    new_key: Spelled,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AdditionalOptions {
    regex_replacement: RegexReplacement,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RegexReplacement {
    replacements: Entries<PatternParameter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PatternParameter {
    #[serde(deserialize_with = "spelled")]
    search_regex: String,
    #[serde(default = "undefined", deserialize_with = "spelled")]
    replace_regex: String,
    options: PatternOptions,
}

/// A text as JavaScript writes any value, null too.
fn spelled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Value::deserialize(deserializer).map(|value| js::to_string(&value).into_owned())
}

/// What JavaScript writes for a value that is not there.
fn undefined() -> String {
    "undefined".to_owned()
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PatternOptions {
    case_insensitive: Flag,
    depth: Option<f64>,
}

impl From<Parameters> for Names {
    fn from(parameters: Parameters) -> Self {
        let Parameters { keys, additional_options } = parameters;
        let counts = |key: &Key| !key.current_key.text.is_empty() && !key.new_key.text.is_empty() && key.current_key != key.new_key;
        let paths = |key: &Key| (FieldPath::new(&key.current_key.text), FieldPath::new(&key.new_key.text));
        Self {
            single: keys.key.0.iter().filter(|key| counts(key)).map(paths).collect(),
            patterns: additional_options.regex_replacement.replacements.0.into_iter().map(Replacement::from).collect(),
        }
    }
}

impl From<PatternParameter> for Replacement {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates, which is as good as the number here"
    )]
    fn from(parameter: PatternParameter) -> Self {
        let flags = if parameter.options.case_insensitive.0 { "i" } else { "" };
        Self {
            pattern: Pattern::new(&parameter.search_regex, flags),
            with: parameter.replace_regex,
            depth: parameter.options.depth.filter(|depth| *depth >= 0.0 && depth.fract() == 0.0).map(|depth| depth as u32),
        }
    }
}

impl Names {
    fn apply(&self, original: &Json) -> Result<Json, NodeError> {
        let mut json = original.clone();
        for (current, new) in &self.single {
            if let Some(value) = current.get(original) {
                new.set(&mut json, value.clone());
                current.remove(&mut json);
            }
        }
        for replacement in &self.patterns {
            let pattern = replacement.pattern.as_ref().map_err(NodeError::fatal)?;
            rename_matches(&mut json, (pattern, &replacement.with), replacement.depth);
        }
        Ok(json)
    }
}

/// Renames the fields that match, deeper ones first. A field that takes the name of one that is still to come replaces it and may be renamed again.
fn rename_matches(json: &mut Json, (pattern, with): (&Pattern, &str), depth: Option<u32>) {
    let names: Vec<String> = js::entries(json).into_iter().map(|(name, _)| name.clone()).collect();
    for name in names {
        let Some(value) = json.get_mut(&name) else { continue };
        if depth != Some(0) {
            rename_within(value, (pattern, with), depth.map(|depth| depth - 1));
        }
        let renamed = if pattern.is_match(&name) { pattern.replace(&name, with) } else { continue };
        if renamed != name
            && let Some(value) = json.shift_remove(&name)
        {
            json.insert(renamed, value);
        }
    }
}

fn rename_within(value: &mut Value, (pattern, with): (&Pattern, &str), depth: Option<u32>) {
    match value {
        Value::Object(fields) => rename_matches(fields, (pattern, with), depth),
        Value::Array(values) if depth != Some(0) => {
            for value in values {
                rename_within(value, (pattern, with), depth.map(|depth| depth - 1));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn check(parameters: &Value, data: &Value, expect: &Value) {
        let Value::Object(data) = data else { panic!("no object") };
        let got = match from_value::<Names>(parameters.clone()).unwrap().apply(data) {
            Ok(json) => Value::Object(json),
            Err(error) => json!(error.message()),
        };
        assert_eq!(got, *expect, "{parameters}");
    }

    #[test]
    fn single_fields_get_new_names() {
        let check = |pairs: &[(&str, &str)], data: &Value, expect: &Value| {
            let keys: Vec<Value> = pairs.iter().map(|(current, new)| json!({"currentKey": current, "newKey": new})).collect();
            check(&json!({"keys": {"key": keys}}), data, expect);
        };
        check(&[("a", "b")], &json!({"a": 1, "c": 2}), &json!({"c": 2, "b": 1}));
        check(&[("a", "b"), ("b", "c")], &json!({"a": 1, "b": 2}), &json!({"c": 2}));
        check(&[("o.x", "p.q")], &json!({"o": {"x": 1, "y": 2}}), &json!({"o": {"y": 2}, "p": {"q": 1}}));
        check(&[("none", "x"), ("", "y"), ("a", ""), ("a", "a")], &json!({"a": 1}), &json!({"a": 1}));
        let undefined = json!({"keys": {"key": [{"currentKey": "a"}]}});
        super::tests::check(&undefined, &json!({"a": 1}), &json!({"undefined": 1}));
    }

    #[test]
    fn matching_fields_get_new_names() {
        let check = |search: &str, with: &str, options: &Value, expect: &Value| {
            let data = json!({"aName": 1, "o": {"bname": 2, "deep": {"cName": 3}}, "l": [{"dName": 4}, "x"]});
            let replacement = json!([{"searchRegex": search, "replaceRegex": with, "options": options}]);
            check(&json!({"additionalOptions": {"regexReplacement": {"replacements": replacement}}}), &data, expect);
        };
        check("Name", "", &json!({}), &json!({"o": {"bname": 2, "deep": {"c": 3}}, "l": [{"d": 4}, "x"], "a": 1}));
        check(
            "^(.)name$",
            "$1_n",
            &json!({"caseInsensitive": true}),
            &json!({"o": {"deep": {"c_n": 3}, "b_n": 2}, "l": [{"d_n": 4}, "x"], "a_n": 1}),
        );
        check("Name", "", &json!({"depth": 0}), &json!({"o": {"bname": 2, "deep": {"cName": 3}}, "l": [{"dName": 4}, "x"], "a": 1}));
        check("Name", "", &json!({"depth": 1}), &json!({"o": {"bname": 2, "deep": {"cName": 3}}, "l": [{"dName": 4}, "x"], "a": 1}));
        check("Name", "", &json!({"depth": 2}), &json!({"o": {"bname": 2, "deep": {"c": 3}}, "l": [{"d": 4}, "x"], "a": 1}));
    }

    #[test]
    fn names_that_are_no_texts_are_spelled() {
        let check = |replacement: Value, data: Value, expect: Value| {
            let parameters = json!({"additionalOptions": {"regexReplacement": {"replacements": [replacement]}}});
            let node = crate::testing::TestNode::new("n8n-nodes-base.renameKeys", 1.0, parameters);
            assert_eq!(node.input(json!([data])).outputs(), json!([[expect]]), "{replacement}");
        };
        check(json!({"searchRegex": "a", "replaceRegex": "={{ $json.none }}"}), json!({"ab": 1}), json!({"undefinedb": 1}));
        check(json!({"searchRegex": "a", "replaceRegex": "={{ null }}"}), json!({"ab": 1}), json!({"nullb": 1}));
        check(json!({"searchRegex": "a", "replaceRegex": "={{ 5 }}"}), json!({"ab": 1}), json!({"5b": 1}));
        check(json!({"searchRegex": "a"}), json!({"ab": 1}), json!({"b": 1}));
        check(json!({"searchRegex": "={{ null }}", "replaceRegex": "x"}), json!({"ab": 1, "null": 2}), json!({"ab": 1, "x": 2}));
        check(json!({"searchRegex": "={{ $json.none }}", "replaceRegex": "x"}), json!({"ab": 1}), json!({"xab": 1}));
    }

    #[test]
    fn a_broken_pattern_is_an_error() {
        let names: Names =
            from_value(json!({"additionalOptions": {"regexReplacement": {"replacements": [{"searchRegex": "(", "replaceRegex": "x"}]}}})).unwrap();
        assert!(names.apply(&Json::new()).unwrap_err().message().contains("Invalid regular expression"));
    }
}
