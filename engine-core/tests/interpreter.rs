//! Random graphs, random completion orders: the engine gives what a naive interpreter gives.
//!
//! The interpreter walks the nodes in topological order and knows nothing of futures, queues or counters. A wrong count of open connections, a join that fires
//! early or twice, or an order of items that depends on timing makes the two differ.

use std::collections::BTreeMap;

use engine_core::model::{Connection, NodeDefinition, Workflow};
use engine_core::state::ExecutionStatus;
use engine_core::testing::{Ledger, Simulator, test_nodes};
use engine_core::{Engine, Start};
use proptest::prelude::*;
use serde_json::json;

/// A node: its kind, and for each earlier node whether, from which output and into which input it is connected.
#[derive(Clone, Debug)]
struct Plan {
    kind: &'static str,
    sources: Vec<(usize, usize, usize)>,
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("jitter"), 2 => Just("pass"), 2 => Just("fork"), 2 => Just("merge"), 1 => Just("empty"), 1 => Just("nothing")]
}

fn graph() -> impl Strategy<Value = Vec<Plan>> {
    let node = (kind(), prop::collection::vec((any::<prop::sample::Index>(), 0..2usize, 0..2usize), 0..4));
    prop::collection::vec(node, 1..24).prop_map(|nodes| {
        let mut plans = vec![Plan { kind: "trigger", sources: Vec::new() }];
        for (kind, wishes) in nodes {
            let sources = wishes.into_iter().map(|(index, output, input)| {
                let source = index.index(plans.len());
                let output = if plans[source].kind == "fork" { output } else { 0 };
                (source, output, if kind == "merge" { input } else { 0 })
            });
            let sources = sources.collect();
            plans.push(Plan { kind, sources });
        }
        plans
    })
}

fn workflow(plans: &[Plan]) -> Workflow {
    let mut builder = Workflow::builder("random");
    for (node, plan) in plans.iter().enumerate() {
        builder = builder.define(NodeDefinition::new(format!("N{node}"), plan.kind));
        for &(source, output, input) in &plan.sources {
            builder = builder.connection(Connection::new(format!("N{source}"), format!("N{node}")).from_output(output).into_input(input));
        }
    }
    builder.build()
}

type Items = Vec<Vec<String>>;

/// What each node that runs gives, by output: each item as the list of the nodes that tagged it.
fn interpret(plans: &[Plan], start: usize) -> BTreeMap<usize, Vec<Items>> {
    let mut given: BTreeMap<usize, Vec<Items>> = BTreeMap::from([(0, vec![vec![Vec::new(); start]])]);
    for (node, plan) in plans.iter().enumerate().skip(1) {
        let mut inputs = [Items::new(), Items::new()];
        for &(source, output, input) in &plan.sources {
            let items = given.get(&source).and_then(|outputs| outputs.get(output)).cloned().unwrap_or_default();
            inputs[input].extend(items);
        }
        let first = if inputs[0].is_empty() { &inputs[1] } else { &inputs[0] };
        if first.is_empty() {
            continue;
        }
        let outputs = match plan.kind {
            "pass" => vec![first.clone()],
            "jitter" => vec![first.iter().map(|path| [path.clone(), vec![format!("N{node}")]].concat()).collect()],
            "fork" => {
                (0..2).map(|rest| first.iter().enumerate().filter(|(index, _)| index % 2 == rest).map(|(_, path)| path.clone()).collect()).collect()
            }
            "merge" => vec![inputs.concat()],
            _ => vec![Items::new()],
        };
        given.insert(node, outputs);
    }
    given
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_gives_what_a_naive_interpreter_gives(plans in graph(), start in 1..5usize, seed in any::<u64>()) {
        let simulator = Simulator::new(seed);
        let ledger = Ledger::default();
        let engine = Engine::builder().runtime(simulator.clone()).nodes(test_nodes(&ledger)).build();
        let plan = engine.compile(workflow(&plans)).unwrap();
        let result = simulator.block_on(engine.run(&plan, Start::with_items((0..start).map(|_| json!({}))))).unwrap();
        prop_assert_eq!(result.status(), ExecutionStatus::Success);
        let expected = interpret(&plans, start);
        for node in 0..plans.len() {
            let name = format!("N{node}");
            prop_assert_eq!(ledger.count(&name), u64::from(expected.contains_key(&node)), "runs of {}", name);
            for output in 0..2 {
                let items: Items = result.output(&name, output).iter().map(|item| {
                    let path = item.json().get("path").cloned().unwrap_or_else(|| json!([]));
                    serde_json::from_value(path).unwrap()
                }).collect();
                let wanted = expected.get(&node).and_then(|outputs| outputs.get(output)).cloned().unwrap_or_default();
                prop_assert_eq!(items, wanted, "output {} of {}", output, name);
            }
        }
    }
}
