//! Fetching page by page.

use serde_json::{Value, json};

use super::{answer, json_answer, node, to};
use crate::network::test_server::{Seen, TestServer};

/// Three pages of two items and an empty one.
async fn paged() -> TestServer {
    TestServer::start(|seen: &Seen| {
        let page: i64 =
            url::form_urlencoded::parse(seen.query().as_bytes()).find(|(name, _)| name == "page").map_or(1, |(_, page)| page.parse().unwrap());
        let next = (page < 3).then(|| format!("/items?page={}", page + 1));
        match page {
            1..=3 => json_answer(&json!({"items": [page * 10, page * 10 + 1], "next": next, "done": page == 3})),
            _ if seen.path() == "/strict" => answer(404, "application/json", "{\"message\": \"no such page\"}"),
            _ => json_answer(&json!([])),
        }
    })
    .await
}

fn pages(items: &Value) -> Vec<i64> {
    items.as_array().unwrap().iter().filter_map(|item| item["items"][0].as_i64()).collect()
}

async fn fetch(server: &TestServer, path: &str, pagination: Value) -> (Vec<i64>, usize) {
    let parameters = json!({"options": {"pagination": {"pagination": pagination}}});
    let made = node(4.2, to(server, path, parameters)).json().await;
    (pages(&made), server.seen().len())
}

#[tokio::test]
async fn pages_are_fetched_until_the_last() {
    let by_page = json!({"parameters": [{"name": "page", "value": "={{ $pageCount + 1 }}"}]});
    let check = async |path: &str, pagination: Value, requests: usize| {
        let server = paged().await;
        assert_eq!(fetch(&server, path, pagination.clone()).await, (vec![10, 20, 30], requests), "{pagination}");
    };
    check("/items", json!({"parameters": by_page}), 4).await;
    check("/items", json!({"parameters": by_page, "paginationCompleteWhen": "other", "completeExpression": "={{ $response.body.done }}"}), 3).await;
    check(
        "/strict",
        json!({"parameters": by_page, "paginationCompleteWhen": "receiveSpecificStatusCodes", "statusCodesWhenComplete": "404, 410"}),
        4,
    )
    .await;
    check("/items", json!({"parameters": by_page, "limitPagesFetched": true, "maxRequests": 3}), 3).await;
    check("/items", json!({"paginationMode": "responseContainsNextURL", "nextURL": "={{ $response.body.next }}"}), 3).await;
    let more = json!({"paginationMode": "responseContainsNextURL", "nextURL": "={{ $request.url.split('/items')[0] }}{{ $response.body.next }}", "paginationCompleteWhen": "other"});
    let mut more = more;
    more["completeExpression"] = "={{ !$response.body.next }}".into();
    more["nextURL"] = "={{ $response.body.next ?? $request.url }}".into();
    check("/items", more, 3).await;
}

#[tokio::test]
async fn each_page_has_a_key_of_its_own() {
    let server = paged().await;
    let parameters = json!({
        "method": "POST",
        "options": {
            "idempotencyHeader": "Idempotency-Key",
            "pagination": {"pagination": {"paginationMode": "responseContainsNextURL", "nextURL": "={{ $response.body.next }}"}},
        },
    });
    node(4.2, to(&server, "/items", parameters)).json().await;
    let keys: Vec<String> = server.seen().iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[1] == format!("{}:1", keys[0]) && keys[2] == format!("{}:2", keys[0]), "{keys:?}");
}

#[tokio::test]
async fn pages_that_do_not_end_are_stopped() {
    let server = TestServer::start(|_: &Seen| json_answer(&json!({"same": 1}))).await;
    let pagination = json!({"parameters": {"parameters": [{"name": "p", "value": "={{ $pageCount }}"}]}});
    let error = node(4.2, to(&server, "/", json!({"options": {"pagination": {"pagination": pagination}}}))).error().await;
    assert_eq!(error["message"], "The returned response was identical 5x, so requests got stopped");
    assert_eq!(server.seen().len(), 5);
    let parameters =
        to(&server, "/", json!({"options": {"pagination": {"pagination": {"parameters": {"parameters": [{"name": "p", "value": "0"}]}}}}}));
    let shown = node(4.2, parameters).with("onError", "continueRegularOutput").json().await;
    assert_eq!(shown[0]["error"]["name"], "NodeOperationError");
}

#[tokio::test]
async fn json_that_is_given_as_text_is_seen_as_json() {
    let server = paged().await;
    let next = json!({"paginationMode": "responseContainsNextURL", "nextURL": "={{ $response.body.next }}"});
    let parameters = json!({"options": {"pagination": {"pagination": next}, "response": {"response": {"responseFormat": "text"}}}});
    let made = node(4.2, to(&server, "/items", parameters)).json().await;
    assert_eq!(made.as_array().unwrap().len(), 3);
    assert!(made[2]["data"].as_str().unwrap().contains("\"done\":true"));
}

#[tokio::test]
async fn an_error_on_the_way_fails_the_item() {
    let server = TestServer::start(
        |seen: &Seen| if seen.query() == "p=1" { answer(503, "text/plain", "later") } else { json_answer(&json!({"a": seen.query()})) },
    )
    .await;
    let pagination = json!({"parameters": {"parameters": [{"name": "p", "value": "={{ $pageCount }}"}]}});
    let error = node(4.2, to(&server, "/", json!({"options": {"pagination": {"pagination": pagination}}}))).error().await;
    assert_eq!(error["message"], "The server answered with status 503 Service Unavailable");
}

#[tokio::test]
async fn pages_on_another_host_get_no_secrets() {
    let other = TestServer::start(|_: &Seen| json_answer(&json!({}))).await;
    let next = other.url("/stolen");
    let server = TestServer::start(move |_: &Seen| json_answer(&json!({"next": next}))).await;
    let pagination = json!({"paginationMode": "responseContainsNextURL", "nextURL": "={{ $response.body.next }}"});
    let parameters = json!({"authentication": "genericCredentialType", "genericAuthType": "httpBearerAuth", "options": {"pagination": {"pagination": pagination}}});
    node(4.2, to(&server, "/", parameters)).credential("httpBearerAuth", json!({"token": "canary"})).json().await;
    assert_eq!(server.last().header("authorization"), "Bearer canary");
    assert_eq!(other.last().header("authorization"), "");
}
