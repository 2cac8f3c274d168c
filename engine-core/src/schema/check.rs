//! Checking parameters against a schema: what is missing, mistyped or unknown.
//!
//! Lenient where n8n's own files are: a number may be written as text, a choice may be an expression. Expressions are not checked here.

use serde_json::Value;

use super::fill::Level;
use super::{Choice, NodeSchema, Property, PropertyKind};
use crate::model::{Json, NodeVersion};
use crate::problem::{Problem, ProblemCode, pointer_key};

impl NodeSchema {
    /// What is wrong with the parameters of a node, with paths below the parameters (`/url`).
    pub fn check(&self, parameters: &Json, version: NodeVersion) -> Vec<Problem> {
        let level = Level { properties: &self.properties, values: parameters, root: None, version };
        let mut problems = Vec::new();
        for property in &self.properties {
            let value = parameters.get(&property.name);
            if (value.is_some() || property.required) && level.is_shown(property) {
                check_property(property, value, &mut problems);
            }
        }
        let known = |key: &String| self.properties.iter().any(|property| property.name == *key);
        for key in parameters.keys().filter(|key| !known(key)) {
            let message = format!("{} does not know the parameter {key:?}", self.display_name);
            problems.push(Problem::new(ProblemCode::UnknownParameter, message).at(format!("/{}", pointer_key(key))));
        }
        problems
    }
}

fn check_property(property: &Property, value: Option<&Value>, problems: &mut Vec<Problem>) {
    let value = value.unwrap_or(&property.default);
    let path = || format!("/{}", pointer_key(&property.name));
    if property.required && is_empty(value) {
        let message = format!("{} is required", property.display_name);
        problems.push(Problem::new(ProblemCode::MissingParameter, message).at(path()).help(expectation(&property.kind)));
        return;
    }
    let is_expression = value.as_str().is_some_and(|text| text.starts_with('='));
    if is_expression || value.is_null() {
        return;
    }
    if let Some(message) = mismatch(&property.kind, value) {
        let message = format!("{} {message}", property.display_name);
        problems.push(Problem::new(ProblemCode::InvalidParameter, message).at(path()).help(expectation(&property.kind)));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) if fields.get("__rl") == Some(&Value::Bool(true)) => fields.get("value").is_none_or(is_empty),
        _ => false,
    }
}

/// Why a value does not fit, if it does not.
fn mismatch(kind: &PropertyKind, value: &Value) -> Option<String> {
    match kind {
        PropertyKind::String { pattern: Some(pattern) } => {
            let text = value.as_str()?;
            let matches = regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
            (!matches && !text.is_empty()).then(|| format!("{text:?} does not match the pattern {pattern}"))
        }
        PropertyKind::Number { minimum, maximum } => number_mismatch(value, *minimum, *maximum),
        PropertyKind::Boolean => (!value.is_boolean() && !matches!(value.as_str(), Some("true" | "false" | ""))).then(|| wrong_type(value)),
        PropertyKind::Options { options } => (!is_choice(options, value)).then(|| format!("{value} is none of the values")),
        PropertyKind::MultiOptions { options } => {
            let unknown = value.as_array()?.iter().find(|value| !is_expression(value) && !is_choice(options, value))?;
            Some(format!("{unknown} is none of the values"))
        }
        PropertyKind::Collection { .. } | PropertyKind::FixedCollection { .. } => {
            let fits = value.is_object() || value.as_array().is_some_and(Vec::is_empty) || value.as_str() == Some("");
            (!fits).then(|| wrong_type(value))
        }
        _ => None,
    }
}

fn is_expression(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('='))
}

fn is_choice(options: &[Choice], value: &Value) -> bool {
    let same = |choice: &Choice| choice.value == *value || choice.value.as_f64().is_some_and(|number| value.as_f64() == Some(number));
    options.is_empty() || options.iter().any(same)
}

fn number_mismatch(value: &Value, minimum: Option<f64>, maximum: Option<f64>) -> Option<String> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) => match text.trim().parse() {
            Ok(number) => number,
            Err(_) => return Some(format!("{text:?} is no number")),
        },
        other => return Some(wrong_type(other)),
    };
    match (minimum, maximum) {
        (Some(minimum), _) if number < minimum => Some(format!("{number} is below {minimum}")),
        (_, Some(maximum)) if number > maximum => Some(format!("{number} is above {maximum}")),
        _ => None,
    }
}

fn wrong_type(value: &Value) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("must not be {kind}")
}

/// What a property takes, as a way out.
fn expectation(kind: &PropertyKind) -> String {
    match kind {
        PropertyKind::String { pattern: Some(pattern) } => format!("give a text that matches {pattern}"),
        PropertyKind::String { .. } => "give a text".to_owned(),
        PropertyKind::Number { minimum, maximum } => {
            let bound = |word: &str, bound: &Option<f64>| bound.map_or_else(String::new, |bound| format!(", at {word} {bound}"));
            format!("give a number{}{}", bound("least", minimum), bound("most", maximum))
        }
        PropertyKind::Boolean => "give true or false".to_owned(),
        PropertyKind::Options { options } | PropertyKind::MultiOptions { options } => {
            let values: Vec<String> = options.iter().take(20).map(|choice| choice.value.to_string()).collect();
            format!("use one of {}", values.join(", "))
        }
        PropertyKind::Collection { .. } | PropertyKind::FixedCollection { .. } => "give an object".to_owned(),
        _ => "give a value, or an expression such as ={{ $json.field }}".to_owned(),
    }
}
