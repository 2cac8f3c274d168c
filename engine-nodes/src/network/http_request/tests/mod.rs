//! The node in a real engine against real servers.

mod errors;
mod pages;

use axum::body::Body as AnswerBody;
use axum::http::Response;
use engine_core::model::{Binary, BinaryContent, Item};
use futures::stream::StreamExt;
use serde_json::{Value, json};

use crate::network::test_engine::{TestNode, json_of};
use crate::network::test_server::{Names, Seen, TestServer};
use crate::network::{HttpClient, NetworkPolicy};

const KIND: &str = "n8n-nodes-base.httpRequest";

fn answer(status: u16, content_type: &str, body: impl Into<AnswerBody>) -> Response<AnswerBody> {
    Response::builder().status(status).header("content-type", content_type).body(body.into()).unwrap()
}

fn json_answer(value: &Value) -> Response<AnswerBody> {
    answer(200, "application/json; charset=utf-8", value.to_string())
}

/// A server that tells what it saw.
async fn echo() -> TestServer {
    TestServer::start(|seen: &Seen| {
        let body = String::from_utf8_lossy(&seen.body);
        json_answer(
            &json!({"method": seen.method.as_str(), "path": seen.path(), "query": seen.query(), "type": seen.header("content-type"), "body": body}),
        )
    })
    .await
}

fn node(version: f64, parameters: Value) -> TestNode {
    TestNode::new(KIND, version, parameters)
}

/// Parameters with a URL of the server put in.
fn to(server: &TestServer, path: &str, mut parameters: Value) -> Value {
    parameters["url"] = server.url(path).into();
    parameters
}

#[tokio::test]
async fn requests_are_sent_as_version_4_describes_them() {
    let server = echo().await;
    let check = async |parameters: Value, expect: Value| {
        let made = node(4.2, to(&server, "/p?x=1", parameters.clone())).json().await;
        assert_eq!(made, json!([expect]), "{parameters}");
    };
    let pairs =
        |pairs: &[(&str, Value)]| json!({"parameters": pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect::<Value>()});
    check(json!({}), json!({"method": "GET", "path": "/p", "query": "x=1", "type": "", "body": ""})).await;
    check(
        json!({"method": "DELETE", "sendQuery": true, "queryParameters": pairs(&[("a", json!("b c")), ("", json!("nothing"))])}),
        json!({"method": "DELETE", "path": "/p", "query": "x=1&a=b%20c", "type": "", "body": ""}),
    )
    .await;
    check(
        json!({"sendQuery": true, "specifyQuery": "json", "jsonQuery": "{\"l\": [1, 2]}", "options": {"queryParameterArrays": "repeat"}}),
        json!({"method": "GET", "path": "/p", "query": "x=1&l=1&l=2", "type": "", "body": ""}),
    )
    .await;
    let post = |mut more: Value, content_type: &str, body: &str| {
        more["method"] = "POST".into();
        more["sendBody"] = true.into();
        (more, json!({"method": "POST", "path": "/p", "query": "x=1", "type": content_type, "body": body}))
    };
    let cases = [
        post(json!({"bodyParameters": pairs(&[("a.b", json!("c")), ("n", json!("=5"))])}), "application/json", r#"{"a":{"b":"c"},"n":"5"}"#),
        post(json!({"bodyParameters": pairs(&[("n", json!("={{ 5 }}"))])}), "application/json", r#"{"n":5}"#),
        post(json!({"specifyBody": "json", "jsonBody": "[1, {\"a\": null}]"}), "application/json", r#"[1,{"a":null}]"#),
        post(json!({"specifyBody": "json", "jsonBody": "={{ {a: 1} }}"}), "application/json", r#"{"a":1}"#),
        post(
            json!({"contentType": "form-urlencoded", "bodyParameters": pairs(&[("a", json!("1 2")), ("b", json!("&"))])}),
            "application/x-www-form-urlencoded",
            "a=1%202&b=%26",
        ),
        post(
            json!({"contentType": "form-urlencoded", "specifyBody": "string", "body": "a=1&a=2"}),
            "application/x-www-form-urlencoded",
            "a%5B0%5D=1&a%5B1%5D=2",
        ),
        post(json!({"contentType": "raw", "rawContentType": "text/xml", "body": "<a/>"}), "text/xml", "<a/>"),
    ];
    for (parameters, expect) in cases {
        check(parameters, expect).await;
    }
}

#[tokio::test]
async fn headers_are_sent_and_keep_their_type() {
    let server = echo().await;
    let list = json!({"parameters": [{"name": "X-One", "value": "1"}, {"name": "", "value": "2"}, {"name": "Content-Type", "value": "application/vnd.api+json"}]});
    let parameters =
        json!({"method": "POST", "sendHeaders": true, "headerParameters": list, "sendBody": true, "specifyBody": "json", "jsonBody": "{}"});
    node(4.2, to(&server, "/", parameters)).json().await;
    let seen = server.last();
    assert_eq!((seen.header("x-one"), seen.header("content-type")), ("1", "application/vnd.api+json"));
    assert!(seen.header("accept").starts_with("application/json,text/html") && seen.header("user-agent").starts_with("engine/"));
    let parameters = json!({"sendHeaders": true, "specifyHeaders": "json", "jsonHeaders": "{\"accept\": \"text/plain\", \"n\": 5}"});
    node(4.2, to(&server, "/", parameters)).json().await;
    assert_eq!((server.last().header("accept"), server.last().header("n")), ("text/plain", "5"));
}

#[tokio::test]
async fn what_versions_differ_in() {
    let server = echo().await;
    let twice = json!({"parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]});
    let dotted = json!({"parameters": [{"name": "a.b", "value": "1"}]});
    let check = async |version: f64, parameters: Value, field: &str, expect: &str| {
        let made = node(version, to(&server, "/", parameters)).json().await;
        assert_eq!(made[0][field], expect, "{version}");
    };
    check(4.2, json!({"sendQuery": true, "queryParameters": twice}), "query", "a=2").await;
    check(4.3, json!({"sendQuery": true, "queryParameters": twice}), "query", "a%5B%5D=1&a%5B%5D=2").await;
    check(3.0, json!({"method": "PUT", "sendBody": true, "bodyParameters": dotted}), "body", r#"{"a.b":"1"}"#).await;
    check(4.0, json!({"method": "PUT", "sendBody": true, "bodyParameters": dotted}), "body", r#"{"a":{"b":"1"}}"#).await;
}

#[tokio::test]
async fn the_first_versions_have_their_own_parameters() {
    let server = echo().await;
    let check = async |version: f64, parameters: Value, expect: Value| {
        let made = node(version, to(&server, "/p", parameters.clone())).json().await;
        assert_eq!(made, json!([expect]), "{version} {parameters}");
    };
    let ui = |name: &str, value: &str| json!({"parameter": [{"name": name, "value": value}]});
    for version in [1.0, 2.0] {
        check(
            version,
            json!({"queryParametersUi": ui("a", "1"), "headerParametersUi": ui("X-A", "1")}),
            json!({"method": "GET", "path": "/p", "query": "a=1", "type": "", "body": ""}),
        )
        .await;
        assert_eq!(server.last().header("x-a"), "1");
        check(
            version,
            json!({"requestMethod": "POST", "bodyParametersUi": ui("a", "1")}),
            json!({"method": "POST", "path": "/p", "query": "", "type": "application/json", "body": "{\"a\":\"1\"}"}),
        )
        .await;
        check(
            version,
            json!({"requestMethod": "POST", "bodyParametersUi": ui("a", "1"), "options": {"bodyContentType": "form-urlencoded"}}),
            json!({"method": "POST", "path": "/p", "query": "", "type": "application/x-www-form-urlencoded", "body": "a=1"}),
        )
        .await;
        check(
            version,
            json!({
                "requestMethod": "PATCH", "jsonParameters": true, "bodyParametersJson": "<x/>", "queryParametersJson": "{\"q\": 1}",
                "options": {"bodyContentType": "raw", "bodyContentCustomMimeType": "text/xml"},
            }),
            json!({"method": "PATCH", "path": "/p", "query": "q=1", "type": "text/xml", "body": "<x/>"}),
        )
        .await;
    }
}

#[tokio::test]
async fn the_first_versions_read_responses_their_way() {
    let server = TestServer::start(|_: &Seen| json_answer(&json!([{"a": 1}, {"a": 2}]))).await;
    let check = async |parameters: Value, expect: Value| {
        assert_eq!(node(1.0, to(&server, "/", parameters.clone())).json().await, expect, "{parameters}");
    };
    check(json!({"options": {"splitIntoItems": true}}), json!([{"a": 1}, {"a": 2}])).await;
    check(json!({}), json!([{"0": {"a": 1}, "1": {"a": 2}}])).await;
    check(json!({"responseFormat": "string", "dataPropertyName": "text"}), json!([{"text": "[{\"a\":1},{\"a\":2}]"}])).await;
}

#[tokio::test]
async fn responses_are_read_by_their_type() {
    let server = TestServer::start(|seen: &Seen| match seen.path() {
        "/list" => json_answer(&json!([{"a": 1}, {"b": 2}])),
        "/text" => answer(200, "text/html", "<p>hi</p>"),
        "/latin" => answer(200, "text/plain; charset=iso-8859-1", &b"gr\xfc\xdfe"[..]),
        "/none" => Response::builder().status(204).body(AnswerBody::empty()).unwrap(),
        "/empty" => answer(200, "application/json", ""),
        "/broken" => answer(200, "application/json", "{"),
        "/unlabelled" => answer(200, "text/plain", "{\"a\": 1}"),
        "/quoted" => answer(200, "application/json", "\"x\""),
        _ => answer(404, "text/plain", "no"),
    })
    .await;
    let check = async |path: &str, response: Value, expect: Value| {
        let made = node(4.2, to(&server, path, json!({"options": {"response": {"response": response}}}))).json().await;
        assert_eq!(made, expect, "{path}");
    };
    check("/list", json!({}), json!([{"a": 1}, {"b": 2}])).await;
    check("/text", json!({}), json!([{"data": "<p>hi</p>"}])).await;
    check("/text", json!({"responseFormat": "text", "outputPropertyName": "page"}), json!([{"page": "<p>hi</p>"}])).await;
    check("/latin", json!({}), json!([{"data": "grüße"}])).await;
    check("/none", json!({}), json!([{}])).await;
    check("/empty", json!({}), json!([{}])).await;
    check("/unlabelled", json!({"responseFormat": "json"}), json!([{"a": 1}])).await;
    check("/unlabelled", json!({"responseFormat": "text"}), json!([{"data": "{\"a\":1}"}])).await;
    check("/unlabelled", json!({}), json!([{"data": "{\"a\": 1}"}])).await;
    check("/quoted", json!({"responseFormat": "text"}), json!([{"data": "x"}])).await;
    check("/broken", json!({"neverError": true}), json!([{}])).await;
    check("/gone", json!({"neverError": true}), json!([{"data": "no"}])).await;
    let full =
        node(4.2, to(&server, "/gone", json!({"options": {"response": {"response": {"neverError": true, "fullResponse": true}}}}))).json().await;
    assert_eq!((&full[0]["data"], &full[0]["statusCode"], &full[0]["statusMessage"]), (&json!("no"), &json!(404), &json!("Not Found")));
    assert_eq!(full[0]["headers"]["content-type"], "text/plain");
    let error = node(4.2, to(&server, "/broken", json!({}))).error().await;
    assert_eq!(error["message"], "Invalid JSON in response body");
    let error = node(4.2, to(&server, "/quoted", json!({}))).error().await;
    assert_eq!(error["message"], "Invalid JSON in response body", "a JSON text must hold JSON");
}

#[tokio::test]
async fn each_item_sends_its_own_request() {
    let server = echo().await;
    let url = server.url("/");
    let parameters = json!({"url": format!("={url}{{{{ $json.id }}}}")});
    let result = node(4.2, parameters).items([json!({"id": "a"}), json!({"id": "b"}), json!({"id": "c"})]).run().await;
    let items = result.items("Node");
    assert_eq!(items.iter().map(|item| item.json()["path"].clone()).collect::<Value>(), json!(["/a", "/b", "/c"]));
    assert_eq!(items.iter().map(|item| item.paired().links()[0].item).collect::<Vec<_>>(), [0, 1, 2]);
}

fn stored_item() -> Item {
    let text = Binary::inline("inline text", "text/plain").with_file_name("note.txt");
    Item::from_value(json!({"kept": true})).with_binary([("note".to_owned(), text)].into())
}

#[tokio::test]
async fn files_are_downloaded_and_uploaded() {
    let large: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let bytes = large.clone();
    let server = TestServer::start(move |seen: &Seen| match seen.path() {
        "/dir/pic.png" => answer(200, "image/png", bytes.clone()),
        "/named" => Response::builder()
            .header("content-type", "application/octet-stream")
            .header("content-disposition", "attachment; filename=\"../b.zip\"")
            .body(AnswerBody::from("zip"))
            .unwrap(),
        _ => answer(200, "application/json", json!({"size": seen.body.len(), "type": seen.header("content-type")}).to_string()),
    })
    .await;
    let download = |path: &str, response: Value| {
        node(4.2, to(&server, path, json!({"options": {"response": {"response": response}}}))).item(stored_item()).run()
    };
    let result = download("/dir/pic.png", json!({})).await;
    let item = result.items("Node")[0].clone();
    let file = &item.binary().unwrap()["data"];
    assert_eq!((file.file_name.as_deref(), file.mime_type.as_str(), file.size), (Some("pic.png"), "image/png", 100_000));
    assert_eq!(json_of(&result.items("Node")), json!([{"kept": true}]));
    assert!(item.binary().unwrap().contains_key("note"));
    let BinaryContent::Stored(id) = &file.content else { panic!("stored") };
    let stored = result.execution().blobs().get(id).await.unwrap().map(|chunk| chunk.unwrap().to_vec()).concat().await;
    assert_eq!(stored, large);
    let named = download("/named", json!({"outputPropertyName": "archive", "responseFormat": "file"})).await.items("Node")[0].clone();
    assert_eq!(named.binary().unwrap()["archive"].file_name.as_deref(), Some("b.zip"));
    let unnamed = download("/json", json!({"responseFormat": "file"})).await.items("Node")[0].clone();
    let unnamed = &unnamed.binary().unwrap()["data"];
    assert_eq!((unnamed.file_name.as_deref(), unnamed.file_extension.as_deref()), (Some("json"), Some("json")), "the end of the URL, and the type");

    let upload = |parameters: Value| node(4.2, to(&server, "/up", parameters)).item(stored_item()).json();
    let made = upload(json!({"method": "POST", "sendBody": true, "contentType": "binaryData", "inputDataFieldName": "note"})).await;
    assert_eq!(made, json!([{"size": 11, "type": "text/plain"}]));
    let parts = json!({"parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}, {"parameterType": "formBinaryData", "name": "f", "inputDataFieldName": "note"}]});
    upload(json!({"method": "POST", "sendBody": true, "contentType": "multipart-form-data", "bodyParameters": parts})).await;
    let seen = server.last();
    assert!(seen.header("content-type").starts_with("multipart/form-data; boundary="));
    for part in
        ["name=\"a\"\r\n\r\n1\r\n", "name=\"a\"\r\n\r\n2\r\n", "name=\"f\"; filename=\"note.txt\"\r\nContent-Type: text/plain\r\n\r\ninline text\r\n"]
    {
        assert!(seen.text().contains(part), "{}", seen.text());
    }
}

#[tokio::test]
async fn a_missing_file_is_an_error() {
    let server = echo().await;
    let parameters = json!({"method": "POST", "sendBody": true, "contentType": "binaryData", "inputDataFieldName": "gone"});
    let error = node(4.2, to(&server, "/", parameters)).error().await;
    assert_eq!(error["message"], "This operation expects the node's input data to contain a binary file 'gone', but none was found");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn mistakes_in_parameters_are_found_before_the_run() {
    let check = async |version: f64, parameters: Value, path: &str| {
        let problems = node(version, parameters.clone()).problems();
        assert!(problems.to_string().contains(path), "{parameters}: {problems}");
    };
    let paged = |pagination: Value| json!({"url": "http://a.test/", "options": {"pagination": {"pagination": pagination}}});
    check(4.2, paged(json!({"paginationCompleteWhen": "other", "parameters": {"parameters": [{"name": "a", "value": "=1"}]}})), "completeExpression")
        .await;
    check(4.2, paged(json!({"parameters": {"parameters": [{"name": "", "value": ""}]}})), "pagination/parameters").await;
    check(4.2, json!({"url": "http://a.test/", "authentication": "genericCredentialType", "genericAuthType": "oAuth1Api"}), "genericAuthType").await;
    check(1.0, json!({"url": "http://a.test/", "authentication": "oAuth1"}), "authentication").await;
}

#[tokio::test]
async fn credentials_prove_who_asks() {
    let server = echo().await;
    let check = async |kind: &'static str, fields: Value, header: (&str, &str), query: &str| {
        let parameters = json!({"authentication": "genericCredentialType", "genericAuthType": kind});
        node(4.2, to(&server, "/", parameters)).credential(kind, fields).json().await;
        let seen = server.last();
        assert_eq!((seen.header(header.0), seen.query()), (header.1, query), "{kind}");
    };
    check("httpBasicAuth", json!({"user": "a", "password": "b"}), ("authorization", "Basic YTpi"), "").await;
    check("httpBearerAuth", json!({"token": "t"}), ("authorization", "Bearer t"), "").await;
    check("httpHeaderAuth", json!({"name": "X-Key", "value": "v"}), ("x-key", "v"), "").await;
    check("httpQueryAuth", json!({"name": "key", "value": "v"}), ("x-key", ""), "key=v").await;
    check("httpCustomAuth", json!({"json": "{\"headers\": {\"x-key\": \"1\"}, \"qs\": {\"q\": 2}}"}), ("x-key", "1"), "q=2").await;
    let predefined = json!({"authentication": "predefinedCredentialType", "nodeCredentialType": "openAiApi"});
    node(4.2, to(&server, "/", predefined)).credential("openAiApi", json!({"apiKey": "k"})).json().await;
    assert_eq!(server.last().header("authorization"), "Bearer k");
    node(1.0, to(&server, "/", json!({"authentication": "headerAuth"})))
        .credential("httpHeaderAuth", json!({"name": "X-Key", "value": "one"}))
        .json()
        .await;
    assert_eq!(server.last().header("x-key"), "one");
    let body = json!({"method": "POST", "authentication": "genericCredentialType", "genericAuthType": "httpCustomAuth", "sendBody": true, "specifyBody": "json", "jsonBody": "{\"a\":1}"});
    node(4.2, to(&server, "/", body)).credential("httpCustomAuth", json!({"json": {"body": {"secret": "s"}}})).json().await;
    assert_eq!(server.last().json(), json!({"a": 1, "secret": "s"}));
}

/// A server whose tokens are good for one request each, and hands them out at `/token`.
async fn with_tokens() -> TestServer {
    let given = std::sync::atomic::AtomicUsize::new(0);
    TestServer::start(move |seen: &Seen| {
        let now = given.load(std::sync::atomic::Ordering::Relaxed);
        match seen.path() {
            "/token" if seen.text().contains("wrong") => answer(400, "application/json", r#"{"error_description":"unknown client"}"#),
            "/token" => {
                given.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                json_answer(&json!({"access_token": format!("t{}", now + 1), "token_type": "bearer", "expires_in": 3600}))
            }
            _ if seen.header("authorization") == format!("Bearer t{now}") && now > 0 => json_answer(&json!({"as": format!("t{now}")})),
            _ => answer(401, "text/plain", "who are you"),
        }
    })
    .await
}

#[tokio::test]
async fn access_tokens_are_asked_for_and_renewed() {
    let server = with_tokens().await;
    let client = crate::network::test_engine::local_client();
    let run = |path: &str, credential: Value| {
        let parameters = json!({"authentication": "genericCredentialType", "genericAuthType": "oAuth2Api"});
        node(4.2, to(&server, path, parameters))
            .credential("oAuth2Api", credential)
            .client(client.clone())
            .with("onError", "continueRegularOutput")
            .json()
    };
    let by_name =
        json!({"grantType": "clientCredentials", "accessTokenUrl": server.url("/token"), "clientId": "id", "clientSecret": "secret", "scope": "a b"});
    assert_eq!(run("/x", by_name.clone()).await, json!([{"as": "t1"}]));
    assert_eq!(run("/x", by_name).await, json!([{"as": "t1"}]));
    let asked: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.path() == "/token").collect();
    assert_eq!((asked.len(), asked[0].text()), (1, "grant_type=client_credentials&scope=a%20b"));
    assert_eq!(asked[0].header("authorization"), "Basic aWQ6c2VjcmV0");
    let renewable = json!({
        "accessTokenUrl": server.url("/token"), "clientId": "id", "clientSecret": "secret", "authentication": "body",
        "oauthTokenData": {"access_token": "old", "refresh_token": "r1"},
    });
    assert_eq!(run("/y", renewable.clone()).await, json!([{"as": "t2"}]));
    assert_eq!(server.seen().iter().filter(|seen| seen.path() == "/y").count(), 2);
    assert_eq!(run("/z", renewable).await, json!([{"as": "t2"}]));
    assert_eq!(server.seen().iter().filter(|seen| seen.path() == "/z").count(), 1);
    let refused = json!({"grantType": "clientCredentials", "accessTokenUrl": server.url("/token"), "clientId": "wrong", "authentication": "body"});
    assert_eq!(run("/x", refused).await[0]["error"]["message"], "127.0.0.1 handed out no access token: unknown client");
}

/// Invariant 39: a URL that an expression built does not carry a credential to another host.
#[tokio::test]
async fn inv_39_a_credential_bound_by_n8n_stays_with_its_domains() {
    let server = echo().await;
    let names = Names::new([("api.test", [["127.0.0.1"].as_slice()].as_slice()), ("evil.test", &[&["127.0.0.1"]])]);
    let client = HttpClient::with_names(NetworkPolicy::default().allow("*.test").unwrap(), names);
    let send = |host: &str| {
        let parameters = json!({"url": "={{ $json.url }}", "authentication": "genericCredentialType", "genericAuthType": "httpBearerAuth"});
        let fields = json!({"token": "canary", "allowedHttpRequestDomains": "domains", "allowedDomains": "*.example.com, api.test"});
        node(4.2, parameters).credential("httpBearerAuth", fields).items([json!({"url": server.url_of(host, "/")})]).client(client.clone()).run()
    };
    assert!(send("api.test").await.error().is_none());
    let error = json!(send("evil.test").await.error());
    assert_eq!(error["message"], "the credential may not be sent to evil.test");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn redirects_are_followed_as_the_version_says() {
    let server = TestServer::start(|seen: &Seen| match seen.path() {
        "/landed" => json_answer(&json!({"method": seen.method.as_str()})),
        _ => Response::builder().status(302).header("location", "/landed").body(AnswerBody::empty()).unwrap(),
    })
    .await;
    let check = async |version: f64, parameters: Value, expect: &str| {
        let made = node(version, to(&server, "/", parameters.clone())).with("onError", "continueRegularOutput").json().await;
        let shown = made[0]["method"].as_str().map_or_else(|| made[0]["error"]["status"].to_string(), str::to_owned);
        assert_eq!(shown, expect, "{version} {parameters}");
    };
    let follow = |yes: bool| json!({"redirect": {"redirect": {"followRedirects": yes}}});
    check(4.2, json!({}), "GET").await;
    check(4.2, json!({"method": "POST"}), "GET").await;
    check(4.2, json!({"options": follow(false)}), "302").await;
    check(3.0, json!({}), "302").await;
    check(3.0, json!({"options": follow(true)}), "GET").await;
    check(2.0, json!({}), "GET").await;
    check(2.0, json!({"requestMethod": "POST"}), "302").await;
    check(2.0, json!({"requestMethod": "POST", "options": {"followAllRedirects": true}}), "GET").await;
    check(2.0, json!({"options": {"followRedirect": false}}), "302").await;
}
