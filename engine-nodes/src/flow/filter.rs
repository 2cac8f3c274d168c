//! Filter: items that meet the conditions go on; the others leave the second output, which nothing need be connected to.

use async_trait::async_trait;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec};
use engine_core::schema::{NodeGroup, NodeSchema, Port, Property};

use super::conditions::{LegacyConditions, dates, filter_property, legacy_property, loose_types, options};
use crate::condition::Filter as Conditions;
use crate::node_type::{Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    let schema = schema().versions([(2, 0), (2, 1), (2, 2), (2, 3)]).outputs(outputs()).properties([
        filter_property("conditions"),
        loose_types(2.1),
        options([]),
    ]);
    Definition::new(schema, compile)
}

/// Version 1, whose conditions have another form.
pub(super) fn first_version() -> Definition {
    let schema =
        schema().versions([(1, 0)]).outputs(outputs()).properties([legacy_property(), Property::options("combineConditions", ["AND", "OR"])]);
    Definition::new(schema, |spec| ready(Filter::Legacy(LegacyConditions::compile(spec, ("combineConditions", "OR")))))
}

/// n8n's type declares the first alone.
fn outputs() -> Vec<Port> {
    vec![Port::named("kept"), Port::undeclared("discarded")]
}

fn schema() -> NodeSchema {
    NodeSchema::new("filter", "Filter").alias("n8n-nodes-base.filter").group(NodeGroup::Flow).description("Keeps the items that meet conditions")
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(Filter::Conditions(Conditions::compile(&spec.parameter("conditions"))))
}

#[derive(Debug)]
enum Filter {
    Conditions(Conditions),
    Legacy(LegacyConditions),
}

#[async_trait]
impl Node for Filter {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let dates = dates(&context);
        let (mut kept, mut discarded) = (Vec::new(), Vec::new());
        for (index, item) in context.items().iter().enumerate() {
            let scope = context.scope(index);
            let answer = match self {
                Self::Conditions(conditions) => conditions.matches(&scope, &dates).await,
                Self::Legacy(conditions) => conditions.matches(&scope).await,
            };
            let side = match answer {
                Ok(true) => &mut kept,
                Ok(false) => &mut discarded,
                // Without a mark, as n8n has it; version 1 fails as a whole.
                Err(_) if context.continues_on_error() && matches!(self, Self::Conditions(_)) => &mut discarded,
                Err(error) => return Err(error.on_item(index)),
            };
            side.push(item.clone().paired_with(index));
        }
        Ok(NodeOutput::ports([kept, discarded]))
    }
}
