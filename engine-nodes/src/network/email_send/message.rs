//! Makes the mail of an item.

use std::time::{Duration, SystemTime};

use engine_core::model::{Binary, Item};
use engine_core::node::{NodeContext, NodeError};
use futures::TryStreamExt;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::mailboxes;
use crate::network::http::hex;
use crate::settings::Settings;

/// The largest file that a mail carries.
const MOST_ATTACHED: usize = 100 << 20;

/// The mail that an item's parameters describe.
pub(super) async fn build(context: &NodeContext, index: usize, at: Settings<'_>) -> Result<Message, NodeError> {
    let first_version = !context.version().at_least(2, 0);
    let options = at.group("options");
    let addressed = if first_version { at } else { options };
    let from = mailboxes(&at.text("fromEmail"), "From Email")?;
    let sender = from.first().cloned().ok_or_else(|| NodeError::fatal("the mail has no sender"))?;
    let mut builder = Message::builder()
        .message_id(Some(message_id(context, index, &sender)))
        .date(sent_at(context))
        .from(sender)
        .subject(at.text("subject").replace(['\r', '\n'], " "));
    builder = with_all(builder, mailboxes(&at.text("toEmail"), "To Email")?, MessageBuilder::to);
    builder = with_all(builder, mailboxes(&addressed.text("ccEmail"), "CC Email")?, MessageBuilder::cc);
    builder = with_all(builder, mailboxes(&addressed.text("bccEmail"), "BCC Email")?, MessageBuilder::bcc);
    builder = with_all(builder, mailboxes(&options.text("replyTo"), "Reply To")?, MessageBuilder::reply_to);
    let shown = if first_version { String::new() } else { options.text("attachments") };
    let attached = if first_version { at.text("attachments") } else { options.text("fileAttachments") };
    let parts = Content {
        text: at.given("text"),
        html: at.filled("html"),
        shown: files(context, index, &shown, true).await?,
        attached: files(context, index, &attached, false).await?,
    };
    Ok(parts.put_into(builder)?)
}

fn with_all(builder: MessageBuilder, mailboxes: Vec<Mailbox>, add: fn(MessageBuilder, Mailbox) -> MessageBuilder) -> MessageBuilder {
    mailboxes.into_iter().fold(builder, add)
}

/// The same for every try of this item's mail, so that a mail that is sent again can be told from a new one.
fn message_id(context: &NodeContext, index: usize, sender: &Mailbox) -> String {
    format!("<{}@{}>", hex(&Sha256::digest(context.idempotency_key(index))), sender.email.domain())
}

fn sent_at(context: &NodeContext) -> SystemTime {
    let millis = u64::try_from(context.runtime().now().as_millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// What a mail holds.
struct Content {
    text: Option<String>,
    html: Option<String>,
    /// Files that the HTML shows.
    shown: Vec<SinglePart>,
    attached: Vec<SinglePart>,
}

impl Content {
    fn put_into(self, builder: MessageBuilder) -> Result<Message, lettre::error::Error> {
        let (shown, attached) = (self.shown, self.attached);
        if let (Some(text), None, true, true) = (&self.text, &self.html, shown.is_empty(), attached.is_empty()) {
            return builder.header(ContentType::TEXT_PLAIN).body(text.clone());
        }
        let html = self.html.map(SinglePart::html);
        let body = match (self.text.filter(|text| !text.is_empty() || html.is_none()), html) {
            (Some(text), None) => MultiPart::mixed().singlepart(SinglePart::plain(text)),
            (None, Some(html)) => related(html, shown),
            (Some(text), Some(html)) => MultiPart::alternative().singlepart(SinglePart::plain(text)).multipart(related(html, shown)),
            (None, None) => MultiPart::mixed().singlepart(SinglePart::plain(String::new())),
        };
        if attached.is_empty() {
            return builder.multipart(body);
        }
        builder.multipart(attached.into_iter().fold(MultiPart::mixed().multipart(body), MultiPart::singlepart))
    }
}

fn related(html: SinglePart, shown: Vec<SinglePart>) -> MultiPart {
    shown.into_iter().fold(MultiPart::related().singlepart(html), MultiPart::singlepart)
}

/// The files whose keys stand between commas.
async fn files(context: &NodeContext, index: usize, keys: &str, shown: bool) -> Result<Vec<SinglePart>, NodeError> {
    let item = context.items().get(index);
    let mut parts = Vec::new();
    for key in keys.split(',').map(str::trim).filter(|key| !key.is_empty()) {
        let file = item.and_then(Item::binary).and_then(|files| files.get(key)).ok_or_else(|| {
            NodeError::fatal(format!("This operation expects the node's input data to contain a binary file '{key}', but none was found"))
        })?;
        let bytes = read(context, file).await?;
        let content_type = ContentType::parse(&file.mime_type).or_else(|_| ContentType::parse("application/octet-stream"))?;
        let name = file.file_name.clone().unwrap_or_else(|| "unknown".to_owned());
        let attachment = if shown { Attachment::new_inline_with_name(key.to_owned(), name) } else { Attachment::new(name) };
        parts.push(attachment.body(bytes, content_type));
    }
    Ok(parts)
}

async fn read(context: &NodeContext, file: &Binary) -> Result<Vec<u8>, NodeError> {
    let mut stream = context.read_binary(file).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.try_next().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_ATTACHED {
            return Err(NodeError::fatal(format!("a file of more than {MOST_ATTACHED} bytes cannot be sent by mail")));
        }
    }
    Ok(bytes)
}
