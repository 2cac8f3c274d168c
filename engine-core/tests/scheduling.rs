//! What runs, in which order, on which items: the native order.

use std::sync::Arc;

use engine_core::driver::ExecutionResult;
use engine_core::model::{ExecutionOrder, NodeDefinition, RetryPolicy, Workflow};
use engine_core::node::OnError;
use engine_core::state::ExecutionStatus;
use engine_core::testing::{Ledger, Simulator, graph, test_nodes};
use engine_core::{Engine, Start};
use serde_json::{Value, json};

struct Bench {
    simulator: Simulator,
    engine: Engine,
    ledger: Ledger,
}

fn bench(seed: u64) -> Bench {
    let simulator = Simulator::new(seed);
    let ledger = Ledger::default();
    let engine = Engine::builder().runtime(simulator.clone()).nodes(test_nodes(&ledger)).build();
    Bench { simulator, engine, ledger }
}

impl Bench {
    fn run(&self, workflow: Workflow, items: impl IntoIterator<Item = Value>) -> ExecutionResult {
        let plan = self.engine.compile(workflow).unwrap_or_else(|problems| panic!("{problems}"));
        self.simulator.block_on(self.engine.run(&plan, Start::with_items(items))).expect("it starts")
    }
}

/// The paths of the items of a node's last run: `A>B` for an item that went through A and B.
fn paths(result: &ExecutionResult, node: &str) -> Vec<String> {
    let path = |item: &engine_core::model::Item| {
        let tags = item.json().get("path").and_then(Value::as_array).cloned().unwrap_or_default();
        tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(">")
    };
    result.items(node).iter().map(path).collect()
}

fn check(workflow: &str, node: &str, expected: &[&str]) {
    for seed in 0..20 {
        let result = bench(seed).run(graph(workflow), [json!({})]);
        assert_eq!(result.status(), ExecutionStatus::Success, "seed {seed}: {:?}", result.error());
        assert_eq!(paths(&result, node), expected, "seed {seed}, {workflow}");
    }
}

#[test]
fn a_chain_passes_items_on() {
    check("T trigger -> A\nA tag -> B\nB tag", "B", &["A>B"]);
}

#[test]
fn a_join_sees_nothing_of_the_join_before_it() {
    // What M was run with is used again for N, whose second connection brings nothing.
    check("T trigger -> A B E\nA tag -> M\nB tag -> M:1\nE empty -> N:1\nM merge -> P\nP pass -> N\nN merge", "N", &["A", "B"]);
}

#[test]
fn several_connections_into_one_input_are_joined_in_their_order() {
    check("T trigger -> A B\nA jitter -> M\nB jitter -> M\nM tag", "M", &["A>M", "B>M"]);
}

#[test]
fn a_merge_waits_for_all_inputs() {
    check("T trigger -> A B\nA jitter -> M\nB jitter -> C\nC jitter -> M:1\nM merge", "M", &["A", "B>C"]);
}

#[test]
fn a_merge_behind_a_branch_that_is_not_taken_does_not_hang() {
    // One item: the second output of the fork stays empty, and all that is behind it is skipped.
    check("T trigger -> F\nF fork -> A | B\nA jitter -> M\nB jitter -> C\nC jitter -> M:1\nM merge", "M", &["A"]);
}

#[test]
fn a_node_without_items_is_skipped_and_so_is_all_behind_it() {
    let bench = bench(1);
    let result = bench.run(graph("T trigger -> E\nE empty -> A\nA tag -> B\nB tag"), [json!({})]);
    assert_eq!(result.status(), ExecutionStatus::Success);
    assert_eq!((bench.ledger.count("A"), bench.ledger.count("B")), (0, 0));
}

#[test]
fn a_loop_runs_its_body_once_for_each_item_and_is_done_with_all() {
    let bench = bench(3);
    let result = bench.run(graph("T trigger -> L\nL loop -> D | B\nB jitter -> C\nC jitter -> L\nD tag"), [json!({}), json!({}), json!({})]);
    assert_eq!(paths(&result, "D"), ["B>C>D", "B>C>D", "B>C>D"]);
    assert_eq!((bench.ledger.count("B"), bench.ledger.count("L"), bench.ledger.count("D")), (3, 4, 1));
}

#[test]
fn a_node_behind_a_loop_s_body_runs_once_when_the_loop_has_ended() {
    let bench = bench(3);
    let result = bench.run(graph("T trigger -> L\nL loop -> | B\nB tag -> L X\nX tag"), [json!({}), json!({})]);
    assert_eq!(paths(&result, "X"), ["B>X", "B>X"]);
    assert_eq!(bench.ledger.count("X"), 1);
}

#[test]
fn an_inner_loop_begins_anew_in_each_round_of_the_outer_one() {
    let bench = bench(5);
    let text = "T trigger -> O\nO loop -> D | I\nI loop -> P | B\nB tag -> I\nP tag -> O\nD tag";
    let result = bench.run(graph(text), [json!({}), json!({}), json!({})]);
    assert_eq!(paths(&result, "D"), ["B>P>D", "B>P>D", "B>P>D"]);
    assert_eq!((bench.ledger.count("B"), bench.ledger.count("P")), (3, 3));
}

#[test]
fn a_body_that_gives_nothing_back_does_not_end_the_loop() {
    let bench = bench(5);
    let result = bench.run(graph("T trigger -> L\nL loop -> D | B\nB empty -> L\nD tag"), [json!({}), json!({})]);
    assert_eq!(result.status(), ExecutionStatus::Success);
    assert_eq!(bench.ledger.count("B"), 2);
}

#[test]
fn a_cycle_without_a_loop_node_is_named() {
    let problems = bench(0).engine.compile(graph("T trigger -> A\nA tag -> B\nB tag -> C\nC tag -> A")).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("error[cycle]") && text.contains("A -> B -> C -> A"), "{text}");
}

#[test]
fn a_failing_node_fails_the_execution_and_says_where() {
    let bench = bench(0);
    let result = bench.run(graph("T trigger -> A\nA fail -> B\nB tag"), [json!({})]);
    assert_eq!(result.status(), ExecutionStatus::Error);
    let error = result.error().unwrap();
    assert_eq!((error.node.as_deref(), error.message.as_str()), (Some("A"), "it failed"));
    assert_eq!(bench.ledger.count("B"), 0);
}

#[test]
fn a_panic_is_an_error_of_its_node() {
    let bench = bench(0);
    let result = bench.run(graph("T trigger -> A\nA panic"), [json!({})]);
    assert_eq!(result.error().unwrap().message, "the node panicked: it panicked");
    assert_eq!(bench.run(graph("T trigger -> A\nA tag"), [json!({})]).status(), ExecutionStatus::Success);
}

#[test]
fn an_error_output_gets_the_failed_items() {
    let mut workflow = graph("T trigger -> A\nA fail -> B | C\nB tag\nC tag");
    workflow.nodes[1].options.on_error = Some(OnError::ContinueError);
    let result = bench(0).run(workflow, [json!({"id": 7})]);
    assert_eq!(result.status(), ExecutionStatus::Success);
    let item = result.items("C")[0].json().clone();
    assert_eq!((item["id"].clone(), item["error"].clone()), (json!(7), json!("it failed")));
    assert!(result.items("B").is_empty());
}

#[test]
fn retries_wait_and_then_succeed() {
    let bench = bench(0);
    let mut workflow = graph("T trigger -> A\nA flaky");
    let policy = RetryPolicy { max_tries: Some(3), wait_ms: Some(2000.0), backoff: engine_core::model::Backoff::Fixed, max_wait_ms: None };
    workflow.nodes[1].options.retry = Some(policy);
    let result = bench.run(workflow, [json!({})]);
    assert_eq!(paths(&result, "A"), ["A"]);
    let run = &result.nodes()[1].runs[0];
    assert_eq!((run.tries, run.finished.since(run.started).as_millis()), (3, 4000));
}

#[test]
fn a_node_that_takes_too_long_fails_alone() {
    let mut workflow = graph("T trigger -> A\nA never");
    workflow.nodes[1].options.timeout_seconds = Some(5.0);
    let result = bench(0).run(workflow, [json!({})]);
    assert_eq!(result.error().unwrap().message, "the node took longer than 5 seconds");
}

#[test]
fn an_execution_that_takes_too_long_is_canceled() {
    let mut workflow = graph("T trigger -> A\nA never");
    workflow.settings.execution_timeout = Some(60.0);
    let result = bench(0).run(workflow, [json!({})]);
    assert_eq!(result.status(), ExecutionStatus::Canceled);
    assert_eq!(result.error().unwrap().message, "the execution took longer than 60 seconds");
}

#[test]
fn a_wait_takes_its_time_and_passes_items_on() {
    let bench = bench(0);
    let before = engine_core::runtime::Runtime::now(&bench.simulator);
    let result = bench.run(graph("T trigger -> W\nW wait -> A\nA tag"), [json!({})]);
    assert_eq!(paths(&result, "A"), ["A"]);
    assert_eq!(engine_core::runtime::Runtime::now(&bench.simulator).since(before).as_secs(), 3600);
}

#[test]
fn disabled_nodes_pass_their_first_input_on() {
    let mut workflow = graph("T trigger -> A\nA fail -> B\nB tag");
    workflow.nodes[1].disabled = true;
    assert_eq!(paths(&bench(0).run(workflow, [json!({})]), "B"), ["B"]);
}

#[test]
fn pinned_data_stands_in_for_a_node() {
    let mut workflow = graph("T trigger -> A\nA fail -> B\nB tag");
    workflow.pinned.insert("A".to_owned(), json!([{"json": {"path": ["pinned"]}}]));
    assert_eq!(paths(&bench(0).run(workflow, [json!({})]), "B"), ["pinned>B"]);
}

#[test]
fn execute_once_and_always_output_data() {
    let mut workflow = graph("T trigger -> A\nA tag -> E\nE empty -> B\nB tag");
    workflow.nodes[1].options.execute_once = true;
    workflow.nodes[2].options.always_output_data = true;
    let result = bench(0).run(workflow, [json!({"n": 1}), json!({"n": 2})]);
    assert_eq!(result.items("A").len(), 1);
    assert_eq!(paths(&result, "B"), ["B"]);
}

#[test]
fn no_more_nodes_run_at_a_time_than_allowed() {
    let mut workflow = Workflow::builder("wide").node("T", "trigger");
    for index in 0..12 {
        workflow = workflow.define(NodeDefinition::new(format!("S{index}"), "slow")).connect("T", &format!("S{index}"));
    }
    let mut workflow = workflow.build();
    workflow.settings.max_parallel_nodes = Some(4);
    let bench = bench(0);
    let before = engine_core::runtime::Runtime::now(&bench.simulator);
    assert_eq!(bench.run(workflow, [json!({})]).status(), ExecutionStatus::Success);
    assert_eq!(engine_core::runtime::Runtime::now(&bench.simulator).since(before).as_secs(), 3, "12 nodes of a second, 4 at a time");
}

#[test]
fn pause_starts_nothing_and_resume_goes_on() {
    let bench = bench(0);
    let plan = bench.engine.compile(graph("T trigger -> W\nW wait -> A\nA tag")).unwrap();
    let (engine, runtime): (Engine, Arc<dyn engine_core::runtime::Runtime>) = (bench.engine.clone(), Arc::clone(bench.engine.runtime()));
    bench.simulator.block_on(async {
        let handle = engine.spawn(&plan, Start::with_items([json!({})])).unwrap();
        handle.pause();
        runtime.sleep(std::time::Duration::from_hours(240)).await;
        assert_eq!(bench.ledger.count("A"), 0, "ten days later no timer has fired");
        handle.resume();
        handle.resume();
        assert_eq!(handle.wait().await.unwrap().status(), ExecutionStatus::Success);
    });
    assert_eq!(bench.ledger.count("A"), 1);
}

#[test]
fn cancel_reaches_a_running_node_and_is_final() {
    let bench = bench(0);
    let plan = bench.engine.compile(graph("T trigger -> A\nA never -> B\nB tag")).unwrap();
    bench.simulator.block_on(async {
        let handle = bench.engine.spawn(&plan, Start::with_items([json!({})])).unwrap();
        bench.engine.runtime().sleep(std::time::Duration::from_secs(1)).await;
        handle.cancel();
        handle.cancel();
        handle.resume();
        assert_eq!(handle.wait().await.unwrap().status(), ExecutionStatus::Canceled);
    });
    assert_eq!(bench.ledger.count("B"), 0);
}

#[test]
fn items_are_passed_on_without_a_copy() {
    let items = bench(0).run(graph("T trigger -> A B\nA pass -> C\nB pass\nC pass"), [json!({"big": "data"})]);
    let first = Arc::clone(items.items("T")[0].shared_json());
    for node in ["A", "B", "C"] {
        assert!(Arc::ptr_eq(&first, items.items(node)[0].shared_json()), "{node} holds the very same JSON");
    }
}

#[test]
fn v1_runs_one_branch_to_its_end_and_v0_goes_breadth_first() {
    for (order, expected) in [(ExecutionOrder::V1, ["T", "A", "C", "B", "D"]), (ExecutionOrder::V0, ["T", "A", "B", "C", "D"])] {
        let mut workflow = graph("T trigger -> A B\nA tag -> C\nB tag -> D\nC tag\nD tag");
        workflow.settings.execution_order = order;
        for (node, y) in workflow.nodes.iter_mut().zip([0.0, 0.0, 100.0, 0.0, 100.0]) {
            node.position = Some([0.0, y]);
        }
        let result = bench(0).run(workflow, [json!({})]);
        assert_eq!(result.to_json()["order"], json!(expected), "{order:?}");
    }
}

#[test]
fn v0_gives_other_parents_an_empty_item_only_when_a_node_begins_to_wait() {
    // When M begins to wait, F is still to run and may feed C. When A's second run opens another entry, M waits already: nothing is done about C.
    let mut workflow = graph("T trigger -> A F A\nA tag -> M\nF fork -> X | C\nX tag\nC tag -> M:1\nM merge");
    workflow.settings.execution_order = ExecutionOrder::V0;
    let result = bench(0).run(workflow, [json!({})]);
    assert_eq!(result.to_json()["order"], json!(["T", "A", "F", "A", "X", "M", "M"]));
}

#[test]
fn v0_s_empty_item_counts_as_come_from_whatever_made_the_node_wait() {
    let mut workflow = graph("T trigger -> F\nF fork -> A | C\nA tag -> M\nC tag -> M:1\nM merge");
    workflow.settings.execution_order = ExecutionOrder::V0;
    let result = bench(0).run(workflow, [json!({})]);
    let nodes = result.nodes();
    let parts = &nodes.iter().find(|runs| &*runs.name == "C").unwrap().runs[0].parts;
    // A is the third node of the plan.
    assert_eq!(parts.iter().map(|part| (part.node, part.output, part.run)).collect::<Vec<_>>(), [(2, 0, 0)]);
}
