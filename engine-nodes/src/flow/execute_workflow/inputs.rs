//! The fields that are handed to the called workflow, since version 1.2: those of the item, with others set, some left out, and types converted.

use engine_core::expression::js;
use engine_core::model::{Batch, Item};
use engine_core::node::{NodeContext, NodeError, NodeSpec, Parameter};
use serde_json::Value;

use crate::conversion::{Conversion, Dates, FieldType};

/// What is handed over. Without a mapping, the items as they are.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    mapping: Option<Mapping>,
}

#[derive(Debug)]
struct Mapping {
    values: Parameter,
    removed: Vec<String>,
    /// Fields whose values are converted.
    typed: Vec<(String, FieldType)>,
    converts: bool,
    texts: bool,
}

impl Inputs {
    pub(super) fn compile(spec: &NodeSpec) -> Self {
        let mapper = spec.parameter("workflowInputs");
        let fields = mapper.get("schema").map(|schema| schema.elements()).unwrap_or_default();
        if !spec.version.at_least(1, 2) || fields.is_empty() {
            return Self::default();
        }
        let text = |field: &Parameter, key: &str| field.get(key).and_then(|part| part.constant()?.as_str().map(str::to_owned));
        let flag = |field: &Parameter, key: &str| field.get(key).is_some_and(|part| part.constant().is_some_and(js::truthy));
        let name = |field: &Parameter| text(field, "id").or_else(|| text(field, "displayName"));
        let removed = fields.iter().filter(|field| flag(field, "removed")).filter_map(name).collect();
        let typed = fields.iter().filter_map(|field| Some((name(field)?, FieldType::of(&text(field, "type")?)?))).collect();
        let values = mapper.get("value").unwrap_or(Parameter::Constant(Value::Null));
        let (converts, texts) = (flag(&mapper, "attemptToConvertTypes"), flag(&mapper, "convertFieldsToString"));
        Self { mapping: Some(Mapping { values, removed, typed, converts, texts }) }
    }

    /// The items to hand over.
    pub(super) async fn items(&self, context: &NodeContext) -> Result<Batch, NodeError> {
        let Some(mapping) = &self.mapping else { return Ok(context.items().clone()) };
        let dates = Dates::of(&context.scope(0));
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            items.push(mapping.item(item, (context, index, &dates)).await.map_err(|error| error.on_item(index))?);
        }
        Ok(items.into())
    }
}

impl Mapping {
    async fn item(&self, item: &Item, (context, index, dates): (&NodeContext, usize, &Dates)) -> Result<Item, NodeError> {
        let values = self.values.resolve(&context.scope(index)).await?;
        let mut item = item.clone().paired_with(index);
        let json = item.json_mut();
        for (key, value) in values.as_ref().and_then(Value::as_object).into_iter().flatten() {
            json.insert(key.clone(), self.convert(key, value, dates)?);
        }
        json.retain(|key, _| !self.removed.contains(key));
        Ok(item)
    }

    fn convert(&self, key: &str, value: &Value, dates: &Dates) -> Result<Value, NodeError> {
        let Some((_, kind)) = self.typed.iter().find(|(name, _)| name == key) else { return Ok(value.clone()) };
        let conversion = Conversion { strict: !self.converts, parse_strings: self.converts || self.texts, options: &[], dates };
        conversion.convert(key, value, *kind).map(std::borrow::Cow::into_owned).map_err(|error| NodeError::fatal(error.to_string()))
    }
}
