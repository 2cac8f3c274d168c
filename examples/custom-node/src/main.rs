//! A node of your own: typed parameters, a schema derived from them, and one function.

use engine_core::model::{Item, NodeDefinition};
use engine_core::node::{ItemNode, ItemNodeType, NodeContext, NodeError};
use engine_core::runtime::TokioRuntime;
use engine_core::schema::NodeSchema;
use engine_core::{Engine, Start, Workflow};
use serde_json::json;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Shout {
    /// What to shout.
    text: String,
    /// How many exclamation marks.
    #[serde(default)]
    marks: Option<usize>,
}

struct ShoutNode;

impl ItemNode for ShoutNode {
    type Parameters = Shout;

    async fn run_item(&self, _: &NodeContext, item: &Item, parameters: &Shout) -> Result<Item, NodeError> {
        let marks = "!".repeat(parameters.marks.unwrap_or(1));
        let mut item = item.clone();
        item.json_mut().insert("shout".to_owned(), json!(parameters.text.to_uppercase() + &marks));
        Ok(item)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shout = ItemNodeType::new(NodeSchema::new("shout", "Shout").parameters::<Shout>(), ShoutNode);
    let nodes = engine_nodes::registry().with(shout);
    let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(nodes).build();
    let workflow = Workflow::builder("shout")
        .node("Start", "manual_trigger")
        .define(NodeDefinition::new("Shout", "shout").parameter("text", "={{ $json.name }}").parameter("marks", 3))
        .connect("Start", "Shout")
        .build();
    let plan = engine.compile(workflow)?;
    let result = engine.run(&plan, Start::with_items([json!({"name": "ada"})])).await?.success()?;
    eprintln!("{}", result.items("Shout")[0].json()["shout"]);
    assert_eq!(result.items("Shout")[0].json()["shout"], "ADA!!!");
    Ok(())
}
