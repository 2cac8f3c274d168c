//! Edit Fields in a real engine.

use engine_core::execution::ExecutionMode;
use serde_json::{Value, json};

use crate::testing::TestNode;

const SET: &str = "n8n-nodes-base.set";

fn assign(fields: &Value, more: &Value) -> Value {
    let mut parameters = json!({"assignments": {"assignments": fields}, "options": {}});
    for (key, value) in more.as_object().unwrap() {
        parameters[key] = value.clone();
    }
    parameters
}

#[track_caller]
fn check(parameters: &Value, items: &Value, expect: &Value) {
    let outputs = TestNode::new(SET, 3.4, parameters.clone()).input(items.clone()).outputs();
    assert_eq!(&outputs[0], expect, "{parameters}");
}

#[test]
fn fields_are_set_and_converted() {
    let fields = json!([
        {"name": "a", "type": "string", "value": "={{ $json.n }}"},
        {"name": "b.c", "type": "number", "value": "5"},
        {"name": "d", "type": "boolean", "value": "={{ $json.n }}"},
        {"name": "e", "type": "array", "value": "[1, 2]"},
        {"name": "f", "type": "object", "value": "{x: 1}"},
        {"name": "={{ 'g' + $json.n }}", "type": "string", "value": "={{ $json.nothing }}"},
        {"name": "h", "type": "string", "value": "={{ $json }}"},
    ]);
    let expect = json!([{"a": "1", "b": {"c": 5}, "d": true, "e": [1, 2], "f": {"x": 1}, "g1": null, "h": "{\"n\":1}"}]);
    check(&assign(&fields, &json!({})), &json!([{"n": 1}]), &expect);
}

#[test]
fn other_fields_stay_or_go() {
    let items = json!([{"a": 1, "b": {"c": 2, "d": 3}, "e.f": 4}]);
    let run = |more: Value, expect: Value| check(&assign(&json!([{"name": "x", "type": "number", "value": 0}]), &more), &items, &expect);
    run(json!({}), json!([{"x": 0}]));
    run(json!({"includeOtherFields": true}), json!([{"a": 1, "b": {"c": 2, "d": 3}, "e.f": 4, "x": 0}]));
    run(json!({"includeOtherFields": true, "include": "selected", "includeFields": "b.c, e.f,nope"}), json!([{"c": 2, "f": 4, "x": 0}]));
    run(json!({"includeOtherFields": true, "include": "except", "excludeFields": "b.c,a"}), json!([{"b": {"d": 3}, "e.f": 4, "x": 0}]));
    let names = json!({"includeOtherFields": true, "include": "selected", "includeFields": "={{ 'a' }}"});
    run(names, json!([{"a": 1, "x": 0}]));
}

#[test]
fn conversion_errors_fail_the_item() {
    let fields = || json!([{"name": "n", "type": "number", "value": "={{ $json.v }}"}]);
    let items = json!([{"v": "1"}, {"v": "x"}]);
    let node = |more: Value| TestNode::new(SET, 3.4, assign(&fields(), &more)).input(items.clone());
    assert_eq!(node(json!({})).error(), "'n' expects a number but we got 'x' [item 1]");
    let going_on = node(json!({})).with("onError", "continueRegularOutput").outputs();
    assert_eq!(going_on, json!([[{"n": 1}, {"error": "'n' expects a number but we got 'x' [item 1]"}]]));
    assert_eq!(node(json!({"options": {"ignoreConversionErrors": true}})).outputs(), json!([[{"n": 1}, {"n": "x"}]]));
    let constant = assign(&json!([{"name": "n", "type": "number", "value": "y"}]), &json!({}));
    let error = TestNode::new(SET, 3.4, constant).input(json!([{}])).error();
    assert_eq!(error, "'n' expects a number but we got 'y' [item 0]");
}

/// Breaks when `NaN`, which JSON holds as null, is taken for a value that is not there.
#[test]
fn what_is_not_a_number_is_no_null() {
    let fields = |kind: &str| json!([{"name": "n", "type": kind, "value": "={{ $json.v * 2 }}"}, {"name": "m", "type": kind, "value": "={{ parseInt('x') }}"}]);
    let items = json!([{"v": "x"}]);
    let node = |kind: &str| TestNode::new(SET, 3.4, assign(&fields(kind), &json!({}))).input(items.clone());
    assert_eq!(node("string").outputs(), json!([[{"n": "NaN", "m": "NaN"}]]));
    for kind in ["number", "boolean", "array", "object"] {
        assert_eq!(node(kind).error(), format!("'n' expects a {kind} but we got 'NaN' [item 0]"));
    }
    let infinite = json!([{"name": "n", "type": "number", "value": "={{ 1 / 0 }}"}, {"name": "t", "type": "string", "value": "={{ -1 / 0 }}"}]);
    check(&assign(&infinite, &json!({})), &items, &json!([{"n": null, "t": "-Infinity"}]));
    let lenient = assign(&fields("number"), &json!({"options": {"ignoreConversionErrors": true}}));
    check(&lenient, &items, &json!([{"n": null, "m": null}]));
}

#[test]
fn json_is_merged_into_the_item() {
    let raw = |text: &str| json!({"mode": "raw", "jsonOutput": text, "options": {}});
    let items = json!([{"o": {"a": 1}, "l": [1], "s": "q", "n": null}]);
    check(&raw("{\"x\": 1}"), &items, &json!([{"x": 1}]));
    check(
        &raw("={ \"x\": {{ $json.o }}, \"y\": {{ $json.l }}, \"z\": \"{{ $json.s }}\", \"n\": {{ $json.n }} }"),
        &items,
        &json!([{"x": {"a": 1}, "y": [1], "z": "q", "n": null}]),
    );
    check(&raw("={{ $json.o }}"), &items, &json!([{"a": 1}]));
    check(&raw("={{ $json.o }}\n"), &items, &json!([{"a": 1}]));
    check(&raw("=={ \"x\": {{ $json.o }} }"), &items, &json!([{"x": {"a": 1}}]));
    check(&raw("{'x': 1, y: [2,],}"), &items, &json!([{"x": 1, "y": [2]}]));
    check(&raw("{\"b.c\": 1}"), &items, &json!([{"b": {"c": 1}}]));
    let error = |text: &str| TestNode::new(SET, 3.4, raw(text)).input(json!([{}])).error();
    assert_eq!(error("[1]"), "The 'JSON Output' in item 0 does not contain a valid JSON object");
    assert_eq!(error("{oops ]"), "The 'JSON Output' in item 0 contains invalid JSON");
}

#[test]
fn values_without_quotes_and_missing_ones_are_mended() {
    let raw = |text: &str| json!({"mode": "raw", "jsonOutput": text, "options": {}});
    let text = "={ \"name\": {{ $json.name }}, \"note\": \"{{ $json.note }}\", \"age\": {{ $json.age }}, }";
    let items = json!([{"name": "Ann Lee", "note": "one\ntwo"}]);
    check(&raw(text), &items, &json!([{"name": "Ann Lee", "note": "one\ntwo", "age": null}]));
}

#[test]
fn items_are_doubled_only_by_hand() {
    let parameters = assign(&json!([{"name": "x", "type": "number", "value": 1}]), &json!({"duplicateItem": true, "duplicateCount": 2}));
    check(&parameters, &json!([{}]), &json!([{"x": 1}, {"x": 1}, {"x": 1}]));
    let outputs = TestNode::new(SET, 3.4, parameters).mode(ExecutionMode::Trigger).outputs();
    assert_eq!(outputs, json!([[{"x": 1}]]));
    let times = |flag: &str, count: Value| {
        let more = json!({"duplicateItem": flag, "duplicateCount": count, "options": {}});
        check_count(&assign(&json!([{"name": "x", "type": "number", "value": 1}]), &more))
    };
    assert_eq!(times("={{ $json.first }}", json!("={{ $json.first }}")), 4, "the first item decides for both");
    assert_eq!(times("={{ true }}", json!(1.5)), 4);
    assert_eq!(times("={{ true }}", json!(-1)), 0);
}

fn check_count(parameters: &Value) -> usize {
    let items = json!([{"first": 1}, {"first": 0}]);
    TestNode::new(SET, 3.4, parameters.clone()).input(items).outputs()[0].as_array().map_or(0, Vec::len)
}

#[test]
fn version_3_has_a_value_for_each_type() {
    let value = |name: &str, kind: &str, value: &str| json!({"name": name, "type": kind, kind: value});
    let fields = json!([
        {"name": "a", "stringValue": "={{ $json.nothing }}"},
        value("b", "numberValue", "2"),
        value("c", "objectValue", "={\"d\": {{ $json.o }}}"),
    ]);
    let parameters = json!({"fields": {"values": fields}, "include": "none", "options": {}});
    let outputs = |version: f64| TestNode::new(SET, version, parameters.clone()).input(json!([{"o": {"x": 1}}])).outputs();
    assert_eq!(outputs(3.0), json!([[{"a": "undefined", "b": 2, "c": {"d": {"x": 1}}}]]));
    assert_eq!(outputs(3.2), json!([[{"a": null, "b": 2, "c": {"d": {"x": 1}}}]]));
}

#[test]
fn the_first_versions_have_three_lists() {
    let parameters = json!({"values": {"string": [{"name": "s.t", "value": "x"}], "number": [{"name": "n", "value": "={{ $json.v }}"}], "boolean": [{"name": "b", "value": "="}]}, "options": {}});
    let outputs = |version: f64, more: Value| {
        let mut parameters = parameters.clone();
        parameters["keepOnlySet"] = more;
        TestNode::new(SET, version, parameters).input(json!([{"v": "7"}])).outputs()
    };
    assert_eq!(outputs(1.0, json!(false)), json!([[{"v": "7", "b": false, "n": "7", "s": {"t": "x"}}]]));
    assert_eq!(outputs(2.0, json!(true)), json!([[{"b": false, "n": 7, "s": {"t": "x"}}]]));
    assert_eq!(outputs(2.0, json!("={{ 1 }}")), json!([[{"b": false, "n": 7, "s": {"t": "x"}}]]));
}

#[test]
fn what_is_undefined_leaves_its_surroundings() {
    let fields = json!({"keepOnlySet": true, "values": {"string": [{"name": "a.b", "value": "={{ $json.no }}"}, {"name": "={{ $json.no }}", "value": "x"}]}, "options": {}});
    let outputs = TestNode::new(SET, 2.0, fields).input(json!([{}])).outputs();
    assert_eq!(outputs, json!([[{"a": {}, "undefined": "x"}]]));
}

#[test]
fn an_object_may_be_null() {
    let entry = json!({"fields": {"values": [{"name": "o", "type": "objectValue", "objectValue": "={{ $json.nothing }}"}]}, "include": "none", "options": {}});
    for version in [3.0, 3.2] {
        let outputs = TestNode::new(SET, version, entry.clone()).input(json!([{}])).outputs();
        assert_eq!(outputs, json!([[{"o": null}]]), "{version}");
    }
}

#[test]
fn the_second_version_makes_numbers_of_texts_only() {
    let fields = json!({"keepOnlySet": true, "values": {"number": [{"name": "n", "value": "={{ $json.v }}"}]}, "options": {}});
    let items = json!([{"v": " 7 "}, {"v": "seven"}, {"v": null}, {"v": true}, {"v": [1]}]);
    let outputs = TestNode::new(SET, 2.0, fields).input(items).outputs();
    assert_eq!(outputs, json!([[{"n": 7}, {"n": "seven"}, {"n": null}, {"n": true}, {"n": [1]}]]));
}

#[test]
fn the_first_versions_fail_as_a_whole() {
    let fields = json!({"values": {"string": [{"name": "s", "value": "={{ $('Nowhere').first() }}"}]}, "options": {}});
    for version in [1.0, 2.0] {
        let run = TestNode::new(SET, version, fields.clone()).input(json!([{"a": 1}])).with("onError", "continueRegularOutput").run();
        assert_eq!(run.outputs(), json!([[{"a": 1}]]), "{version}");
    }
}

#[test]
fn names_that_are_whole_numbers_come_first() {
    let check = |version: f64, parameters: Value, expect: &str| {
        let outputs = TestNode::new(SET, version, parameters).input(json!([{"z": {"b": 1, "2": 1}}])).outputs();
        assert_eq!(outputs[0][0].to_string(), expect);
    };
    let fields = json!([{"name": "2", "type": "number", "value": 2}, {"name": "1", "type": "number", "value": 1}]);
    check(3.4, assign(&fields, &json!({"includeOtherFields": true})), r#"{"1":1,"2":2,"z":{"2":1,"b":1}}"#);
    check(3.4, json!({"mode": "raw", "jsonOutput": "{\"b\": 1, \"2\": 1}"}), r#"{"2":1,"b":1}"#);
    check(2.0, json!({"values": {"number": [{"name": "7", "value": 1}]}}), r#"{"7":1,"z":{"2":1,"b":1}}"#);
}
