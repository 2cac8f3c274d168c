//! An object written as JSON, into whose text the values of expressions are put as JSON.

use engine_core::expression::{Scope, Template, js};
use engine_core::model::Json;
use engine_core::node::{NodeError, Parameter};
use serde_json::Value;
use std::sync::Arc;

use crate::conversion::parse_leniently;

/// An object written as JSON.
#[derive(Debug)]
pub(super) enum JsonText {
    /// The same for all items.
    Ready(Json),
    /// Text with expressions in it.
    Text(Arc<Template>),
    /// A constant that is no object, or one expression whose value is the object or its text.
    Value(Parameter),
}

impl JsonText {
    pub(super) fn compile(parameter: &Parameter) -> Self {
        match parameter {
            Parameter::Expression(template) if !template.is_typed() => Self::Text(Arc::clone(template)),
            Parameter::Constant(value) => match object_of(Some(value), 0) {
                Ok(object) => Self::Ready(object),
                Err(_) => Self::Value(parameter.clone()),
            },
            _ => Self::Value(parameter.clone()),
        }
    }

    /// The object for an item, or null where an expression gives nothing.
    pub(super) async fn object_or_null(&self, scope: &dyn Scope) -> Result<Value, NodeError> {
        if let Self::Value(parameter) = self
            && parameter.resolve(scope).await?.is_none_or(|value| value.is_null())
        {
            return Ok(Value::Null);
        }
        Ok(Value::Object(self.object(scope).await?))
    }

    /// The object for an item.
    pub(super) async fn object(&self, scope: &dyn Scope) -> Result<Json, NodeError> {
        match self {
            Self::Ready(object) => Ok(object.clone()),
            Self::Text(template) => {
                // Several `=` may stand before the text; the first is gone already.
                let text = template.evaluate_json_text(scope).await?.trim_start_matches('=').to_owned();
                object_of(Some(&Value::String(text)), scope.item_index())
            }
            Self::Value(parameter) => match parameter.resolve(scope).await? {
                Some(Value::Object(object)) => Ok(object),
                value => object_of(value.as_ref(), scope.item_index()),
            },
        }
    }
}

/// The object that a value is, or that its text holds; the usual slips in JSON are mended.
fn object_of(value: Option<&Value>, item: usize) -> Result<Json, NodeError> {
    let parsed = match value {
        Some(Value::String(text)) => parse(text, item)?,
        Some(value) => value.clone(),
        None => Value::Null,
    };
    match parsed {
        Value::Object(object) => Ok(object),
        _ => Err(NodeError::fatal(format!("The 'JSON Output' in item {item} does not contain a valid JSON object"))),
    }
}

fn parse(text: &str, item: usize) -> Result<Value, NodeError> {
    let text = js::trim(text);
    parse_leniently(text).map_err(|error| {
        NodeError::fatal(format!("The 'JSON Output' in item {item} contains invalid JSON")).with_description(format!("{error} in {text}"))
    })
}
