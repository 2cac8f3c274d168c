//! Edit Fields (n8n's Set): sets fields of items, or makes items of JSON.
//!
//! What is constant is converted once, when the node is compiled; an item's JSON is copied once, whatever the number of fields.

mod field;
mod first_versions;
mod include;
mod json_text;
mod plan;
mod schema;

#[cfg(test)]
#[cfg(feature = "flow")]
mod tests;

use async_trait::async_trait;
use engine_core::execution::ExecutionMode;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, error_item};
use serde_json::Value;

use crate::conversion::Dates;
use crate::node_type::{Compiled, Definition, ready};
use plan::{Plan, Rules};

/// Version 3 and later.
pub(super) fn definition() -> Definition {
    Definition::new(schema::newest(), compile)
}

pub(super) use first_versions::definition as first_versions;

fn compile(spec: &NodeSpec) -> Compiled {
    let rules = Rules { version: spec.version };
    ready(EditFields { plan: Plan::compile(&spec.parameters, rules), parameters: spec.parameters.clone(), rules })
}

#[derive(Debug)]
struct EditFields {
    /// `None` when an expression decides more than values: then the parameters of each item make a plan of their own.
    plan: Option<Plan>,
    parameters: Parameter,
    rules: Rules,
}

#[async_trait]
impl Node for EditFields {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let dates = Dates::of(&context.scope(0));
        let by_hand = context.mode() == ExecutionMode::Manual;
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            match self.edit(item, (&context, index, &dates)).await {
                Ok((made, copies)) => {
                    let made = made.paired_with(index);
                    items.extend(std::iter::repeat_n(made.clone(), if by_hand { copies } else { 0 }));
                    items.push(made);
                }
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(index)),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

impl EditFields {
    /// The item with its fields set, and how many more of it there are to be.
    async fn edit(&self, item: &Item, (context, index, dates): (&NodeContext, usize, &Dates)) -> Result<(Item, usize), NodeError> {
        let scope = context.scope(index);
        if let Some(plan) = &self.plan {
            return Ok((plan.edit(item, &scope, dates).await?, plan.copies()));
        }
        let parameters = self.parameters.resolve(&scope).await?.unwrap_or(Value::Null);
        match Plan::compile(&Parameter::Constant(parameters), self.rules) {
            Some(plan) => Ok((plan.edit(item, &scope, dates).await?, plan.copies())),
            None => Err(NodeError::fatal("the parameters cannot be read")),
        }
    }
}
