//! RSS Feed Trigger: looks at a feed from time to time, and starts the workflow's nodes with the entries that are new.
//!
//! What is new is decided by the entries' dates. Each look is an execution of its own; one that finds nothing ends with it.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::execution::ExecutionMode;
use engine_core::model::{Item, Json, Timestamp};
use engine_core::node::{Activation, Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, StaticDataKind, Typed};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeSchema, Property};
use serde_json::{Value, json};

use super::{ACCEPT, feed, fetch};
use crate::network::http::parse_url;
use crate::network::{HttpClient, HttpError, HttpRequest};
use crate::settings::Settings;
use crate::trigger::polling;

/// The node type.
#[derive(Debug)]
pub(in crate::network) struct RssFeedReadTriggerType {
    schema: NodeSchema,
    client: HttpClient,
}

impl RssFeedReadTriggerType {
    pub(in crate::network) fn new(client: HttpClient) -> Self {
        let schema = NodeSchema::new("rss_feed_read_trigger", "RSS Feed Trigger")
            .alias("n8n-nodes-base.rssFeedReadTrigger")
            .description("Starts the workflow when a feed has new entries")
            .trigger()
            .effect(Effect::Idempotent)
            .property(polling::times())
            .property(Property::string("feedUrl").default("https://blog.n8n.io/rss/").required().description("URL of the RSS feed"));
        Self { schema, client }
    }
}

impl NodeType for RssFeedReadTriggerType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        Ok(Arc::new(RssFeedReadTrigger { client: self.client.clone(), parameters: spec.typed()? }))
    }

    fn activations(&self, spec: &NodeSpec) -> Result<Vec<Activation>, Vec<Problem>> {
        polling::activations(spec)
    }
}

struct RssFeedReadTrigger {
    client: HttpClient,
    parameters: Typed<Json>,
}

/// Under which the date of the newest entry is remembered, as in n8n.
const NEWEST: &str = "lastItemDate";

#[async_trait]
impl Node for RssFeedReadTrigger {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let entries = self.entries(&context).await?;
        if context.mode() == ExecutionMode::Manual {
            return Ok(entries.into_iter().take(1).map(Item::new).collect::<Vec<_>>().into());
        }
        let mut data = context.static_data(StaticDataKind::Node);
        let since = ["lastItemDate", "lastTimeChecked"].iter().find_map(|name| Timestamp::parse(data.get(*name)?.as_str()?).ok());
        if let Some(newest) = entries.iter().filter_map(date_of).max_by_key(|(time, _)| *time) {
            data.insert(NEWEST.to_owned(), json!(newest.1));
            context.set_static_data(StaticDataKind::Node, data);
        }
        Ok(newer(entries, since.unwrap_or_else(|| context.now())).into_iter().map(Item::new).collect::<Vec<_>>().into())
    }
}

impl RssFeedReadTrigger {
    async fn entries(&self, context: &NodeContext) -> Result<Vec<Json>, NodeError> {
        let parameters = self.parameters.at(&context.scope(0)).await?;
        let url = Settings::new(&parameters).filled("feedUrl").ok_or_else(|| NodeError::fatal("The parameter \"URL\" has to be set!"))?;
        let url = parse_url(&url).map_err(|_| NodeError::fatal("The provided \"URL\" is not valid!"))?;
        let mut request = HttpRequest::new(reqwest::Method::GET, url);
        request.header("accept", ACCEPT).map_err(HttpError::into_node_error)?;
        feed::entries(&fetch(&self.client, request).await?, &[], context.now())
    }
}

fn date_of(entry: &Json) -> Option<(Timestamp, String)> {
    let text = entry.get("isoDate").and_then(Value::as_str)?;
    Some((Timestamp::parse(text).ok()?, text.to_owned()))
}

/// The entries with a date after another.
fn newer(entries: Vec<Json>, since: Timestamp) -> Vec<Json> {
    entries.into_iter().filter(|entry| date_of(entry).is_some_and(|(time, _)| time > since)).collect()
}

#[cfg(test)]
mod tests {
    use engine_core::node::NodeRegistry;
    use engine_core::runtime::TokioRuntime;
    use engine_core::{Engine, Start, Workflow};

    use super::*;
    use crate::network::NetworkNodes;
    use crate::network::test_engine::{json_of, local_client};
    use crate::network::test_server::{Seen, TestServer};

    const FEED: &str = r#"<rss version="2.0"><channel><title>T</title><item><title>New</title><pubDate>Thu, 09 Feb 2023 13:40:00 GMT</pubDate></item>
        <item><title>Old</title><pubDate>Wed, 08 Feb 2023 13:40:00 GMT</pubDate></item><item><title>Undated</title></item></channel></rss>"#;

    /// The titles of the entries that a look gives, remembering what was seen before.
    async fn titles(mode: ExecutionMode, seen: Value) -> Vec<String> {
        let server = TestServer::start(|_: &Seen| (axum::http::StatusCode::OK, FEED.as_bytes().to_vec())).await;
        let mut registry = NodeRegistry::new();
        NetworkNodes::new(local_client()).register(&mut registry).unwrap();
        let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(registry).build();
        let node =
            json!({"name": "Node", "type": "n8n-nodes-base.rssFeedReadTrigger", "typeVersion": 1, "parameters": {"feedUrl": server.url("/feed")}});
        let workflow = json!({"nodes": [node], "connections": {}, "staticData": {"node:Node": seen}});
        let plan = engine.compile(Workflow::from_json(&workflow.to_string()).unwrap()).unwrap();
        let result = engine.run(&plan, Start::default().mode(mode)).await.unwrap();
        assert_eq!(result.error().map(|error| error.message.clone()), None);
        let items = json_of(&result.items("Node"));
        items.as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn what_is_new_since_the_last_look() {
        let check = async |seen: Value, expect: &[&str]| assert_eq!(titles(ExecutionMode::Trigger, seen.clone()).await, expect, "{seen}");
        check(json!({}), &[]).await;
        check(json!({"lastItemDate": "2023-02-08T13:40:00.000Z"}), &["New"]).await;
        check(json!({"lastItemDate": "2023-02-01T00:00:00.000Z"}), &["New", "Old"]).await;
        check(json!({"lastItemDate": "2023-02-09T13:40:00.000Z"}), &[]).await;
        check(json!({"lastTimeChecked": "2023-02-09T00:00:00Z"}), &["New"]).await;
    }

    #[tokio::test]
    async fn a_person_who_tries_it_gets_one_entry() {
        assert_eq!(titles(ExecutionMode::Manual, json!({})).await, ["New"]);
    }
}
