//! The description of the API, held to what the API does.

use engine_http::{Config, SealingKeys};
use serde_json::{Value, json};

use crate::server::{Server, header, send, send_json};

async fn server() -> Server {
    Server::start(Config::default().with(|config| config.sealing_keys = Some(SealingKeys::new([("one".to_owned(), [7; 32])])))).await
}

async fn document(server: &Server) -> Value {
    send_json(server.get("/api/v1/openapi.json")).await.1
}

/// Where a value does not fit its schema; types, required fields, elements and references.
fn misfits(document: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return misfits(document, document.pointer(name.trim_start_matches('#')).expect("a definition"), value, path);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let tries: Vec<_> = any.iter().map(|schema| misfits(document, schema, value, path)).collect();
        return if tries.iter().any(Vec::is_empty) { Vec::new() } else { tries.concat() };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = match &schema["type"] {
        Value::String(one) => one == kind || (one == "number" && kind == "integer"),
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => true,
    };
    let mut found = if fits { Vec::new() } else { vec![format!("{path} is {kind}, not {}", schema["type"])] };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(name).is_none() {
            found.push(format!("{path}/{name} is missing"));
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(value.get(name).into_iter().flat_map(|value| misfits(document, schema, value, &format!("{path}/{name}"))));
    }
    for element in value.as_array().into_iter().flatten() {
        found.extend(misfits(document, &schema["items"], element, &format!("{path}/*")));
    }
    found
}

/// Sends a request and checks the answer against what the document says of it.
async fn check(server: &Server, document: &Value, (method, path, template): (&str, &str, &str), body: Option<Value>) -> Value {
    let request = server.request(method, path).header("if-match", "*");
    let response =
        body.map_or_else(|| server.request(method, path).header("if-match", "*"), |body| request.json(&body)).send().await.expect("an answer");
    let (status, kind) = (response.status().as_u16().to_string(), header(&response, "content-type"));
    assert!(!header(&response, "x-request-id").is_empty(), "{method} {path} has no id");
    let text = response.text().await.expect("a body");
    let told = &document["paths"][template][method.to_lowercase()]["responses"];
    let told = told.get(&status).unwrap_or_else(|| panic!("{method} {template} does not tell of {status}: {text}"));
    let told = told["$ref"].as_str().map_or(told, |name| document.pointer(name.trim_start_matches('#')).expect("a definition"));
    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if !text.is_empty() && kind.contains("json") {
        let media = &told["content"][kind.split(';').next().unwrap_or_default()];
        assert!(!media.is_null(), "{method} {template}: {status} is not told as {kind}");
        assert_eq!(misfits(document, &media["schema"], &value, ""), Vec::<String>::new(), "{method} {template} {status}: {text}");
    }
    value
}

#[tokio::test]
async fn what_is_answered_is_what_is_described() {
    let server = server().await;
    let document = document(&server).await;
    let parameters = json!({"path": "a", "responseMode": "lastNode"});
    let flow = json!({"name": "a", "nodes": [{"id": "1", "name": "Webhook", "type": "webhook", "parameters": parameters}], "connections": []});
    let made = check(&server, &document, ("POST", "/api/v1/workflows", "/api/v1/workflows"), Some(flow.clone())).await;
    let workflow = made["id"].as_str().expect("an id");
    let secret = json!({"name": "c", "type": "httpHeaderAuth", "data": {"name": "X", "value": "y"}, "allowedHosts": ["a.example"]});
    let made = check(&server, &document, ("POST", "/api/v1/credentials", "/api/v1/credentials"), Some(secret)).await;
    let credential = made["id"].as_str().expect("an id");
    let start = format!("/api/v1/workflows/{workflow}/executions");
    let begun = check(&server, &document, ("POST", &format!("{start}?wait=10"), "/api/v1/workflows/{id}/executions"), None).await;
    let execution = begun["id"].as_str().expect("an id");
    check(&server, &document, ("PUT", "/api/v1/tags/some", "/api/v1/tags/{name}"), Some(json!({"value": {"a": [1]}}))).await;
    let one = async |method: &str, rest: &str, template: &str, body: Option<Value>| {
        let path = format!("/api/v1/{rest}");
        check(&server, &document, (method, &path, &format!("/api/v1/{template}")), body).await
    };
    one("PUT", &format!("workflows/{workflow}"), "workflows/{id}", Some(flow.clone())).await;
    one("POST", &format!("workflows/{workflow}/activate"), "workflows/{id}/activate", None).await;
    one("POST", &format!("workflows/{workflow}/test-webhook"), "workflows/{id}/test-webhook", None).await;
    one("POST", "workflows/validate", "workflows/validate", Some(flow)).await;
    one("GET", &format!("workflows/{workflow}/diff?from=1"), "workflows/{id}/diff", None).await;
    one("POST", "executions/cancel", "executions/cancel", Some(json!({"ids": [execution, "x"]}))).await;
    one("PATCH", &format!("credentials/{credential}"), "credentials/{id}", Some(json!({"name": "d"}))).await;
    let ids = [("workflows", workflow), ("credentials", credential), ("executions", execution), ("", "018f0000-0000-7000-8000-000000000000")];
    for (template, operations) in document["paths"].as_object().expect("paths") {
        let id = ids.iter().find(|(name, _)| template.contains(name)).map_or("", |(_, id)| id);
        let path = template.replace("{id}", id).replace("{version}", "1").replace("{name}", "some").replace("/diff", "/diff?from=1");
        if operations.get("get").is_some() && !template.ends_with("/events") && !template.contains("{file}") {
            check(&server, &document, ("GET", &path, template), None).await;
        }
    }
    for (template, operations) in document["paths"].as_object().expect("paths") {
        let path = template.replace("{id}", "018f0000-0000-7000-8000-000000000000").replace("{version}", "7").replace("{name}", "no");
        for method in operations.as_object().expect("operations").keys().filter(|method| *method != "get") {
            check(&server, &document, (&method.to_uppercase(), &path, template), Some(json!({"unknown": 1}))).await;
        }
    }
}

/// Breaks when the API changes and docs/openapi.json, in which reviewers see it, does not.
#[tokio::test]
async fn the_description_is_the_one_in_the_repository() {
    let served = document(&crate::access::signed().await).await;
    let served = format!("{}\n", serde_json::to_string_pretty(&served).expect("JSON"));
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("ENGINE_UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &served).expect("docs/openapi.json can be written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let differing = served.lines().zip(kept.lines()).position(|(served, kept)| served != kept).unwrap_or(kept.lines().count());
    assert!(served == kept, "the API is not what docs/openapi.json says from line {} on; if that is meant, refresh it: make openapi", differing + 1);
}

#[tokio::test]
async fn every_route_is_described_and_every_reference_leads_somewhere() {
    let server = server().await;
    let document = document(&server).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut pending = vec![&document];
    let mut ids = Vec::new();
    while let Some(value) = pending.pop() {
        if let Some(name) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(name.trim_start_matches('#')).is_some(), "{name}");
        }
        ids.extend(value.get("operationId").and_then(Value::as_str));
        pending.extend(value.as_object().into_iter().flat_map(|fields| fields.values()));
        pending.extend(value.as_array().into_iter().flatten());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "two operations have one name");
    assert!(count > 70, "only {count} operations");
}

#[tokio::test]
async fn unknown_fields_are_refused_with_their_place() {
    let server = server().await;
    let bodies = [
        ("POST", "/api/v1/workflows", json!({"name": "a", "nodes": [], "nodez": 1}), "/nodez"),
        ("POST", "/api/v1/credentials", json!({"name": "a", "type": "t", "data": {}, "dat": {}}), "/dat"),
        ("PUT", "/api/v1/tags/some", json!({"value": 1, "valu": 2}), "/valu"),
        ("POST", "/api/v1/executions/cancel", json!({"ids": [], "id": 1}), "/id"),
        ("POST", "/api/v1/auth/login", json!({"email": "a", "password": "b", "c": 1}), "/c"),
    ];
    for (method, path, body, place) in bodies {
        let (status, problem) = send_json(server.request(method, path).json(&body)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(place)), "{path}: {problem}");
    }
}

/// Breaks when a code is added and nobody writes what to do about it.
#[test]
fn every_code_has_a_page() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pending = vec![root.join("src")];
    let mut codes = std::collections::BTreeSet::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        for rest in text.split("StatusCode::").skip(1) {
            let named =
                rest.split_once(',').map(|(_, rest)| rest.trim_start()).and_then(|rest| rest.strip_prefix('"')).and_then(|rest| rest.split_once('"'));
            let code = named.map(|(code, _)| code.to_owned()).filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
            codes.extend(code.filter(|code| code.len() > 3));
        }
    }
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        let page = root.join(format!("../docs/errors/{code}.md"));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("{} is missing", page.display()));
        assert!(text.starts_with(&format!("# {code}\n")) && text.contains("**What to do.**"), "{}", page.display());
    }
}

#[tokio::test]
async fn the_viewer_needs_no_network() {
    let server = server().await;
    let response = server.get("/api/v1/docs").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), header(&response, "location").as_str()), (308, "/api/v1/docs/index.html"));
    let (status, kind, page) = send(server.get("/api/v1/docs/index.html")).await;
    assert_eq!((status, kind.as_str()), (200, "text/html"));
    assert!(!page.contains("https://"), "{page}");
    let (status, kind, _) = send(server.get("/api/v1/docs/swagger-ui-bundle.js")).await;
    assert_eq!((status, kind.contains("javascript")), (200, true));
    assert_eq!(send(server.get("/api/v1/docs/..%2f..%2fetc%2fpasswd")).await.0, 404);
}
