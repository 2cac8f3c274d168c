//! The `OpenAPI` 3.1 document, made from the table of routes.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::table::Route;
use crate::access::Permission;

/// The document for these routes.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let mut operation = json!({
            "summary": route.summary,
            "operationId": operation_id(route),
            "responses": {route.status.to_string(): {"description": "Done"}, "default": {"$ref": "#/components/responses/Problem"}},
        });
        let mut parameters = path_parameters(route.path);
        if let Some(query) = route.query {
            let schema = query(&mut generator);
            parameters.extend(query_parameters(&resolve(schema.as_value(), generator.definitions())));
        }
        if route.repeatable {
            parameters.push(json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}));
        }
        operation["parameters"] = Value::Array(parameters);
        if let Some(body) = route.body {
            operation["requestBody"] = json!({"content": {"application/json": {"schema": body(&mut generator)}}});
        }
        if route.permission != Permission::Public {
            operation["security"] = json!([{"token": []}, {"apiKey": []}]);
            operation["x-permission"] = route.permission.scope().into();
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Workflow engine", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {"Problem": {"description": "What went wrong (RFC 9457)", "content": {"application/problem+json": {"schema": problem()}}}},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    })
}

fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/api/v1/").split(['/', '-', '.']).map(|word| word.trim_matches(['{', '}', '/']));
    let named = words.filter(|word| !word.is_empty()).map(|word| format!("_{word}"));
    std::iter::once(route.method.as_str().to_lowercase()).chain(named).collect()
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect()
}

/// Follows a reference to a definition.
fn resolve(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.and_then(|name| definitions.get(name)).cloned().unwrap_or_else(|| schema.clone())
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        let description = schema.as_object_mut().and_then(|schema| schema.shift_remove("description")).unwrap_or_default();
        json!({"name": name, "in": "query", "description": description, "schema": schema})
    };
    fields.into_iter().map(parameter).collect()
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
            "code": {"type": "string", "description": "Stable; explained under the address in type."}, "requestId": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object", "required": ["pointer", "detail"], "properties": {
                "pointer": {"type": "string", "description": "JSON pointer into the body"}, "detail": {"type": "string"}, "code": {"type": "string"},
            }}},
        },
    })
}
