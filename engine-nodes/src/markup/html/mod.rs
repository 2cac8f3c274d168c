//! HTML: makes HTML of items, and takes values out of HTML.

pub(super) mod extract;
mod layout;
mod schema;
mod table;
mod template;
mod text;

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Item, Json, Link, NodeVersion, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, OrFatal, Parameter, Typed, error_item};
use engine_core::problem::Problem;
use engine_core::schema::NodeSchema;
use serde_json::Value;

use super::html_source::{Source, documents};
use crate::conversion::FieldPath;
use crate::settings::Settings;
use extract::{Cleaning, Extraction, TextStyle};
use table::Table;

/// The node type.
#[derive(Debug)]
pub(super) struct Html {
    schema: NodeSchema,
}

impl Html {
    pub(super) fn new() -> Self {
        Self { schema: schema::schema() }
    }
}

impl NodeType for Html {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn prepare(&self, parameters: &mut Json) {
        if let Some(Value::String(html)) = parameters.get_mut("html") {
            let parts = template::split(html.strip_prefix('=').unwrap_or(html));
            parameters.insert("html".to_owned(), parts);
        }
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(match spec.text("operation").as_str() {
            "generateHtmlTemplate" => Arc::new(Template::new(&spec.parameter("html"))),
            "convertToHtmlTable" => Arc::new(TableNode { options: spec.typed_at("options")? }),
            "extractHtmlContent" => Arc::new(Extract { parameters: spec.typed()?, version: spec.version }),
            other => return Err(vec![spec.invalid("operation", format!("the operation \"{other}\" is not known"))]),
        })
    }
}

struct Template {
    parts: Vec<Parameter>,
}

impl Template {
    /// One that is an expression as a whole stands where an expression does.
    fn new(html: &Parameter) -> Self {
        let parts = html.elements();
        Self { parts: if parts.is_empty() { vec![Parameter::Constant(Value::String(String::new())), html.clone()] } else { parts } }
    }

    async fn html(&self, context: &NodeContext, index: usize) -> Result<String, NodeError> {
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            parts.push(part.resolve(&context.scope(index)).await?);
        }
        Ok(template::join(&parts))
    }
}

#[async_trait]
impl Node for Template {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for index in 0..context.items().len() {
            let made = match self.html(&context, index).await {
                Ok(html) => Item::new(Json::from_iter([("html".to_owned(), Value::String(html))])),
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

struct TableNode {
    options: Typed<Json>,
}

#[async_trait]
impl Node for TableNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let options = self.options.at(&context.scope(0)).await?;
        let mut table = Table::new(context.items(), Settings::new(&options));
        for (index, item) in context.items().iter().enumerate() {
            let options = self.options.at(&context.scope(index)).await.map_err(|error| error.on_item(index))?;
            table.row(item.json(), Settings::new(&options));
        }
        let json = Json::from_iter([("table".to_owned(), Value::String(table.finish()))]);
        let links = Paired::many((0..context.items().len()).map(Link::new));
        Ok(vec![Item::new(json).paired_with(links)].into())
    }
}

struct Extract {
    parameters: Typed<Json>,
    version: NodeVersion,
}

#[async_trait]
impl Node for Extract {
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

impl Extract {
    async fn one(&self, context: &NodeContext, index: usize, item: &Item) -> Result<Vec<Json>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        let options = settings.group("options");
        let style = if self.version >= NodeVersion::new(1, 2) { TextStyle::LaidOut } else { TextStyle::Joined };
        let cleaning = Cleaning { trim: options.flag("trimValues"), clean_up: options.flag("cleanUpText") };
        let values = settings.group("extractionValues").groups("values");
        let values = values.into_iter().map(|value| Extraction::new(value, style)).collect::<Result<Vec<_>, _>>().or_fatal()?;
        let key = settings.text("dataPropertyName");
        let source = match settings.text("sourceData").as_str() {
            "binary" => Source::File(&key),
            _ if self.version == NodeVersion::ONE => Source::Field(field_v1(item.json(), &key)),
            _ => Source::Field(FieldPath::new(&key)),
        };
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

/// Version 1 knows no paths, only names, which may stand in brackets and quotes.
fn field_v1(json: &Json, key: &str) -> FieldPath {
    let bare = [("['", "']"), ("[\"", "\"]")].iter().find_map(|(before, after)| key.strip_prefix(before)?.strip_suffix(after));
    FieldPath::literal(bare.filter(|_| !json.contains_key(key)).unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestNode;

    #[test]
    fn templates_show_what_is_missing() {
        for html in ["<p>{{ $json.a }} {{ $json.b }}</p>", "=<p>{{ $json.a }} {{ $json.b }}</p>"] {
            let node = TestNode::new("n8n-nodes-base.html", 1.2, json!({"html": html})).input(json!([{"a": 1}]));
            assert_eq!(node.outputs(), json!([[{"html": "<p>1 undefined</p>"}]]), "{html}");
        }
    }
}
