//! Remove Duplicates in a real engine.

use serde_json::{Value, json};

use crate::testing::TestNode;

fn compared(version: f64) -> (Value, Value) {
    let parameters = json!({"compare": "selectedFields", "fieldsToCompare": "v", "options": {}});
    let node = TestNode::new("n8n-nodes-base.removeDuplicates", version, parameters).input(json!([{"v": 1}, {"v": "x"}, {"v": 1}]));
    let run = node.with("onError", "continueRegularOutput").run();
    (run.outputs(), run.paired(0))
}

#[test]
fn values_of_two_types_fail_the_node() {
    let (outputs, _) = compared(1.1);
    assert_eq!(outputs, json!([[{"v": 1}, {"v": "x"}, {"v": 1}]]), "the input goes on");
    let (outputs, paired) = compared(2.0);
    assert_eq!(outputs[0].as_array().map(Vec::len), Some(1));
    assert!(outputs[0][0]["error"].as_str().is_some_and(|message| message.contains("'v' isn't always the same type")), "{outputs}");
    assert_eq!(paired, json!([{"item": 0}]));
}

#[test]
fn the_error_item_has_no_part_of_the_input() {
    let across = json!({"operation": "removeItemsSeenInPreviousExecutions", "logic": "removeItemsUpToStoredIncrementalKey", "incrementalDedupeValue": "={{ $json.v }}"});
    let within = json!({"compare": "selectedFields", "fieldsToCompare": "v", "options": {}});
    for parameters in [across, within] {
        let node = TestNode::new("n8n-nodes-base.removeDuplicates", 2.0, parameters).input(json!([{"v": 1}, {"v": "x"}]));
        let outputs = node.with("onError", "continueErrorOutput").outputs();
        let failed = outputs.as_array().and_then(|outputs| outputs.last()).cloned().unwrap_or_default();
        assert_eq!(failed[0].as_object().map(|json| json.keys().cloned().collect::<Vec<_>>()), Some(vec!["error".to_owned()]), "{outputs}");
    }
}
