//! The parameters of the HTTP Request node from version 3 on.

use engine_core::schema::{CredentialUse, Effect, NodeGroup, NodeSchema, Property, PropertyGroup, PropertyKind, ShowRule};
use serde_json::json;

const METHODS: [&str; 12] = ["COPY", "DELETE", "GET", "HEAD", "MKCOL", "MOVE", "OPTIONS", "PATCH", "POST", "PROPFIND", "PUT", "REPORT"];

/// The schema of versions 3 to 4.5.
pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("http_request", "HTTP Request")
        .alias("n8n-nodes-base.httpRequest")
        .versions([(3, 0), (4, 0), (4, 1), (4, 2), (4, 3), (4, 4), (4, 5)])
        .description("Makes an HTTP request and returns the response data")
        .group(NodeGroup::Network)
        .effect(Effect::Effectful)
        .credential(CredentialUse { kind: "httpSslAuth".to_owned(), required: true, show: shown_with("provideSslCertificates", true) })
        .properties([
            Property::options("method", METHODS).default("GET").description("The request method to use"),
            Property::string("url").display_name("URL").required().description("Where to send the request"),
        ])
        .properties(authentication())
        .properties(query())
        .properties(headers())
        .properties(body())
        .property(Property::collection("options", options()))
}

fn shown_with(path: &str, value: impl Into<serde_json::Value>) -> ShowRule {
    Property::string("").show(path, [value]).show
}

/// The way to prove who asks; the same from version 2 on.
pub(super) fn authentication() -> Vec<Property> {
    vec![
        Property::options("authentication", ["none", "predefinedCredentialType", "genericCredentialType"]),
        Property::string("nodeCredentialType").display_name("Credential Type").required().show("authentication", ["predefinedCredentialType"]),
        Property::string("genericAuthType").display_name("Generic Auth Type").required().show("authentication", ["genericCredentialType"]),
        Property::boolean("provideSslCertificates", false).display_name("SSL Certificates").since(3.0),
    ]
}

/// A list of names and values under `parameters`, with one empty entry.
fn pairs(name: &str, entry: impl IntoIterator<Item = Property>) -> Property {
    Property::fixed_collection_list(name, [PropertyGroup::new("parameters", entry)]).default(json!({"parameters": [{"name": "", "value": ""}]}))
}

fn name_and_value() -> [Property; 2] {
    [Property::string("name"), Property::string("value")]
}

fn query() -> Vec<Property> {
    vec![
        Property::boolean("sendQuery", false).display_name("Send Query Parameters"),
        Property::options("specifyQuery", ["keypair", "json"]).show("sendQuery", [true]),
        pairs("queryParameters", name_and_value()).show("sendQuery", [true]).show("specifyQuery", ["keypair"]),
        Property::json("jsonQuery", "").show("sendQuery", [true]).show("specifyQuery", ["json"]),
    ]
}

fn headers() -> Vec<Property> {
    vec![
        Property::boolean("sendHeaders", false),
        Property::options("specifyHeaders", ["keypair", "json"]).show("sendHeaders", [true]),
        pairs("headerParameters", name_and_value()).show("sendHeaders", [true]).show("specifyHeaders", ["keypair"]),
        Property::json("jsonHeaders", "").show("sendHeaders", [true]).show("specifyHeaders", ["json"]),
    ]
}

fn body() -> Vec<Property> {
    let with = |property: Property, content_type: &str| property.show("sendBody", [true]).show("contentType", [content_type]);
    let part = [
        Property::options("parameterType", ["formBinaryData", "formData"]).default("formData"),
        Property::string("name"),
        Property::string("value").show("parameterType", ["formData"]),
        Property::string("inputDataFieldName").show("parameterType", ["formBinaryData"]),
    ];
    vec![
        Property::boolean("sendBody", false),
        Property::options("contentType", ["form-urlencoded", "multipart-form-data", "json", "binaryData", "raw"])
            .default("json")
            .display_name("Body Content Type")
            .show("sendBody", [true]),
        with(Property::options("specifyBody", ["keypair", "json"]), "json"),
        with(pairs("bodyParameters", name_and_value()), "json").show("specifyBody", ["keypair"]),
        with(Property::json("jsonBody", ""), "json").show("specifyBody", ["json"]),
        with(pairs("bodyParameters", part), "multipart-form-data"),
        with(Property::options("specifyBody", ["keypair", "string"]), "form-urlencoded"),
        with(pairs("bodyParameters", name_and_value()), "form-urlencoded").show("specifyBody", ["keypair"]),
        Property::string("body").show("sendBody", [true]).show("specifyBody", ["string"]),
        with(Property::string("inputDataFieldName"), "binaryData"),
        with(Property::string("rawContentType").display_name("Content Type"), "raw"),
        with(Property::string("body"), "raw"),
    ]
}

fn options() -> Vec<Property> {
    let batch = [
        Property::number("batchSize", 50).between(Some(-1.0), None).description("How many items are sent without a pause; -1 for all"),
        Property::number("batchInterval", 1000).between(Some(0.0), None).description("The pause in milliseconds"),
    ];
    vec![
        group("batching", "batch", batch).default(json!({"batch": {}})),
        Property::boolean("allowUnauthorizedCerts", false).display_name("Ignore SSL Issues (Insecure)"),
        Property::options("queryParameterArrays", ["repeat", "brackets", "indices"]).default("brackets").show("/sendQuery", [true]),
        Property::boolean("lowercaseHeaders", true).description("Header names are always sent in lower case, which HTTP does not tell apart"),
        redirects(false).until(4.0),
        redirects(true).since(4.0),
        response(),
        group("pagination", "pagination", pagination()),
        Property::string("proxy").description("An HTTP proxy; the engine's network policy has to permit it"),
        Property::number("timeout", 10_000).between(Some(1.0), None).description("How long the server may take to answer, in milliseconds"),
        Property::boolean("sendCredentialsOnCrossOriginRedirect", false).description("Without effect: credentials stay with their host"),
        Property::string("idempotencyHeader").description(
            "A header, such as Idempotency-Key, that carries the same text whenever this item's request is sent again after an error or a crash",
        ),
    ]
}

/// A group of settings that an editor adds as a whole.
fn group(name: &str, inner: &str, properties: impl IntoIterator<Item = Property>) -> Property {
    Property::fixed_collection(name, [PropertyGroup::new(inner, properties)]).default(json!({inner: {}}))
}

fn redirects(followed: bool) -> Property {
    let properties = [Property::boolean("followRedirects", followed), Property::number("maxRedirects", 21).show("followRedirects", [true])];
    group("redirect", "redirect", properties)
}

fn response() -> Property {
    let properties = [
        Property::boolean("fullResponse", false).display_name("Include Response Headers and Status"),
        Property::boolean("neverError", false).description("Succeed whatever the status"),
        Property::options("responseFormat", ["autodetect", "file", "json", "text"]),
        Property::string("outputPropertyName")
            .default("data")
            .required()
            .display_name("Put Output in Field")
            .show("responseFormat", ["file", "text"]),
    ];
    group("response", "response", properties)
}

fn pagination() -> Vec<Property> {
    let parameter = [
        Property::options("type", ["body", "headers", "qs"]).default("qs"),
        Property::string("name"),
        Property::new("value", PropertyKind::String { pattern: None }, ""),
    ];
    let parameters = Property::fixed_collection_list("parameters", [PropertyGroup::new("parameters", parameter)])
        .default(json!({"parameters": [{"type": "qs", "name": "", "value": ""}]}));
    vec![
        Property::options("paginationMode", ["off", "updateAParameterInEachRequest", "responseContainsNextURL"])
            .default("updateAParameterInEachRequest"),
        Property::string("nextURL").display_name("Next URL").show("paginationMode", ["responseContainsNextURL"]),
        parameters.show("paginationMode", ["updateAParameterInEachRequest"]),
        Property::options("paginationCompleteWhen", ["responseIsEmpty", "receiveSpecificStatusCodes", "other"]).hide("paginationMode", ["off"]),
        Property::string("statusCodesWhenComplete").show("paginationCompleteWhen", ["receiveSpecificStatusCodes"]),
        Property::string("completeExpression").show("paginationCompleteWhen", ["other"]),
        Property::boolean("limitPagesFetched", false).hide("paginationMode", ["off"]),
        Property::number("maxRequests", 100).show("limitPagesFetched", [true]),
        Property::number("requestInterval", 0).between(Some(0.0), None).hide("paginationMode", ["off"]),
    ]
}
