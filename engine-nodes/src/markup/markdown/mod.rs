//! Markdown: converts Markdown to HTML and back.

mod from_html;
mod schema;
mod to_html;

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed, error_item};
use serde_json::Value;

use crate::conversion::FieldPath;
use crate::node_type::Compiled;
use crate::settings::Settings;
pub(super) use schema::schema;

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(Markdown { parameters: spec.typed()? }))
}

struct Markdown {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for Markdown {
    /// Items do not say which they were made of; where there is one output, the engine links them by their index.
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            items.push(match self.one(&context, index, item).await {
                Ok(made) => made,
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            });
        }
        Ok(items.into())
    }
}

impl Markdown {
    async fn one(&self, context: &NodeContext, index: usize, item: &Item) -> Result<Item, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        let made = converted(settings)?;
        let mut json = item.json().clone();
        let field = FieldPath::new(&settings.text("destinationKey"));
        let nothing = made.is_none();
        field.set(&mut json, made.unwrap_or_default());
        if nothing {
            field.remove(&mut json);
        }
        Ok(Item::new(json))
    }
}

/// What the text becomes; `None` where there is none.
fn converted(settings: Settings<'_>) -> Result<Option<Value>, NodeError> {
    let options = settings.group("options");
    match settings.text("mode").as_str() {
        "markdownToHtml" => match settings.value("markdown") {
            Some(Value::String(markdown)) if !markdown.is_empty() => Ok(Some(to_html::to_html(markdown, &to_html::Options::read(options)).into())),
            Some(other) if js::truthy(other) => Err(NodeError::fatal("the Markdown to convert is no text")),
            // What is nothing comes back as it is.
            other => Ok(other.cloned()),
        },
        "htmlToMarkdown" => match settings.get("html") {
            Some(html) => Ok(Some(from_html::from_html(&js::to_string(html), &from_html::Options::read(options)).into())),
            None => Err(NodeError::fatal("the HTML to convert is missing")),
        },
        mode => Err(NodeError::fatal(format!("the mode \"{mode}\" is not known"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestNode;

    fn node(markdown: &str) -> TestNode {
        let parameters = json!({"mode": "markdownToHtml", "markdown": markdown, "destinationKey": "a.b"});
        TestNode::new("n8n-nodes-base.markdown", 1.0, parameters).input(json!([{"m": "*x*"}, {"m": 1, "a": {"b": 1}}, {"a": {"b": 1}}]))
    }

    #[test]
    fn only_texts_are_converted() {
        let run = node("={{ $json.m }}").with("onError", "continueRegularOutput").run();
        assert_eq!(
            run.outputs(),
            json!([[{"m": "*x*", "a": {"b": "<p><em>x</em></p>"}}, {"error": "the Markdown to convert is no text"}, {"a": {}}]])
        );
        assert_eq!(run.paired(0), json!([{"item": 0}, {"item": 1}, {"item": 2}]));
    }

    #[test]
    fn items_beside_an_error_output_have_no_links() {
        let run = node("x").with("onError", "continueErrorOutput").run();
        assert_eq!(run.paired(0), json!([null, null, null]));
    }
}
