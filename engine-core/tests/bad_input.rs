//! Input that cannot be used gives a clear error: no panic, no hang, everything at once.

use std::sync::Arc;

use engine_core::model::{ExecutionOrder, NodeDefinition};
use engine_core::node::NodeRegistry;
use engine_core::problem::{ProblemCode, Problems, Severity};
use engine_core::testing::{Ledger, Simulator, graph, test_nodes};
use engine_core::{Engine, Workflow};

fn engine() -> Engine {
    Engine::builder().runtime(Simulator::new(1)).nodes(test_nodes(&Ledger::default())).build()
}

/// The codes of all problems of a workflow's text, in order.
fn codes(text: &str) -> Vec<&'static str> {
    let problems: Problems = match Workflow::from_json(text).map(|workflow| engine().compile(workflow)) {
        Ok(Ok(_)) => return Vec::new(),
        Ok(Err(problems)) | Err(problems) => problems,
    };
    problems.as_slice().iter().map(|problem| problem.code.as_str()).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(codes(text), expected, "{text:.300}");
}

#[test]
fn text_that_is_no_workflow() {
    check("", &["not-json"]);
    check("{\"nodes\": [", &["not-json"]);
    check("[]", &["wrong-shape"]);
    check("{}", &["wrong-shape"]);
    check(r#"{"nodes": []}"#, &["empty-workflow"]);
    check(r#"{"nodes": 7, "connections": "x", "settings": []}"#, &["wrong-shape", "wrong-shape"]);
    check(r#"{"formatVersion": 2, "nodes": [{"name": "T", "type": "trigger"}]}"#, &["unknown-format-version"]);
}

#[test]
fn json_nested_a_hundred_thousand_deep() {
    check(&"[".repeat(100_000), &["too-deep"]);
    check(&format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)), &["too-deep"]);
}

#[test]
fn six_mistakes_are_six_problems() {
    let text = r#"{"nodes": [
        {"name": "T", "type": "trigger"}, {"name": "", "type": "tag"}, {"name": "A", "type": "tagg"}, {"name": "A", "type": "tag", "typeVersion": 9},
        {"name": "B", "type": "tag", "parameters": {"text": "={{ 1 + }}", "txt": 1}}],
        "connections": [{"source": "T", "target": "Nowhere"}, {"source": "T", "target": "B", "sourceOutput": 3}], "settings": {"timezone": "Mars/Olympus"}}"#;
    let mut found = codes(text);
    found.sort_unstable();
    let expected = [
        "duplicate-node-name",
        "invalid-expression",
        "invalid-setting",
        "missing-node-name",
        "port-out-of-range",
        "unknown-connection-node",
        "unknown-node-type",
        "unknown-node-version",
        "unknown-parameter",
    ];
    for code in expected {
        assert!(found.contains(&code), "{code} is missing from {found:?}");
    }
}

#[test]
fn a_problem_says_where_what_and_what_to_do() {
    let workflow = Workflow::from_json(r#"{"nodes": [{"name": "T", "type": "trigger"}, {"name": "A", "type": "tagg"}], "connections": []}"#).unwrap();
    let problems = engine().compile(workflow).unwrap_err();
    let problem = &problems.as_slice()[0];
    assert_eq!(problem.to_string(), r#"error[unknown-node-type] node "A" at /nodes/1/type: no node type is called "tagg" (did you mean "tag"?)"#);
}

#[test]
fn duplicate_ids() {
    check(
        r#"{"nodes": [{"id": "1", "name": "T", "type": "trigger"}, {"id": "1", "name": "A", "type": "tag"}], "connections": [{"source": "T", "target": "A"}]}"#,
        &["duplicate-node-id"],
    );
}

#[test]
fn a_cycle_of_ten_thousand_nodes_is_named_in_short() {
    let mut text = String::new();
    text.extend((0..9_999).map(|node| format!("N{node} tag -> N{}\n", node + 1)));
    text.push_str("N9999 tag -> N0\nT trigger -> N0\n");
    let problems = engine().compile(graph(&text)).unwrap_err();
    let cycle = problems.as_slice().iter().find(|problem| problem.code == ProblemCode::Cycle).unwrap();
    assert!(cycle.message.contains("N0 -> N1 -> ") && cycle.message.ends_with("-> N9999 -> N0") && cycle.message.len() < 300, "{}", cycle.message);
}

#[test]
fn a_chain_of_a_hundred_thousand_nodes_compiles_and_runs() {
    let mut text = String::from("T trigger -> N0\n");
    text.extend((0..99_999).map(|node| format!("N{node} pass -> N{}\n", node + 1)));
    text.push_str("N99999 pass\n");
    let simulator = Simulator::new(1);
    let engine = Engine::builder().runtime(simulator.clone()).nodes(test_nodes(&Ledger::default())).build();
    for order in [ExecutionOrder::Parallel, ExecutionOrder::V1] {
        let mut workflow = graph(&text);
        workflow.settings.execution_order = order;
        let plan = engine.compile(workflow).unwrap();
        let result = simulator.block_on(engine.run(&plan, engine_core::Start::default())).unwrap();
        assert_eq!(result.items("N99999").len(), 1);
    }
}

#[test]
fn names_may_be_any_text() {
    for name in ["Ünïcödé 名前", "a\u{0}b", "\u{202e}right to left", "💥", "__proto__", "={{ 1 }}", "a/b~c"] {
        let workflow = Workflow::builder("names").node("T", "trigger").define(NodeDefinition::new(name, "tag")).connect("T", name).build();
        let text = workflow.to_json().to_string();
        let read = Workflow::from_json(&text).unwrap();
        assert_eq!(read.nodes, workflow.nodes, "{name:?}");
        assert!(engine().compile(read).is_ok(), "{name:?}");
    }
}

#[test]
fn every_code_has_a_page() {
    for code in ProblemCode::ALL {
        let page = format!("{}/../docs/errors/{}.md", env!("CARGO_MANIFEST_DIR"), code.as_str());
        let text = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.starts_with(&format!("# {}", code.as_str())), "{page}");
        assert_eq!(text.contains("A warning"), code.severity() == Severity::Warning, "{page}");
    }
}

#[test]
fn two_types_of_one_name_are_refused() {
    let registry = test_nodes(&Ledger::default());
    let twice = &registry.types()[0];
    let mut all = NodeRegistry::new();
    all.register_shared(Arc::clone(twice)).unwrap();
    assert_eq!(all.register_shared(Arc::clone(twice)).unwrap_err().to_string(), "node type trigger version 1 is registered twice");
}
