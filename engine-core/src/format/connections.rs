//! Connections in both formats.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::Fields;
use crate::model::{Connection, Json, MAIN};
use crate::problem::{Problem, ProblemCode, pointer_key};

/// Reads n8n's form: `{source: {kind: [[{node, type, index}, ...] | null, ...]}}`. Empty places are skipped; the caller keeps the original.
pub(super) fn read_n8n(connections: &Value, problems: &mut Vec<Problem>) -> Vec<Connection> {
    let mut read = Vec::new();
    let Some(sources) = connections.as_object() else { return read };
    for (source, kinds) in sources {
        let shared: Arc<str> = source.as_str().into();
        let path = format!("/connections/{}", pointer_key(source));
        let Some(kinds) = kinds.as_object() else {
            problems.push(wrong(path, "connections of a node must be an object of kinds, such as {\"main\": [...]}").in_node(source));
            continue;
        };
        for (kind, outputs) in kinds {
            let kind_path = format!("{path}/{}", pointer_key(kind));
            for (output, targets) in outputs.as_array().into_iter().flatten().enumerate() {
                let place = Place { source: &shared, kind, output, path: format!("{kind_path}/{output}") };
                place.read(targets, &mut read, problems);
            }
        }
    }
    read
}

struct Place<'a> {
    source: &'a Arc<str>,
    kind: &'a str,
    output: usize,
    path: String,
}

impl Place<'_> {
    fn read(&self, targets: &Value, read: &mut Vec<Connection>, problems: &mut Vec<Problem>) {
        for (index, target) in targets.as_array().into_iter().flatten().enumerate() {
            let Some(node) = target.get("node").and_then(Value::as_str) else {
                if !target.is_null() {
                    let message = "a connection must name the node that it enters: {\"node\": ..., \"type\": \"main\", \"index\": 0}";
                    problems.push(wrong(format!("{}/{index}", self.path), message).in_node(&**self.source));
                }
                continue;
            };
            let input = target.get("index").and_then(Value::as_u64).unwrap_or(0);
            read.push(Connection {
                source: Arc::clone(self.source),
                source_output: self.output,
                target: node.into(),
                target_input: usize::try_from(input).unwrap_or(usize::MAX),
                kind: self.kind.into(),
            });
        }
    }
}

/// Writes n8n's form.
pub(super) fn write_n8n(connections: &[Connection]) -> Value {
    let mut sources = Json::new();
    for connection in connections {
        let kinds = sources.entry(connection.source.to_string()).or_insert_with(|| json!({}));
        let Some(kinds) = kinds.as_object_mut() else { continue };
        let outputs = kinds.entry(connection.kind.to_string()).or_insert_with(|| json!([]));
        let Some(outputs) = outputs.as_array_mut() else { continue };
        while outputs.len() <= connection.source_output {
            outputs.push(json!([]));
        }
        if let Some(targets) = outputs.get_mut(connection.source_output).and_then(Value::as_array_mut) {
            targets.push(json!({"node": connection.target, "type": connection.kind, "index": connection.target_input}));
        }
    }
    Value::Object(sources)
}

/// Reads the native form: `[{source, target, sourceOutput?, targetInput?}]`.
pub(super) fn read_native(connections: Vec<Value>, problems: &mut Vec<Problem>) -> Vec<Connection> {
    let mut read = Vec::with_capacity(connections.len());
    for (index, connection) in connections.into_iter().enumerate() {
        let path = format!("/connections/{index}");
        let Value::Object(rest) = connection else {
            problems.push(wrong(path, "a connection must be an object: {\"source\": ..., \"target\": ...}"));
            continue;
        };
        let mut fields = Fields { rest, path, node: None, problems };
        let (source, target) = (fields.text("source"), fields.text("target"));
        let (source_output, target_input) = (port(&mut fields, "sourceOutput"), port(&mut fields, "targetInput"));
        let kind = fields.text("kind");
        for key in fields.rest.keys().cloned().collect::<Vec<_>>() {
            fields.problem(&key, ProblemCode::WrongShape, format!("a connection has no field {key:?}"));
        }
        match (source, target) {
            (Some(source), Some(target)) => read.push(Connection {
                source: source.into(),
                source_output,
                target: target.into(),
                target_input,
                kind: kind.as_deref().unwrap_or(MAIN).into(),
            }),
            (None, _) => fields.problem("source", ProblemCode::WrongShape, "a connection must name its source node".to_owned()),
            (_, None) => fields.problem("target", ProblemCode::WrongShape, "a connection must name its target node".to_owned()),
        }
    }
    read
}

fn port(fields: &mut Fields<'_>, key: &str) -> usize {
    let Some(number) = fields.number(key) else { return 0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    if number.fract() == 0.0 && (0.0..=65_535.0).contains(&number) {
        return number as usize;
    }
    fields.problem(key, ProblemCode::WrongShape, format!("{key} must be a whole number from 0 to 65535"));
    0
}

/// Writes the native form; ports are left out where they are 0.
pub(super) fn write_native(connections: &[Connection]) -> Value {
    let write = |connection: &Connection| {
        let mut fields = Json::new();
        fields.insert("source".to_owned(), json!(connection.source));
        fields.insert("target".to_owned(), json!(connection.target));
        if connection.source_output > 0 {
            fields.insert("sourceOutput".to_owned(), json!(connection.source_output));
        }
        if connection.target_input > 0 {
            fields.insert("targetInput".to_owned(), json!(connection.target_input));
        }
        if !connection.is_main() {
            fields.insert("kind".to_owned(), json!(connection.kind));
        }
        Value::Object(fields)
    };
    connections.iter().map(write).collect()
}

fn wrong(path: String, message: &str) -> Problem {
    Problem::new(ProblemCode::WrongShape, message).at(path)
}
