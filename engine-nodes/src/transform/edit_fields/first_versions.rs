//! Versions 1 and 2: fields in three lists, one for each type.

use async_trait::async_trait;
use engine_core::expression::{Scope, js};
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use serde_json::Value;

use super::schema;
use crate::conversion::{FieldPath, order_keys};
use crate::node_type::{Compiled, Definition, ready};

pub(in crate::transform) fn definition() -> Definition {
    Definition::new(schema::first(), compile)
}

fn compile(spec: &NodeSpec) -> Compiled {
    let list = |kind: Kind| {
        let entries = spec.parameter(&format!("values.{}", kind.name())).elements();
        entries.into_iter().map(move |entry| Field {
            kind,
            name: entry.get("name").unwrap_or(Parameter::Constant(Value::Null)),
            value: entry.get("value").unwrap_or(Parameter::Constant(Value::Null)),
        })
    };
    let fields = [Kind::Boolean, Kind::Number, Kind::String].into_iter().flat_map(list).collect();
    let (only, dots) = (spec.parameter("keepOnlySet"), spec.parameter("options.dotNotation"));
    ready(SetFields { fields, only, dots, converts: spec.version.at_least(2, 0) })
}

#[derive(Debug)]
struct SetFields {
    fields: Vec<Field>,
    only: Parameter,
    dots: Parameter,
    /// Version 2 makes numbers of the texts that hold one.
    converts: bool,
}

#[derive(Debug)]
struct Field {
    kind: Kind,
    name: Parameter,
    value: Parameter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Number,
    String,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
        }
    }

    /// The value as the list's type has it; `None` is `undefined`.
    fn convert(self, value: Option<Value>, converts: bool) -> Option<Value> {
        match (self, value) {
            (Self::Boolean, value) => Some(Value::Bool(value.as_ref().is_some_and(js::truthy))),
            (Self::Number, Some(Value::String(text))) if converts => {
                let number = js::to_number(&Value::from(text.as_str()));
                Some(if number.is_nan() { Value::String(text) } else { js::from_f64(number) })
            }
            (_, value) => value,
        }
    }
}

#[async_trait]
impl Node for SetFields {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            // An expression that fails fails the node as a whole, also where it goes on.
            let made = self.edit(item, &context.scope(index)).await.map_err(|error| error.on_item(index))?;
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

impl SetFields {
    async fn edit(&self, item: &Item, scope: &dyn Scope) -> Result<Item, NodeError> {
        let only = self.only.resolve(scope).await?.is_some_and(|only| js::truthy(&only));
        let dots = self.dots.resolve(scope).await?.is_none_or(|dots| dots != false);
        let mut made = if only { Item::new(Json::new()) } else { item.clone() };
        for field in &self.fields {
            let name = field.name.resolve(scope).await?;
            let path = FieldPath::with_dots(&name.as_ref().map_or("undefined".into(), js::to_string), dots);
            let value = field.kind.convert(field.value.resolve(scope).await?, self.converts);
            let undefined = value.is_none();
            path.set(made.json_mut(), value.unwrap_or(Value::Null));
            if undefined {
                // It leaves nothing behind but what lies around it.
                path.remove(made.json_mut());
            }
        }
        if !self.fields.is_empty() {
            order_keys(made.json_mut());
        }
        Ok(made)
    }
}
