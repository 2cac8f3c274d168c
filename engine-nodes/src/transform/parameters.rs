//! Types of parameters that take what expressions give, as JavaScript would.

use engine_core::expression::js;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// A text, from any value; null is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => js::to_string(&other).into_owned(),
        }))
    }
}

/// A text as JavaScript writes any value: `null` and `undefined` too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelled {
    pub(super) text: String,
    /// Whether JavaScript can look into the value as into a text.
    pub(super) is_text: bool,
}

impl Default for Spelled {
    fn default() -> Self {
        Self { text: "undefined".to_owned(), is_text: false }
    }
}

impl<'de> Deserialize<'de> for Spelled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self { text: js::to_string(&value).into_owned(), is_text: value.is_string() || value.is_array() })
    }
}

/// A text that n8n takes apart at its commas: values that are no text fail as they do there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SplitText(pub(super) String);

impl<'de> Deserialize<'de> for SplitText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Null => Err(Error::custom("Cannot read properties of null (reading 'split')")),
            other => Err(Error::custom(format!("split is not a function of {other}: this must be a text of fields separated by commas"))),
        }
    }
}

/// Yes or no, from any value: what JavaScript takes for true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(js::truthy(&Value::deserialize(deserializer)?)))
    }
}

/// Names of fields: a text in which commas separate them, or a list. Names in a text are trimmed, empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldList(pub(super) Vec<String>);

impl FieldList {
    pub(super) fn parse(text: &str) -> Self {
        Self(text.split(',').map(js::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }
}

impl<'de> Deserialize<'de> for FieldList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::default()),
            Value::String(text) => Ok(Self::parse(&text)),
            Value::Array(names) => Ok(Self(names.iter().map(|name| js::to_string(name).into_owned()).collect())),
            _ => Err(Error::custom("this must be a text of fields separated by commas, or a list of texts")),
        }
    }
}

/// The list of a fixed collection; anything else is an empty one.
#[derive(Clone, Debug)]
pub(super) struct Entries<T>(pub(super) Vec<T>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            list @ Value::Array(_) => Ok(Self(serde_json::from_value(list).map_err(Error::custom)?)),
            one @ Value::Object(_) => Ok(Self(vec![serde_json::from_value(one).map_err(Error::custom)?])),
            _ => Ok(Self::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn any_value_becomes_what_javascript_makes_of_it() {
        assert_eq!(from_value::<Text>(json!(1.5)).unwrap().0, "1.5");
        assert_eq!(from_value::<Text>(json!(null)).unwrap().0, "");
        assert!(from_value::<Flag>(json!("false")).unwrap().0);
        assert!(!from_value::<Flag>(json!("")).unwrap().0);
        let fields = |value: Value| from_value::<FieldList>(value).map(|list| list.0).ok();
        assert_eq!(fields(json!(" a, b.c ,,")), Some(vec!["a".to_owned(), "b.c".to_owned()]));
        assert_eq!(fields(json!(["a", 1])), Some(vec!["a".to_owned(), "1".to_owned()]));
        assert_eq!(fields(json!(null)), Some(vec![]));
        assert_eq!(fields(json!(1)), None);
    }
}
