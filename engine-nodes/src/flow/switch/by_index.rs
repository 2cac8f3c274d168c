//! Items go to the output whose index a parameter gives.

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use serde_json::Value;

use super::{FOUR, MOST_OUTPUTS, Routes, index_of};

#[derive(Debug)]
pub(super) struct ByIndex {
    /// None where there are always as many.
    count: Option<Parameter>,
    output: Parameter,
    /// The first versions take the index as it is, where later ones read a number in it.
    literal: bool,
}

impl ByIndex {
    /// `count` is the name of the parameter that says how many outputs there are, if there is one.
    pub(super) fn compile(spec: &NodeSpec, count: Option<&str>) -> Self {
        Self { count: count.map(|count| spec.parameter(count)), output: spec.parameter("output"), literal: !spec.version.at_least(3, 0) }
    }

    /// Whether a value is the index of any output.
    fn names_output(&self, value: &Value) -> bool {
        let name = js::to_string(value);
        !value.is_null() && (!self.literal || name.parse::<usize>().is_ok_and(|index| index.to_string() == name))
    }
}

#[async_trait]
impl Node for ByIndex {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let count = match &self.count {
            Some(count) => match count.resolve(&context.scope(0)).await? {
                Some(count) => index_of(&count).ok_or_else(|| NodeError::fatal("Invalid array length"))?,
                None => FOUR,
            },
            None => FOUR,
        };
        let mut routes = Routes::new(count.min(MOST_OUTPUTS));
        for (index, item) in context.items().iter().enumerate() {
            let sent = match self.output.resolve(&context.scope(index)).await {
                Ok(output) => {
                    let output = output.unwrap_or(Value::Null);
                    if self.names_output(&output) { routes.send(&output, item.clone().paired_with(index)) } else { Err(routes.refused(&output)) }
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = sent {
                routes.failed(error, (&context, index))?;
            }
        }
        Ok(routes.finish())
    }
}
