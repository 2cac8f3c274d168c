//! Fetches a resource page by page: by the URL of the next page, or by a parameter that changes from page to page.

use std::sync::Arc;
use std::time::Duration;

use engine_core::expression::{ExtendedScope, Scope, js};
use engine_core::model::Json;
use engine_core::node::{NodeError, NodeSpec, Parameter};
use engine_core::problem::Problem;
use serde_json::{Value, json};

use super::answer::variable;
use super::call::{Call, Content};
use super::exchange::{Answer, AnswerBody, Exchange};
use super::failure::Failure;
use crate::network::http::parse_url;

/// How pages follow each other. Its parameters see the response before as `$response`, the number of pages so far as `$pageCount`, and the
/// request as `$request`.
#[derive(Debug)]
pub(super) struct Pages {
    next: Next,
    complete: Complete,
    most: Option<Parameter>,
    pause: Parameter,
}

/// Where the next page is.
#[derive(Debug)]
enum Next {
    Url(Parameter),
    Changes(Vec<Change>),
}

/// A part of the request that changes from page to page.
#[derive(Debug)]
struct Change {
    place: Place,
    name: Parameter,
    value: Parameter,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Query,
    Headers,
    Body,
}

/// Which page is the last.
#[derive(Debug)]
enum Complete {
    Empty,
    Statuses(Vec<u16>),
    When(Parameter),
}

/// So many equal responses in a row mean that the pages do not end.
const MOST_EQUAL: usize = 5;

impl Pages {
    /// Where the parameters of the option lie.
    pub(super) const PATH: &str = "options.pagination.pagination";

    /// Compiles the option; `None` where it is off.
    pub(super) fn compile(spec: &NodeSpec) -> Result<Option<Self>, Vec<Problem>> {
        let at = |name: &str| format!("{}.{name}", Self::PATH);
        if spec.parameters.get(Self::PATH).is_none_or(|part| part.entries().is_empty()) {
            return Ok(None);
        }
        let next = match spec.text(&at("paginationMode")).as_str() {
            "off" => return Ok(None),
            "responseContainsNextURL" => Next::Url(spec.parameter(&at("nextURL"))),
            _ => Next::Changes(changes(spec)?),
        };
        let complete = match spec.text(&at("paginationCompleteWhen")).as_str() {
            "receiveSpecificStatusCodes" => {
                Complete::Statuses(spec.text(&at("statusCodesWhenComplete")).split(',').filter_map(|code| code.trim().parse().ok()).collect())
            }
            "other" => match spec.parameter(&at("completeExpression")) {
                Parameter::Constant(_) => {
                    return Err(vec![spec.invalid(&at("completeExpression"), "an expression is needed, such as {{ $response.body.done }}")]);
                }
                expression => Complete::When(expression),
            },
            _ => Complete::Empty,
        };
        let most = spec.flag(&at("limitPagesFetched")).then(|| spec.parameter(&at("maxRequests")));
        Ok(Some(Self { next, complete, most, pause: spec.parameter(&at("requestInterval")) }))
    }

    /// Fetches all pages of an item.
    pub(super) async fn fetch(&self, exchange: &mut Exchange<'_>, call: &Call, scope: Arc<dyn Scope>) -> Result<Vec<Answer>, Failure> {
        let hard_limit = exchange.client.policy().limits().pages;
        let mut turn = Turn { scope, request: call.to_json(), response: json!({}), count: 0 };
        let mut answers: Vec<Answer> = Vec::new();
        let mut page = call.clone();
        while self.prepare(&mut page, call, &turn).await? {
            let answer = exchange.run(&page, true).await?;
            exchange.home.get_or_insert(parse_url(&page.url)?);
            exchange.page += 1;
            turn.response = variable(&answer);
            turn.count += 1;
            let status = answer.status;
            answers.push(answer);
            let last = self.is_last(&turn, status.as_u16()).await?;
            if turn.count >= hard_limit && !last {
                return Err(NodeError::fatal(format!("more than {hard_limit} pages")).into());
            }
            if !(status.is_success() || last || call.answer.never_error) {
                let headers = &answers[answers.len() - 1].headers;
                return Err(Failure::of_status(status, headers, &turn.response["body"], exchange.context.runtime().now()));
            }
            if last || self.reached_most(&turn).await? {
                break;
            }
            check_progress(&answers)?;
            let pause = turn.resolve(&self.pause).await?.map_or(0.0, |value| js::to_number(&value));
            if let Ok(pause) = Duration::try_from_secs_f64(pause / 1000.0)
                && !pause.is_zero()
            {
                exchange.context.runtime().sleep(pause).await;
            }
        }
        Ok(answers)
    }

    /// Makes the request for the next page of the first one. False when there is none.
    async fn prepare(&self, page: &mut Call, first: &Call, turn: &Turn) -> Result<bool, Failure> {
        match &self.next {
            Next::Url(url) => {
                let given = turn.resolve(url).await?.filter(|value| !value.is_null() && value.as_str() != Some(""));
                let Some(given) = given else { return Ok(turn.count == 0) };
                let text = js::to_string(&given);
                let invalid = || {
                    NodeError::fatal(format!("'{text}' is not a valid URL."))
                        .with_description("Make sure the \"Next URL\" parameter evaluates to a valid URL.")
                };
                let next = parse_url(&page.url)?.join(text.trim()).map_err(|_| invalid())?;
                // What the URL says of itself is not said twice.
                page.query.clone_from(&first.query);
                page.query.retain(|name, _| !next.query_pairs().any(|(given, _)| given == name.as_str()));
                page.url = next.into();
            }
            Next::Changes(changes) => {
                page.clone_from(first);
                for change in changes {
                    let name = turn.resolve(&change.name).await?.map(|name| js::to_string(&name).into_owned()).unwrap_or_default();
                    if let Some(value) = turn.resolve(&change.value).await? {
                        put(page, change.place, name, value);
                    }
                }
            }
        }
        Ok(true)
    }

    async fn is_last(&self, turn: &Turn, status: u16) -> Result<bool, NodeError> {
        Ok(match &self.complete {
            Complete::Empty => match &turn.response["body"] {
                Value::Array(values) => values.is_empty(),
                body => !js::truthy(body),
            },
            Complete::Statuses(statuses) => statuses.contains(&status),
            Complete::When(expression) => turn.resolve(expression).await?.is_some_and(|value| js::truthy(&value)),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "there are not so many pages")]
    async fn reached_most(&self, turn: &Turn) -> Result<bool, NodeError> {
        let Some(most) = &self.most else { return Ok(false) };
        let most = turn.resolve(most).await?.map_or(0.0, |value| js::to_number(&value));
        Ok(most > 0.0 && turn.count as f64 >= most)
    }
}

/// What the parameters of the next page see.
struct Turn {
    scope: Arc<dyn Scope>,
    request: Value,
    response: Value,
    count: usize,
}

impl Turn {
    async fn resolve(&self, parameter: &Parameter) -> Result<Option<Value>, NodeError> {
        if let Some(constant) = parameter.constant() {
            return Ok(Some(constant.clone()));
        }
        let version = self.scope.facts().node.version.map_or(Value::Null, |version| json!(version.as_f64()));
        let variables = Json::from_iter([
            ("$request".to_owned(), self.request.clone()),
            ("$response".to_owned(), self.response.clone()),
            ("$pageCount".to_owned(), self.count.into()),
            ("$version".to_owned(), version),
        ]);
        let scope = ExtendedScope::new(Arc::clone(&self.scope), variables);
        Ok(parameter.resolve(&scope).await?)
    }
}

fn changes(spec: &NodeSpec) -> Result<Vec<Change>, Vec<Problem>> {
    let path = format!("{}.parameters.parameters", Pages::PATH);
    let missing = |entry: &Parameter, key: &str| match entry.get(key) {
        None => true,
        Some(part) => part.constant().is_some_and(|value| value.is_null() || value.as_str() == Some("")),
    };
    let mut changes = Vec::new();
    for (index, entry) in spec.parameter(&path).elements().iter().enumerate() {
        if missing(entry, "name") || missing(entry, "value") {
            let message = "a name and a value are needed: without them each request would be the same";
            return Err(vec![spec.invalid(&format!("{path}.{index}"), message)]);
        }
        let kind = entry.get("type").and_then(|part| part.constant().cloned());
        let place = match kind.as_ref().and_then(Value::as_str) {
            Some("body") => Place::Body,
            Some("headers") => Place::Headers,
            _ => Place::Query,
        };
        let part = |key: &str| entry.get(key).unwrap_or(Parameter::Constant(Value::Null));
        changes.push(Change { place, name: part("name"), value: part("value") });
    }
    if changes.is_empty() {
        return Err(vec![spec.invalid(&path, "at least one parameter is needed that changes from page to page")]);
    }
    Ok(changes)
}

fn put(page: &mut Call, place: Place, name: String, value: Value) {
    match (place, &mut page.body) {
        (Place::Query, _) => drop(page.query.insert(name, value)),
        (Place::Headers, _) => drop(page.headers.insert(name.to_ascii_lowercase(), value)),
        (Place::Body, Content::Json(Value::Object(fields)) | Content::Form(fields)) => drop(fields.insert(name, value)),
        (Place::Body, Content::Multipart(fields)) => {
            fields.retain(|field| field.name != name);
            fields.push(super::call::Field { name, value: super::call::FieldValue::Text(value) });
        }
        (Place::Body, body @ Content::None) => *body = Content::Json(Value::Object(Json::from_iter([(name, value)]))),
        (Place::Body, _) => {}
    }
}

/// Fails when the last responses are all the same.
fn check_progress(answers: &[Answer]) -> Result<(), NodeError> {
    let Some(last) = answers.len().checked_sub(MOST_EQUAL).and_then(|from| answers.get(from..)) else { return Ok(()) };
    let comparable = !matches!(last[0].body, AnswerBody::File(_));
    if comparable && last.iter().all(|answer| answer.fingerprint == last[0].fingerprint && answer.status == last[0].status) {
        let message = format!("The returned response was identical {MOST_EQUAL}x, so requests got stopped");
        return Err(NodeError::fatal(message).with_description("Check if \"Pagination Completed When\" has been configured correctly."));
    }
    Ok(())
}
