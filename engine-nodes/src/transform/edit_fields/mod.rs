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
use engine_core::expression::{Scope, js};
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

/// Most times that an item is there.
const MOST_TIMES: f64 = 10_000.0;

/// One time more than the number says.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast, which gives 0 for NaN")]
fn times(count: &Value) -> usize {
    (js::to_number(count) + 1.0).clamp(0.0, MOST_TIMES) as usize
}

#[async_trait]
impl Node for EditFields {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let dates = Dates::of(&context.scope(0));
        let times = self.times(&context).await?;
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = match self.edit(item, (&context, index, &dates)).await {
                Ok(made) => made,
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.extend(std::iter::repeat_n(made.paired_with(index), times));
        }
        Ok(items.into())
    }
}

impl EditFields {
    /// How often each item is to be there: more than once only in executions started by hand. The first item decides.
    async fn times(&self, context: &NodeContext) -> Result<usize, NodeError> {
        let at_first = async |name: &str| match self.parameters.get(name) {
            Some(part) => part.resolve(&context.scope(0)).await,
            None => Ok(None),
        };
        if context.mode() != ExecutionMode::Manual || !at_first("duplicateItem").await?.is_some_and(|flag| js::truthy(&flag)) {
            return Ok(1);
        }
        Ok(at_first("duplicateCount").await?.map_or(1, |count| times(&count)))
    }

    /// The item with its fields set.
    async fn edit(&self, item: &Item, (context, index, dates): (&NodeContext, usize, &Dates)) -> Result<Item, NodeError> {
        let scope = context.scope(index);
        if let Some(plan) = &self.plan {
            return plan.edit(item, &scope, dates).await;
        }
        let plan = match self.settled(&scope).await? {
            Some(plan) => Some(plan),
            None => Plan::compile(&Parameter::Constant(self.parameters.resolve(&scope).await?.unwrap_or(Value::Null)), self.rules),
        };
        plan.ok_or_else(|| NodeError::fatal("the parameters cannot be read"))?.edit(item, &scope, dates).await
    }

    /// The plan of an item where expressions decide on more than the new fields; these stay what they are.
    async fn settled(&self, scope: &dyn Scope) -> Result<Option<Plan>, NodeError> {
        let mut entries = self.parameters.entries();
        for (name, part) in &mut entries {
            if !matches!(name.as_str(), "jsonOutput" | "fields" | "assignments") {
                *part = Parameter::Constant(part.resolve(scope).await?.unwrap_or(Value::Null));
            }
        }
        Ok(Plan::compile(&Parameter::Object(entries), self.rules))
    }
}
