//! Whole workflows: one entry point for both formats.

use serde_json::{Value, json};

use super::fields::{Fields, kind_of};
use super::{connections, node, settings};
use crate::model::{ExecutionOrder, Format, Json, Workflow};
use crate::problem::{Problem, ProblemCode, Problems};

/// The version of the native format that this engine writes and reads.
const FORMAT_VERSION: u64 = 1;

/// More nodes than any workflow has; what is larger is refused before it costs memory.
const MAX_NODES: usize = 1_000_000;

/// Reads a workflow in the native format or n8n's.
///
/// # Errors
/// All problems of the text's shape. What the workflow means is checked when it is compiled.
pub fn read_workflow(text: &str) -> Result<Workflow, Problems> {
    let value = serde_json::from_str(text).map_err(|error| {
        if error.to_string().starts_with("recursion limit exceeded") {
            let message = format!("the JSON is nested more than 127 levels deep (line {}, column {})", error.line(), error.column());
            return Problem::new(ProblemCode::TooDeep, message)
                .help("no workflow needs that; look for a list within a list that was repeated by mistake");
        }
        Problem::new(ProblemCode::NotJson, format!("not JSON: {error}")).help("give the text of a workflow file, as the engine or n8n exports it")
    })?;
    read_workflow_value(value)
}

/// Like [`read_workflow`], from a JSON value.
///
/// # Errors
/// All problems of the value's shape.
pub fn read_workflow_value(value: Value) -> Result<Workflow, Problems> {
    let rest = match value {
        Value::Object(rest) => rest,
        other => {
            let message = format!("a workflow must be an object with nodes and connections, not {}", kind_of(&other));
            return Err(Problem::new(ProblemCode::WrongShape, message).into());
        }
    };
    let mut problems = Vec::new();
    let workflow = read_object(Fields { rest, path: String::new(), node: None, problems: &mut problems });
    if problems.is_empty() { Ok(workflow) } else { Err(problems.into()) }
}

fn read_object(mut fields: Fields<'_>) -> Workflow {
    if let Some(version) = fields.rest.get("formatVersion")
        && version.as_u64() != Some(FORMAT_VERSION)
    {
        let message = format!("format version {version} is not known to this engine, which reads version {FORMAT_VERSION}");
        fields.problem("formatVersion", ProblemCode::UnknownFormatVersion, message);
    }
    let id = fields.text_or_number("id").map(Into::into);
    let name = fields.text("name").unwrap_or_default();
    let nodes = read_nodes(&mut fields);
    let native = match fields.rest.get("connections") {
        Some(Value::Array(_)) => true,
        Some(_) => false,
        None => !nodes.iter().any(|node| node.kind.as_str().contains('.')),
    };
    let default_order = default_order(native);
    let (connections, format) = read_connections(&mut fields, native);
    let settings_json = fields.object("settings");
    let settings = settings::read(settings_json, default_order, fields.problems);
    let pinned = fields.object("pinData");
    let static_data = match fields.rest.get("staticData") {
        Some(Value::Object(_)) => fields.rest.shift_remove("staticData"),
        _ => None,
    };
    let active = fields.rest.get("active").and_then(Value::as_bool);
    if active.is_some() {
        fields.rest.shift_remove("active");
    }
    Workflow { id, name, nodes, connections, settings, pinned, static_data, active, format, extra: fields.rest }
}

const fn default_order(native: bool) -> ExecutionOrder {
    if native { ExecutionOrder::Parallel } else { ExecutionOrder::V0 }
}

fn read_nodes(fields: &mut Fields<'_>) -> Vec<crate::model::NodeDefinition> {
    match fields.rest.shift_remove("nodes") {
        Some(Value::Array(nodes)) if nodes.len() > MAX_NODES => {
            fields.problem("nodes", ProblemCode::TooLarge, format!("{} nodes are more than the {MAX_NODES} that a workflow may have", nodes.len()));
            Vec::new()
        }
        Some(Value::Array(nodes)) => {
            let problems = &mut *fields.problems;
            nodes.into_iter().enumerate().filter_map(|(index, value)| node::read(value, index, problems)).collect()
        }
        Some(other) => {
            fields.problem("nodes", ProblemCode::WrongShape, format!("nodes must be a list, not {}", kind_of(&other)));
            Vec::new()
        }
        None => {
            fields.problem("nodes", ProblemCode::WrongShape, "a workflow must have a list of nodes".to_owned());
            Vec::new()
        }
    }
}

fn read_connections(fields: &mut Fields<'_>, native: bool) -> (Vec<crate::model::Connection>, Format) {
    match fields.rest.shift_remove("connections") {
        Some(Value::Array(list)) => (connections::read_native(list, fields.problems), Format::Native),
        Some(connections @ Value::Object(_)) => {
            let read = connections::read_n8n(&connections, fields.problems);
            (read, Format::N8n { connections })
        }
        None if native => (Vec::new(), Format::Native),
        None | Some(Value::Null) => (Vec::new(), Format::N8n { connections: json!({}) }),
        Some(other) => {
            fields.problem("connections", ProblemCode::WrongShape, format!("connections must be a list or an object, not {}", kind_of(&other)));
            (Vec::new(), Format::Native)
        }
    }
}

/// Writes a workflow in the format in which it was read.
pub fn write_workflow(workflow: &Workflow) -> Value {
    let native = workflow.format == Format::Native;
    let mut fields = Json::new();
    if native {
        fields.insert("formatVersion".to_owned(), json!(FORMAT_VERSION));
    }
    if let Some(id) = &workflow.id {
        let number = workflow.extra.get("id").filter(|written| matches!(written, Value::Number(number) if number.to_string() == id.as_str()));
        fields.insert("id".to_owned(), number.cloned().unwrap_or_else(|| json!(id)));
    }
    if !workflow.name.is_empty() {
        fields.insert("name".to_owned(), json!(workflow.name));
    }
    if let Some(active) = workflow.active {
        fields.insert("active".to_owned(), json!(active));
    }
    fields.insert("nodes".to_owned(), workflow.nodes.iter().map(node::write).collect());
    fields.insert("connections".to_owned(), write_connections(workflow));
    let settings = settings::write(&workflow.settings, default_order(native));
    let optional = [
        ("settings", Some(Value::Object(settings)).filter(|settings| settings.as_object().is_some_and(|fields| !fields.is_empty()))),
        ("pinData", (!workflow.pinned.is_empty()).then(|| Value::Object(workflow.pinned.clone()))),
        ("staticData", workflow.static_data.clone()),
    ];
    fields.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    for (key, value) in &workflow.extra {
        fields.entry(key.clone()).or_insert_with(|| value.clone());
    }
    Value::Object(fields)
}

/// n8n's connections are written as they were read as long as they say the same.
fn write_connections(workflow: &Workflow) -> Value {
    match &workflow.format {
        Format::Native => connections::write_native(&workflow.connections),
        Format::N8n { connections } if connections::read_n8n(connections, &mut Vec::new()) == workflow.connections => connections.clone(),
        Format::N8n { .. } => connections::write_n8n(&workflow.connections),
    }
}
