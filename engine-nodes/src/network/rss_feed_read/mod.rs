//! The RSS Read node: reads feeds and gives an item for each entry.

mod feed;
#[cfg(feature = "flow")]
pub(super) mod trigger;

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Item, Json, Link, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, Typed, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};

use super::charset::decode;
use super::http::parse_url;
use super::{HttpClient, HttpError, HttpRequest};
use crate::settings::Settings;

/// The node type.
#[derive(Debug)]
pub(super) struct RssFeedReadType {
    schema: NodeSchema,
    client: HttpClient,
}

impl RssFeedReadType {
    pub(super) fn new(client: HttpClient) -> Self {
        Self { schema: schema(), client }
    }
}

fn schema() -> NodeSchema {
    let options = [
        Property::string("customFields").description("Further fields of an entry to give, separated by commas"),
        Property::boolean("ignoreSSL", false).display_name("Ignore SSL Issues (Insecure)"),
    ];
    NodeSchema::new("rss_feed_read", "RSS Read")
        .alias("n8n-nodes-base.rssFeedRead")
        .versions([(1, 0), (1, 1), (1, 2)])
        .description("Reads data from an RSS feed")
        .group(NodeGroup::Network)
        .effect(Effect::Idempotent)
        .property(Property::string("url").display_name("URL").required().description("URL of the RSS feed"))
        .property(Property::collection("options", options))
}

impl NodeType for RssFeedReadType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(RssFeedReadNode { client: self.client.clone(), parameters: spec.typed()? }))
    }
}

struct RssFeedReadNode {
    client: HttpClient,
    parameters: Typed<Json>,
}

/// What feeds are asked for. Version 1.2 says that other kinds of XML will do as well.
const ACCEPT: &str = "application/rss+xml";
const ACCEPT_MORE: &str = "application/rss+xml, application/rdf+xml;q=0.8, application/atom+xml;q=0.6, application/xml;q=0.4, text/xml;q=0.4";

#[async_trait]
impl Node for RssFeedReadNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let count = context.items().len();
        // Version 1 reads one feed, whatever comes in, and its entries come from all items.
        let each = context.version().at_least(1, 1);
        let paired = |index: usize| if each { Paired::item(index) } else { Paired::many((0..count).map(Link::new)) };
        let mut items = Vec::new();
        for index in 0..if each { count } else { count.min(1) } {
            match self.read(&context, index).await {
                Ok(entries) => items.extend(entries.into_iter().map(|entry| Item::new(entry).paired_with(paired(index)))),
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(paired(index))),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

impl RssFeedReadNode {
    async fn read(&self, context: &NodeContext, index: usize) -> Result<Vec<Json>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let url = at.filled("url").ok_or_else(|| NodeError::fatal("The parameter \"URL\" has to be set!"))?;
        let url = parse_url(&url).map_err(|_| NodeError::fatal("The provided \"URL\" is not valid!"))?;
        let mut request = HttpRequest::new(reqwest::Method::GET, url);
        let accept = if context.version().at_least(1, 2) { ACCEPT_MORE } else { ACCEPT };
        request.header("accept", accept).map_err(HttpError::into_node_error)?;
        request.tls.accept_any_certificate = at.group("options").flag("ignoreSSL");
        let text = fetch(&self.client, request).await?;
        let custom = at.group("options").text("customFields");
        let custom: Vec<&str> = custom.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        feed::entries(&text, &custom, context.now())
    }
}

/// The text of a feed.
async fn fetch(client: &HttpClient, request: HttpRequest) -> Result<String, NodeError> {
    let response = client.send(request).await.map_err(HttpError::into_node_error)?;
    if !response.status.is_success() {
        return Err(NodeError::new(format!("Status code {}", response.status.as_u16())).with_code("http-status"));
    }
    let content_type = response.header("content-type").unwrap_or_default().to_owned();
    let bytes = response.bytes(client.policy().limits().memory).await.map_err(HttpError::into_node_error)?;
    Ok(decode(&bytes, &named_charset(&bytes, &content_type)))
}

/// The content type, with the encoding that the XML declares where the server names none.
fn named_charset(bytes: &[u8], content_type: &str) -> String {
    let head = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).into_owned();
    let declared = head.split("encoding=").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1));
    match declared {
        Some(label) if head.trim_start().starts_with("<?xml") && !content_type.to_ascii_lowercase().contains("charset=") => {
            format!("{content_type}; charset={label}")
        }
        _ => content_type.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::network::test_engine::TestNode;
    use crate::network::test_server::{Seen, TestServer};

    const FEED: &str = r#"<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel><title>T</title>
        <item><title>Größe</title><link>http://a/1</link></item><item><title>Two</title></item></channel></rss>"#;

    async fn server() -> TestServer {
        TestServer::start(|seen: &Seen| match seen.path() {
            "/feed" => (axum::http::StatusCode::OK, FEED.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>()),
            "/page" => (axum::http::StatusCode::OK, b"<html></html>".to_vec()),
            _ => (axum::http::StatusCode::NOT_FOUND, Vec::new()),
        })
        .await
    }

    fn node(version: f64, url: &str) -> TestNode {
        TestNode::new("n8n-nodes-base.rssFeedRead", version, json!({"url": url}))
    }

    #[tokio::test]
    async fn a_feed_gives_its_entries() {
        let server = server().await;
        let entries = json!([{"title": "Größe", "link": "http://a/1"}, {"title": "Two"}]);
        assert_eq!(node(1.2, &server.url("/feed")).json().await, entries);
        assert!(server.last().header("accept").contains("atom+xml"));
        let two = || [json!({}), json!({})];
        let count = async |version: f64| node(version, &server.url("/feed")).items(two()).json().await.as_array().map_or(0, Vec::len);
        assert_eq!((count(1.0).await, count(1.1).await), (2, 4));
        assert_eq!(server.last().header("accept"), "application/rss+xml");
        let result = node(1.0, &server.url("/feed")).items(two()).run().await;
        assert_eq!(result.items("Node")[0].paired().links().len(), 2);
    }

    #[tokio::test]
    async fn what_is_no_feed_fails() {
        let server = server().await;
        let check = async |url: &str, expect: &str| {
            assert_eq!(node(1.2, url).error().await["message"], expect, "{url}");
            let made = node(1.2, url).with("onError", "continueRegularOutput").json().await;
            assert_eq!(made, json!([{ "error": Value::from(expect) }]));
        };
        check(&server.url("/page"), "Feed not recognized as RSS 1 or 2.").await;
        check(&server.url("/gone"), "Status code 404").await;
        check("nonsense", "The provided \"URL\" is not valid!").await;
    }
}
