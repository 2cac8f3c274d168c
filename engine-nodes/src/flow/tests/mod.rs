//! Nodes of this group in a real engine.

mod forms;

use engine_core::execution::{ExecutionMode, ReplyBody};
use serde_json::{Value, json};

use crate::testing::{TestNode, run_workflow};

fn condition(left: &str, operator: &Value, right: &Value) -> Value {
    json!({"conditions": {"options": {"version": 2, "typeValidation": "strict", "caseSensitive": true}, "combinator": "and",
           "conditions": [{"leftValue": left, "operator": operator, "rightValue": right}]}})
}

fn number(operation: &str) -> Value {
    json!({"type": "number", "operation": operation})
}

#[test]
fn if_routes_by_its_conditions() {
    let items = json!([{"v": 1}, {"v": 2}, {"v": "3"}]);
    let larger = || condition("={{ $json.v }}", &number("gt"), &json!(1));
    let error = TestNode::new("n8n-nodes-base.if", 2.2, larger()).input(items.clone()).error();
    assert_eq!(error, "Wrong type: '3' is a string but was expecting a number [condition 0, item 2]");
    let run = TestNode::new("n8n-nodes-base.if", 2.2, larger()).input(items).with("onError", "continueRegularOutput").run();
    assert_eq!(run.outputs(), json!([[{"v": 2}], [{"v": 1}, {"v": "3"}]]));
    assert_eq!(run.paired(1), json!([{"item": 0}, {"item": 2}]));
}

/// Breaks when `NaN` is taken for null, which is less than 5 to JavaScript.
#[test]
fn what_is_not_a_number_is_neither_less_nor_more() {
    let items = json!([{"v": "x"}, {"v": "3"}]);
    for (operation, passed) in [("lt", 1), ("gt", 0), ("notEquals", 2), ("exists", 1)] {
        let parameters = condition("={{ parseInt($json.v) }}", &number(operation), &json!(5));
        let outputs = TestNode::new("n8n-nodes-base.if", 2.2, parameters).input(items.clone()).outputs();
        assert_eq!(outputs[0].as_array().map_or(0, Vec::len), passed, "{operation}");
    }
    let text = condition("={{ parseInt($json.v) }}", &json!({"type": "string", "operation": "exists"}), &json!(""));
    let error = TestNode::new("n8n-nodes-base.if", 2.2, text).input(items).error();
    assert_eq!(error, "Wrong type: 'NaN' is a number but was expecting a string [condition 0, item 0]");
}

#[test]
fn an_expression_in_the_options_of_a_condition_counts() {
    let mut parameters = condition("={{ $json.v }}", &json!({"type": "string", "operation": "equals"}), &json!("A"));
    parameters["conditions"]["options"]["caseSensitive"] = json!("={{ $json.exact }}");
    let items = json!([{"v": "a", "exact": true}, {"v": "a", "exact": false}]);
    let outputs = TestNode::new("n8n-nodes-base.filter", 2.0, parameters).input(items).outputs();
    assert_eq!(outputs, json!([[{"v": "a", "exact": false}], [{"v": "a", "exact": true}]]));
}

#[test]
fn old_conditions_hold_all_or_any() {
    let parameters = |word: &str| {
        json!({"conditions": {"number": [{"value1": "={{ $json.v }}", "value2": 3}], "string": [{"value1": "={{ $json.t }}", "operation": "contains", "value2": "x"}]},
               "combineOperation": word})
    };
    let items = json!([{"v": 1, "t": "x"}, {"v": 1, "t": "y"}, {"v": 9, "t": "y"}]);
    let run = |word: &str| TestNode::new("n8n-nodes-base.if", 1.0, parameters(word)).input(items.clone()).outputs();
    assert_eq!(run("all"), json!([[{"v": 1, "t": "x"}], [{"v": 1, "t": "y"}, {"v": 9, "t": "y"}]]));
    assert_eq!(run("any"), json!([[{"v": 1, "t": "x"}, {"v": 1, "t": "y"}], [{"v": 9, "t": "y"}]]));
}

#[test]
fn old_conditions_fail_the_node_as_a_whole() {
    let conditions = json!({"dateTime": [{"value1": "={{ $json.d }}", "operation": "after", "value2": "2024-01-01"}]});
    let items = json!([{"d": "2024-02-01"}, {"d": "soon"}]);
    for (kind, combine) in [("n8n-nodes-base.if", "combineOperation"), ("n8n-nodes-base.filter", "combineConditions")] {
        let word = if combine == "combineOperation" { "all" } else { "AND" };
        let node = TestNode::new(kind, 1.0, json!({"conditions": conditions, combine: word}));
        let outputs = node.input(items.clone()).with("onError", "continueRegularOutput").run().outputs();
        assert_eq!(outputs, json!([items]), "{kind}");
    }
}

#[test]
fn the_error_output_of_a_filter_takes_the_place_of_what_is_discarded() {
    let filter = |value: &str| TestNode::new("n8n-nodes-base.filter", 2.2, condition(value, &number("gt"), &json!(1)));
    let outputs = filter("={{ $json.v }}").input(json!([{"v": 1}, {"v": 2}, {"v": "x"}])).with("onError", "continueErrorOutput").outputs();
    assert_eq!(outputs, json!([[{"v": 2}]]));
}

#[test]
fn switch_sends_by_rules() {
    let rule = |bound: i32| condition("={{ $json.v }}", &number("lt"), &json!(bound));
    let switch = |options: Value| json!({"rules": {"values": [rule(2), rule(4)]}, "options": options});
    let items = json!([{"v": 1}, {"v": 3}, {"v": 5}]);
    let run = |options: Value| TestNode::new("n8n-nodes-base.switch", 3.2, switch(options)).input(items.clone()).outputs();
    assert_eq!(run(json!({})), json!([[{"v": 1}], [{"v": 3}]]));
    assert_eq!(run(json!({"fallbackOutput": "extra"})), json!([[{"v": 1}], [{"v": 3}], [{"v": 5}]]));
    assert_eq!(run(json!({"fallbackOutput": 0})), json!([[{"v": 1}, {"v": 5}], [{"v": 3}]]));
    assert_eq!(run(json!({"allMatchingOutputs": true})), json!([[{"v": 1}], [{"v": 1}, {"v": 3}]]));
}

#[test]
fn switch_sends_by_index() {
    let switch = || TestNode::new("n8n-nodes-base.switch", 3.0, json!({"mode": "expression", "numberOutputs": 2, "output": "={{ $json.v }}"}));
    let items = json!([{"v": 1}, {"v": 0}, {"v": 2}]);
    assert_eq!(switch().input(items.clone()).error(), "The output 2 is not allowed.");
    let outputs = switch().input(items).with("onError", "continueRegularOutput").outputs();
    assert_eq!(outputs, json!([[{"v": 0}, {"error": "The output 2 is not allowed."}], [{"v": 1}]]));
}

#[test]
fn the_first_switch_has_four_outputs_for_an_index() {
    let switch = TestNode::new("n8n-nodes-base.switch", 1.0, json!({"mode": "expression", "output": "={{ $json.v }}"}));
    assert_eq!(switch.input(json!([{"v": 3}, {"v": 0}])).outputs(), json!([[{"v": 0}], [], [], [{"v": 3}]]));
}

#[test]
fn an_item_that_failed_without_a_link_is_not_given_the_json_of_another() {
    let switch = TestNode::new("n8n-nodes-base.switch", 3.0, json!({"mode": "expression", "numberOutputs": 1, "output": "={{ $json.v }}"}));
    let outputs = switch.input(json!([{"v": 0}, {"v": 2}])).with("onError", "continueErrorOutput").outputs();
    assert_eq!(outputs, json!([[{"v": 0}], [{"error": "The output 2 is not allowed."}]]));
}

#[test]
fn old_dates_are_read_as_javascript_reads_them() {
    // A date alone is meant in UTC, whatever the zone of the workflow.
    let conditions = json!({"conditions": {"dateTime": [{"value1": "={{ $json.d }}", "operation": "after", "value2": "2024-01-02"}]}});
    let items = json!([{"d": "2024-01-02T03:00:00.000Z"}, {"d": "2024-01-01T23:00:00Z"}]);
    let outputs = TestNode::new("n8n-nodes-base.if", 1.0, conditions).input(items).outputs();
    assert_eq!(outputs, json!([[{"d": "2024-01-02T03:00:00.000Z"}], [{"d": "2024-01-01T23:00:00Z"}]]));
}

#[test]
fn execution_data_marks_the_items_that_it_could_not_keep() {
    let parameters = json!({"dataToSave": {"values": [{"key": "={{ $json.k }}", "value": "1"}]}});
    let run = TestNode::new("n8n-nodes-base.executionData", 1.1, parameters)
        .input(json!([{"k": "a"}, {"k": "b c"}, {"k": ""}]))
        .with("onError", "continueRegularOutput");
    assert_eq!(run.outputs(), json!([[{"k": "a"}, {"error": "Custom data key \"b c\" is not valid"}, {"k": ""}]]));
    let value = |version: f64, items: Value| {
        let parameters = json!({"dataToSave": {"values": [{"key": "größe", "value": "={{ $json.v }}"}]}});
        TestNode::new("n8n-nodes-base.executionData", version, parameters).input(items).with("onError", "continueRegularOutput").outputs()
    };
    let refused = json!({"error": "Custom data values must be a string (key \"größe\")"});
    assert_eq!(value(1.1, json!([{"v": [1]}, {"v": null}, {"v": 1}])), json!([[refused, {"v": null}, {"v": 1}]]));
    assert_eq!(value(1.0, json!([{"v": "a"}, {"v": null}])), json!([[{"v": "a"}, refused]]));
}

#[test]
fn wait_passes_its_items_on_when_the_time_has_come() {
    let check = |parameters: Value, seconds: u64| {
        let run = TestNode::new("n8n-nodes-base.wait", 1.1, parameters).input(json!([{"a": 1}])).run();
        assert_eq!((run.outputs(), run.seconds), (json!([[{"a": 1}]]), seconds));
    };
    check(json!({}), 5);
    check(json!({"amount": "={{ $json.a }}", "unit": "hours"}), 3600);
    // The simulator begins at midnight in UTC, which is one o'clock in Berlin.
    check(json!({"resume": "specificTime", "dateTime": "2026-01-01T02:30:00"}), 5400);
    check(json!({"resume": "specificTime", "dateTime": "2020-01-01"}), 0);
    check(json!({"resume": "webhook", "limitWaitTime": true, "resumeAmount": 2, "resumeUnit": "minutes"}), 120);
    let bad = TestNode::new("n8n-nodes-base.wait", 1.1, json!({"amount": -1})).input(json!([{}])).error();
    assert_eq!(bad, "Invalid wait amount. Please enter a number that is 0 or greater.");
}

#[test]
fn stop_and_error_fails() {
    let run = |parameters: Value| TestNode::new("n8n-nodes-base.stopAndError", 1.0, parameters).input(json!([{"a": 1}])).error();
    assert_eq!(run(json!({"errorMessage": "={{ $json.a }} is wrong"})), "1 is wrong");
    assert_eq!(run(json!({"errorType": "errorObject", "errorObject": "{\"message\": \"m\"}"})), "m");
}

#[test]
fn respond_answers_and_passes_its_items_on() {
    let run = |version: f64, parameters: Value| {
        let node = TestNode::new("n8n-nodes-base.respondToWebhook", version, parameters);
        node.input(json!([{"a": 1}, {"a": 2}])).mode(ExecutionMode::Manual).run()
    };
    let body = |parameters: Value| run(1.1, parameters).reply.unwrap().body;
    assert_eq!(body(json!({})), ReplyBody::Json(json!({"a": 1})));
    assert_eq!(
        body(json!({"respondWith": "allIncomingItems", "options": {"responseKey": "d.x"}})),
        ReplyBody::Json(json!({"d": {"x": [{"a": 1}, {"a": 2}]}}))
    );
    assert_eq!(body(json!({"respondWith": "json", "responseBody": "={\"b\": {{ $json.a }}}"})), ReplyBody::Json(json!({"b": 1})));
    assert_eq!(body(json!({"respondWith": "text", "responseBody": "hi"})), ReplyBody::Bytes("hi".into()));
    assert_eq!(body(json!({"respondWith": "noData"})), ReplyBody::Empty);
    let redirect = run(1.1, json!({"respondWith": "redirect", "redirectURL": "/x"})).reply.unwrap();
    assert_eq!((redirect.status, redirect.headers), (307, vec![("location".to_owned(), "/x".to_owned())]));
    let headers = json!({"responseCode": 201, "responseHeaders": {"entries": [{"name": "X-A", "value": "b"}]}});
    let both = run(1.3, json!({"options": headers}));
    let response = json!({"response": {"body": {"a": 1}, "headers": {"x-a": "b"}, "statusCode": 201}});
    assert_eq!(both.outputs(), json!([[{"a": 1}, {"a": 2}], [response]]));
}

fn doubling() -> Value {
    json!({
        "nodes": [
            {"id": "t", "name": "T", "type": "n8n-nodes-base.executeWorkflowTrigger", "typeVersion": 1.1, "position": [0, 0],
             "parameters": {"workflowInputs": {"values": [{"name": "n", "type": "number"}, {"name": "m"}]}}},
            {"id": "f", "name": "F", "type": "edit_fields", "typeVersion": 3.4, "position": [200, 0],
             "parameters": {"includeOtherFields": true, "assignments": {"assignments": [{"name": "twice", "type": "number", "value": "={{ $json.n * 2 }}"}]}}},
        ],
        "connections": {"T": {"main": [[{"node": "F", "type": "main", "index": 0}]]}},
        "settings": {"executionOrder": "v1"},
    })
}

#[test]
fn a_workflow_is_called_with_the_fields_that_it_declares() {
    let call = |parameters: Value| {
        TestNode::new("n8n-nodes-base.executeWorkflow", 1.2, parameters).knowing("w", doubling()).input(json!([{"n": 1, "x": 0}, {"n": 2}]))
    };
    let expect = json!([[{"n": 1, "m": null, "twice": 2}, {"n": 2, "m": null, "twice": 4}]]);
    let id = json!({"__rl": true, "mode": "id", "value": "w"});
    assert_eq!(call(json!({"workflowId": id})).outputs(), expect);
    assert_eq!(call(json!({"workflowId": id, "mode": "each"})).outputs(), expect);
    assert_eq!(call(json!({"source": "parameter", "workflowJson": doubling().to_string()})).outputs(), expect);
    let mapped = json!({"workflowId": id, "workflowInputs": {"value": {"n": "7", "m": "={{ $json.n }}"}, "attemptToConvertTypes": true,
        "schema": [{"id": "n", "type": "number"}, {"id": "m", "type": "string"}]}});
    assert_eq!(call(mapped).outputs(), json!([[{"n": 7, "m": "1", "twice": 14}, {"n": 7, "m": "2", "twice": 14}]]));
    let alone = json!({"workflowId": id, "options": {"waitForSubWorkflow": false}});
    assert_eq!(call(alone).outputs(), json!([[{"n": 1, "x": 0}, {"n": 2}]]));
    assert!(call(json!({"workflowId": "nowhere"})).error().contains("nowhere"));
}

/// Breaks when the items that a called workflow left out, or put in another order, shift the links of the others.
#[test]
fn what_a_called_workflow_gives_is_linked_through_it() {
    let mut sorting = doubling();
    sorting["nodes"][1] = json!({"id": "f", "name": "F", "type": "sort", "position": [200, 0],
        "parameters": {"sortFieldsUi": {"sortField": [{"fieldName": "n", "order": "descending"}]}}});
    let called = |child: &Value| {
        let parameters = json!({"source": "parameter", "workflowJson": child.to_string()});
        TestNode::new("n8n-nodes-base.executeWorkflow", 1.2, parameters).input(json!([{"n": 1}, {"n": 3}, {"n": 2}])).run().paired(0)
    };
    assert_eq!(called(&sorting), json!([{"item": 1}, {"item": 2}, {"item": 0}]));
    let mut keeping = sorting.clone();
    keeping["nodes"][1]["type"] = json!("limit");
    keeping["nodes"][1]["parameters"] = json!({"maxItems": 1, "keep": "lastItems"});
    assert_eq!(called(&keeping), json!([{"item": 2}]));
}

#[test]
fn a_called_workflow_gives_the_last_run_or_all_runs_of_its_last_node() {
    let counting = |version: f64, parameters: Value| {
        json!({
            "nodes": [
                {"id": "t", "name": "T", "type": "n8n-nodes-base.executeWorkflowTrigger", "typeVersion": version, "position": [0, 0], "parameters": parameters},
                {"id": "a", "name": "A", "type": "edit_fields", "typeVersion": 3.4, "position": [200, 0],
                 "parameters": {"assignments": {"assignments": [{"name": "run", "type": "number", "value": "={{ $runIndex }}"}]}}},
            ],
            "connections": {"T": {"main": [[{"node": "A", "type": "main", "index": 0}, {"node": "A", "type": "main", "index": 0}]]}},
            "settings": {"executionOrder": "v1"},
        })
    };
    let call = |version: f64, parameters: Value| {
        let called = json!({"workflowId": {"__rl": true, "mode": "id", "value": "w"}});
        TestNode::new("n8n-nodes-base.executeWorkflow", 1.2, called).knowing("w", counting(version, parameters)).input(json!([{}])).outputs()
    };
    let (last, all) = (json!([[{"run": 1}]]), json!([[{"run": 0}, {"run": 1}]]));
    assert_eq!(call(1.1, json!({"inputSource": "passthrough"})), last);
    assert_eq!(call(1.1, json!({"inputSource": "passthrough", "returnOutput": "allRuns"})), all);
    assert_eq!(call(1.2, json!({"inputSource": "passthrough"})), all);
}

#[test]
fn debug_helper_fails_or_makes_data() {
    let node = |parameters: Value| TestNode::new("n8n-nodes-base.debugHelper", 1.0, parameters).input(json!([{}]));
    assert_eq!(node(json!({})).error(), "Node has thrown an error");
    let seeded = json!({"category": "randomData", "randomDataType": "uuid", "randomDataSeed": "s", "randomDataCount": 2});
    let (first, second) = (node(seeded.clone()).outputs(), node(seeded).outputs());
    assert_eq!(first, second);
    assert_eq!(first[0].as_array().unwrap().len(), 2);
    for (kind, field) in [("latLong", "location"), ("macAddress", "mac")] {
        let made = node(json!({"category": "randomData", "randomDataType": kind, "randomDataSeed": "s", "randomDataCount": 1})).outputs();
        assert!(made[0][0][field].is_string(), "{made}");
    }
    // Not even the items pass.
    assert_eq!(node(json!({"category": "doNothing"})).outputs(), json!([]));
}

#[test]
fn a_chosen_branch_is_handed_on() {
    let choose =
        |parameters: Value| TestNode::new("n8n-nodes-base.merge", 3.2, parameters).input(json!([{"a": 1}])).input(json!([{"b": 1}, {"b": 2}]));
    assert_eq!(choose(json!({"mode": "chooseBranch", "useDataOfInput": "2"})).outputs(), json!([[{"b": 1}, {"b": 2}]]));
    let second = json!({"mode": "chooseBranch", "chooseBranchMode": "waitForBoth", "output": "input2"});
    let second = TestNode::new("n8n-nodes-base.merge", 2.1, second).input(json!([{"a": 1}])).input(json!([{"b": 1}]));
    assert_eq!(second.outputs(), json!([[{"b": 1}]]));
    let waited = TestNode::new("n8n-nodes-base.merge", 1.0, json!({"mode": "wait"})).input(json!([{"a": 1}, {"a": 2}])).input(json!([{}])).run();
    assert_eq!(waited.paired(0), json!([[{"item": 0}, {"item": 1}]]));
    let empty = choose(json!({"mode": "chooseBranch", "output": "empty"})).run();
    assert_eq!((empty.outputs(), empty.paired(0)), (json!([[{}]]), json!([[{"item": 0}, {"item": 0, "input": 1}, {"item": 1, "input": 1}]])));
    let appended = choose(json!({})).run();
    assert_eq!(appended.outputs(), json!([[{"a": 1}, {"b": 1}, {"b": 2}]]));
    assert!(choose(json!({"mode": "chooseBranch", "useDataOfInput": "={{ 3 }}"})).error().contains("doesn't exist"));
}

/// Five items in batches of two, a body that marks them, and what the loop gives at its end.
fn loop_workflow(kind: &str, version: f64, order: &str) -> Value {
    let (done, again) = if version >= 3.0 { (0, 1) } else { (1, 0) };
    let to = |name: &str| json!([{"node": name, "type": "main", "index": 0}]);
    let mut outputs = vec![json!([]); 2];
    outputs[done] = to("Done");
    outputs[again] = to("Body");
    let node = |name: &str, kind: &str, version: f64, parameters: Value| json!({"id": name, "name": name, "type": kind, "typeVersion": version, "parameters": parameters, "position": [0, 0]});
    let mark = json!({"includeOtherFields": true, "assignments": {"assignments": [
        {"name": "run", "type": "number", "value": "={{ $('Node').context.currentRunIndex }}"},
        {"name": "left", "type": "boolean", "value": "={{ $('Node').context.noItemsLeft }}"},
        {"name": "from", "type": "number", "value": "={{ $('Many').item.json.i }}"},
    ]}});
    json!({
        "nodes": [
            node("Start", "manual_trigger", 1.0, json!({})),
            node("Many", "no_op", 1.0, json!({})),
            node("Node", kind, version, json!({"batchSize": 2})),
            node("Body", "edit_fields", 3.4, mark),
            node("Done", "no_op", 1.0, json!({})),
        ],
        "connections": {"Start": {"main": [to("Many")]}, "Many": {"main": [to("Node")]}, "Body": {"main": [to("Node")]}, "Node": {"main": outputs}},
        "pinData": {"Many": (0..5).map(|i| json!({"json": {"i": i}})).collect::<Vec<_>>()},
        "settings": {"executionOrder": order},
    })
}

#[test]
fn a_loop_gives_batches_and_at_its_end_what_came_back() {
    let item = |i: i32, run: i32, left: bool| json!({"i": i, "run": run, "left": left, "from": i});
    let expect = json!([item(0, 0, false), item(1, 0, false), item(2, 1, false), item(3, 1, false), item(4, 2, true)]);
    for (kind, version) in [("n8n-nodes-base.splitInBatches", 3.0), ("n8n-nodes-base.splitInBatches", 2.0), ("loop_over_items", 3.0)] {
        for order in ["v0", "v1"] {
            let run = run_workflow(&loop_workflow(kind, version, order));
            assert_eq!(run.error(), None);
            let done: Value = run.result.items("Done").iter().map(|item| Value::Object(item.json().clone())).collect();
            assert_eq!(done, expect, "{kind} {version} {order}");
        }
    }
}

#[test]
fn an_item_alone_says_that_it_is_the_first_of_the_input() {
    // The last item of the trigger, kept by Limit, is the first one that the node runs on.
    let node = |name: &str, kind: &str, parameters: Value| json!({"id": name, "name": name, "type": kind, "typeVersion": 1, "position": [0, 0], "parameters": parameters});
    let mut once = node("Node", "n8n-nodes-base.noOp", json!({}));
    once["executeOnce"] = json!(true);
    let workflow = json!({
        "nodes": [
            node("T", "n8n-nodes-base.manualTrigger", json!({})),
            node("I", "n8n-nodes-base.noOp", json!({})),
            node("L", "n8n-nodes-base.limit", json!({"maxItems": 2, "keep": "lastItems"})),
            once,
        ],
        "connections": {"T": {"main": [[{"node": "I", "type": "main", "index": 0}]]}, "I": {"main": [[{"node": "L", "type": "main", "index": 0}]]},
            "L": {"main": [[{"node": "Node", "type": "main", "index": 0}]]}},
        "pinData": {"I": [{"a": 1}, {"a": 2}, {"a": 3}]},
        "settings": {"executionOrder": "v1"},
    });
    let run = run_workflow(&workflow);
    assert_eq!((run.outputs(), run.paired(0)), (json!([[{"a": 2}]]), json!([{"item": 0}])));
}
