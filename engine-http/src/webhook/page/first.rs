//! The first page of a form: shown to whoever asks, and the start of an execution when it is sent.
//!
//! Each page that is shown carries a mark of its own. The same answer under the same mark starts one execution, however often it is sent.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine_core::Start;
use engine_core::form::Form;
use engine_core::model::{Batch, ExecutionId, Item, Json, Timestamp};
use engine_core::node::ResponseMode;
use engine_core::store::{IdempotencyKey, IdempotentRequest, RequestState, TenantId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::fields::Sheet;
use super::{Sent, address_of, admit, default_ending, page, see_other, shown};
use crate::address;
use crate::budget::Share;
use crate::executions::Begin;
use crate::service::Inner;
use crate::webhook::auth::{Gate, Shown};
use crate::webhook::failure::Failure;
use crate::webhook::item::{Called, Source};
use crate::webhook::start::{self, Call};
use crate::webhook::{Hook, guard, query};

/// The input that carries a page's mark.
const MARK: &str = "engine-page";
/// How long a mark counts.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How much longer than its caller waits a request may be under way before it counts as lost.
const SLACK: Duration = Duration::from_mins(1);

/// Serves a request for the first page.
pub(in crate::webhook) async fn serve(service: &Arc<Inner>, hook: &Arc<Hook>, form: &Form, call: Call) -> Response {
    shown(answer(service, hook, form, call).await)
}

async fn answer(service: &Arc<Inner>, hook: &Arc<Hook>, form: &Form, call: Call) -> Result<Response, Failure> {
    let (parts, body) = call.request.into_parts();
    guard::admit(&hook.options, &parts.headers, address::of(&parts.headers, &parts.extensions, &service.config))?;
    let gate = Gate { engine: &service.engine, plan: &hook.pinned.plan, node: hook.node };
    admit(&hook.options, gate, &parts.headers).await?;
    if parts.method != Method::POST {
        let filled = parts.uri.query().map(query::parse).unwrap_or_default();
        let mark = fresh_mark()?;
        let sheet = Sheet { form, action: "", along: &[(MARK, &mark)], filled: &filled, complaints: &[] };
        return Ok(page(&sheet, StatusCode::OK));
    }
    let base = address::base(&parts.headers, &service.config);
    let mut share = service.budget.share();
    let source = Source::of(service, hook, &parts, Called { base: &base, params: call.params, token: Shown::default() });
    let mut item = source.item(body, &mut share).await?;
    let mark = taken_mark(&mut item);
    let sent = Sent { body: object(&item, "body"), files: item.binary().cloned().unwrap_or_default() };
    let mark = mark.map(|mark| format!("{mark}:{}", digest(&sent)));
    let complaints = form.complaints(sent.answer());
    if !complaints.is_empty() {
        let again = fresh_mark()?;
        let sheet = Sheet { form, action: "", along: &[(MARK, &again)], filled: &sent.body, complaints: &complaints };
        return Ok(page(&sheet, StatusCode::UNPROCESSABLE_ENTITY));
    }
    Sending { service, hook, form, base }.once((item, share), mark).await
}

fn object(item: &Item, key: &str) -> Json {
    item.json().get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Tells answers apart: a browser that goes back may show a page again, with its mark, to be filled in anew.
fn digest(sent: &Sent) -> String {
    let mut digest = Sha256::new();
    digest.update(serde_json::to_vec(&sent.body).unwrap_or_default());
    for (name, file) in &sent.files {
        digest.update(format!("\0{name}\0{:?}\0{}", file.file_name, file.size));
    }
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

fn fresh_mark() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Failure::busy())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The mark of the page that was sent; it is no part of what was filled in.
fn taken_mark(item: &mut Item) -> Option<String> {
    let mark = item.json_mut().get_mut("body")?.as_object_mut()?.shift_remove(MARK)?;
    mark.as_str().filter(|mark| (16..=64).contains(&mark.len()) && mark.is_ascii()).map(str::to_owned)
}

/// A first page that was filled in.
struct Sending<'a> {
    service: &'a Arc<Inner>,
    hook: &'a Arc<Hook>,
    form: &'a Form,
    base: String,
}

impl Sending<'_> {
    /// Starts an execution, unless one was started under this mark.
    async fn once(&self, sent: (Item, Share), mark: Option<String>) -> Result<Response, Failure> {
        let Some(mark) = mark else { return self.start(sent, None).await.map(|(_, response)| response) };
        let requests = &self.service.stores.requests;
        let key = format!("form:{}:{}:{mark}", self.hook.workflow, self.hook.node);
        let request = IdempotentRequest { tenant: TenantId::default(), key, fingerprint: [0; 32], expires: self.later_by(self.patience() + SLACK) };
        if let Some(before) = self.taken_before(&request).await? {
            return Ok(self.again(&before));
        }
        let started = self.start(sent, Some(&request.key)).await;
        let known = match &started {
            Err(failure) if failure.status != StatusCode::GATEWAY_TIMEOUT => requests.abandon_request(&request.tenant, &request.key).await,
            started => {
                let id = started.as_ref().ok().map(|(id, _)| id.to_string());
                let request = IdempotentRequest { expires: self.later_by(REMEMBERED), ..request };
                requests.answer_request(request, json!({ "execution": id })).await
            }
        };
        if known.is_err() {
            tracing::warn!("a form was taken and that could not be noted: sent again, it may count as new after a while");
        }
        started.map(|(_, response)| response)
    }

    fn patience(&self) -> Duration {
        self.service.config.webhook_timeout
    }

    fn later_by(&self, duration: Duration) -> Timestamp {
        self.service.engine.runtime().now().after(duration)
    }

    /// What came of the page when it was sent before. One that is being taken is waited for: whoever clicks twice is led to where the first click led.
    async fn taken_before(&self, request: &IdempotentRequest) -> Result<Option<Value>, Failure> {
        let mut waited = Duration::ZERO;
        let pause = Duration::from_millis(50);
        loop {
            match self.service.stores.requests.begin_request(request.clone()).await.map_err(|_| Failure::busy())? {
                RequestState::New => return Ok(None),
                RequestState::Answered(answer) => return Ok(Some(answer)),
                RequestState::InFlight if waited >= self.patience() => {
                    return Err(Failure::new(StatusCode::CONFLICT, "This page was sent before, and is still being taken."));
                }
                RequestState::InFlight => self.service.engine.runtime().sleep(pause).await,
            }
            waited += pause;
        }
    }

    /// The answer to a page that was sent before.
    fn again(&self, answer: &Value) -> Response {
        let id = answer["execution"].as_str().and_then(|id| ExecutionId::parse(id).ok());
        match id {
            Some(id) if self.is_followed() => see_other(&address_of(self.service, id)),
            _ => default_ending(Some(self.form)),
        }
    }

    /// Whether the browser is sent on to where the execution stands.
    fn is_followed(&self) -> bool {
        self.hook.asks_again || self.hook.options.mode == ResponseMode::LastNode
    }

    /// Starts an execution; gives its id and the answer.
    async fn start(&self, (item, share): (Item, Share), key: Option<&str>) -> Result<(ExecutionId, Response), Failure> {
        let (service, hook) = (self.service, self.hook);
        let id = service.executions.new_id();
        let mut start = Start::new(Batch::from(vec![item])).at_index(hook.node);
        if hook.wants_resume_url {
            start = start.resume_url(service.resume_url(&self.base, id));
        }
        let begin = Begin { pinned: hook.pinned.clone(), start, id, mode: hook.mode(), weight: share.bytes(), share: Some(share) };
        if hook.options.mode == ResponseMode::ResponseNode && !hook.asks_again {
            return Ok((id, start::run(service, hook, begin).await?));
        }
        let key = key.map(|key| IdempotencyKey { key: key.to_owned(), fingerprint: [0; 32], expires: self.later_by(REMEMBERED) });
        let id = service.executions.start_under(begin, key).await.map_err(|error| start::refused(&error))?;
        Ok((id, if self.is_followed() { see_other(&address_of(service, id)) } else { default_ending(Some(self.form)) }))
    }
}
