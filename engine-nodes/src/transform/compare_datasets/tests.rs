use serde_json::from_value;

use super::*;

const V1: (u32, u32) = (1, 0);
const V23: (u32, u32) = (2, 3);

fn run(version: (u32, u32), parameters: &Value, inputs: [&Value; 2]) -> Result<[Vec<Item>; 4], NodeError> {
    let batch = |values: &Value| -> Batch { values.as_array().unwrap().iter().cloned().map(Item::from_value).collect() };
    let inputs = inputs.map(batch);
    let mut parameters = parameters.clone();
    if parameters.get("mergeByFields").is_none() {
        parameters["mergeByFields"] = json!({"values": [{"field1": "id", "field2": "id"}]});
    }
    from_value::<Comparison>(parameters).unwrap().run([&inputs[0], &inputs[1]], Rules::of(NodeVersion::new(version.0, version.1)))
}

fn check(version: (u32, u32), parameters: &Value, inputs: [&Value; 2], expect: &Value) {
    let got = match run(version, parameters, inputs) {
        Ok(outputs) => outputs.iter().map(|items| items.iter().map(|item| Value::Object(item.json().clone())).collect::<Value>()).collect(),
        Err(error) => json!(error.message()),
    };
    assert_eq!(got, *expect, "{version:?} {parameters}");
}

#[test]
fn items_are_paired_and_compared() {
    let a = json!([{"id": 1, "x": 1}, {"id": 2, "x": 2}, {"id": 3}, {"x": 9}, {}]);
    let b = json!([{"id": 2, "x": 5}, {"id": 1, "x": 1}, {"id": 4}]);
    let only = |different: Value| json!([[{"id": 3}, {"x": 9}], [{"id": 1, "x": 1}], [different], [{"id": 4}]]);
    check(V23, &json!({"resolve": "preferInput1"}), [&a, &b], &only(json!({"id": 2, "x": 2})));
    check(V23, &json!({"resolve": "preferInput2"}), [&a, &b], &only(json!({"id": 2, "x": 5})));
    let both = json!({"keys": {"id": 2}, "same": {"id": 2}, "different": {"x": {"inputA": 2, "inputB": 5}}});
    check(V23, &json!({"resolve": "includeBoth"}), [&a, &b], &only(both));
    let both = json!({"keys": {"id": 2}, "same": {"id": 2}, "different": {"x": {"input1": 2, "input2": 5}}});
    check(V1, &json!({"resolve": "includeBoth"}), [&a, &b], &only(both));
    let mix = json!({"resolve": "mix", "preferWhenMix": "input1", "exceptWhenMix": "x, y"});
    check(V23, &mix, [&a, &b], &only(json!({"id": 2, "x": 5, "y": null})));
}

#[test]
fn several_matches_count_when_asked_for() {
    let (a, b) = (json!([{"id": 1, "x": 1}]), json!([{"id": 1, "x": 2}, {"id": 1, "x": 3}]));
    check(V23, &json!({"resolve": "preferInput2"}), [&a, &b], &json!([[], [], [{"id": 1, "x": 2}], [{"id": 1, "x": 3}]]));
    let all = json!({"resolve": "preferInput2", "options": {"multipleMatches": "all"}});
    check(V23, &all, [&a, &b], &json!([[], [], [{"id": 1, "x": 2}, {"id": 1, "x": 3}], []]));
}

#[test]
fn near_comparison_bridges_types_and_missing_fields() {
    let (a, b) = (json!([{"id": 1, "x": "", "y": 1}]), json!([{"id": "1", "y": "2"}]));
    let parameters = json!({"resolve": "includeBoth", "fuzzyCompare": true});
    let expect = |x: Value| json!([[], [], [x], []]);
    let y = json!({"y": {"inputA": 1, "inputB": "2"}});
    check((2, 1), &parameters, [&a, &b], &expect(json!({"keys": {"id": 1}, "same": {"id": 1, "x": ""}, "different": y})));
    let xy = json!({"x": {"inputA": "", "inputB": null}, "y": {"inputA": 1, "inputB": "2"}});
    check((2, 0), &parameters, [&a, &b], &expect(json!({"keys": {"id": 1}, "same": {"id": 1}, "different": xy})));
}

#[test]
fn skipped_fields_show_apart() {
    let (a, b) = (json!([{"id": 1, "d": {"x": 1, "y": 1}, "e": 1}]), json!([{"id": 1, "d": {"x": 2, "y": 2}, "e": 2}]));
    let with = |skip: &str| json!({"resolve": "includeBoth", "options": {"skipFields": skip}});
    let expect = json!({
        "keys": {"id": 1},
        "same": {"id": 1},
        "different": {"d": {"inputA": {"y": 1}, "inputB": {"y": 2}}},
        "skipped": {"d": {"inputA": {"x": 1}, "inputB": {"x": 2}}, "e": {"inputA": 1, "inputB": 2}},
    });
    check(V23, &with("d.x, e"), [&a, &b], &json!([[], [], [expect], []]));
    check(V23, &with("d, e"), [&a, &b], &json!([[], [{"id": 1, "d": {"x": 1, "y": 1}, "e": 1}], [], []]));
    let dotless = json!({"options": {"skipFields": "d.x", "disableDotNotation": true}});
    check(V23, &dotless, [&a, &b], &json!("Dot notation is disabled, but field to skip comparing 'd.x' contains dot"));
}

#[test]
fn older_versions_want_the_fields_to_match() {
    let (a, b) = (json!([{"x": 1}]), json!([{"id": 1}]));
    check(V1, &json!({}), [&a, &b], &json!("Field 'id' is not present in any of items in 'Input A'"));
    check(V23, &json!({}), [&a, &b], &json!([[{"x": 1}], [], [], [{"id": 1}]]));
}

#[test]
fn a_field_that_an_expression_does_not_give_is_called_undefined() {
    let (a, b) = (json!([{"x": 1}]), json!([{"id": 1}]));
    let pair = json!({"mergeByFields": {"values": [{"field2": "id"}]}});
    check(V23, &pair, [&a, &b], &json!([[{"x": 1}], [], [], [{"id": 1}]]));
    check(V1, &pair, [&a, &b], &json!("Field 'undefined' is not present in any of items in 'Input A'"));
    let blank = json!({"mergeByFields": {"values": [{"field1": "", "field2": "id"}]}});
    check(V23, &blank, [&a, &b], &json!("You need to define both fields in \"Fields to Match\" for pair 1, field 1 = '' field 2 = 'id'"));
}
