//! HTML Extract: takes values out of HTML. The forerunner of HTML.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};

use super::html::extract::{Cleaning, Extraction, TextStyle};
use super::html_source::{Source, documents};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;
use crate::settings::Settings;

pub(super) fn schema() -> NodeSchema {
    let values = [
        Property::string("key").description("Field for the value"),
        Property::string("cssSelector").description("Selects the elements"),
        Property::options("returnValue", ["attribute", "html", "text", "value"]).default("text").description("What is taken of them"),
        Property::string("attribute").show("returnValue", ["attribute"]).description("Name of the attribute"),
        Property::boolean("returnArray", false).description("One value for each element, as a list"),
    ];
    NodeSchema::new("html_extract", "HTML Extract")
        .alias("n8n-nodes-base.htmlExtract")
        .description("Takes values out of HTML")
        .group(NodeGroup::Transform)
        .property(Property::options("sourceData", ["binary", "json"]).default("json").description("Where the HTML is"))
        .property(Property::string("dataPropertyName").default("data").required().description("Field or key of the HTML"))
        .property(Property::fixed_collection_list("extractionValues", [PropertyGroup::new("values", values)]))
        .property(Property::collection("options", [Property::boolean("trimValues", true).description("Trim the values")]))
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(HtmlExtract { parameters: spec.typed()? }))
}

struct HtmlExtract {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for HtmlExtract {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::new();
        for (index, item) in context.items().iter().enumerate() {
            match self.one(&context, index, item).await {
                Ok(made) => items.extend(made.into_iter().map(|json| Item::new(json).paired_with(index))),
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(index)),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

impl HtmlExtract {
    async fn one(&self, context: &NodeContext, index: usize, item: &Item) -> Result<Vec<Json>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        let cleaning = Cleaning { trim: settings.group("options").flag_or("trimValues", true), clean_up: false };
        let values = settings.group("extractionValues").groups("values");
        let values = values.into_iter().map(|value| Extraction::new(value, TextStyle::JoinedOrEmpty)).collect::<Result<Vec<_>, _>>().or_fatal()?;
        let key = settings.text("dataPropertyName");
        let source = if settings.text("sourceData") == "binary" { Source::File(&key) } else { Source::Field(FieldPath::new(&key)) };
        documents(context, (index, item), source, move |document| {
            let mut json = Json::new();
            for value in &values {
                value.extract(document, cleaning, &mut json);
            }
            json
        })
        .await
    }
}
