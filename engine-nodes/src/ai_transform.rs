//! AI Transform: runs the code that n8n's editor had generated, as a Code node does. The instructions are kept, not followed.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{NodeKind, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeRegistry, NodeSpec, NodeType, RegistryError, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};

use crate::js::asks_for_static_data;

/// Adds the node, when the registry has Code.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    match registry.get(&NodeKind::new("code"), NodeVersion::ONE).cloned() {
        Some(code) => registry.register(AiTransformType { schema: schema(), code }),
        None => Ok(()),
    }
}

fn schema() -> NodeSchema {
    NodeSchema::new("ai_transform", "AI Transform")
        .alias("n8n-nodes-base.aiTransform")
        .group(NodeGroup::Transform)
        .description("Runs code that was generated from instructions")
        .property(Property::string("instructions").description("What the code was generated from"))
        .property(Property::string("codeGeneratedForPrompt"))
        .property(Property::string("jsCode").display_name("Transformation Code"))
}

struct AiTransformType {
    schema: NodeSchema,
    /// Whose nodes run the code.
    code: Arc<dyn NodeType>,
}

impl NodeType for AiTransformType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, spec: &NodeSpec) -> bool {
        asks_for_static_data(spec)
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        if !spec.text("jsCode").is_empty() {
            return self.code.compile(spec);
        }
        let missing =
            if spec.text("instructions").is_empty() { "Missing instructions to generate code" } else { "Missing code for data transformation" };
        Ok(Arc::new(Missing(missing)))
    }

    fn effect(&self, spec: &NodeSpec) -> Effect {
        self.code.effect(spec)
    }
}

/// A node whose code was never generated: it fails when it is run, as in n8n.
struct Missing(&'static str);

#[async_trait]
impl Node for Missing {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let error = NodeError::fatal(self.0);
        if context.continues_on_error() { Ok(vec![error_item(&error)].into()) } else { Err(error) }
    }
}

#[cfg(test)]
#[cfg(feature = "flow")]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestNode;

    #[test]
    fn the_generated_code_is_run() {
        let node = |parameters: Value| TestNode::new("n8n-nodes-base.aiTransform", 1.0, parameters).input(json!([{"n": 1}, {"n": 2}]));
        let code = "return $input.all().map(item => ({ json: { twice: item.json.n * 2 } }))";
        let run = node(json!({"instructions": "double it", "jsCode": code})).run_on_threads();
        assert_eq!((run.error(), run.outputs()), (None, json!([[{"twice": 2}, {"twice": 4}]])));
    }

    #[test]
    fn without_code_it_fails() {
        let check = |parameters: Value, expect: &str| {
            let node = TestNode::new("n8n-nodes-base.aiTransform", 1.0, parameters.clone()).input(json!([{}]));
            assert_eq!(node.error(), expect, "{parameters}");
        };
        check(json!({"instructions": "double it"}), "Missing code for data transformation");
        check(json!({}), "Missing instructions to generate code");
    }
}
