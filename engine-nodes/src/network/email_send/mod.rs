//! The Send Email node: sends a mail over SMTP for each item.

mod message;
mod schema;
#[cfg(test)]
mod tests;
mod transport;
mod trial;

pub(super) use trial::SmtpTester;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine_core::credential::Credential;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, Typed, error_item};
use engine_core::problem::Problem;
use engine_core::schema::NodeSchema;
use lettre::message::Mailbox;
use lettre::transport::smtp::response::Response;
use lettre::{AsyncTransport, Message};
use serde_json::{Value, json};

use self::transport::Connection;
use super::HttpClient;
use crate::settings::Settings;

/// The node type.
#[derive(Debug)]
pub(super) struct EmailSendType {
    schema: NodeSchema,
    client: HttpClient,
}

impl EmailSendType {
    /// Mail servers are judged by the client's policy, as HTTP servers are.
    pub(super) fn new(client: HttpClient) -> Self {
        Self { schema: schema::schema(), client }
    }
}

impl NodeType for EmailSendType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        if spec.text("operation") == "sendAndWait" {
            return Err(vec![
                spec.unsupported("operation", "waiting for the answer to a mail is not supported").help("use a Wait node behind this one"),
            ]);
        }
        Ok(Arc::new(EmailSendNode { client: self.client.clone(), parameters: spec.typed()? }))
    }
}

struct EmailSendNode {
    client: HttpClient,
    parameters: Typed<Json>,
}

/// How long the mail server may take for each step.
const TIMEOUT: Duration = Duration::from_mins(1);

#[async_trait]
impl Node for EmailSendNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let credential = context.credential("smtp").await?;
        let mut items = Vec::with_capacity(context.items().len());
        for index in 0..context.items().len() {
            let made = match self.one(&context, index, &credential).await {
                Ok(json) => Item::from_value(json),
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

impl EmailSendNode {
    async fn one(&self, context: &NodeContext, index: usize, credential: &Credential) -> Result<Value, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let mail = message::build(context, index, at).await?;
        let any_certificate = at.group("options").flag("allowUnauthorizedCerts");
        let transport = Connection { credential, any_certificate, timeout: TIMEOUT }.transport(&self.client).await?;
        let response = transport.send(mail.clone()).await.map_err(|error| {
            let failed = NodeError::new(error.to_string()).with_code("mail-refused");
            if error.is_permanent() { failed.never_retried() } else { failed }
        })?;
        Ok(report(&mail, &response))
    }
}

/// What n8n reports of a mail that was sent.
fn report(mail: &Message, response: &Response) -> Value {
    let to: Vec<String> = mail.envelope().to().iter().map(ToString::to_string).collect();
    let text = std::iter::once(response.code().to_string()).chain(response.message().map(str::to_owned)).collect::<Vec<_>>().join(" ");
    json!({
        "accepted": to,
        "rejected": [],
        "messageSize": mail.formatted().len(),
        "response": text,
        "envelope": { "from": mail.envelope().from().map(ToString::to_string), "to": to },
        "messageId": mail.headers().get_raw("Message-ID"),
    })
}

/// Addresses between commas, each with or without a name.
fn mailboxes(text: &str, field: &str) -> Result<Vec<Mailbox>, NodeError> {
    let invalid = |error: lettre::address::AddressError| {
        NodeError::fatal(format!("\"{field}\" holds no valid mail address: {text:?}")).with_description(error.to_string())
    };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    Ok(text.parse::<lettre::message::Mailboxes>().map_err(invalid)?.into())
}
