//! Versions 1 and 2: one value, compared with the value of each rule. Version 1 has four outputs and each rule names one; in version 2 each rule has its own.

use async_trait::async_trait;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter};
use engine_core::schema::{Port, Property, PropertyGroup, PropertyKind};
use serde_json::{Value, json};

use super::super::conditions::{TEXT_OPERATIONS, operation};
use super::by_index::ByIndex;
use super::{FOUR, Routes, index_of, numbered, schema};
use crate::condition::LegacyType;
use crate::node_type::{Compiled, Definition, ready};

pub(in crate::flow) fn first_versions() -> Definition {
    let schema = schema().versions([(1, 0), (2, 0)]).properties(properties());
    Definition { outputs: Some(outputs), ..Definition::new(schema, compile) }
}

fn properties() -> Vec<Property> {
    let any = |name: &str, default: Value| Property::new(name, PropertyKind::Any, default);
    let of_type = |kind: &'static str, default: Value, operations: &[&str]| {
        let rule = [
            Property::options("operation", operations.iter().copied()),
            any("value2", default),
            any("output", json!(0)).until(2.0),
            any("outputKey", json!("")).since(2.0),
        ];
        Property::fixed_collection_list("rules", [PropertyGroup::new("rules", rule)]).show("dataType", [kind]).show("mode", ["rules"])
    };
    let value = |kind: &'static str, default: Value| any("value1", default).show("dataType", [kind]).show("mode", ["rules"]);
    let numbers = ["smaller", "smallerEqual", "equal", "notEqual", "larger", "largerEqual"];
    vec![
        Property::options("mode", ["rules", "expression"]),
        any("output", json!(0)).until(2.0).show("mode", ["expression"]),
        any("output", json!("")).since(2.0).show("mode", ["expression"]),
        Property::number("outputsAmount", 4).since(2.0).show("mode", ["expression"]),
        Property::options("dataType", ["number", "boolean", "dateTime", "string"]).show("mode", ["rules"]),
        value("boolean", json!(false)),
        value("dateTime", json!("")),
        value("number", json!(0)),
        value("string", json!("")),
        of_type("boolean", json!(false), &["equal", "notEqual"]),
        of_type("dateTime", json!(""), &["after", "before"]),
        of_type("number", json!(0), &numbers),
        of_type("string", json!(""), TEXT_OPERATIONS.get(..10).unwrap_or_default()),
        any("fallbackOutput", json!(-1)).show("mode", ["rules"]),
    ]
}

fn outputs(spec: &NodeSpec) -> Vec<Port> {
    let numbers = |path: &str| numbered(spec.constant(path).as_ref().and_then(index_of).unwrap_or(FOUR));
    match (spec.version.at_least(2, 0), spec.text("mode") == "expression") {
        (false, _) => numbered(FOUR),
        (true, true) => numbers("outputsAmount"),
        (true, false) => numbered(spec.parameter("rules.rules").elements().len()),
    }
}

fn compile(spec: &NodeSpec) -> Compiled {
    if spec.text("mode") == "expression" {
        return ready(ByIndex::compile(spec, spec.version.at_least(2, 0).then_some("outputsAmount")));
    }
    let second = spec.version.at_least(2, 0);
    let part = |rule: &Parameter, key: &str| rule.get(key).unwrap_or(Parameter::Constant(Value::Null));
    let rule = |(index, rule): (usize, Parameter)| Rule {
        operation: part(&rule, "operation"),
        value: part(&rule, "value2"),
        output: if second { Parameter::Constant(index.into()) } else { rule.get("output").unwrap_or(Parameter::Constant(json!(0))) },
    };
    let rules: Vec<Rule> = spec.parameter("rules.rules").elements().into_iter().enumerate().map(rule).collect();
    let outputs = if second { rules.len() } else { FOUR };
    let kind = LegacyType::of(&spec.text("dataType"));
    ready(Legacy { kind, value: spec.parameter("value1"), rules, outputs, fallback: spec.parameter("fallbackOutput") })
}

#[derive(Debug)]
struct Legacy {
    kind: LegacyType,
    value: Parameter,
    rules: Vec<Rule>,
    outputs: usize,
    fallback: Parameter,
}

#[derive(Debug)]
struct Rule {
    operation: Parameter,
    value: Parameter,
    output: Parameter,
}

impl Legacy {
    /// The output for an item; `None` when it goes nowhere.
    async fn output(&self, (context, index): (&NodeContext, usize)) -> Result<Option<Value>, NodeError> {
        let scope = context.scope(index);
        let left = self.value.resolve(&scope).await?;
        for rule in &self.rules {
            let right = rule.value.resolve(&scope).await?;
            let operation = operation(&rule.operation, (self.kind, &scope)).await?;
            if operation.holds(self.kind, (left.as_ref(), right.as_ref())).map_err(NodeError::fatal)? {
                return Ok(rule.output.resolve(&scope).await?);
            }
        }
        let fallback = self.fallback.resolve(&scope).await?;
        Ok(fallback.filter(|output| !output.is_null() && engine_core::expression::js::to_number(output) >= 0.0))
    }

    async fn route(&self, item: &Item, place: (&NodeContext, usize), routes: &mut Routes) -> Result<(), NodeError> {
        match self.output(place).await? {
            Some(output) => routes.send(&output, item.clone().paired_with(place.1)),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Node for Legacy {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut routes = Routes::new(self.outputs);
        for (index, item) in context.items().iter().enumerate() {
            if let Err(error) = self.route(item, (&context, index), &mut routes).await {
                routes.failed(error, (&context, index))?;
            }
        }
        Ok(routes.finish())
    }
}
