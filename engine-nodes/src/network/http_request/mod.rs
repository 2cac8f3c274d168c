//! The HTTP Request node. Sends a request for each item, several at a time, and makes items of the responses.

mod answer;
mod call;
mod exchange;
mod failure;
mod legacy;
mod legacy_schema;
mod pages;
mod parameters;
mod schema;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine_core::expression::Scope;
use engine_core::model::{Item, Json, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, OnError, Parameter, Typed, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeSchema};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use serde_json::Value;

use self::call::Call;
use self::exchange::Exchange;
use self::failure::Failure;
use self::pages::Pages;
use crate::network::login::{self, Login};
use crate::network::{HttpClient, TlsOptions};
use crate::settings::Settings;

/// The node type; one value for the versions from 3 on, one for those before.
#[derive(Debug)]
pub(super) struct HttpRequestType {
    schema: NodeSchema,
    client: HttpClient,
}

impl HttpRequestType {
    /// Versions 3 and later.
    pub(super) fn new(client: HttpClient) -> Self {
        Self { schema: schema::schema(), client }
    }

    /// Versions 1 and 2.
    pub(super) fn legacy(client: HttpClient) -> Self {
        Self { schema: legacy_schema::schema(), client }
    }
}

impl NodeType for HttpRequestType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        let parameter = if spec.version.at_least(2, 0) { "genericAuthType" } else { "authentication" };
        if let "oAuth1Api" | "oAuth1" | "httpTemplatedCustomAuth" = spec.text(parameter).as_str() {
            return Err(vec![spec.unsupported(parameter, "this way to authenticate is not supported").help("use httpHeaderAuth or httpCustomAuth")]);
        }
        let pages = Pages::compile(spec)?;
        let parameters = Typed::new(without(&spec.parameters, &["options", "pagination"])).map_err(|problem| vec![problem])?;
        let shared = Typed::new(shared(spec)).map_err(|problem| vec![problem])?;
        Ok(Arc::new(HttpRequestNode { client: self.client.clone(), parameters, shared, pages }))
    }

    fn effect(&self, spec: &NodeSpec) -> Effect {
        let method = if spec.version.at_least(3, 0) { "method" } else { "requestMethod" };
        match spec.text(method).as_str() {
            "GET" | "HEAD" | "OPTIONS" => Effect::Idempotent,
            _ => Effect::Effectful,
        }
    }
}

/// The parameters that are the same for all items: those of the first count.
fn shared(spec: &NodeSpec) -> Parameter {
    let names = ["authentication", "nodeCredentialType", "genericAuthType", "provideSslCertificates"];
    let mut parts: Vec<_> = names.into_iter().filter_map(|name| Some((name.to_owned(), spec.parameters.get(name)?))).collect();
    for (name, path) in [("batch", "options.batching.batch"), ("batchSize", "options.batchSize"), ("batchInterval", "options.batchInterval")] {
        parts.extend(spec.parameters.get(path).map(|part| (name.to_owned(), part)));
    }
    constant_if_it_is(parts)
}

fn constant_if_it_is(parts: Vec<(String, Parameter)>) -> Parameter {
    match parts.iter().map(|(name, part)| Some((name.clone(), part.constant()?.clone()))).collect::<Option<Json>>() {
        Some(constant) => Parameter::Constant(Value::Object(constant)),
        None => Parameter::Object(parts),
    }
}

/// The parameter without what lies under a path.
fn without(parameter: &Parameter, path: &[&str]) -> Parameter {
    let Some((key, rest)) = path.split_first() else { return parameter.clone() };
    let keep = |name: &str, part: &Parameter| match (name == *key, rest.is_empty()) {
        (true, true) => None,
        (true, false) => Some(without(part, rest)),
        (false, _) => Some(part.clone()),
    };
    match parameter {
        Parameter::Object(parts) => constant_if_it_is(parts.iter().filter_map(|(name, part)| Some((name.clone(), keep(name, part)?))).collect()),
        other => other.clone(),
    }
}

struct HttpRequestNode {
    client: HttpClient,
    parameters: Typed<Json>,
    shared: Typed<Json>,
    pages: Option<Pages>,
}

/// What all items of a run share.
struct Run<'a> {
    node: &'a HttpRequestNode,
    context: &'a NodeContext,
    login: Login,
    tls: TlsOptions,
    /// An item failed and the node stops then: no further request begins.
    failed: AtomicBool,
}

#[async_trait]
impl Node for HttpRequestNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let shared = self.shared.at(&context.scope(0)).await?;
        let (login, tls) = match credentials(&context, Settings::new(&shared)).await {
            Ok(credentials) => credentials,
            Err(error) if context.continues_on_error() => {
                let items = (0..context.items().len()).map(|index| error_item(&error).paired_with(index));
                return Ok(items.collect::<Vec<_>>().into());
            }
            Err(error) => return Err(error),
        };
        let run = Run { node: self, context: &context, login, tls, failed: AtomicBool::new(false) };
        let outcomes = run.all(Batching::of(Settings::new(&shared))).await;
        let mut items = Vec::with_capacity(outcomes.len());
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(made) => items.extend(made.into_iter().map(|item| item.paired_with(index))),
                Err(failure) if context.on_error() == OnError::Stop => return Err(failure.error.on_item(index)),
                Err(failure) => items.push(failure.into_item(context.version()).paired_with(index)),
            }
        }
        Ok(items.into())
    }
}

/// What the node's credentials add to each request.
async fn credentials(context: &NodeContext, at: Settings<'_>) -> Result<(Login, TlsOptions), NodeError> {
    let authentication = at.text("authentication");
    let kind = match authentication.as_str() {
        "predefinedCredentialType" => at.filled("nodeCredentialType"),
        "genericCredentialType" => at.filled("genericAuthType"),
        first => legacy_schema::FIRST_CREDENTIALS.iter().find(|(choice, _)| *choice == first).map(|(_, kind)| (*kind).to_owned()),
    };
    let login = match kind {
        Some(kind) => login::login(context, &kind).await?,
        None => Login::default(),
    };
    let tls = if at.flag("provideSslCertificates") { login::certificates(context).await? } else { TlsOptions::default() };
    Ok((login, tls))
}

impl Run<'_> {
    /// Sends the requests of all items and gives what came of each, in the order of the items. When the node stops on errors, no request
    /// begins after one failed, but those under way end: nothing is cut off halfway.
    fn all(&self, batching: Option<Batching>) -> BoxFuture<'_, Vec<Result<Vec<Item>, Failure>>> {
        let most = self.node.client.policy().limits().concurrency.max(1);
        let starts = stream::iter(0..self.context.items().len()).then(move |index| self.pause(index, batching));
        let begun = starts.take_while(|_| std::future::ready(!self.failed.load(Ordering::Relaxed)));
        begun.map(|index| self.begin(index)).buffered(most).collect().boxed()
    }

    /// Waits before the first item of each batch but the first.
    fn pause(&self, index: usize, batching: Option<Batching>) -> BoxFuture<'_, usize> {
        let pause = batching.filter(|batching| index > 0 && index.is_multiple_of(batching.size)).map(|batching| batching.pause);
        async move {
            if let Some(pause) = pause {
                self.context.runtime().sleep(pause).await;
            }
            index
        }
        .boxed()
    }

    fn begin(&self, index: usize) -> BoxFuture<'_, Result<Vec<Item>, Failure>> {
        async move {
            let outcome = self.one(index).await;
            if outcome.is_err() && self.context.on_error() == OnError::Stop {
                self.failed.store(true, Ordering::Relaxed);
            }
            outcome
        }
        .boxed()
    }

    async fn one(&self, index: usize) -> Result<Vec<Item>, Failure> {
        let scope = self.context.scope(index);
        let parameters = self.node.parameters.at(&scope).await?;
        let call = read(&parameters, self.context.version())?;
        let mut exchange =
            Exchange { client: &self.node.client, context: self.context, index, login: &self.login, tls: &self.tls, home: None, page: 0 };
        let answers = match &self.node.pages {
            Some(pages) => pages.fetch(&mut exchange, &call, scope.detach()).await.map_err(Failure::under_way)?,
            None => vec![exchange.run(&call, false).await?],
        };
        let input = self.context.items().get(index).cloned().unwrap_or_default();
        Ok(answers.into_iter().flat_map(|answer| answer::items(answer, &call.answer, &input)).collect())
    }
}

/// The request that the parameters of an item describe.
fn read(parameters: &Json, version: NodeVersion) -> Result<Call, NodeError> {
    if version.at_least(3, 0) { parameters::read(parameters, version) } else { legacy::read(parameters) }
}

/// A pause after so many items.
#[derive(Clone, Copy, Debug)]
struct Batching {
    size: usize,
    pause: Duration,
}

impl Batching {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    fn of(at: Settings<'_>) -> Option<Self> {
        let options = if at.get("batch").is_some() { at.group("batch") } else { at };
        let size = options.number("batchSize").filter(|size| *size >= 0.0)?.clamp(1.0, 1e9) as usize;
        let pause = Duration::try_from_secs_f64(options.number("batchInterval")? / 1000.0).ok()?;
        (!pause.is_zero()).then_some(Self { size, pause })
    }
}
