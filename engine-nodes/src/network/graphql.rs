//! The GraphQL node: sends a query for each item. An answer with errors fails the item.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, Typed, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{CredentialUse, Effect, NodeGroup, NodeSchema, Property, PropertyGroup};
use reqwest::Method;
use serde_json::{Value, json};

use super::charset::decode;
use super::http::parse_url;
use super::login::{self, Login};
use super::{ArrayFormat, Body, HttpClient, HttpError, HttpRequest, query_pairs};
use crate::settings::Settings;

/// The node type.
#[derive(Debug)]
pub(super) struct GraphqlType {
    schema: NodeSchema,
    client: HttpClient,
}

impl GraphqlType {
    pub(super) fn new(client: HttpClient) -> Self {
        Self { schema: schema(), client }
    }
}

/// The ways to prove who asks, and the credentials that they take.
const CREDENTIALS: [(&str, &str); 7] = [
    ("basicAuth", "httpBasicAuth"),
    ("customAuth", "httpCustomAuth"),
    ("digestAuth", "httpDigestAuth"),
    ("headerAuth", "httpHeaderAuth"),
    ("oAuth1", "oAuth1Api"),
    ("oAuth2", "oAuth2Api"),
    ("queryAuth", "httpQueryAuth"),
];

fn schema() -> NodeSchema {
    let choices = ["none", "predefinedCredentialType"].into_iter().chain(CREDENTIALS.map(|(choice, _)| choice));
    let with_json = |property: Property| property.show("requestFormat", ["json"]).show("requestMethod", ["POST"]);
    let header = PropertyGroup::new("parameter", [Property::string("name"), Property::string("value")]);
    let mut schema = NodeSchema::new("graphql", "GraphQL")
        .alias("n8n-nodes-base.graphql")
        .versions([(1, 0), (1, 1)])
        .description("Makes a GraphQL request and returns the received data")
        .group(NodeGroup::Network)
        .effect(Effect::Effectful)
        .properties([
            Property::options("authentication", choices),
            Property::string("nodeCredentialType").required().show("authentication", ["predefinedCredentialType"]),
            Property::options("requestMethod", ["GET", "POST"]).default("POST").display_name("HTTP Request Method"),
            Property::string("endpoint").required(),
            Property::boolean("allowUnauthorizedCerts", false).display_name("Ignore SSL Issues (Insecure)"),
            Property::options("requestFormat", ["graphql", "json"]).show("requestMethod", ["POST"]).until(1.1),
            Property::options("requestFormat", ["json", "graphql"]).show("requestMethod", ["POST"]).since(1.1),
            Property::string("query").required(),
            with_json(Property::json("variables", "")),
            with_json(Property::string("operationName")),
            Property::options("responseFormat", ["json", "string"]),
            Property::string("dataPropertyName").default("data").required().show("responseFormat", ["string"]),
            Property::fixed_collection_list("headerParametersUi", [header]).display_name("Headers"),
        ]);
    for (choice, kind) in CREDENTIALS {
        let show = Property::string("").show("authentication", [choice]).show;
        schema = schema.credential(CredentialUse { kind: kind.to_owned(), required: true, show });
    }
    schema
}

impl NodeType for GraphqlType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        if spec.text("authentication") == "oAuth1" {
            return Err(vec![spec.unsupported("authentication", "this way to authenticate is not supported")]);
        }
        Ok(Arc::new(GraphqlNode { client: self.client.clone(), parameters: spec.typed()?, kind: credential_kind(spec) }))
    }

    fn effect(&self, spec: &NodeSpec) -> Effect {
        if spec.text("requestMethod") == "GET" { Effect::Idempotent } else { Effect::Effectful }
    }
}

fn credential_kind(spec: &NodeSpec) -> Option<String> {
    match spec.text("authentication").as_str() {
        "predefinedCredentialType" => Some(spec.text("nodeCredentialType")),
        choice => CREDENTIALS.iter().find(|(name, _)| *name == choice).map(|(_, kind)| (*kind).to_owned()),
    }
}

struct GraphqlNode {
    client: HttpClient,
    parameters: Typed<Json>,
    kind: Option<String>,
}

#[async_trait]
impl Node for GraphqlNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let login = match &self.kind {
            Some(kind) => login::login(&context, kind).await?,
            None => Login::default(),
        };
        let mut items = Vec::with_capacity(context.items().len());
        for index in 0..context.items().len() {
            match self.one(&context, index, &login).await {
                Ok(made) => items.extend(made.into_iter().map(|item| item.paired_with(index))),
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(index)),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

impl GraphqlNode {
    async fn one(&self, context: &NodeContext, index: usize, login: &Login) -> Result<Vec<Item>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let mut request = request(at, login)?;
        request.secrets = login.secrets.clone();
        let response = self.client.send(request).await.map_err(HttpError::into_node_error)?;
        let content_type = response.header("content-type").unwrap_or_default().to_owned();
        let limit = self.client.policy().limits().memory;
        let text = decode(&response.bytes(limit).await.map_err(HttpError::into_node_error)?, &content_type);
        items(text, at)
    }
}

/// The request that an item's parameters describe, without headers and query of its login.
fn request(at: Settings<'_>, login: &Login) -> Result<HttpRequest, NodeError> {
    let url = parse_url(&at.text("endpoint")).map_err(HttpError::into_node_error)?;
    let by_get = at.text("requestMethod") == "GET";
    let mut request = HttpRequest::new(if by_get { Method::GET } else { Method::POST }, url);
    request.tls.accept_any_certificate = at.flag("allowUnauthorizedCerts");
    let query = at.text("query");
    let format = at.filled("requestFormat").unwrap_or_else(|| "json".to_owned());
    if by_get {
        let fields = Json::from_iter([("query".to_owned(), query.into())]);
        request.add_query(&query_pairs(&fields, ArrayFormat::Brackets));
    } else {
        set_header(&mut request, "content-type", &format!("application/{format}"))?;
        request.body = if format == "json" { Body::from(json_body(at, query, login)?.to_string()) } else { Body::from(query) };
    }
    set_header(&mut request, "accept", "application/json")?;
    for entry in at.group("headerParametersUi").groups("parameter") {
        if let Some(name) = entry.filled("name") {
            set_header(&mut request, &name, &entry.text("value"))?;
        }
    }
    Ok(request)
}

fn set_header(request: &mut HttpRequest, name: &str, value: &str) -> Result<(), NodeError> {
    request.header(name, value).map_err(HttpError::into_node_error)
}

/// The query with its variables, and what a credential adds to the body.
fn json_body(at: Settings<'_>, query: String, login: &Login) -> Result<Value, NodeError> {
    let variables = match at.get("variables") {
        None => json!({}),
        Some(Value::String(text)) if text.trim().is_empty() => json!({}),
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_err(|error| NodeError::fatal(format!("Using variables failed:\n{text}\n\nWith error message:\n{error}")))?,
        Some(object @ (Value::Object(_) | Value::Array(_))) => object.clone(),
        Some(other) => {
            let message = format!("Using variables failed:\n{}\n\nGraphQL variables should be either an object or a string.", js::to_string(other));
            return Err(NodeError::fatal(message));
        }
    };
    let mut body = login.body.clone();
    body.insert("query".to_owned(), query.into());
    body.insert("variables".to_owned(), variables);
    body.insert("operationName".to_owned(), at.filled("operationName").map_or(Value::Null, Value::String));
    Ok(Value::Object(body))
}

/// The items of a response: the JSON, or its text. One that tells of errors is an error.
fn items(text: String, at: Settings<'_>) -> Result<Vec<Item>, NodeError> {
    let parsed: Option<Value> = serde_json::from_str(&text).ok();
    if let Some(errors) = parsed.as_ref().and_then(|response| response.get("errors")).filter(|errors| js::truthy(errors)) {
        return Err(NodeError::new(message(errors)).with_code("graphql-errors").with_details(json!({ "errors": errors })));
    }
    if at.text("responseFormat") == "string" {
        let name = at.filled("dataPropertyName").unwrap_or_else(|| "data".to_owned());
        return Ok(vec![Item::new(Json::from_iter([(name, Value::String(text))]))]);
    }
    match parsed {
        Some(Value::Array(values)) => Ok(values.into_iter().map(Item::from_value).collect()),
        Some(value) => Ok(vec![Item::from_value(value)]),
        None => Err(NodeError::new("Response body is not valid JSON. Change \"Response Format\" to \"String\"")),
    }
}

/// What the errors say: the texts of a list, of an object, or the text itself.
fn message(errors: &Value) -> String {
    let of = |error: &Value| match error {
        Value::String(text) => text.clone(),
        error => error.get("message").and_then(Value::as_str).map_or_else(|| error.to_string(), str::to_owned),
    };
    let text = match errors {
        Value::Array(errors) => errors.iter().map(of).collect::<Vec<_>>().join(", "),
        error => of(error),
    };
    if text.is_empty() { "Unexpected error".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use axum::http::Response;

    use super::*;
    use crate::network::test_engine::{TestNode, json_of};
    use crate::network::test_server::{Seen, TestServer};

    fn node(version: f64, parameters: Value) -> TestNode {
        TestNode::new("n8n-nodes-base.graphql", version, parameters)
    }

    /// Answers with the query that it got, or with the error that the query names.
    async fn server() -> TestServer {
        TestServer::start(|seen: &Seen| {
            let answer = match seen.text() {
                "{ fails }" => json!({"data": null, "errors": [{"message": "no such field"}, {"message": "try again"}]}),
                "{ plain }" => return Response::new("no JSON".to_owned()),
                text => json!({"data": {"got": text, "query": seen.query(), "type": seen.header("content-type")}}),
            };
            Response::builder().status(if answer.get("errors").is_some() { 400 } else { 200 }).body(answer.to_string()).unwrap()
        })
        .await
    }

    #[tokio::test]
    async fn queries_are_sent_in_all_forms() {
        let server = server().await;
        let check = async |version: f64, mut parameters: Value, expect: Value| {
            parameters["endpoint"] = server.url("/graphql").into();
            parameters["query"] = "{ a }".into();
            assert_eq!(node(version, parameters.clone()).json().await, json!([{"data": expect}]), "{version} {parameters}");
        };
        check(1.0, json!({}), json!({"got": "{ a }", "query": "", "type": "application/graphql"})).await;
        check(1.1, json!({}), json!({"got": r#"{"query":"{ a }","variables":{},"operationName":null}"#, "query": "", "type": "application/json"}))
            .await;
        check(
            1.0,
            json!({"requestFormat": "json", "variables": "{\"id\": 1}", "operationName": "Op"}),
            json!({"got": r#"{"query":"{ a }","variables":{"id":1},"operationName":"Op"}"#, "query": "", "type": "application/json"}),
        )
        .await;
        check(1.1, json!({"requestMethod": "GET"}), json!({"got": "", "query": "query=%7B%20a%20%7D", "type": ""})).await;
    }

    #[tokio::test]
    async fn errors_of_the_server_fail_the_item() {
        let server = server().await;
        let parameters = || json!({"endpoint": server.url("/"), "requestFormat": "graphql", "query": "={{ $json.q }}"});
        let queries = || [json!({"q": "{ fails }"}), json!({"q": "{ b }"})];
        let stopped = node(1.0, parameters()).items(queries()).error().await;
        assert_eq!(stopped["message"], "no such field, try again");
        let result = node(1.1, parameters()).items(queries()).with("onError", "continueErrorOutput").run().await;
        assert_eq!(result.items("Node").len(), 1);
        assert_eq!(json_of(&result.output("Node", 1)), json!([{"q": "{ fails }", "error": "no such field, try again"}]));
        let plain = node(1.0, parameters()).items([json!({"q": "{ plain }"})]).error().await;
        assert_eq!(plain["message"], "Response body is not valid JSON. Change \"Response Format\" to \"String\"");
    }

    #[tokio::test]
    async fn text_headers_and_credentials() {
        let server = server().await;
        let headers = json!({"parameter": [{"name": "X-A", "value": "1"}]});
        let parameters = json!({
            "endpoint": server.url("/"), "query": "{ plain }", "responseFormat": "string", "dataPropertyName": "text",
            "headerParametersUi": headers, "authentication": "headerAuth",
        });
        let made = node(1.0, parameters).credential("httpHeaderAuth", json!({"name": "X-Key", "value": "k"})).json().await;
        assert_eq!(made, json!([{"text": "no JSON"}]));
        assert_eq!((server.last().header("x-a"), server.last().header("x-key")), ("1", "k"));
    }
}
