//! When a parameter counts: n8n's `displayOptions`.

use serde::Serialize;
use serde_json::{Value, json};

/// All `show` entries must match and no `hide` entry may.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShowRule {
    /// Path and the conditions of which one must hold.
    pub show: Vec<(String, Vec<Condition>)>,
    /// Path and the conditions of which none may hold.
    pub hide: Vec<(String, Vec<Condition>)>,
}

/// A condition on the value of another parameter, or on the version of the node.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// The value is this.
    Equals(Value),
    /// The number is at least this.
    AtLeast(f64),
    /// The number is below this.
    Below(f64),
    /// The value is not empty.
    Exists,
}

impl ShowRule {
    /// True when nothing restricts it.
    pub fn is_always(&self) -> bool {
        self.show.is_empty() && self.hide.is_empty()
    }

    /// Evaluates the rule; `value_at` gives the value of a path, `None` where it cannot be known before the run (an expression):
    /// then `show` counts as met and `hide` as not met, as n8n has it.
    pub fn holds<'a>(&self, mut value_at: impl FnMut(&str) -> Option<std::borrow::Cow<'a, Value>>) -> bool {
        let mut any = |path: &str, conditions: &[Condition]| value_at(path).map(|value| conditions.iter().any(|c| c.holds(&value)));
        self.show.iter().all(|(path, conditions)| any(path, conditions).unwrap_or(true))
            && !self.hide.iter().any(|(path, conditions)| any(path, conditions).unwrap_or(false))
    }
}

impl Condition {
    /// Whether the value meets it. A list meets it when one of its elements does.
    pub fn holds(&self, value: &Value) -> bool {
        if let (Value::Array(values), Self::Equals(wanted)) = (value, self)
            && !wanted.is_array()
        {
            return values.iter().any(|value| self.holds(value));
        }
        match self {
            Self::Equals(wanted) => match (wanted.as_f64(), value.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-9,
                _ => wanted == value,
            },
            Self::AtLeast(least) => value.as_f64().is_some_and(|number| number >= *least - 1e-9),
            Self::Below(bound) => value.as_f64().is_some_and(|number| number < *bound - 1e-9),
            Self::Exists => !matches!(value, Value::Null) && value.as_str() != Some(""),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Equals(value) => value.clone(),
            Self::AtLeast(least) => json!({"_cnd": {"gte": least}}),
            Self::Below(bound) => json!({"_cnd": {"lt": bound}}),
            Self::Exists => json!({"_cnd": {"exists": true}}),
        }
    }
}

/// Written as n8n writes it: `{"displayOptions": {"show": {path: [values]}, "hide": {...}}}`, or nothing.
impl Serialize for ShowRule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let side = |rules: &[(String, Vec<Condition>)]| -> Value {
            rules.iter().map(|(path, conditions)| (path.clone(), conditions.iter().map(Condition::to_json).collect::<Value>())).collect()
        };
        let mut options = serde_json::Map::new();
        if !self.show.is_empty() {
            options.insert("show".to_owned(), side(&self.show));
        }
        if !self.hide.is_empty() {
            options.insert("hide".to_owned(), side(&self.hide));
        }
        if options.is_empty() { json!({}).serialize(serializer) } else { json!({"displayOptions": options}).serialize(serializer) }
    }
}
