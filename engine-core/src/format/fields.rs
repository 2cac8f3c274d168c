//! Taking typed fields out of a JSON object, and noting every one that does not fit.

use serde_json::Value;

use crate::model::Json;
use crate::problem::{Problem, ProblemCode, pointer_key};

/// An object being read. What is not taken stays, and is kept by the model as `extra`.
pub(super) struct Fields<'a> {
    pub(super) rest: Json,
    pub(super) path: String,
    pub(super) node: Option<String>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Fields<'_> {
    /// A text; absent where there is none. An empty one stays, to be written back.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.rest.get(key)? {
            Value::String(text) if text.is_empty() => Some(String::new()),
            Value::String(_) => match self.rest.shift_remove(key) {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
            Value::Null => None,
            _ => self.wrong(key, "a text"),
        }
    }

    /// A text, or a number as text: ids of old exports are numbers.
    pub(super) fn text_or_number(&mut self, key: &str) -> Option<String> {
        match self.rest.get(key)? {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(key),
        }
    }

    /// A number; absent where there is none.
    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        match self.rest.get(key)? {
            Value::Number(number) => {
                let number = number.as_f64();
                self.rest.shift_remove(key);
                number
            }
            Value::Null => None,
            _ => self.wrong(key, "a number"),
        }
    }

    /// Whether a flag is set. One that is written as `false` stays, to be written back.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        match self.rest.get(key) {
            Some(Value::Bool(true)) => self.rest.shift_remove(key).is_some(),
            Some(Value::Bool(false) | Value::Null) | None => false,
            Some(_) => {
                self.wrong::<()>(key, "true or false");
                false
            }
        }
    }

    /// An object; empty where there is none. An empty one stays, to be written back.
    pub(super) fn object(&mut self, key: &str) -> Json {
        match self.rest.get(key) {
            Some(Value::Object(object)) if object.is_empty() => Json::new(),
            Some(Value::Object(_)) => match self.rest.shift_remove(key) {
                Some(Value::Object(object)) => object,
                _ => Json::new(),
            },
            Some(Value::Null) | None => Json::new(),
            // An empty list stands for an empty object in exports that went through PHP.
            Some(Value::Array(list)) if list.is_empty() => Json::new(),
            Some(_) => {
                self.wrong::<()>(key, "an object");
                Json::new()
            }
        }
    }

    /// Notes that a field has the wrong type.
    pub(super) fn wrong<T>(&mut self, key: &str, expected: &str) -> Option<T> {
        let found = self.rest.get(key).map_or("nothing", kind_of);
        self.problem(key, ProblemCode::WrongShape, format!("{key} must be {expected}, not {found}"));
        None
    }

    /// Notes a problem with a field.
    pub(super) fn problem(&mut self, key: &str, code: ProblemCode, message: String) {
        let mut problem = Problem::new(code, message).at(format!("{}/{}", self.path, pointer_key(key)));
        problem.node.clone_from(&self.node);
        self.problems.push(problem);
    }
}

/// What a JSON value is called in messages.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
