//! Items go to the output of the first rule whose conditions they meet, or of all such rules.

use async_trait::async_trait;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use serde_json::Value;

use super::super::conditions::dates;
use super::Routes;
use crate::condition::Filter;
use crate::conversion::Dates;

#[derive(Debug)]
pub(super) struct ByRules {
    rules: Vec<Filter>,
    fallback: Parameter,
    all: Parameter,
}

impl ByRules {
    pub(super) fn compile(spec: &NodeSpec) -> Self {
        let conditions = |rule: &Parameter| Filter::compile(&rule.get("conditions").unwrap_or(Parameter::Constant(Value::Null)));
        Self {
            rules: spec.parameter("rules.values").elements().iter().map(conditions).collect(),
            fallback: spec.parameter("options.fallbackOutput"),
            all: spec.parameter("options.allMatchingOutputs"),
        }
    }

    async fn route(&self, item: &Item, (context, index, dates): (&NodeContext, usize, &Dates), routes: &mut Routes) -> Result<(), NodeError> {
        let scope = context.scope(index);
        let all = self.all.resolve(&scope).await?.is_some_and(|all| engine_core::expression::js::truthy(&all));
        let mut matched = false;
        for (output, rule) in self.rules.iter().enumerate() {
            if rule.matches(&scope, dates).await? {
                matched = true;
                routes.send(&output.into(), item.clone().paired_with(index))?;
                if !all {
                    return Ok(());
                }
            }
        }
        let fallback = if matched { None } else { self.fallback.resolve(&scope).await? };
        match fallback {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(text)) if text == "none" => Ok(()),
            Some(Value::String(text)) if text == "extra" => routes.send(&self.rules.len().into(), item.clone().paired_with(index)),
            Some(output) => routes.send(&output, item.clone().paired_with(index)),
        }
    }
}

#[async_trait]
impl Node for ByRules {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if self.rules.is_empty() {
            return Ok(Routes::new(1).finish());
        }
        let dates = dates(&context);
        let extra = self.fallback.resolve(&context.scope(0)).await?.is_some_and(|fallback| fallback == "extra");
        let mut routes = Routes::new(self.rules.len() + usize::from(extra));
        for (index, item) in context.items().iter().enumerate() {
            if let Err(error) = self.route(item, (&context, index, &dates), &mut routes).await {
                routes.failed(error, (&context, index))?;
            }
        }
        Ok(routes.finish())
    }
}
