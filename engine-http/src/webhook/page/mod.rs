//! Pages that people fill in: the first one starts an execution, later ones belong to an execution that waits, the last one tells how it ended.
//!
//! [`first`] serves the first page, this module the others; [`stand`] finds out where an execution stands, [`fields`] and [`html`] write pages, [`clean`] makes
//! what a workflow's author wrote harmless. Nothing is kept in this process: each page is made from what the execution waits for. After each answer the browser
//! is sent on with 303, so that a page that is loaded again asks for nothing to be done twice; one that is sent twice finds its wait gone, and is sent on as well.

mod clean;
mod fields;
mod first;
mod html;
mod stand;

pub(super) use first::serve as first;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use engine_core::execution::Responder;
use engine_core::form::{Answer, Ending, EndingPage, Form, sent_at};
use engine_core::format::item_to_json;
use engine_core::model::{Batch, Binary, ExecutionId, Item, Json};
use engine_core::node::ResponseMode;
use engine_core::state::ExecutionStatus;
use engine_core::store::{Signal, SignalKind, SignalOutcome};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use self::fields::Sheet;
use self::html::{Document, escape, keep_private, notice, put};
use self::stand::{Asked, Ended, Keeper, Stand, Wanted, look, settled};
use super::auth::Gate;
use super::failure::Failure;
use super::options::Authentication;
use super::start::ReplySlot;
use super::{HookOptions, answer, guard, parked, query, waiting};
use crate::address;
use crate::budget::Share;
use crate::service::Inner;

pub(super) async fn later(State(service): State<Arc<Inner>>, Path(id): Path<String>, request: Request) -> Response {
    shown(serve(&service, &id, "", request).await)
}

pub(super) async fn later_at(State(service): State<Arc<Inner>>, Path((id, suffix)): Path<(String, String)>, request: Request) -> Response {
    shown(serve(&service, &id, &suffix, request).await)
}

/// The page where there is no form.
pub(super) fn absent() -> Response {
    let text = "Nothing is open at this address now. Look for a typing mistake in it, or ask whoever gave it to you.";
    notice(StatusCode::NOT_FOUND, ("There is no form here", text))
}

/// A person is told what went wrong on a page.
fn shown(result: Result<Response, Failure>) -> Response {
    let failure = match result {
        Ok(response) => return response,
        Err(failure) => failure,
    };
    let page = notice(failure.status, ("This did not work", &failure.message));
    let mut response = failure.into_response();
    let (parts, body) = page.into_parts();
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}

async fn serve(service: &Arc<Inner>, id: &str, suffix: &str, request: Request) -> Result<Response, Failure> {
    let unknown = || Failure::new(StatusCode::UNAUTHORIZED, "Invalid token");
    let execution = ExecutionId::parse(id).map_err(|_| unknown())?;
    let query = request.uri().query().map(query::parse).unwrap_or_default();
    let shown = query.get("signature").and_then(Value::as_str).unwrap_or_default();
    // `{{ $execution.resumeFormUrl }}/suffix` puts the suffix behind the signature.
    let (signature, behind) = shown.split_once('/').unwrap_or((shown, ""));
    if !service.signer.accepts(execution, signature) {
        return Err(unknown());
    }
    let suffix = if suffix.is_empty() { behind } else { suffix }.trim_matches('/');
    let page = query.get("page").and_then(Value::as_str).unwrap_or(suffix);
    let wanted = if page.is_empty() { Wanted::Any } else { Wanted::At(page) };
    match *request.method() {
        Method::GET | Method::HEAD => {
            let caller = Caller::of(service, &request);
            let stand = settled(service, execution, wanted).await?;
            show(service, stand, (signature, &query), caller).await
        }
        Method::POST => match look(service, execution, wanted).await? {
            Stand::Asks(asked) => take(service, *asked, (execution, signature), request).await,
            _ => Ok(see_other(&address_of(service, execution))),
        },
        _ => Err(Failure::method(request.method(), &[Method::GET, Method::POST])),
    }
}

/// What tells who asks.
struct Caller {
    headers: HeaderMap,
    address: Option<IpAddr>,
}

impl Caller {
    fn of(service: &Inner, request: &Request) -> Self {
        let address = address::of(request.headers(), request.extensions(), &service.config);
        Self { headers: request.headers().clone(), address }
    }
}

/// The address at which an execution shows where it stands: a path, for the browser knows best under which name it reached this server.
fn address_of(service: &Inner, execution: ExecutionId) -> String {
    let prefix = address::prefix(&service.config);
    format!("{prefix}/form-waiting/{execution}?signature={}", service.signer.sign(execution))
}

/// Sends the browser on to another page.
fn see_other(address: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    keep_private(response.headers_mut());
    response
}

async fn show(service: &Arc<Inner>, stand: Stand, (signature, query): (&str, &Json), caller: Caller) -> Result<Response, Failure> {
    match stand {
        Stand::Asks(asked) => {
            asked.admit(service, &caller).await?;
            let action = action(&asked, signature);
            let sheet = Sheet { form: &asked.form, action: &action, along: &[], filled: &Json::new(), complaints: &[] };
            Ok(page(&sheet, StatusCode::OK))
        }
        Stand::Ended(ended) => ended_page(service, *ended, (signature, query)).await,
        Stand::Works => {
            let main = "<h1>One moment</h1><p class=\"lead\" role=\"status\">Your answer is being worked on. This page looks again by itself.</p>"
                .to_owned();
            Ok(Document { title: "One moment", main, then: Some((3, String::new())), ..Document::default() }.respond(StatusCode::OK))
        }
        Stand::Unknown => Ok(notice(StatusCode::NOT_FOUND, ("This form is finished", "Nothing more is known of it here."))),
    }
}

/// Where a page is sent: to the address of its own wait, so that it is never taken for another one.
fn action(asked: &Asked, signature: &str) -> String {
    let page = utf8_percent_encode(asked.place.resume.suffix.trim_matches('/'), NON_ALPHANUMERIC);
    format!("?signature={signature}&page={page}")
}

fn page(sheet: &Sheet<'_>, status: StatusCode) -> Response {
    Document { title: &sheet.form.title, main: sheet.html(), css: &sheet.form.css, ..Document::default() }.respond(status)
}

/// Lets the caller through or not. Browsers ask for another password only when they are told 401.
async fn admit(options: &HookOptions, gate: Gate<'_>, headers: &HeaderMap) -> Result<(), Failure> {
    match gate.check(options.authentication, headers).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.status == StatusCode::FORBIDDEN && options.authentication == Authentication::Basic => {
            Err(Failure::unauthorized("Basic realm=\"Form\", charset=\"UTF-8\""))
        }
        Err(failure) => Err(failure),
    }
}

/// What was sent: texts and files.
struct Sent {
    body: Json,
    files: BTreeMap<String, Binary>,
}

impl Sent {
    /// Of the item that a request gives.
    fn of(item: &mut Item) -> Self {
        let body = match item.json_mut().get_mut("body") {
            Some(Value::Object(body)) => std::mem::take(body),
            _ => Json::new(),
        };
        Self { body, files: item.binary().cloned().unwrap_or_default() }
    }

    fn answer(&self) -> Answer<'_> {
        Answer { body: &self.body, files: &self.files }
    }
}

/// Takes a page that was filled in.
async fn take(service: &Arc<Inner>, asked: Asked, (id, signature): (ExecutionId, &str), request: Request) -> Result<Response, Failure> {
    asked.admit(service, &Caller::of(service, &request)).await?;
    let (mut item, share) = waiting::brought(service, (&asked.place, &asked.plan), request).await?;
    let sent = Sent::of(&mut item);
    let complaints = asked.form.complaints(sent.answer());
    if !complaints.is_empty() {
        let action = action(&asked, signature);
        let sheet = Sheet { form: &asked.form, action: &action, along: &[], filled: &sent.body, complaints: &complaints };
        return Ok(page(&sheet, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let zone = asked.plan.time_zone().unwrap_or(&service.engine.services().time_zone);
    let at = sent_at(service.engine.runtime().now(), (!asked.form.utc).then_some(&**zone));
    let item = asked.form.item(sent.answer(), (&at, asked.mode()));
    hand_over(service, asked, (id, item, share)).await
}

impl Asked {
    /// Lets the caller through or not, as the waiting node says.
    async fn admit(&self, service: &Inner, caller: &Caller) -> Result<(), Failure> {
        let options = &self.place.options;
        guard::admit(options, &caller.headers, caller.address)?;
        admit(options, Gate { engine: &service.engine, plan: &self.plan, node: self.place.index }, &caller.headers).await
    }

    fn mode(&self) -> &'static str {
        let mode = match &self.by {
            Keeper::Memory(running) => running.mode,
            Keeper::Store(header, _) => header.mode,
        };
        if mode == engine_core::execution::ExecutionMode::Manual { "test" } else { "production" }
    }
}

/// Gives the execution what it waits for. Whoever comes too late is sent on all the same.
async fn hand_over(service: &Arc<Inner>, asked: Asked, (id, item, share): (ExecutionId, Item, Share)) -> Result<Response, Failure> {
    let on = see_other(&address_of(service, id));
    let (slot, reply) = ReplySlot::new();
    let responds = asked.place.options.mode == ResponseMode::ResponseNode;
    let responder = responds.then(|| Arc::new(slot) as Arc<dyn Responder>);
    match asked.by {
        Keeper::Memory(running) => {
            let is_taken = running.control.deliver(asked.place.node.clone(), Batch::from(vec![item]), responder);
            running.hold(share);
            if is_taken && responds { waiting::respond(service, (&running, &asked.place), reply).await } else { Ok(on) }
        }
        Keeper::Store(header, token) => {
            let payload = json!({ "items": [item_to_json(&item, item.paired())], "reply": responds });
            let request = service.executions.new_id().to_string().into();
            let signal = Signal { execution: id, request, kind: SignalKind::Wake { token, payload } };
            let outcome = service.worker.wake(signal, responder).await.map_err(parked::unavailable)?;
            let is_taken = matches!(outcome, SignalOutcome::Done | SignalOutcome::Sent);
            if is_taken && responds { parked::respond(service, (&header, &asked.place), reply).await } else { Ok(on) }
        }
    }
}

/// What an ended execution shows.
async fn ended_page(service: &Inner, ended: Ended, (signature, query): (&str, &Json)) -> Result<Response, Failure> {
    if ended.status != ExecutionStatus::Success {
        let text = "The workflow behind this form could not be finished. What you sent has arrived.";
        return Ok(notice(StatusCode::INTERNAL_SERVER_ERROR, ("Something went wrong", text)));
    }
    match ended.ending {
        Some((_, Some(file))) if query.contains_key("file") => download(service, &file).await,
        Some((ending, _)) => Ok(ending_page(&ending, signature)),
        None => Ok(default_ending(ended.first.as_ref())),
    }
}

/// What is shown when a workflow shows nothing else.
fn default_ending(first: Option<&Form>) -> Response {
    let thanks = || {
        let form_title = first.map(|form| form.title.clone()).unwrap_or_default();
        Ending::Page(EndingPage { form_title, ..EndingPage::default() })
    };
    let own = first.and_then(|form| form.ending.clone());
    ending_page(&own.unwrap_or_else(thanks), "")
}

fn ending_page(ending: &Ending, signature: &str) -> Response {
    match ending {
        Ending::Redirect { url } => see_other(url),
        Ending::Html { html } => {
            let mut response = answer::page(html.clone());
            keep_private(response.headers_mut());
            response
        }
        Ending::Page(page) => {
            let title = if page.title.is_empty() { "Form submitted" } else { &page.title };
            let message = if page.title.is_empty() && page.message.is_empty() { "Your response has been recorded." } else { &page.message };
            let mut main = format!("<h1>{}</h1>", escape(title));
            if !message.is_empty() {
                put(&mut main, format_args!("<div class=\"lead\" role=\"status\">{}</div>", clean::clean(message)));
            }
            let file = page.file.then(|| format!("?signature={signature}&file"));
            if let Some(file) = &file {
                put(&mut main, format_args!("<a class=\"button\" href=\"{}\" download>Download the file</a>", escape(file)));
            }
            let window = if page.form_title.is_empty() { title } else { &page.form_title };
            Document { title: window, main, css: &page.css, then: file.map(|file| (1, file)) }.respond(StatusCode::OK)
        }
    }
}

async fn download(service: &Inner, file: &Binary) -> Result<Response, Failure> {
    let mut response = Response::new(answer::read(file, &service.engine.services().blobs).await?);
    let name = file.file_name.as_deref().unwrap_or("file");
    let disposition = format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
    let kind = HeaderValue::from_str(&file.mime_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    keep_private(response.headers_mut());
    Ok(response)
}
