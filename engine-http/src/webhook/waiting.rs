//! Requests that resume a waiting execution. The address carries a signature; whoever has it may call, as often as the execution waits.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use engine_core::execution::{Reply, Responder};
use engine_core::model::{Batch, ExecutionId, Item, Json, NodeId};
use engine_core::node::{ResponseMode, Resume, Wait};
use engine_core::plan::Plan;
use futures::channel::oneshot;
use futures::future::{Either, select};

use super::auth::Gate;
use super::failure::Failure;
use super::item::Source;
use super::start::{Answered, ReplySlot, patient};
use super::{HookOptions, answer, guard, parked, query};
use crate::address;
use crate::budget::Share;
use crate::executions::Running;
use crate::service::Inner;

pub(super) async fn resume(State(service): State<Arc<Inner>>, Path(id): Path<String>, request: Request) -> Response {
    serve(&service, &id, "", request).await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn resume_at(State(service): State<Arc<Inner>>, Path((id, suffix)): Path<(String, String)>, request: Request) -> Response {
    serve(&service, &id, &suffix, request).await.unwrap_or_else(Failure::into_response)
}

/// A place where an execution waits for a request.
pub(super) struct Place {
    pub(super) node: NodeId,
    pub(super) index: u32,
    pub(super) resume: Resume,
    pub(super) options: HookOptions,
}

async fn serve(service: &Arc<Inner>, id: &str, suffix: &str, request: Request) -> Result<Response, Failure> {
    let unknown = || Failure::new(StatusCode::NOT_FOUND, format!("The execution \"{id}\" does not exist."));
    let execution = ExecutionId::parse(id).map_err(|_| unknown())?;
    let query = request.uri().query().map(query::parse).unwrap_or_default();
    let shown = query.get("signature").and_then(|signature| signature.as_str()).unwrap_or_default();
    // `{{ $execution.resumeUrl }}/suffix` puts the suffix behind the signature.
    let (signature, behind) = shown.split_once('/').unwrap_or((shown, ""));
    if !service.signer.accepts(execution, signature) {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "Invalid token"));
    }
    let suffix = if suffix.is_empty() { behind } else { suffix }.trim_matches('/');
    let Some(running) = service.executions.running(execution) else {
        let ended = service.executions.history().get(execution).is_some();
        let finished = || Failure::new(StatusCode::CONFLICT, format!("The execution \"{id}\" has finished already."));
        return if ended { Err(finished()) } else { parked::serve(service, (execution, suffix), request).await };
    };
    let place = place(&running, suffix)?;
    takes(&place, request.method())?;
    deliver(service, &running, place, request).await
}

/// Where the execution waits under this suffix.
fn place(running: &Running, suffix: &str) -> Result<Place, Failure> {
    let waits = running.control.waits();
    if waits.is_empty() {
        return Err(Failure::new(StatusCode::CONFLICT, format!("The execution \"{}\" is running already.", running.id)));
    }
    let is_here = |resume: &Resume| resume.suffix.trim_matches('/') == suffix && !asks_a_person(resume);
    let fits = |(node, wait): (NodeId, Wait)| Some((node, wait.resume.filter(is_here)?));
    let found = waits.into_iter().find_map(fits);
    let (node, resume) = found.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "The execution does not wait for this address."))?;
    let index = running.plan.find_id(&node).unwrap_or_default();
    Place::new((node, index), resume)
}

/// Whether a page is waited for, which has an address of its own.
pub(super) fn asks_a_person(resume: &Resume) -> bool {
    resume.options.get("form").is_some_and(serde_json::Value::is_object)
}

impl Place {
    pub(super) fn new((node, index): (NodeId, u32), resume: Resume) -> Result<Self, Failure> {
        let mode = match resume.options["responseMode"].as_str() {
            Some("lastNode") => ResponseMode::LastNode,
            Some("responseNode" | "streaming") => ResponseMode::ResponseNode,
            _ => ResponseMode::OnReceived,
        };
        let version = 2.0;
        let options = HookOptions::read(&resume.options, mode, version)
            .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the wait node cannot be served: {error}")))?;
        let options = if asks_a_person(&resume) { options.of_form() } else { options };
        Ok(Self { node, index, resume, options })
    }
}

pub(super) fn takes(place: &Place, method: &Method) -> Result<(), Failure> {
    let own = place.resume.options["httpMethod"].as_str().unwrap_or("GET");
    let allowed = own.parse().unwrap_or(Method::GET);
    if *method == allowed { Ok(()) } else { Err(Failure::method(method, &[allowed])) }
}

/// The item that a request brings to a waiting node, and the room that was taken for it.
pub(super) async fn brought(service: &Arc<Inner>, (place, plan): (&Place, &Arc<Plan>), request: Request) -> Result<(Item, Share), Failure> {
    let (parts, body) = request.into_parts();
    guard::admit(&place.options, &parts.headers, address::of(&parts.headers, &parts.extensions, &service.config))?;
    let gate = Gate { engine: &service.engine, plan, node: place.index };
    let token = gate.check(place.options.authentication, &parts.headers).await?;
    let source = Source {
        url: [&address::base(&parts.headers, &service.config), parts.uri.path()].concat(),
        parts: &parts,
        params: Json::new(),
        options: &place.options,
        config: &service.config,
        blobs: &service.engine.services().blobs,
        token,
    };
    let mut share = service.budget.share();
    let mut item = source.item(body, &mut share).await?;
    for key in ["webhookUrl", "executionMode"] {
        item.json_mut().shift_remove(key);
    }
    Ok((item, share))
}

async fn deliver(service: &Arc<Inner>, running: &Arc<Running>, place: Place, request: Request) -> Result<Response, Failure> {
    let (item, share) = brought(service, (&place, &running.plan), request).await?;
    let (slot, reply) = ReplySlot::new();
    let responds = place.options.mode == ResponseMode::ResponseNode;
    let responder = responds.then(|| Arc::new(slot) as Arc<dyn Responder>);
    if !running.control.deliver(place.node.clone(), Batch::from(vec![item]), responder) {
        return Err(Failure::new(StatusCode::CONFLICT, format!("The execution \"{}\" is running already.", running.id)));
    }
    running.hold(share);
    respond(service, (running, &place), reply).await
}

/// Answers whoever resumed an execution, as the place asks for.
pub(super) async fn respond(service: &Inner, (running, place): (&Running, &Place), reply: oneshot::Receiver<Reply>) -> Result<Response, Failure> {
    let (options, blobs) = (&place.options, &service.engine.services().blobs);
    let gone = || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the execution was stopped");
    match options.mode {
        ResponseMode::LastNode => {
            let result = patient(Box::pin(running.wait()), service.config.webhook_timeout).await?;
            answer::last_node(&result.ok_or_else(gone)?, options, blobs).await
        }
        ResponseMode::ResponseNode => {
            let answered = async {
                match select(reply, Box::pin(running.wait())).await {
                    Either::Left((Ok(reply), _)) => Some(Answered::Replied(reply)),
                    Either::Left((Err(_), ended)) => ended.await.map(|result| Answered::Ended(Ok(result))),
                    Either::Right((result, mut reply)) => match reply.try_recv() {
                        Ok(Some(reply)) => Some(Answered::Replied(reply)),
                        _ => result.map(|result| Answered::Ended(Ok(result))),
                    },
                }
            };
            match patient(Box::pin(answered), service.config.webhook_timeout).await?.ok_or_else(gone)? {
                Answered::Replied(reply) => answer::reply(reply, options, blobs).await,
                Answered::Ended(Ok(result)) => answer::without_reply(&result, options),
                Answered::Ended(Err(_)) => Err(gone()),
            }
        }
        _ => Ok(answer::received(options)),
    }
}
