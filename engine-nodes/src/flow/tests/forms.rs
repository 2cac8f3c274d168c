//! The Form node without a browser: what it refuses, how long it waits, what it remembers.

use engine_core::form::{Ending, EndingPage};
use serde_json::{Value, json};

use crate::testing::{TestNode, TestRun, run_workflow};

/// Runs a form node behind a form trigger.
fn run(parameters: &Value) -> TestRun {
    let parameters_of_first = json!({"path": "x", "formTitle": "First", "options": {"buttonLabel": "Send"}});
    let first = json!({"id": "t", "name": "First", "type": "n8n-nodes-base.formTrigger", "typeVersion": 2.2, "parameters": parameters_of_first, "position": [0, 0]});
    let node = json!({"id": "n", "name": "Node", "type": "n8n-nodes-base.form", "typeVersion": 1, "parameters": parameters, "position": [1, 0]});
    let connections = json!({"First": {"main": [[{"node": "Node", "type": "main", "index": 0}]]}});
    run_workflow(&json!({"nodes": [first, node], "connections": connections, "settings": {"executionOrder": "v1"}}))
}

#[test]
fn a_page_needs_a_form_before_it() {
    let error = TestNode::new("n8n-nodes-base.form", 1.0, json!({})).input(json!([{}])).error();
    assert_eq!(error, "Form Trigger node must be set before this node");
}

#[test]
fn fields_in_json_are_a_list_of_objects() {
    for unfit in ["{", "{}", "[1]", "={{ undefined }}"] {
        let run = run(&json!({"defineForm": "json", "jsonOutput": unfit}));
        assert_eq!(run.error().as_deref(), Some("The form's fields cannot be read"), "{unfit}");
    }
}

#[test]
fn a_limited_wait_passes_its_input_on() {
    let fields = json!([{"fieldLabel": "{{ $json.a }}"}]).to_string();
    let run = run(&json!({"defineForm": "json", "jsonOutput": fields, "limitWaitTime": true, "resumeAmount": 2, "resumeUnit": "hours"}));
    assert_eq!((run.error(), run.outputs()), (None, json!([[{}]])));
}

#[test]
fn the_end_is_remembered_with_the_execution() {
    let ending = |parameters: Value| {
        let mut all = json!({"operation": "completion"});
        all.as_object_mut().expect("an object").extend(parameters.as_object().cloned().expect("an object"));
        let run = run(&all);
        assert_eq!((run.error(), run.outputs()), (None, json!([[{}]])), "its items go on");
        Ending::of(run.result.execution()).expect("an end").0
    };
    let page = EndingPage { form_title: "First".to_owned(), title: "T2".to_owned(), message: "a\nb".to_owned(), ..EndingPage::default() };
    assert_eq!(ending(json!({"completionTitle": "=T{{ 1 + 1 }}", "completionMessage": "a\\nb"})), Ending::Page(page));
    let url = "http://example.com".to_owned();
    assert_eq!(ending(json!({"respondWith": "redirect", "redirectUrl": "example.com"})), Ending::Redirect { url });
    let missing = run(&json!({"operation": "completion", "respondWith": "returnBinary"}));
    assert_eq!(missing.error().as_deref(), Some("No binary data with field data found."));
}
