//! Markdown: converts Markdown to HTML and back.

mod from_html;
mod schema;
mod to_html;

use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{ItemNode, NodeContext, NodeError};
use serde_json::Value;

use crate::conversion::FieldPath;
use crate::settings::Settings;
pub(super) use schema::schema;

/// The node.
#[derive(Debug)]
pub(super) struct Markdown;

impl ItemNode for Markdown {
    type Parameters = Json;

    async fn run_item(&self, _context: &NodeContext, item: &Item, parameters: &Json) -> Result<Item, NodeError> {
        let settings = Settings::new(parameters);
        let options = settings.group("options");
        let made = match settings.text("mode").as_str() {
            "markdownToHtml" => match settings.get("markdown") {
                Some(markdown) if js::truthy(markdown) => to_html::to_html(&js::to_string(markdown), &to_html::Options::read(options)).into(),
                // What is nothing comes back as it is.
                other => other.cloned().unwrap_or(Value::Null),
            },
            "htmlToMarkdown" => match settings.get("html") {
                Some(html) => from_html::from_html(&js::to_string(html), &from_html::Options::read(options)).into(),
                None => return Err(NodeError::fatal("the HTML to convert is missing")),
            },
            mode => return Err(NodeError::fatal(format!("the mode \"{mode}\" is not known"))),
        };
        let mut json = item.json().clone();
        FieldPath::new(&settings.text("destinationKey")).set(&mut json, made);
        Ok(Item::new(json))
    }
}
