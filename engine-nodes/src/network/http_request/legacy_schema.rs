//! The parameters of the HTTP Request node's first two versions.

use engine_core::schema::{CredentialUse, Effect, NodeGroup, NodeSchema, Property, PropertyGroup, ShowRule};
use serde_json::json;

use super::schema::authentication;

/// The schema of versions 1 and 2.
pub(super) fn schema() -> NodeSchema {
    let first = |property: Property| property.until(2.0);
    let credential = |choice: &str, kind: &str| CredentialUse { kind: kind.to_owned(), required: true, show: of_first_version(choice) };
    let mut schema = NodeSchema::new("http_request", "HTTP Request")
        .alias("n8n-nodes-base.httpRequest")
        .versions([(1, 0), (2, 0)])
        .description("Makes an HTTP request and returns the response data")
        .group(NodeGroup::Network)
        .effect(Effect::Effectful)
        .property(first(Property::options("authentication", ["none", "basicAuth", "digestAuth", "headerAuth", "oAuth1", "oAuth2", "queryAuth"])))
        .properties(authentication().into_iter().map(|property| property.since(2.0)))
        .properties(request())
        .property(Property::collection("options", options()))
        .properties(body())
        .properties(pairs("headerParameters", "Headers"))
        .properties(pairs("queryParameters", "Query Parameters"));
    for (choice, kind) in FIRST_CREDENTIALS {
        schema = schema.credential(credential(choice, kind));
    }
    schema
}

/// What version 1 calls its ways to prove who asks, and the credentials that they take.
pub(super) const FIRST_CREDENTIALS: [(&str, &str); 6] = [
    ("basicAuth", "httpBasicAuth"),
    ("digestAuth", "httpDigestAuth"),
    ("headerAuth", "httpHeaderAuth"),
    ("queryAuth", "httpQueryAuth"),
    ("oAuth1", "oAuth1Api"),
    ("oAuth2", "oAuth2Api"),
];

fn of_first_version(choice: &str) -> ShowRule {
    Property::string("").until(2.0).show("authentication", [choice]).show
}

fn request() -> Vec<Property> {
    vec![
        Property::options("requestMethod", ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]).default("GET"),
        Property::string("url").display_name("URL").required(),
        Property::boolean("allowUnauthorizedCerts", false).display_name("Ignore SSL Issues (Insecure)"),
        Property::options("responseFormat", ["file", "json", "string"]).default("json"),
        Property::string("dataPropertyName").default("data").required().show("responseFormat", ["string", "file"]),
        Property::boolean("jsonParameters", false).display_name("JSON/RAW Parameters"),
    ]
}

fn options() -> Vec<Property> {
    let with_body = |property: Property| property.show("/requestMethod", ["PATCH", "POST", "PUT"]);
    vec![
        Property::number("batchInterval", 1000).between(Some(0.0), None),
        Property::number("batchSize", 50).between(Some(-1.0), None),
        with_body(Property::options("bodyContentType", ["json", "raw", "multipart-form-data", "form-urlencoded"])),
        Property::boolean("fullResponse", false),
        Property::boolean("followAllRedirects", false),
        Property::boolean("followRedirect", true).display_name("Follow GET/HEAD Redirect"),
        Property::boolean("ignoreResponseCode", false),
        with_body(Property::string("bodyContentCustomMimeType").display_name("MIME Type")),
        Property::string("proxy"),
        Property::boolean("splitIntoItems", false).show("/responseFormat", ["json"]),
        Property::number("timeout", 10_000).between(Some(1.0), None),
        Property::boolean("useQueryString", false).display_name("Use Querystring"),
    ]
}

fn body() -> Vec<Property> {
    let upload = |property: Property| property.show("jsonParameters", [true]).show("requestMethod", ["PATCH", "POST", "PUT"]);
    let any = |property: Property| property.show("requestMethod", ["PATCH", "POST", "PUT", "DELETE"]);
    let [json, fields] = pairs("bodyParameters", "Body Parameters");
    vec![
        upload(Property::boolean("sendBinaryData", false).display_name("Send Binary File")),
        upload(Property::string("binaryPropertyName").default("data").required().hide("sendBinaryData", [false])),
        any(json).hide("sendBinaryData", [true]),
        any(fields),
    ]
}

/// The two forms of a list of names and values: `...Json` and `...Ui`.
fn pairs(name: &str, display_name: &str) -> [Property; 2] {
    let entry = PropertyGroup::new("parameter", [Property::string("name"), Property::string("value")]);
    [
        Property::json(format!("{name}Json"), "").display_name(display_name).show("jsonParameters", [true]),
        Property::fixed_collection_list(format!("{name}Ui"), [entry]).default(json!({})).display_name(display_name).show("jsonParameters", [false]),
    ]
}
