//! Webhook: an HTTP request starts the workflow. The HTTP side makes the item; this node says which requests are meant, and passes the item on.

use async_trait::async_trait;
use engine_core::model::{Item, Paired};
use engine_core::node::{Activation, Node, NodeContext, NodeError, NodeOutput, NodeSpec, ResponseMode, WebhookSpec};
use engine_core::schema::{CredentialUse, NodeSchema, Port, Property, PropertyGroup, PropertyKind, ShowRule};
use serde_json::Value;

use super::pass_on;
use crate::node_type::{Activations, Compiled, Definition, ready};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

pub(super) fn definition() -> Definition {
    Definition { outputs: Some(outputs), activations: Some(activations), ..Definition::new(schema(), compile) }
}

fn compile(spec: &NodeSpec) -> Compiled {
    if output_per_method(spec) { ready(PassOnByMethod) } else { pass_on::compile(spec) }
}

/// Passes its items on by the output of their method, which the HTTP side names as the input that they are linked to.
#[derive(Debug)]
struct PassOnByMethod;

#[async_trait]
impl Node for PassOnByMethod {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut outputs: Vec<Vec<Item>> = Vec::new();
        for item in context.items().iter() {
            let output = item.paired().links().first().map_or(0, |link| usize::from(link.input));
            let output = output.min(MAX_METHODS - 1);
            outputs.resize_with(outputs.len().max(output + 1), Vec::new);
            outputs[output].push(item.clone().paired_with(Paired::Unknown));
        }
        Ok(NodeOutput::ports(outputs))
    }
}

/// As many methods as a webhook may take.
const MAX_METHODS: usize = METHODS.len();

fn schema() -> NodeSchema {
    NodeSchema::new("webhook", "Webhook")
        .alias("n8n-nodes-base.webhook")
        .versions([(1, 0), (1, 1), (2, 0), (2, 1)])
        .description("Starts the workflow when an HTTP request arrives")
        .trigger()
        .properties(properties())
        .property(options())
        .credential(credential("httpBasicAuth", "basicAuth"))
        .credential(credential("httpHeaderAuth", "headerAuth"))
        .credential(credential("jwtAuth", "jwtAuth"))
        .credential(credential("httpBearerAuth", "bearerAuth"))
        .credential(credential("webhookSignature", "signature"))
}

fn credential(kind: &str, authentication: &str) -> CredentialUse {
    let show = Property::string("").show("authentication", [authentication]).show;
    CredentialUse { kind: kind.to_owned(), required: true, show: ShowRule { ..show } }
}

fn properties() -> Vec<Property> {
    vec![
        Property::boolean("multipleMethods", false)
            .since(2.0)
            .description("Whether requests of several methods are taken, each on an output of its own"),
        Property::options("httpMethod", METHODS).hide("multipleMethods", [true]),
        Property::multi_options("httpMethod", METHODS).default(serde_json::json!(["GET", "POST"])).since(2.0).show("multipleMethods", [true]),
        Property::string("path").description("The part of the address behind `/webhook/`; segments that begin with a colon are parameters"),
        Property::options("authentication", ["none", "basicAuth", "headerAuth", "jwtAuth", "bearerAuth", "signature"])
            .description("How callers show that they may call; the last two are not known to n8n"),
        Property::options("signatureScheme", ["standardWebhooks", "github", "stripe", "slack", "custom"])
            .show("authentication", ["signature"])
            .description("Who signs the requests, and so how: an HMAC over the raw body"),
        signature(),
        Property::options("responseMode", ["onReceived", "lastNode", "responseNode", "streaming"]).description("Who answers the request, and when"),
        Property::options("responseCode", [200, 201, 204, 301, 302, 303, 307, 400, 401, 403, 404, 500])
            .until(2.0)
            .hide("responseMode", ["responseNode", "streaming"]),
        Property::options("responseData", ["firstEntryJson", "allEntries", "firstEntryBinary", "noData"])
            .show("responseMode", ["lastNode"])
            .description("What of the last node's items is answered"),
        Property::string("responseBinaryPropertyName").default("data").required().show("responseData", ["firstEntryBinary"]),
    ]
}

/// What there is to say about signed requests. n8n has no such parameter.
fn signature() -> Property {
    Property::collection(
        "signature",
        [
            Property::number("tolerance", 300).between(Some(1.0), Some(86_400.0)).description("How many seconds old a signature may be"),
            Property::boolean("deduplicate", true).description("Whether a request that comes again starts nothing"),
            Property::string("header").default("X-Signature").show("/signatureScheme", ["custom"]),
            Property::string("prefix").show("/signatureScheme", ["custom"]).description("What stands before the signature, such as `sha256=`"),
            Property::options("algorithm", ["sha256", "sha1", "sha512"]).show("/signatureScheme", ["custom"]),
            Property::options("encoding", ["hex", "base64"]).show("/signatureScheme", ["custom"]),
            Property::string("timestampHeader")
                .show("/signatureScheme", ["custom"])
                .description("A header with seconds since 1970; signed before the body, with a point between"),
        ],
    )
    .show("authentication", ["signature"])
}

fn options() -> Property {
    let filter = PropertyGroup::new("entries", [Property::string("name"), Property::string("value")]);
    let header = PropertyGroup::new("entries", [Property::string("name"), Property::string("value")]);
    let code = PropertyGroup::new(
        "values",
        [Property::new("responseCode", PropertyKind::Any, 200), Property::number("customCode", 200).between(Some(100.0), Some(599.0))],
    );
    Property::collection(
        "options",
        [
            Property::boolean("binaryData", false).until(2.0),
            Property::string("binaryPropertyName").default("data"),
            Property::boolean("ignoreBots", false),
            Property::fixed_collection_list("headerFilter", [filter])
                .description("Headers that a request must have; a value that ends with `*` is a beginning, none is any"),
            Property::string("ipWhitelist"),
            Property::boolean("noResponseBody", false),
            Property::boolean("rawBody", false),
            Property::new("responseData", engine_core::schema::PropertyKind::Any, ""),
            Property::fixed_collection("responseCode", [code]),
            Property::string("responseContentType"),
            Property::fixed_collection_list("responseHeaders", [header]),
            Property::string("responsePropertyName").default("data"),
            Property::string("allowedOrigins").default("*"),
        ],
    )
}

/// The methods, in capitals.
fn methods(spec: &NodeSpec) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_uppercase);
    let methods: Vec<String> = match spec.constant("httpMethod") {
        Some(Value::Array(methods)) => methods.iter().filter_map(text).collect(),
        Some(method) => text(&method).into_iter().collect(),
        None => Vec::new(),
    };
    if methods.is_empty() { vec!["GET".to_owned()] } else { methods }
}

fn output_per_method(spec: &NodeSpec) -> bool {
    spec.flag("multipleMethods") && methods(spec).len() > 1
}

fn outputs(spec: &NodeSpec) -> Vec<Port> {
    if output_per_method(spec) { methods(spec).into_iter().map(Port::named).collect() } else { Port::one() }
}

fn activations(spec: &NodeSpec) -> Activations {
    let Some(path) = spec.constant("path") else {
        return Err(vec![spec.invalid("path", "the path of a webhook cannot be an expression")]);
    };
    let path = path.as_str().unwrap_or_default().trim_matches('/').to_owned();
    let path = if path.is_empty() { spec.webhook_id.as_deref().unwrap_or_default().to_owned() } else { path };
    if path.is_empty() {
        return Err(vec![spec.invalid("path", "a webhook needs a path")]);
    }
    Ok(vec![Activation::Webhook(WebhookSpec {
        methods: methods(spec),
        path,
        response_mode: response_mode(&spec.text("responseMode")),
        output_per_method: output_per_method(spec),
        parameters: Value::Object((*spec.source).clone()),
        version: spec.version.as_f64(),
        form: None,
    })])
}

pub(super) fn response_mode(name: &str) -> ResponseMode {
    match name {
        "lastNode" => ResponseMode::LastNode,
        "responseNode" => ResponseMode::ResponseNode,
        "streaming" => ResponseMode::Streaming,
        _ => ResponseMode::OnReceived,
    }
}
