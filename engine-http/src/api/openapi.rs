//! The `OpenAPI` 3.1 document, made from the table of routes. What follows from a route's properties (who may call, what may go wrong) is not written down twice.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::table::{Route, Versions};
use crate::access::Permission;

/// The document for these routes. Where nobody has to sign in, it does not ask for it.
pub(super) fn document(routes: &[Route], has_sign_in: bool) -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        let mut operation = operation(route, &mut generator);
        if has_sign_in && route.permission != Permission::Public {
            operation["security"] = json!([{"token": []}, {"apiKey": []}]);
        }
        path[route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Workflow engine", "version": env!("CARGO_PKG_VERSION"),
            "description": "Lists are read in parts: pass `nextCursor` on as `cursor`. Changes name the version that they were made on, with `If-Match`.",
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "headers": headers(),
            "responses": {"Problem": problem()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "tags": [tag(route.path)],
        "parameters": parameters(route, generator),
        "responses": responses(route, generator),
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({"required": route.is_body_required, "content": {"application/json": {"schema": body(generator)}}});
    }
    if route.permission != Permission::Public {
        operation["x-permission"] = route.permission.scope().into();
    }
    operation
}

fn parameters(route: &Route, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters = path_parameters(route.path);
    if let Some(query) = route.query {
        let schema = query(generator);
        parameters.extend(query_parameters(&resolve(schema.as_value(), generator.definitions())));
    }
    let mut header = |name: &str, is_required: bool, description: &str| {
        parameters
            .push(json!({"name": name, "in": "header", "required": is_required, "description": description, "schema": {"type": "string", "minLength": 1, "maxLength": 255}}));
    };
    if route.repeatable {
        header("Idempotency-Key", false, "Makes a repeated request have one effect, for a day.");
    }
    if route.versions == Versions::Asked {
        header("If-Match", true, "The ETag that was read, or `*`.");
    }
    parameters
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut good = json!({"description": if route.status == 204 { "Done; there is nothing to tell" } else { "Done" }, "headers": {
        "X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"},
    }});
    if route.versions != Versions::None {
        good["headers"]["ETag"] = json!({"$ref": "#/components/headers/ETag"});
    }
    if matches!(route.status, 201 | 202) && route.repeatable {
        good["headers"]["Location"] = json!({"$ref": "#/components/headers/Location"});
    }
    if let Some(answer) = route.answer {
        good["content"] = json!({"application/json": {"schema": answer(generator)}});
    } else if let Some((kind, schema)) = other_content(route.path) {
        good["content"] = json!({kind: {"schema": schema}});
    }
    let mut responses = json!({route.status.to_string(): good});
    if route.status == 202 && route.is_long {
        // It has ended when it is answered.
        responses["200"] = responses["202"].clone();
    }
    for status in failures(route) {
        responses[status.to_string()] = json!({"$ref": "#/components/responses/Problem"});
    }
    if route.versions != Versions::None && route.method == axum::http::Method::GET {
        responses["304"] = json!({"description": "The caller has this version (If-None-Match)"});
    }
    responses["default"] = json!({"$ref": "#/components/responses/Problem"});
    responses
}

/// The statuses with which a route may say that it did nothing.
fn failures(route: &Route) -> Vec<u16> {
    let has_body = route.body.is_some();
    // There are no accounts where nobody has to sign in.
    let is_of_accounts = route.permission == Permission::Own || route.path.contains("/auth/");
    let is_guarded = route.permission != Permission::Public || is_of_accounts;
    let may = [
        (has_body || route.query.is_some(), 400),
        (is_guarded, 401),
        (is_guarded, 403),
        (route.path.contains('{') || is_of_accounts, 404),
        (has_body, 408),
        (has_body || route.repeatable, 409),
        (route.versions == Versions::Asked, 412),
        (has_body, 413),
        (has_body, 422),
        (route.versions == Versions::Asked, 428),
        (true, 429),
        (true, 503),
    ];
    may.into_iter().filter_map(|(may, status)| may.then_some(status)).collect()
}

/// Answers that are no JSON objects.
fn other_content(path: &str) -> Option<(&'static str, Value)> {
    match path {
        "/metrics" => Some(("text/plain", json!({"type": "string"}))),
        "/api/v1/openapi.json" => Some(("application/json", json!({"type": "object"}))),
        _ if path.ends_with("/events") => {
            Some(("text/event-stream", json!({"type": "string", "description": "CloudEvents 1.0 as server-sent events"})))
        }
        _ => None,
    }
}

fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/api/v1/").split(['/', '-', '.']).map(|word| word.trim_matches(['{', '}', '/']));
    let named = words.filter(|word| !word.is_empty()).map(|word| format!("_{word}"));
    std::iter::once(route.method.as_str().to_lowercase()).chain(named).collect()
}

/// The chapter of a route.
fn tag(path: &str) -> &str {
    path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or("server")
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let schema = |name: &str| match name {
        "version" => json!({"type": "integer", "format": "uint32", "minimum": 0}),
        "name" => json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"}),
        _ => json!({"type": "string", "minLength": 1}),
    };
    names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": schema(name)})).collect()
}

/// Follows a reference to a definition.
fn resolve(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.and_then(|name| definitions.get(name)).cloned().unwrap_or_else(|| schema.clone())
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let parameter = |(name, mut schema): (String, Value)| {
        let description = schema.as_object_mut().and_then(|schema| schema.shift_remove("description")).unwrap_or_default();
        let is_required = required.contains(&&*name);
        json!({"name": name, "in": "query", "required": is_required, "description": description, "schema": without_null(schema)})
    };
    fields.into_iter().map(parameter).collect()
}

/// A query says nothing by leaving a parameter out, not with null.
fn without_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
        if let [kind] = kinds.as_slice() {
            schema["type"] = (*kind).clone();
        }
    }
    schema
}

fn headers() -> Value {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "X-Request-ID": text("Names the request in logs; the caller's own, where it sent one"),
        "ETag": text("The version, for If-Match and If-None-Match"),
        "Location": text("Where the new thing is"),
        "Retry-After": text("Seconds after which to try again"),
        "RateLimit": text("What is left of a limit: `\"user\";r=99;t=12`"),
        "RateLimit-Policy": text("The limit: `\"user\";q=100;w=60`"),
    })
}

fn problem() -> Value {
    let header = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    let schema = json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
            "code": {"type": "string", "description": "Stable; explained under the address in type."}, "requestId": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object", "required": ["pointer", "detail"], "properties": {
                "pointer": {"type": "string", "description": "JSON pointer into the body"}, "detail": {"type": "string"}, "code": {"type": "string"},
            }}},
        },
    });
    json!({
        "description": "What went wrong (RFC 9457)",
        "headers": {"X-Request-ID": header("X-Request-ID"), "Retry-After": header("Retry-After"), "RateLimit": header("RateLimit"), "RateLimit-Policy": header("RateLimit-Policy")},
        "content": {"application/problem+json": {"schema": schema}},
    })
}
