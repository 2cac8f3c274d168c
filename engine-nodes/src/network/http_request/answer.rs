//! Makes items of a response.

use engine_core::model::{Item, Json};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::call::{AnswerPlan, Lists};
use super::exchange::{Answer, AnswerBody};
use crate::network::http::headers_to_json;

/// The items that a response gives; `input` is the item whose request it answers.
pub(super) fn items(answer: Answer, plan: &AnswerPlan, input: &Item) -> Vec<Item> {
    let head = plan.full.then(|| (headers_to_json(&answer.headers), answer.status));
    match (answer.body, head) {
        (AnswerBody::File(file), head) => {
            let json = head.map_or_else(|| input.json().clone(), |head| with_head(None, head));
            let mut item = Item::new(json).with_binary_of(input);
            item.binary_mut().insert(plan.property.clone(), file);
            vec![item]
        }
        (AnswerBody::Text(text), Some(head)) => vec![Item::new(with_head(Some((plan.property.as_str(), Value::String(text))), head))],
        (AnswerBody::Text(text), None) if text.is_empty() => vec![Item::new(Json::new())],
        (AnswerBody::Text(text), None) => vec![Item::new(Json::from_iter([(plan.property.clone(), Value::String(text))]))],
        (AnswerBody::Json(body), Some(head)) => vec![Item::new(with_head(Some(("body", body)), head))],
        (AnswerBody::Json(Value::Array(values)), None) => match plan.lists {
            Lists::Split => values.into_iter().map(item).collect(),
            Lists::Numbered => vec![Item::new(values.into_iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect())],
        },
        (AnswerBody::Json(body), None) => vec![item(body)],
    }
}

/// An item needs an object; nothing is an empty one.
fn item(value: Value) -> Item {
    match value {
        Value::Null => Item::new(Json::new()),
        value => Item::from_value(value),
    }
}

/// Body, headers and status in n8n's order.
fn with_head(body: Option<(&str, Value)>, (headers, status): (Value, StatusCode)) -> Json {
    let mut json = Json::new();
    json.extend(body.map(|(name, body)| (name.to_owned(), body)));
    json.insert("headers".to_owned(), headers);
    json.insert("statusCode".to_owned(), status.as_u16().into());
    json.insert("statusMessage".to_owned(), status.canonical_reason().unwrap_or_default().into());
    json
}

/// What expressions see as `$response`.
pub(super) fn variable(answer: &Answer) -> Value {
    let body = match &answer.body {
        AnswerBody::Json(value) => value.clone(),
        // JSON that is given as text is still seen as JSON.
        AnswerBody::Text(text) if is_json(answer) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        AnswerBody::Text(text) => Value::String(text.clone()),
        AnswerBody::File(_) => json!({}),
    };
    json!({ "body": body, "headers": headers_to_json(&answer.headers), "statusCode": answer.status.as_u16() })
}

fn is_json(answer: &Answer) -> bool {
    let content_type = answer.headers.get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| content_type.contains("application/json"))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::network::http_request::call::Format;

    fn made(body: AnswerBody, full: bool, lists: Lists) -> Value {
        let mut map = HeaderMap::new();
        map.append("x-a", "1".parse().unwrap());
        map.append("x-a", "2".parse().unwrap());
        map.append("set-cookie", "c=1".parse().unwrap());
        let answer = Answer { status: StatusCode::CREATED, headers: map, body, fingerprint: 0 };
        let plan = AnswerPlan { format: Format::Auto, full, never_error: false, property: "data".to_owned(), lists };
        items(answer, &plan, &Item::default()).into_iter().map(|item| Value::Object(item.json().clone())).collect()
    }

    #[test]
    fn bodies_become_items() {
        let check = |body: AnswerBody, lists: Lists, expect: Value| assert_eq!(made(body, false, lists), expect);
        check(AnswerBody::Json(json!({"a": 1})), Lists::Split, json!([{"a": 1}]));
        check(AnswerBody::Json(json!([{"a": 1}, 2, null])), Lists::Split, json!([{"a": 1}, {"value": 2}, {}]));
        check(AnswerBody::Json(json!([{"a": 1}, 2])), Lists::Numbered, json!([{"0": {"a": 1}, "1": 2}]));
        check(AnswerBody::Json(json!([])), Lists::Split, json!([]));
        check(AnswerBody::Text("x".to_owned()), Lists::Split, json!([{"data": "x"}]));
        check(AnswerBody::Text(String::new()), Lists::Split, json!([{}]));
    }

    #[test]
    fn a_full_response_has_status_and_headers() {
        let head = json!({"x-a": "1, 2", "set-cookie": ["c=1"]});
        assert_eq!(
            made(AnswerBody::Json(json!([1])), true, Lists::Split),
            json!([{"body": [1], "headers": head, "statusCode": 201, "statusMessage": "Created"}])
        );
        assert_eq!(
            made(AnswerBody::Text("x".to_owned()), true, Lists::Split),
            json!([{"data": "x", "headers": head, "statusCode": 201, "statusMessage": "Created"}])
        );
    }
}
