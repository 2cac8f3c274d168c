//! The parameters of the Send Email node.

use engine_core::schema::{CredentialUse, Effect, NodeGroup, NodeSchema, Property, ShowRule};

/// The schema of all versions.
pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("email_send", "Send Email")
        .alias("n8n-nodes-base.emailSend")
        .versions([(1, 0), (2, 0), (2, 1)])
        .description("Sends an email using SMTP")
        .group(NodeGroup::Network)
        .effect(Effect::Effectful)
        .credential(CredentialUse { kind: "smtp".to_owned(), required: true, show: ShowRule::default() })
        .properties([
            Property::string("resource").default("email").since(2.0),
            Property::options("operation", ["send", "sendAndWait"]).since(2.0),
            Property::string("fromEmail").required(),
            Property::string("toEmail").required().description("Addresses, separated by commas"),
            Property::string("ccEmail").until(2.0),
            Property::string("bccEmail").until(2.0),
            Property::string("subject"),
            Property::options("emailFormat", ["text", "html", "both"]).show("@version", [2]),
            Property::options("emailFormat", ["html", "text", "both"]).since(2.1),
        ])
        .properties(texts())
        .property(Property::string("attachments").until(2.0).description("Files of the item, separated by commas"))
        .property(Property::collection("options", options()))
}

fn texts() -> Vec<Property> {
    vec![
        Property::string("text").until(2.0),
        Property::string("html").until(2.0),
        Property::string("text").since(2.0).show("emailFormat", ["text", "both"]),
        Property::string("html").since(2.0).show("emailFormat", ["html", "both"]),
    ]
}

fn options() -> Vec<Property> {
    vec![
        Property::boolean("appendAttribution", false).since(2.0).description("Without effect: nothing is added to a mail"),
        Property::string("attachments").since(2.0).description("Files of the item that the HTML shows as cid:name, separated by commas"),
        Property::string("fileAttachments").since(2.0).description("Files of the item to attach, separated by commas"),
        Property::string("ccEmail").since(2.0),
        Property::string("bccEmail").since(2.0),
        Property::boolean("allowUnauthorizedCerts", false).display_name("Ignore SSL Issues (Insecure)"),
        Property::string("replyTo"),
    ]
}
