//! Workflow files: what is read is written back.

use std::path::{Path, PathBuf};

use engine_core::Workflow;
use engine_core::model::{ExecutionOrder, Format};
use proptest::prelude::*;
use serde_json::{Value, json};

fn round_trip(value: &Value) -> Value {
    Workflow::from_json(&value.to_string()).unwrap_or_else(|problems| panic!("{problems}\n{value}")).to_json()
}

#[test]
fn an_export_comes_back_as_it_was() {
    let export = json!({
        "name": "", "id": 12, "active": false, "versionId": "x", "meta": {"instanceId": "y"}, "tags": [], "pinData": {}, "staticData": null,
        "settings": {"executionOrder": "v0", "timezone": "DEFAULT", "executionTimeout": -1, "callerPolicy": "any", "errorWorkflow": ""},
        "nodes": [
            {"id": "", "name": "A", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "position": [10, -2.5], "parameters": {}, "notes": "n", "disabled": false},
            {"name": "B", "type": "t", "typeVersion": null, "position": null, "parameters": {"x": "={{ 1 }}"}, "credentials": {"api": "old name"},
             "retryOnFail": false, "maxTries": 5, "continueOnFail": true, "webhookId": "w"},
            {"name": "C", "type": "t", "typeVersion": "1.1", "parameters": {}, "credentials": {"api": {"id": "1", "name": "n"}}, "retryOnFail": true, "waitBetweenTries": 0,
             "onError": "continueErrorOutput", "executeOnce": true, "alwaysOutputData": true}
        ],
        "connections": {"A": {"main": [null, [], [{"node": "B", "type": "main", "index": 1}, {"node": "gone", "type": "main", "index": 0}]]}, "B": {"ai_tool": [[{"node": "C", "type": "ai_tool", "index": 0}]]}}
    });
    assert_eq!(round_trip(&export), export);
}

#[test]
fn the_formats_are_told_apart_by_their_connections() {
    let read = |text: &str| Workflow::from_json(text).unwrap();
    let native = read(r#"{"nodes": [{"name": "A", "type": "t"}], "connections": []}"#);
    assert_eq!((native.format, native.settings.execution_order), (Format::Native, ExecutionOrder::Parallel));
    let n8n = read(r#"{"nodes": [{"name": "A", "type": "t"}], "connections": {}}"#);
    assert_eq!(n8n.settings.execution_order, ExecutionOrder::V0, "n8n's files without an order are from before 2023");
    assert!(matches!(n8n.format, Format::N8n { .. }));
}

#[test]
fn every_workflow_of_the_corpus_comes_back_as_it_was() {
    let Some(corpus) =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/conformance/workflows")).find(|path| path.exists())
    else {
        return;
    };
    let mut checked = 0;
    for path in files(&corpus) {
        let value: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(round_trip(&value), value, "{}", path.display());
        checked += 1;
    }
    assert!(checked > 100, "only {checked} workflows in {}", corpus.display());
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.to_string_lossy().ends_with(".workflow.json"))
        .collect()
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        drop(Workflow::from_json(&text));
    }

    #[test]
    fn no_json_of_the_right_keys_makes_the_reader_panic(nodes in value(), connections in value(), settings in value()) {
        let text = json!({"nodes": [nodes], "connections": connections, "settings": settings}).to_string();
        drop(Workflow::from_json(&text));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), "[a-z]{0,4}".prop_map(Value::from)];
    let key = prop_oneof![
        Just("name"),
        Just("type"),
        Just("main"),
        Just("node"),
        Just("index"),
        Just("position"),
        Just("parameters"),
        Just("credentials"),
        Just("executionOrder"),
        Just("typeVersion"),
        Just("source"),
        Just("target")
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}
