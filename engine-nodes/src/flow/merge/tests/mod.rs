use engine_core::model::Link;
use serde_json::{Value, json};

use super::settings::Mode;
use super::*;
use crate::testing::TestNode;

fn items(input: usize, values: &Value) -> Vec<Item> {
    let list = values.as_array().unwrap();
    list.iter().enumerate().map(|(index, value)| Item::from_value(value.clone()).paired_with(Link::on(input, index))).collect()
}

#[track_caller]
fn check(parameters: &Value, inputs: &Value, expect: &Value) {
    let version = engine_core::model::NodeVersion::new(3, 2);
    let mode = Mode::read(parameters, version).unwrap();
    let inputs: Vec<Vec<Item>> = inputs.as_array().unwrap().iter().enumerate().map(|(input, values)| items(input, values)).collect();
    let got = match &mode {
        Mode::Position(position) => position.combine(inputs, false),
        Mode::Product(clash) => product::combine(inputs, clash),
        Mode::Fields(fields) => fields.combine(&inputs[0], &inputs[1]).unwrap(),
        other => panic!("{other:?}"),
    };
    let got: Value = got.iter().map(|item| Value::Object(item.json().clone())).collect();
    assert_eq!(&got, expect, "{parameters}");
}

#[test]
fn combines_by_position() {
    let inputs = json!([[{"a": 1, "o": {"x": 1}, "l": [1, 2]}, {"a": 2}], [{"a": 3, "o": {"y": 2}, "l": [9], "e": ""}]]);
    let by = |options: Value| json!({"mode": "combine", "combineBy": "combineByPosition", "options": options});
    let clash = |values: Value| by(json!({"clashHandling": {"values": values}}));
    check(&by(json!({})), &inputs, &json!([{"a": 3, "o": {"x": 1, "y": 2}, "l": [9, 2], "e": ""}]));
    check(&by(json!({"includeUnpaired": true})), &inputs, &json!([{"a": 3, "o": {"x": 1, "y": 2}, "l": [9, 2], "e": ""}, {"a": 2}]));
    check(
        &clash(json!({"resolveClash": "preferInput1", "mergeMode": "shallowMerge"})),
        &inputs,
        &json!([{"a": 1, "o": {"x": 1}, "l": [1, 2], "e": ""}]),
    );
    check(&clash(json!({"resolveClash": "addSuffix"})), &json!([[{"a": 1}], [{"a": 2}]]), &json!([{"a_1": 1, "a_2": 2, "a": 2}]));
    check(
        &clash(json!({"resolveClash": "preferLast", "mergeMode": "deepMerge", "overrideEmpty": true})),
        &json!([[{"a": 1, "b": null}], [{"a": "", "b": ""}]]),
        &json!([{"a": 1, "b": null}]),
    );
    check(&by(json!({})), &json!([[], [{"a": 2}]]), &json!([]));
}

#[test]
fn combines_all() {
    let parameters = json!({"mode": "combine", "combineBy": "combineAll"});
    check(&parameters, &json!([[{"a": 1}, {"a": 2}], [{"b": 1}, {"a": 9}]]), &json!([{"a": 1, "b": 1}, {"a": 9}, {"a": 2, "b": 1}, {"a": 9}]));
}

#[test]
fn combines_by_fields() {
    let inputs = json!([[{"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"v": "none"}], [{"id": 2, "w": "x"}, {"id": 2, "w": "y"}, {"id": 3, "w": "z"}]]);
    let by = |join: &str, from: &str| json!({"mode": "combine", "combineBy": "combineByFields", "fieldsToMatchString": "id", "joinMode": join, "outputDataFrom": from, "options": {}});
    check(&by("keepMatches", "both"), &inputs, &json!([{"id": 2, "v": "b", "w": "x"}, {"id": 2, "v": "b", "w": "y"}]));
    let mut first_only = by("keepMatches", "input2");
    first_only["options"] = json!({"multipleMatches": "first"});
    check(&first_only, &inputs, &json!([{"id": 2, "w": "x"}, {"id": 2, "w": "y"}]));
    first_only["outputDataFrom"] = json!("both");
    check(&first_only, &inputs, &json!([{"id": 2, "v": "b", "w": "x"}]));
    check(&by("keepMatches", "input1"), &inputs, &json!([{"id": 2, "v": "b"}]));
    check(&by("keepMatches", "input2"), &inputs, &json!([{"id": 2, "w": "x"}, {"id": 2, "w": "y"}]));
    check(
        &by("keepNonMatches", "both"),
        &inputs,
        &json!([{"id": 1, "v": "a", "_source": "input1"}, {"v": "none", "_source": "input1"}, {"id": 3, "w": "z", "_source": "input2"}]),
    );
    check(
        &by("enrichInput1", "both"),
        &inputs,
        &json!([{"id": 2, "v": "b", "w": "x"}, {"id": 2, "v": "b", "w": "y"}, {"id": 1, "v": "a"}, {"v": "none"}]),
    );
    let empty = json!([[{"id": 1}], []]);
    check(&by("keepMatches", "both"), &empty, &json!([]));
    check(&by("enrichInput1", "both"), &empty, &json!([{"id": 1}]));
    check(&by("enrichInput2", "both"), &empty, &json!([]));
    check(&by("keepNonMatches", "input2"), &empty, &json!([]));
    let mut fuzzy = by("keepMatches", "both");
    let mixed = json!([[{"id": "2"}], [{"id": 2, "w": 1}]]);
    check(&fuzzy, &mixed, &json!([]));
    fuzzy["options"]["fuzzyCompare"] = json!(true);
    check(&fuzzy, &mixed, &json!([{"id": 2, "w": 1}]));
}

#[test]
fn a_chosen_input_is_told_from_one_that_brought_the_same_items() {
    let node = |name: &str, kind: &str, version: f64, parameters: Value| json!({"id": name, "name": name, "type": format!("n8n-nodes-base.{kind}"), "typeVersion": version, "parameters": parameters, "position": [0, 0]});
    let to = |name: &str, index: usize| json!({"node": name, "type": "main", "index": index});
    let workflow = json!({
        "nodes": [
            node("Start", "manualTrigger", 1.0, json!({})), node("A", "noOp", 1.0, json!({})), node("B", "noOp", 1.0, json!({})),
            node("Node", "merge", 3.0, json!({"mode": "chooseBranch", "useDataOfInput": "2"})),
        ],
        "connections": {
            "Start": {"main": [[to("A", 0)]]}, "A": {"main": [[to("B", 0), to("Node", 0)]]}, "B": {"main": [[to("Node", 1)]]},
        },
        "pinData": {"A": [{"json": {"a": 1}}, {"json": {"a": 2}}]},
        "settings": {"executionOrder": "v1"},
    });
    let run = crate::testing::run_workflow(&workflow);
    assert_eq!(run.outputs(), json!([[{"a": 1}, {"a": 2}]]));
    assert_eq!(run.paired(0), json!([{"item": 0, "input": 1}, {"item": 1, "input": 1}]));
}

#[test]
fn fields_that_are_not_given_fail_when_the_node_runs() {
    let pairs = json!({"mode": "combine", "advanced": true, "mergeByFields": {"values": [{"field1": "a", "field2": ""}]}});
    let node = |parameters: &Value| TestNode::new("n8n-nodes-base.merge", 3.1, parameters.clone()).input(json!([{"a": 1}]));
    assert_eq!(node(&pairs).error(), "You need to define both fields in \"Fields to Match\" for pair 1");
    let new = TestNode::new("n8n-nodes-base.merge", 2.1, json!({"mode": "combine"})).input(json!([{"a": 1}]));
    assert_eq!(new.error(), "You need to define at least one pair of fields in \"Fields to Match\" to match on");
    assert_eq!(node(&pairs).with("onError", "continueRegularOutput").run().outputs(), json!([[{"a": 1}]]));
}
