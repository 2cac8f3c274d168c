//! One parameter of a node type.

use serde::Serialize;
use serde_json::Value;

use super::{Condition, ShowRule};

/// A parameter: its name, its type, its default, and when it counts.
///
/// Two properties may share a name; the one that is shown under the current values counts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// The key in the node's parameters.
    pub name: String,
    /// What an editor shows.
    pub display_name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its type with the bounds that belong to it.
    #[serde(flatten)]
    pub kind: PropertyKind,
    /// The value when none is given.
    pub default: Value,
    /// Whether an empty value is an error.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// When it counts.
    #[serde(flatten)]
    pub show: ShowRule,
}

/// The type of a parameter.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
#[non_exhaustive]
pub enum PropertyKind {
    /// Text.
    String {
        /// A regular expression that it must match.
        #[serde(skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
    },
    /// A number.
    Number {
        /// The least value.
        #[serde(skip_serializing_if = "Option::is_none")]
        minimum: Option<f64>,
        /// The greatest value.
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum: Option<f64>,
    },
    /// True or false.
    Boolean,
    /// One of some values.
    Options {
        /// The values.
        options: Vec<Choice>,
    },
    /// Any of some values, as a list.
    MultiOptions {
        /// The values.
        options: Vec<Choice>,
    },
    /// An object with any of these keys.
    Collection {
        /// The keys.
        properties: Vec<Property>,
    },
    /// An object of named groups, each an object or a list of objects.
    FixedCollection {
        /// The groups.
        groups: Vec<PropertyGroup>,
        /// Whether a group holds a list.
        multiple: bool,
    },
    /// Any JSON, as a value or as text.
    Json,
    /// A date and time as text.
    DateTime,
    /// Conditions: n8n's `filter`.
    Filter,
    /// Typed fields to set: n8n's `assignmentCollection`.
    Assignments,
    /// A reference to a thing elsewhere: a text, or n8n's `{__rl, mode, value}`.
    ResourceLocator,
    /// A mapping of fields: n8n's `resourceMapper`.
    ResourceMapper,
    /// A value of any type, not checked.
    Any,
}

/// One value of [`PropertyKind::Options`].
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// The value.
    pub value: Value,
    /// What an editor shows.
    pub name: String,
}

/// A named group of a [`PropertyKind::FixedCollection`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyGroup {
    /// Its key.
    pub name: String,
    /// What each entry holds.
    pub properties: Vec<Property>,
}

impl PropertyGroup {
    /// A group with this key.
    pub fn new(name: impl Into<String>, properties: impl IntoIterator<Item = Property>) -> Self {
        Self { name: name.into(), properties: properties.into_iter().collect() }
    }
}

impl Property {
    /// A property of this type; its name doubles as what an editor shows.
    pub fn new(name: impl Into<String>, kind: PropertyKind, default: impl Into<Value>) -> Self {
        let name = name.into();
        let show = ShowRule::default();
        Self { display_name: title(&name), name, description: String::new(), kind, default: default.into(), required: false, show }
    }

    /// Text, empty by default.
    pub fn string(name: impl Into<String>) -> Self {
        Self::new(name, PropertyKind::String { pattern: None }, "")
    }

    /// A number.
    pub fn number(name: impl Into<String>, default: impl Into<Value>) -> Self {
        Self::new(name, PropertyKind::Number { minimum: None, maximum: None }, default)
    }

    /// True or false.
    pub fn boolean(name: impl Into<String>, default: bool) -> Self {
        Self::new(name, PropertyKind::Boolean, default)
    }

    /// One of these values; the first is the default.
    pub fn options<V: Into<Value>>(name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        let options = choices(values);
        let default = options.first().map_or(Value::Null, |choice| choice.value.clone());
        Self::new(name, PropertyKind::Options { options }, default)
    }

    /// Any of these values, none by default.
    pub fn multi_options<V: Into<Value>>(name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self::new(name, PropertyKind::MultiOptions { options: choices(values) }, Value::Array(Vec::new()))
    }

    /// An object with any of these keys, empty by default.
    pub fn collection(name: impl Into<String>, properties: impl IntoIterator<Item = Self>) -> Self {
        let properties = properties.into_iter().collect();
        Self::new(name, PropertyKind::Collection { properties }, Value::Object(serde_json::Map::new()))
    }

    /// An object of named groups, each holding one object.
    pub fn fixed_collection(name: impl Into<String>, groups: impl IntoIterator<Item = PropertyGroup>) -> Self {
        let kind = PropertyKind::FixedCollection { groups: groups.into_iter().collect(), multiple: false };
        Self::new(name, kind, Value::Object(serde_json::Map::new()))
    }

    /// An object of named groups, each holding a list of objects.
    pub fn fixed_collection_list(name: impl Into<String>, groups: impl IntoIterator<Item = PropertyGroup>) -> Self {
        let kind = PropertyKind::FixedCollection { groups: groups.into_iter().collect(), multiple: true };
        Self::new(name, kind, Value::Object(serde_json::Map::new()))
    }

    /// Any JSON.
    pub fn json(name: impl Into<String>, default: impl Into<Value>) -> Self {
        Self::new(name, PropertyKind::Json, default)
    }

    /// Sets what an editor shows.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Says what it is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the default.
    #[must_use]
    pub fn default(mut self, default: impl Into<Value>) -> Self {
        self.default = default.into();
        self
    }

    /// An empty value is an error.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Bounds of a number; no effect on other types.
    #[must_use]
    pub fn between(mut self, least: Option<f64>, most: Option<f64>) -> Self {
        if let PropertyKind::Number { minimum, maximum } = &mut self.kind {
            (*minimum, *maximum) = (least, most);
        }
        self
    }

    /// The regular expression that a text must match; no effect on other types.
    #[must_use]
    pub fn pattern(mut self, expression: impl Into<String>) -> Self {
        if let PropertyKind::String { pattern } = &mut self.kind {
            *pattern = Some(expression.into());
        }
        self
    }

    /// Counts only while the parameter at `path` has one of these values. `path` is a sibling's name, `/name` for one of the root, or `@version`.
    #[must_use]
    pub fn show<V: Into<Value>>(mut self, path: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.show.show.push((path.into(), values.into_iter().map(|value| Condition::Equals(value.into())).collect()));
        self
    }

    /// Does not count while the parameter at `path` has one of these values.
    #[must_use]
    pub fn hide<V: Into<Value>>(mut self, path: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.show.hide.push((path.into(), values.into_iter().map(|value| Condition::Equals(value.into())).collect()));
        self
    }

    /// Counts only while the condition holds for the parameter at `path`.
    #[must_use]
    pub fn show_when(mut self, path: impl Into<String>, condition: Condition) -> Self {
        self.show.show.push((path.into(), vec![condition]));
        self
    }

    /// Counts from this version of the node on.
    #[must_use]
    pub fn since(self, version: f64) -> Self {
        self.show_when("@version", Condition::AtLeast(version))
    }

    /// Counts before this version of the node.
    #[must_use]
    pub fn until(self, version: f64) -> Self {
        self.show_when("@version", Condition::Below(version))
    }
}

fn choices<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Vec<Choice> {
    let choice = |value: Value| Choice { name: value.as_str().map_or_else(|| value.to_string(), title), value };
    values.into_iter().map(Into::into).map(choice).collect()
}

/// `fieldToSplitOut` becomes `Field To Split Out`.
fn title(name: &str) -> String {
    let mut title = String::with_capacity(name.len() + 4);
    for (index, c) in name.chars().enumerate() {
        if index == 0 {
            title.extend(c.to_uppercase());
        } else if c == '_' || c == '-' {
            title.push(' ');
        } else {
            if c.is_uppercase() {
                title.push(' ');
            }
            title.push(c);
        }
    }
    title
}
