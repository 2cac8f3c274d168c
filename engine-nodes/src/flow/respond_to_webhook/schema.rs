//! The parameters of Respond to Webhook.

use engine_core::schema::{CredentialUse, Effect, NodeGroup, NodeSchema, Property, PropertyGroup, PropertyKind};

const KINDS: [&str; 8] = ["firstIncomingItem", "allIncomingItems", "binary", "json", "jwt", "noData", "redirect", "text"];

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("respond_to_webhook", "Respond to Webhook")
        .alias("n8n-nodes-base.respondToWebhook")
        .versions([(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)])
        .group(NodeGroup::Flow)
        .description("Answers the request that started the workflow")
        .effect(Effect::Effectful)
        .properties([
            Property::boolean("enableResponseOutput", false).since(1.4).description("Whether a second output shows the answer"),
            Property::options("respondWith", KINDS),
            Property::string("redirectURL").required().show("respondWith", ["redirect"]),
            Property::json("responseBody", "{\n  \"myField\": \"value\"\n}").show("respondWith", ["json"]),
            Property::json("payload", "{\n  \"myField\": \"value\"\n}").show("respondWith", ["jwt"]),
            Property::string("responseBody").show("respondWith", ["text"]),
            Property::options("responseDataSource", ["automatically", "set"]).show("respondWith", ["binary"]),
            Property::string("inputFieldName").default("data").required().show("respondWith", ["binary"]).show("responseDataSource", ["set"]),
            options(),
        ])
        .credential(CredentialUse { kind: "jwtAuth".to_owned(), required: true, show: Property::string("").show("respondWith", ["jwt"]).show })
}

fn options() -> Property {
    let header = PropertyGroup::new("entries", [Property::string("name"), Property::string("value")]);
    Property::collection(
        "options",
        [
            Property::new("responseCode", PropertyKind::Any, 200).description("HTTP status"),
            Property::fixed_collection_list("responseHeaders", [header]),
            Property::string("responseKey").description("The field under which the items are put"),
            Property::boolean("enableStreaming", true),
        ],
    )
}
