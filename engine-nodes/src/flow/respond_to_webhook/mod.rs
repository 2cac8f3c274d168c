//! Respond to Webhook: answers the request that started the workflow, and passes its items on.

mod body;
mod schema;

use async_trait::async_trait;
use engine_core::execution::{Reply, ReplyBody};
use engine_core::expression::js;
use engine_core::model::{Item, Json, Link, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, error_item};
use engine_core::schema::Port;
use serde_json::{Value, json};

use crate::node_type::{Compiled, Definition, ready};
use crate::settings::Settings;

pub(super) fn definition() -> Definition {
    Definition { outputs: Some(outputs), ..Definition::new(schema::schema(), compile) }
}

fn outputs(spec: &NodeSpec) -> Vec<Port> {
    if has_response_output(spec) { Port::all(["Input Data", "Response"]) } else { Port::one() }
}

/// Version 1.3 always has the second output; later ones have it where it is asked for.
fn has_response_output(spec: &NodeSpec) -> bool {
    spec.version.at_least(1, 3) && (!spec.version.at_least(1, 4) || spec.flag("enableResponseOutput"))
}

fn compile(spec: &NodeSpec) -> Compiled {
    if spec.text("respondWith") == "jwt" && !body::SIGNS_TOKENS {
        let help = "turn on the feature `jwt` of engine-nodes";
        return Err(vec![spec.unsupported("respondWith", "this program was built without signed tokens").help(help)]);
    }
    ready(RespondToWebhook { parameters: spec.parameters.clone(), shows_response: has_response_output(spec) })
}

#[derive(Debug)]
struct RespondToWebhook {
    parameters: Parameter,
    shows_response: bool,
}

#[async_trait]
impl Node for RespondToWebhook {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        match self.reply(&context).await {
            Ok(reply) => {
                let response = self.shows_response.then(|| Item::new(Json::from_iter([("response".to_owned(), describe(&reply))])));
                context.respond(reply);
                let items = context.items().clone();
                Ok(match response {
                    Some(response) => NodeOutput::Items(vec![items, vec![response].into()]),
                    None => items.into(),
                })
            }
            Err(error) if context.continues_on_error() => {
                let all = Paired::many((0..context.items().len()).map(Link::new));
                Ok(vec![error_item(&error).paired_with(all)].into())
            }
            Err(error) => Err(error),
        }
    }
}

impl RespondToWebhook {
    async fn reply(&self, context: &NodeContext) -> Result<Reply, NodeError> {
        let parameters = self.parameters.resolve(&context.scope(0)).await?.unwrap_or(Value::Null);
        let empty = Json::new();
        let settings = Settings::new(parameters.as_object().unwrap_or(&empty));
        let options = settings.group("options");
        let kind = settings.text("respondWith");
        let mut reply = Reply::status(status(options.number("responseCode"), if kind == "redirect" { 307 } else { 200 }));
        for header in options.group("responseHeaders").groups("entries") {
            reply = reply.header(header.text("name").to_lowercase(), header.text("value"));
        }
        let has_type = reply.headers.iter().any(|(name, _)| name == "content-type");
        let (body, content_type) = body::body(&kind, settings, context).await?;
        reply.body = body;
        if let (Some(content_type), false) = (content_type, has_type) {
            reply = reply.header("content-type", content_type);
        }
        if kind == "redirect" {
            reply = reply.header("location", settings.text("redirectURL"));
        }
        Ok(reply)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before the cast")]
fn status(number: Option<f64>, default: u16) -> u16 {
    number.filter(|number| (100.0..1000.0).contains(number)).map_or(default, |number| number as u16)
}

/// The answer as the second output shows it.
fn describe(reply: &Reply) -> Value {
    let body = match &reply.body {
        ReplyBody::Empty => Value::Null,
        ReplyBody::Json(value) => value.clone(),
        ReplyBody::Bytes(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        ReplyBody::Binary(file) => json!({"mimeType": file.mime_type, "fileName": file.file_name, "fileSize": file.size}),
    };
    let headers: Value = reply.headers.iter().map(|(name, value)| (name.clone(), Value::from(js::trim(value)))).collect();
    json!({"body": body, "headers": headers, "statusCode": reply.status})
}
