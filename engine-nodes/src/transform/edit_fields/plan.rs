//! What is done to each item, read from the parameters once.

use engine_core::expression::{Scope, js};
use engine_core::model::{Item, Json, NodeVersion};
use engine_core::node::{NodeError, Parameter};
use serde_json::Value;

use super::field::Field;
use super::include::Include;
use super::json_text::JsonText;
use crate::conversion::{Dates, order_keys};

/// What depends on the node's version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) version: NodeVersion,
}

/// What is done to each item.
#[derive(Debug)]
pub(super) struct Plan {
    source: Source,
    include: Include,
    keeps_files: bool,
    dots: bool,
}

/// Where the new fields come from.
#[derive(Debug)]
enum Source {
    Fields(Vec<Field>),
    Json(JsonText),
}

/// The options, which are the same for all fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) dots: bool,
    pub(super) ignore_errors: bool,
    pub(super) rules: Rules,
}

impl Plan {
    /// Reads the parameters; `None` when something else than a name or a value is an expression.
    pub(super) fn compile(parameters: &Parameter, rules: Rules) -> Option<Self> {
        let flag = |path: &str, default: bool| match parameters.get(path) {
            None => Some(default),
            Some(part) => part.constant().map(|value| if value.is_null() { default } else { js::truthy(value) }),
        };
        let options = Options { dots: flag("options.dotNotation", true)?, ignore_errors: flag("options.ignoreConversionErrors", false)?, rules };
        let include = Include::compile(parameters, options)?;
        let raw = parameters.get("mode")?.constant()? == "raw";
        let source = if raw { Source::Json(JsonText::compile(&parameters.get("jsonOutput")?)) } else { Source::Fields(fields(parameters, options)?) };
        let keeps_files = if rules.version.at_least(3, 4) {
            !flag("options.stripBinary", false)? && !include.is_none()
        } else {
            flag("options.includeBinary", false)?
        };
        Some(Self { source, include, keeps_files, dots: options.dots })
    }

    /// The item with its fields set.
    pub(super) async fn edit(&self, item: &Item, scope: &dyn Scope, dates: &Dates) -> Result<Item, NodeError> {
        let mut json = match &self.source {
            Source::Fields(fields) => self.set_fields(item, (fields, scope, dates)).await?,
            Source::Json(text) => self.merge(item, text.object(scope).await?),
        };
        order_keys(&mut json);
        let made = Item::new(json);
        Ok(if self.keeps_files { made.with_binary_of(item) } else { made })
    }

    async fn set_fields(&self, item: &Item, (fields, scope, dates): (&[Field], &dyn Scope, &Dates)) -> Result<Json, NodeError> {
        let mut json = self.include.take(item.json(), fields.len());
        for field in fields {
            field.set(&mut json, scope, dates).await?;
        }
        Ok(json)
    }

    fn merge(&self, item: &Item, fields: Json) -> Json {
        if self.include.is_none() && !self.dots {
            return fields;
        }
        let mut json = self.include.take(item.json(), fields.len());
        for (name, value) in fields {
            crate::conversion::FieldPath::with_dots(&name, self.dots).set(&mut json, value);
        }
        json
    }
}

/// Before version 3.3 each field has a value for each type; since then it has one value.
fn fields(parameters: &Parameter, options: Options) -> Option<Vec<Field>> {
    if options.rules.version.at_least(3, 3) {
        let list = parameters.get("assignments.assignments").unwrap_or(Parameter::Constant(Value::Null));
        return match list {
            Parameter::Expression(_) => None,
            list => list.elements().iter().map(|entry| Field::of_assignment(entry, options)).collect(),
        };
    }
    match parameters.get("fields.values").unwrap_or(Parameter::Constant(Value::Null)) {
        Parameter::Expression(_) => None,
        list => list.elements().iter().map(|entry| Field::of_typed_entry(entry, options)).collect(),
    }
}
