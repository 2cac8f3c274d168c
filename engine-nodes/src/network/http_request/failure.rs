//! Why an item got no response to go on with, as an error of the node and as an item.

use std::time::Duration;

use engine_core::expression::js;
use engine_core::model::{Item, Json, NodeVersion, Timestamp};
use engine_core::node::NodeError;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::{Value, json};

use crate::network::HttpError;

/// Why an item got no response to go on with.
#[derive(Debug)]
pub(super) struct Failure {
    /// What stops the node.
    pub(super) error: NodeError,
    shown: Box<Shown>,
}

/// What stands in the item where the node goes on.
#[derive(Debug)]
struct Shown {
    error: Value,
    details: Option<Value>,
}

/// How much of an error's body is repeated.
const MOST_REPEATED: usize = 64 * 1024;

impl Failure {
    /// An exchange that ended with an error status.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, body: &Value, now: Timestamp) -> Self {
        let code = status.as_u16();
        let shown_body = cut(&js::stringify(body));
        let shown = json!({
            "message": format!("{code} - {shown_body}"),
            "name": "AxiosError",
            "code": if status.is_server_error() { "ERR_BAD_RESPONSE" } else { "ERR_BAD_REQUEST" },
            "status": code,
        });
        let mut message = format!("The server answered with status {code} {}", status.canonical_reason().unwrap_or_default());
        if code == 429 {
            message.push_str(": send fewer requests at a time, with the option Batching");
        }
        let description = reason(body);
        let details = json!({ "message": message, "description": description, "httpCode": code.to_string(), "body": body });
        let mut error = NodeError::new(message.trim_end()).with_code("http-status").with_details(json!({
            "httpCode": code.to_string(), "statusCode": code, "body": if shown_body.len() < MOST_REPEATED { body.clone() } else { shown_body.into() },
        }));
        if let Some(description) = description {
            error = error.with_description(description);
        }
        error = match retry_after(headers, now) {
            Some(wait) if is_passing(code) => error.retried_after(wait),
            None if is_passing(code) => error,
            _ => error.never_retried(),
        };
        Self { error, shown: Box::new(Shown { error: shown, details: Some(details) }) }
    }

    /// The same, shown as an object where it was a text: what goes wrong once requests are under way is shown so.
    pub(super) fn under_way(mut self) -> Self {
        if let Value::String(message) = &self.shown.error {
            let description = self.error.description();
            self.shown.error = json!({ "message": message, "name": "NodeOperationError", "description": description });
        }
        self
    }

    /// The item that stands for the failed one.
    pub(super) fn into_item(self, version: NodeVersion) -> Item {
        let mut json = Json::from_iter([("error".to_owned(), self.shown.error)]);
        if version.at_least(4, 5) {
            json.extend(self.shown.details.map(|details| ("details".to_owned(), details)));
        }
        Item::new(json)
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let shown = Shown { error: Value::String(error.message().to_owned()), details: None };
        Self { error, shown: Box::new(shown) }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let shown = Shown {
            error: json!({ "message": error.to_string(), "name": "Error", "code": error.errno() }),
            details: Some(json!({ "message": error.to_string(), "httpCode": null, "body": null })),
        };
        Self { error: error.into_node_error(), shown: Box::new(shown) }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_REPEATED) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether the same request may succeed later. What is wrong with the request itself stays wrong; a missing or locked resource may come.
fn is_passing(status: u16) -> bool {
    !matches!(status, 300..=399 | 400..=403 | 405..=407 | 410 | 411 | 413..=417 | 421 | 422 | 426 | 431 | 451 | 501 | 505 | 510 | 511)
}

/// The header `retry-after`: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    u64::try_from(at.as_millisecond().saturating_sub(now.as_millis())).ok().map(Duration::from_millis)
}

/// What an error's body says: the texts in the places where services put them.
fn reason(body: &Value) -> Option<String> {
    match body {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => serde_json::from_str(text).ok().and_then(|parsed: Value| reason(&parsed)),
        Value::String(text) => Some(text.trim().chars().take(500).collect()).filter(|text: &String| !text.is_empty()),
        Value::Array(values) => values.iter().find_map(reason),
        Value::Object(fields) => {
            let keys =
                ["message", "error_description", "detail", "description", "error_message", "errorMessage", "error", "errors", "title", "reason"];
            keys.iter().filter_map(|key| fields.get(*key)).find_map(reason)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use engine_core::node::Retry::{self, After, ByPolicy, Never};

    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Failure {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Failure::of_status(StatusCode::from_u16(status).unwrap(), &headers, body, Timestamp::from_millis(1_445_412_480_000 - 60_000))
    }

    #[test]
    fn an_item_shows_status_and_body() {
        let check = |body: Value, expect: &str| {
            let item = of(404, &[], &body).into_item(NodeVersion::new(4, 2));
            let expect = json!({"error": {"message": expect, "name": "AxiosError", "code": "ERR_BAD_REQUEST", "status": 404}});
            assert_eq!(Value::Object(item.json().clone()), expect);
        };
        check(json!({"a": 1}), r#"404 - {"a":1}"#);
        check(json!("gone"), r#"404 - "gone""#);
        let newest = of(500, &[], &json!({"message": "no"})).into_item(NodeVersion::new(4, 5));
        assert_eq!(newest.json()["details"]["httpCode"], "500");
        assert_eq!(newest.json()["details"]["description"], "no");
    }

    #[test]
    fn what_passes_is_retried() {
        let check = |status: u16, headers: &[(&'static str, &str)], expect: Retry| {
            assert_eq!(of(status, headers, &Value::Null).error.retry(), expect, "{status}");
        };
        for status in [404, 408, 409, 423, 425, 429, 500, 502, 503, 504] {
            check(status, &[], ByPolicy);
        }
        for status in [302, 400, 401, 403, 405, 410, 413, 422, 501] {
            check(status, &[], Never);
        }
        check(429, &[("retry-after", "7")], After(Duration::from_secs(7)));
        check(503, &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], After(Duration::from_mins(1)));
        check(503, &[("retry-after", "soon")], ByPolicy);
        check(400, &[("retry-after", "7")], Never);
    }

    #[test]
    fn the_reason_is_found_where_services_put_it() {
        let check = |body: Value, expect: Option<&str>| assert_eq!(reason(&body).as_deref(), expect, "{body}");
        check(json!({"message": "a"}), Some("a"));
        check(json!({"error": {"message": "b", "code": 1}}), Some("b"));
        check(json!({"errors": [{"detail": "c"}]}), Some("c"));
        check(json!("{\"error\":\"d\"}"), Some("d"));
        check(json!("plain text"), Some("plain text"));
        check(json!({"code": 7}), None);
        check(json!(null), None);
    }
}
