//! If: items that meet the conditions leave the first output, the others the second.

use async_trait::async_trait;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec};
use engine_core::schema::{NodeGroup, NodeSchema, Port, Property};

use super::conditions::{LegacyConditions, dates, filter_property, legacy_property, loose_types, options};
use crate::condition::Filter;
use crate::node_type::{Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    let schema = schema().versions([(2, 0), (2, 1), (2, 2), (2, 3)]).properties([filter_property("conditions"), loose_types(2.1), options([])]);
    Definition::new(schema, compile)
}

/// Version 1, whose conditions have another form.
pub(super) fn first_version() -> Definition {
    let schema = schema().versions([(1, 0)]).properties([legacy_property(), Property::options("combineOperation", ["all", "any"])]);
    Definition::new(schema, |spec| ready(If::Legacy(LegacyConditions::compile(spec, ("combineOperation", "any")))))
}

fn schema() -> NodeSchema {
    NodeSchema::new("if", "If")
        .alias("n8n-nodes-base.if")
        .group(NodeGroup::Flow)
        .description("Routes items to one of two branches")
        .outputs(Port::all(["true", "false"]))
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(If::Filter(Filter::compile(&spec.parameter("conditions"))))
}

#[derive(Debug)]
enum If {
    Filter(Filter),
    Legacy(LegacyConditions),
}

#[async_trait]
impl Node for If {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let dates = dates(&context);
        let (mut passed, mut failed) = (Vec::new(), Vec::new());
        for (index, item) in context.items().iter().enumerate() {
            let scope = context.scope(index);
            let answer = match self {
                Self::Filter(filter) => filter.matches(&scope, &dates).await,
                Self::Legacy(conditions) => conditions.matches(&scope).await,
            };
            let side = match answer {
                Ok(true) => &mut passed,
                Ok(false) => &mut failed,
                // Without a mark, as n8n has it; version 1 fails as a whole.
                Err(_) if context.continues_on_error() && matches!(self, Self::Filter(_)) => &mut failed,
                Err(error) => return Err(error.on_item(index)),
            };
            side.push(item.clone().paired_with(index));
        }
        Ok(NodeOutput::ports([passed, failed]))
    }
}
