//! The connections of a plan: resolved, checked, and put into order; which nodes a trigger reaches.

use std::collections::HashMap;
use std::sync::Arc;

use super::PlanNode;
use super::compile::Compiler;
use super::edges::{Edge, Edges};
use crate::model::Connection;
use crate::node::NodeType;
use crate::problem::{Problem, ProblemCode, Severity};

/// What connecting found out.
pub(super) struct Connected {
    /// The connections that can be used.
    pub(super) edges: Edges,
    /// For each node, whether an enabled trigger (or the only node there is) reaches it.
    pub(super) reachable: Vec<bool>,
}

/// Resolves the connections.
pub(super) fn connect(compiler: &mut Compiler<'_>, nodes: &[PlanNode], types: &[Option<Arc<dyn NodeType>>]) -> Connected {
    let workflow = compiler.workflow;
    let ids: HashMap<&str, u32> = (0..).zip(&workflow.nodes).filter_map(|(index, node)| Some((node.id.as_ref()?.as_str(), index))).collect();
    let mut edges = Vec::with_capacity(workflow.connections.len());
    for (index, connection) in workflow.connections.iter().enumerate().filter(|(_, connection)| connection.is_main()) {
        let resolve = |name: &str| compiler.by_name.get(name).or_else(|| ids.get(name)).copied();
        let (source, target) = match (resolve(&connection.source), resolve(&connection.target)) {
            (Some(source), Some(target)) => (source, target),
            (None, _) => {
                compiler.problems.push(dangling(compiler, index, &connection.source));
                continue;
            }
            (_, None) => {
                compiler.problems.push(dangling(compiler, index, &connection.target));
                continue;
            }
        };
        let ends = (&nodes[source as usize], &nodes[target as usize]);
        if !check_ports(compiler, connection, ends, [&types[source as usize], &types[target as usize]], index) {
            continue;
        }
        edges.push(Edge { source, output: port(connection.source_output), target, input: port(connection.target_input) });
    }
    let order = workflow.settings.execution_order;
    let position = |node: u32| workflow.nodes.get(node as usize).and_then(|node| node.position).unwrap_or_default();
    let edges = Edges::new(nodes.len(), &edges, order, position);
    let reachable = reachable(nodes, &edges);
    check_reach(compiler, nodes, types, &reachable);
    Connected { edges, reachable }
}

fn port(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn dangling(compiler: &Compiler<'_>, index: usize, name: &str) -> Problem {
    if compiler.is_n8n() {
        let problem =
            Problem::new(ProblemCode::DanglingConnection, format!("a connection leads to or from {name:?}, which is no node; it is dropped"));
        return problem.at("/connections");
    }
    let problem = Problem::new(ProblemCode::UnknownConnectionNode, format!("a connection names {name:?}, which is no node"));
    problem.at(format!("/connections/{index}")).help("name a node by its name or its id")
}

/// Whether a connection can be used. n8n ignores connections to ports that are not there: so do we, with a warning, for its files.
fn check_ports(
    compiler: &mut Compiler<'_>,
    connection: &Connection,
    (source, target): (&PlanNode, &PlanNode),
    [source_type, target_type]: [&Option<Arc<dyn NodeType>>; 2],
    index: usize,
) -> bool {
    let outputs = usize::from(source.outputs) + usize::from(source.error_output().is_some());
    let inputs = usize::from(target.declared_inputs);
    let mut fits = true;
    if source_type.is_some() && connection.source_output >= outputs {
        fits = refuse(compiler, index, format!("{:?} has no output {}: it has {outputs}", connection.source, connection.source_output));
    }
    if target_type.is_some() && connection.target_input >= inputs.max(1) {
        fits = refuse(compiler, index, format!("{:?} has no input {}: it has {inputs}", connection.target, connection.target_input));
    }
    fits
}

fn refuse(compiler: &mut Compiler<'_>, index: usize, message: String) -> bool {
    let problem = Problem::new(ProblemCode::PortOutOfRange, message).help("ports are counted from 0");
    compiler.problems.push(if compiler.is_n8n() {
        Problem { severity: Severity::Warning, ..problem.at("/connections") }
    } else {
        problem.at(format!("/connections/{index}"))
    });
    compiler.is_n8n()
}

/// Which nodes an enabled trigger reaches; a workflow of one node is reached as a whole.
fn reachable(nodes: &[PlanNode], edges: &Edges) -> Vec<bool> {
    let mut reached = vec![false; nodes.len()];
    let is_start = |node: &PlanNode| (node.is_trigger || nodes.len() == 1) && !node.disabled;
    let mut pending: Vec<u32> = (0..).zip(nodes).filter(|(_, node)| is_start(node)).map(|(index, _)| index).collect();
    while let Some(node) = pending.pop() {
        if !std::mem::replace(&mut reached[node as usize], true) {
            pending.extend(edges.outgoing(node).iter().map(|target| target.node));
        }
    }
    reached
}

fn check_reach(compiler: &mut Compiler<'_>, nodes: &[PlanNode], types: &[Option<Arc<dyn NodeType>>], reachable: &[bool]) {
    if !nodes.is_empty() && !reachable.contains(&true) {
        // A node of an unknown type may well be the trigger; that problem is reported already.
        let unknown = types.iter().any(Option::is_none);
        let problem = Problem::new(ProblemCode::NoTrigger, "no enabled node can start the workflow").at("/nodes");
        let problem = problem.help("add a trigger, such as manual_trigger, webhook or schedule_trigger");
        compiler.problems.push(if unknown { Problem { severity: Severity::Warning, ..problem } } else { problem });
        return;
    }
    for (index, node) in nodes.iter().enumerate().filter(|(index, _)| !reachable[*index]) {
        let annotation = types[index].as_ref().is_some_and(|node_type| node_type.is_annotation());
        if !annotation && !node.disabled && !node.is_trigger {
            compiler.note(index, Problem::new(ProblemCode::UnreachableNode, "no trigger reaches this node: it never runs"));
        }
    }
}
