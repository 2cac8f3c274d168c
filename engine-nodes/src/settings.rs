//! The parameters of one item as n8n's nodes read them: by name, with JavaScript's conversions, so that an old export with a number in quotes still works.
//!
//! Called by the nodes of several groups, on parameters that the engine has already resolved and completed with defaults.

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

/// A view of a JSON object of parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a>(Option<&'a Json>);

impl<'a> Settings<'a> {
    /// The parameters in an object.
    pub(crate) fn new(parameters: &'a Json) -> Self {
        Self(Some(parameters))
    }

    /// The value of a parameter; `None` where it is absent or null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    /// The value of a parameter as it is, null too; `None` where it is absent.
    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name)
    }

    /// Whether a parameter is there and null.
    #[cfg(all(feature = "http", feature = "js"))]
    pub(crate) fn is_null(self, name: &str) -> bool {
        self.0.and_then(|parameters| parameters.get(name)).is_some_and(Value::is_null)
    }

    /// The object under a name; empty where there is none.
    pub(crate) fn group(self, name: &str) -> Self {
        Self(self.get(name).and_then(Value::as_object))
    }

    /// The objects of a list under a name; a single object counts as a list of one.
    pub(crate) fn groups(self, name: &str) -> Vec<Self> {
        match self.get(name) {
            Some(Value::Array(values)) => values.iter().map(|value| Self(value.as_object())).collect(),
            Some(Value::Object(group)) => vec![Self::new(group)],
            _ => Vec::new(),
        }
    }

    /// A parameter as text; `None` where it is absent.
    pub(crate) fn given(self, name: &str) -> Option<String> {
        self.get(name).map(|value| js::to_string(value).into_owned())
    }

    /// A text as JavaScript writes any value: `undefined` where there is none.
    pub(crate) fn spelled(self, name: &str) -> String {
        self.value(name).map_or_else(|| "undefined".to_owned(), |value| js::to_string(value).into_owned())
    }

    /// A parameter as text; empty where it is absent.
    pub(crate) fn text(self, name: &str) -> String {
        self.given(name).unwrap_or_default()
    }

    /// A parameter as text where that is not empty.
    pub(crate) fn filled(self, name: &str) -> Option<String> {
        self.given(name).filter(|text| !text.is_empty())
    }

    /// Whether a parameter is true as JavaScript sees it; false where it is absent.
    pub(crate) fn flag(self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    /// Whether a parameter is true as JavaScript sees it.
    pub(crate) fn flag_or(self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, js::truthy)
    }

    /// A parameter as a number; `None` where it is absent or none.
    pub(crate) fn number(self, name: &str) -> Option<f64> {
        self.get(name).map(js::to_number).filter(|number| !number.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_leniently() {
        let value = json!({"n": "12", "t": 7, "on": "yes", "off": 0, "null": null, "group": {"a": true}});
        let settings = Settings::new(value.as_object().unwrap());
        assert_eq!(settings.number("n"), Some(12.0));
        assert_eq!(settings.text("t"), "7");
        assert!(settings.flag("on") && !settings.flag("off") && settings.flag_or("null", true));
        assert!(settings.group("group").flag("a") && !settings.group("absent").flag("a"));
        assert_eq!(settings.groups("group").len(), 1);
    }
}
