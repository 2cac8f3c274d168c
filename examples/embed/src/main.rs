//! Runs a workflow inside a program: this is all it takes.

use engine_core::runtime::TokioRuntime;
use engine_core::{Engine, Start, Workflow};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry()).build();
    let workflow = Workflow::from_json(include_str!("greet.json"))?;
    let plan = engine.compile(workflow)?;
    let result = engine.run(&plan, Start::with_items([json!({"name": "Ada"}), json!({"name": "Alan"})])).await?.success()?;
    for item in result.items("Greet").iter() {
        eprintln!("{}", item.json()["greeting"]);
    }
    assert_eq!(result.items("Greet")[1].json()["greeting"], "Hello Alan, you are number 2");
    Ok(())
}
