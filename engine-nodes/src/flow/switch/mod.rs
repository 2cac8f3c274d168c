//! Switch: sends each item to one of several outputs, by rules or by an index.

mod by_index;
mod by_rules;
mod legacy;

use engine_core::expression::js;
use engine_core::model::Item;
use engine_core::node::{NodeContext, NodeError, NodeOutput, NodeSpec, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Port, Property, PropertyGroup, PropertyKind};
use serde_json::{Value, json};

use super::conditions::{filter_property, loose_types, options};
use crate::node_type::{Compiled, Definition, ready};

/// Version 3 and later, whose rules are conditions.
pub(super) fn definition() -> Definition {
    let schema = schema().versions([(3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]).properties(properties());
    Definition { outputs: Some(outputs), ..Definition::new(schema, compile) }
}

pub(super) use legacy::first_versions;

fn schema() -> NodeSchema {
    NodeSchema::new("switch", "Switch").alias("n8n-nodes-base.switch").group(NodeGroup::Flow).description("Routes items to one of several branches")
}

fn properties() -> Vec<Property> {
    let rule = [filter_property("conditions"), Property::boolean("renameOutput", false), Property::string("outputKey").show("renameOutput", [true])];
    vec![
        Property::options("mode", ["rules", "expression"]),
        Property::number("numberOutputs", 4).show("mode", ["expression"]),
        Property::new("output", PropertyKind::Any, "={{}}").show("mode", ["expression"]).description("Index of the output, from 0"),
        Property::fixed_collection_list("rules", [PropertyGroup::new("values", rule)]).default(first_rule()).show("mode", ["rules"]),
        loose_types(3.1),
        options([
            Property::new("fallbackOutput", PropertyKind::Any, "none").description("Where items go that no rule matches: none, extra, or an index"),
            Property::string("renameFallbackOutput").default("Fallback"),
            Property::boolean("allMatchingOutputs", false).description("Whether items go to the outputs of all rules that match, not only the first"),
        ])
        .show("mode", ["rules"]),
    ]
}

/// The rule that a new node has in n8n: one that every item meets.
fn first_rule() -> Value {
    let condition = json!({"leftValue": "", "rightValue": "", "operator": {"type": "string", "operation": "equals"}});
    let options = json!({"caseSensitive": true, "leftValue": "", "typeValidation": "strict"});
    json!({"values": [{"conditions": {"options": options, "conditions": [condition], "combinator": "and"}}]})
}

fn compile(spec: &NodeSpec) -> Compiled {
    if spec.text("mode") == "expression" {
        ready(by_index::ByIndex::compile(spec, Some("numberOutputs")))
    } else {
        ready(by_rules::ByRules::compile(spec))
    }
}

fn outputs(spec: &NodeSpec) -> Vec<Port> {
    if spec.text("mode") == "expression" {
        return numbered(spec.constant("numberOutputs").as_ref().and_then(index_of).unwrap_or(MOST_OUTPUTS));
    }
    let name = |(index, rule): (usize, engine_core::node::Parameter)| {
        let key = rule.get("outputKey").and_then(|key| key.constant().map(|key| js::to_string(key).into_owned()));
        Port::named(key.filter(|key| !key.is_empty()).unwrap_or_else(|| index.to_string()))
    };
    let mut ports: Vec<Port> = spec.parameter("rules.values").elements().into_iter().enumerate().map(name).collect();
    if spec.text("options.fallbackOutput") == "extra" {
        let name = spec.text("options.renameFallbackOutput");
        ports.push(Port::named(if name.is_empty() { "Fallback".to_owned() } else { name }));
    }
    ports
}

/// Outputs where nothing else is said: always in version 1.
const FOUR: usize = 4;

/// Most outputs that a node may have.
const MOST_OUTPUTS: usize = 100;

fn numbered(count: usize) -> Vec<Port> {
    (0..count.min(MOST_OUTPUTS)).map(|index| Port::named(index.to_string())).collect()
}

/// The index that a value stands for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only taken for whole numbers in range")]
fn index_of(value: &Value) -> Option<usize> {
    let number = js::to_number(value);
    (number.fract() == 0.0 && (0.0..1e6).contains(&number)).then_some(number as usize)
}

/// The lists of items for the outputs, while they are filled.
struct Routes {
    outputs: Vec<Vec<Item>>,
}

impl Routes {
    fn new(count: usize) -> Self {
        Self { outputs: vec![Vec::new(); count] }
    }

    /// Sends an item to an output.
    fn send(&mut self, output: &Value, item: Item) -> Result<(), NodeError> {
        match index_of(output).and_then(|index| self.outputs.get_mut(index)) {
            Some(items) => {
                items.push(item);
                Ok(())
            }
            None => Err(self.refused(output)),
        }
    }

    /// That there is no such output.
    fn refused(&self, output: &Value) -> NodeError {
        NodeError::fatal(format!("The output {} is not allowed.", js::to_string(output)))
            .with_description(format!("It has to be between 0 and {}", self.outputs.len().saturating_sub(1)))
    }

    /// What to do with an item that failed: an error item on the first output when the node goes on, without a link, as n8n has it.
    fn failed(&mut self, error: NodeError, (context, index): (&NodeContext, usize)) -> Result<(), NodeError> {
        if !context.continues_on_error() {
            return Err(error.on_item(index));
        }
        // Without outputs there is no place for it, and n8n fails as a whole.
        let Some(first) = self.outputs.first_mut() else { return Err(error.on_item(index)) };
        first.push(error_item(&error));
        Ok(())
    }

    fn finish(self) -> NodeOutput {
        NodeOutput::ports(self.outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestNode;

    /// The index of the output that an item with this value goes to; `None` where it fails.
    fn output(version: f64, value: &Value) -> Option<usize> {
        let node = TestNode::new("n8n-nodes-base.switch", version, json!({"mode": "expression", "output": "={{ $json.v }}"}));
        let item = if *value == json!("undefined") { json!({}) } else { json!({"v": value}) };
        let outputs = node.input(json!([item])).with("onError", "continueRegularOutput").outputs();
        let outputs = outputs.as_array().unwrap();
        assert_eq!(outputs.iter().flat_map(|items| items.as_array().unwrap()).count(), 1, "{outputs:?}");
        outputs.iter().position(|items| items == &json!([item]))
    }

    #[test]
    fn what_an_index_may_be() {
        let check = |value: Value, old: Option<usize>, new: Option<usize>| {
            assert_eq!((output(1.0, &value), output(2.0, &value), output(3.2, &value)), (old, old, new), "{value}");
        };
        check(json!(1), Some(1), Some(1));
        check(json!("1"), Some(1), Some(1));
        check(json!([1]), Some(1), Some(1));
        check(json!(""), None, Some(0));
        check(json!("1.0"), None, Some(1));
        check(json!(" 1"), None, Some(1));
        check(json!(true), None, Some(1));
        check(json!("foo"), None, None);
        check(json!(1.5), None, None);
        check(json!(4), None, None);
        check(json!(-1), None, None);
        check(Value::Null, None, None);
        check(json!("undefined"), None, None);
    }

    /// How many items each output gets of two, without empty outputs at the end, or that the node fails, with nothing but the mode set.
    fn unset(version: f64, mode: &str) -> Option<Vec<usize>> {
        let run = TestNode::new("n8n-nodes-base.switch", version, json!({"mode": mode})).input(json!([{"a": 1}, {"a": 2}])).run();
        if run.error().is_some() {
            return None;
        }
        Some(run.outputs().as_array().unwrap().iter().map(|items| items.as_array().unwrap().len()).collect())
    }

    #[test]
    fn without_parameters_it_does_what_a_new_node_does_in_n8n() {
        assert_eq!(unset(3.2, "rules"), Some(vec![2]));
        assert_eq!(unset(3.2, "expression"), None);
        assert_eq!(unset(2.0, "rules"), Some(vec![]));
        assert_eq!(unset(2.0, "expression"), None);
        assert_eq!(unset(1.0, "rules"), Some(vec![]));
        assert_eq!(unset(1.0, "expression"), Some(vec![2]));
    }
}
