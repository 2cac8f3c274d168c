//! Nodes: the same in both formats.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::{Fields, kind_of};
use crate::credential::CredentialRef;
use crate::model::{Backoff, Json, NodeDefinition, NodeKind, NodeOptions, NodeVersion, RetryPolicy};
use crate::node::OnError;
use crate::problem::{Problem, ProblemCode};

/// Reads a node. What cannot be read is noted; the rest is read all the same.
pub(super) fn read(value: Value, index: usize, problems: &mut Vec<Problem>) -> Option<NodeDefinition> {
    let path = format!("/nodes/{index}");
    let rest = match value {
        Value::Object(rest) => rest,
        other => {
            problems.push(Problem::new(ProblemCode::WrongShape, format!("a node must be an object, not {}", kind_of(&other))).at(path));
            return None;
        }
    };
    let node = rest.get("name").and_then(Value::as_str).map(str::to_owned);
    let mut fields = Fields { rest, path, node, problems };
    let id = fields.text("id").filter(|id| !id.is_empty()).map(Into::into);
    let name = fields.text("name").unwrap_or_default();
    let kind = fields.text("type").map_or_else(NodeKind::default, NodeKind::from);
    if kind.as_str().is_empty() {
        fields.problem("type", ProblemCode::UnknownNodeType, "a node must have a type".to_owned());
    }
    let version = read_version(&mut fields);
    let position = read_position(&mut fields);
    let parameters = fields.object("parameters");
    let credentials = read_credentials(&mut fields);
    let disabled = fields.flag("disabled");
    let options = read_options(&mut fields);
    let webhook_id = fields.text("webhookId");
    let extra = fields.rest;
    Some(NodeDefinition { id, name, kind, version, position, parameters, credentials, disabled, options, webhook_id, extra })
}

fn read_version(fields: &mut Fields<'_>) -> Option<NodeVersion> {
    // Some tools write it as a text, which stays to be written back.
    let text = fields.rest.get("typeVersion").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let number = text.or_else(|| fields.number("typeVersion"))?;
    let version = NodeVersion::from_f64(number);
    if version.is_none() {
        fields.problem("typeVersion", ProblemCode::WrongShape, format!("{number} is no version: give a number such as 1 or 3.4"));
    }
    version
}

fn read_position(fields: &mut Fields<'_>) -> Option<[f64; 2]> {
    let place = fields.rest.get("position")?.as_array()?;
    let [x, y] = place.as_slice() else { return None };
    let position = [x.as_f64()?, y.as_f64()?];
    fields.rest.shift_remove("position");
    Some(position)
}

/// Credentials by type. Very old exports name one by a bare text; the original stays in the rest then.
fn read_credentials(fields: &mut Fields<'_>) -> BTreeMap<String, CredentialRef> {
    let Some(Value::Object(written)) = fields.rest.get("credentials") else { return BTreeMap::new() };
    let (read, exact) = credentials_of(written);
    if exact {
        fields.rest.shift_remove("credentials");
    }
    read
}

/// The credentials, and whether writing them gives the same again.
fn credentials_of(written: &Json) -> (BTreeMap<String, CredentialRef>, bool) {
    let mut read = BTreeMap::new();
    let mut exact = true;
    for (kind, value) in written {
        let reference = match value {
            Value::String(name) => Some(CredentialRef { id: None, name: name.clone() }),
            other => serde_json::from_value::<CredentialRef>(other.clone()).ok(),
        };
        exact &= reference.as_ref().is_some_and(|reference| json!(reference) == *value);
        read.extend(reference.map(|reference| (kind.clone(), reference)));
    }
    (read, exact)
}

fn read_options(fields: &mut Fields<'_>) -> NodeOptions {
    let on_error = match fields.rest.get("onError").and_then(Value::as_str) {
        Some("stopWorkflow") => Some(OnError::Stop),
        Some("continueRegularOutput") => Some(OnError::ContinueRegular),
        Some("continueErrorOutput") => Some(OnError::ContinueError),
        Some(other) => {
            let message = format!("onError {other:?} is not known: use stopWorkflow, continueRegularOutput or continueErrorOutput");
            fields.problem("onError", ProblemCode::WrongShape, message);
            None
        }
        None => None,
    };
    if on_error.is_some() {
        fields.rest.shift_remove("onError");
    }
    NodeOptions {
        execute_once: fields.flag("executeOnce"),
        always_output_data: fields.flag("alwaysOutputData"),
        retry: read_retry(fields),
        // The old flag counts only where the new field is absent; written back as it was.
        on_error: on_error.or_else(|| (fields.rest.get("continueOnFail") == Some(&Value::Bool(true))).then_some(OnError::ContinueRegular)),
        timeout_seconds: fields.number("timeoutSeconds"),
        at_most_once: fields.flag("atMostOnce"),
    }
}

/// The retry policy, where retrying is on; otherwise its fields stay in the rest.
fn read_retry(fields: &mut Fields<'_>) -> Option<RetryPolicy> {
    if !fields.flag("retryOnFail") {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of f64 to u32 saturates, which is right here")]
    let max_tries = fields.number("maxTries").map(|tries| tries as u32);
    let backoff = match fields.text("retryBackoff").as_deref() {
        Some("exponential") => Backoff::Exponential,
        _ => Backoff::Fixed,
    };
    Some(RetryPolicy { max_tries, wait_ms: fields.number("waitBetweenTries"), backoff, max_wait_ms: fields.number("maxWaitBetweenTries") })
}

/// Writes a node. What was read and is still the same is written as it was.
pub(super) fn write(node: &NodeDefinition) -> Value {
    let mut fields = Json::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    put("parameters", (!node.parameters.is_empty()).then(|| Value::Object(node.parameters.clone())));
    put("id", node.id.as_ref().map(|id| json!(id)));
    put("name", Some(json!(node.name)));
    put("type", Some(json!(node.kind)));
    put("typeVersion", node.version.map(|version| json!(version)));
    put("position", node.position.map(|[x, y]| Value::Array(vec![whole(x), whole(y)])));
    put("credentials", (!node.credentials.is_empty()).then(|| json!(node.credentials)));
    put("disabled", node.disabled.then_some(Value::Bool(true)));
    put("executeOnce", node.options.execute_once.then_some(Value::Bool(true)));
    put("alwaysOutputData", node.options.always_output_data.then_some(Value::Bool(true)));
    if let Some(retry) = &node.options.retry {
        put("retryOnFail", Some(Value::Bool(true)));
        put("maxTries", retry.max_tries.map(Value::from));
        put("waitBetweenTries", retry.wait_ms.map(whole));
        put("retryBackoff", (retry.backoff == Backoff::Exponential).then(|| json!(retry.backoff)));
        put("maxWaitBetweenTries", retry.max_wait_ms.map(whole));
    }
    let legacy = node.extra.get("continueOnFail") == Some(&Value::Bool(true)) && node.options.on_error == Some(OnError::ContinueRegular);
    put("onError", node.options.on_error.filter(|_| !legacy).map(|on_error| json!(on_error)));
    put("timeoutSeconds", node.options.timeout_seconds.map(whole));
    put("atMostOnce", node.options.at_most_once.then_some(Value::Bool(true)));
    put("webhookId", node.webhook_id.as_ref().map(|id| json!(id)));
    add_extra(&mut fields, node);
    Value::Object(fields)
}

fn add_extra(fields: &mut Json, node: &NodeDefinition) {
    for (key, value) in &node.extra {
        let original = match value {
            Value::Object(written) if key == "credentials" => credentials_of(written).0 == node.credentials,
            Value::String(text) if key == "typeVersion" => text.parse().ok().and_then(NodeVersion::from_f64) == node.version,
            _ => false,
        };
        if original || !fields.contains_key(key) {
            fields.insert(key.clone(), value.clone());
        }
    }
}

/// A number as JSON: without a fraction where it has none.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub(super) fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::from(number as i64) } else { Value::from(number) }
}
