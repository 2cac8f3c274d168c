//! Where an execution stands for the person in front of it: it asks for something, it has ended, or it is at work.

use std::sync::Arc;
use std::time::Duration;

use engine_core::driver::ExecutionResult;
use engine_core::form::{Ending, Form};
use engine_core::model::{Binary, ExecutionId, NodeId};
use engine_core::node::{Resume, Wait};
use engine_core::plan::Plan;
use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionHeader, ResumeToken, StoreError};
use engine_core::worker::ReadError;
use futures::future::{FutureExt, pending, select};

use crate::executions::Running;
use crate::service::Inner;
use crate::webhook::failure::Failure;
use crate::webhook::parked;
use crate::webhook::waiting::Place;

/// Where an execution stands.
pub(super) enum Stand {
    /// It waits for a page to be sent.
    Asks(Box<Asked>),
    /// It has ended.
    Ended(Box<Ended>),
    /// It runs, or waits for something else.
    Works,
    /// There is none, or nothing is kept of it.
    Unknown,
}

/// A page that is spent for.
pub(super) struct Asked {
    pub(super) form: Form,
    pub(super) place: Place,
    pub(super) plan: Arc<Plan>,
    pub(super) by: Keeper,
}

/// Who holds the execution that waits.
pub(super) enum Keeper {
    /// This process, in memory.
    Memory(Arc<Running>),
    /// The store.
    Store(Box<ExecutionHeader>, ResumeToken),
}

/// What an ended execution shows.
pub(super) struct Ended {
    pub(super) status: ExecutionStatus,
    pub(super) ending: Option<(Ending, Option<Binary>)>,
    /// The page with which it began.
    pub(super) first: Option<Form>,
}

impl Ended {
    fn of(result: &ExecutionResult) -> Box<Self> {
        let execution = result.execution();
        Box::new(Self { status: result.status(), ending: Ending::of(execution), first: execution.form().cloned() })
    }
}

/// Which page is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'a> {
    /// Whichever is spent for first.
    Any,
    /// The one with this suffix.
    At(&'a str),
}

impl Wanted<'_> {
    fn page(self, waits: Vec<(NodeId, Wait)>) -> Vec<(NodeId, Resume, Form)> {
        let fits = |resume: &Resume| match self {
            Self::Any => true,
            Self::At(suffix) => resume.suffix.trim_matches('/') == suffix,
        };
        let pages = waits.into_iter().filter_map(|(node, wait)| {
            let resume = wait.resume.filter(fits)?;
            let form = resume.form()?;
            Some((node, resume, form))
        });
        pages.collect()
    }
}

/// The longest that a request waits for an execution to come to something; then the page is told to ask again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest pause between two looks.
const SELDOM: Duration = Duration::from_millis(500);

/// Where an execution stands as soon as that is something to be shown, or after a while.
pub(super) async fn settled(service: &Arc<Inner>, id: ExecutionId, wanted: Wanted<'_>) -> Result<Stand, Failure> {
    let runtime = service.engine.runtime();
    let patience = PATIENCE.min(service.config.webhook_timeout);
    let mut spent = Duration::ZERO;
    let mut pause = Duration::from_millis(5);
    loop {
        // What is only in memory is not told of by the worker.
        let told = if service.executions.running(id).is_some() { pending().boxed() } else { service.worker.watch(id) };
        match look(service, id, wanted).await? {
            Stand::Works if spent < patience => {}
            stand => return Ok(stand),
        }
        select(told, runtime.sleep(pause)).await;
        spent += pause;
        pause = (pause * 2).min(SELDOM);
    }
}

/// Where an execution stands.
pub(super) async fn look(service: &Arc<Inner>, id: ExecutionId, wanted: Wanted<'_>) -> Result<Stand, Failure> {
    if let Some(running) = service.executions.running(id) {
        let Some((node, resume, form)) = wanted.page(running.control.waits()).into_iter().next() else { return Ok(Stand::Works) };
        let plan = Arc::clone(&running.plan);
        let place = Place::new((node.clone(), plan.find_id(&node).unwrap_or_default()), resume)?;
        return Ok(Stand::Asks(Box::new(Asked { form, place, plan, by: Keeper::Memory(running) })));
    }
    let ended = service.executions.history().get(id).map(|ended| Ended::of(&ended.result));
    match ended {
        Some(ended) => Ok(Stand::Ended(ended)),
        None => look_in_store(service, id, wanted).await,
    }
}

async fn look_in_store(service: &Inner, id: ExecutionId, wanted: Wanted<'_>) -> Result<Stand, Failure> {
    let stored = match service.worker.read(id).await {
        Ok(stored) => stored,
        Err(ReadError::Store(StoreError::NotFound { .. })) => {
            let ending = service.worker.ending(id).await.map_err(parked::unavailable)?;
            let ended = |ending| Stand::Ended(Box::new(Ended { status: ExecutionStatus::Success, ending: Some(ending), first: None }));
            return Ok(ending.map_or(Stand::Unknown, ended));
        }
        Err(error) => {
            tracing::warn!(%error, "an execution that a form belongs to could not be read");
            return Err(Failure::busy());
        }
    };
    let status = stored.summary.status;
    let Some(result) = stored.result else {
        if !status.is_final() {
            return Ok(Stand::Works);
        }
        let ending = service.worker.ending(id).await.map_err(parked::unavailable)?;
        return Ok(Stand::Ended(Box::new(Ended { status, ending, first: None })));
    };
    if status.is_final() {
        return Ok(Stand::Ended(Ended::of(&result)));
    }
    for (node, resume, form) in wanted.page(stored.waits) {
        let token = ResumeToken::from(resume.suffix.trim_matches('/'));
        // The journal shows waits that were called meanwhile as well.
        let open = service.stores.query.resume_point(id, &token).await.map_err(parked::unavailable)?;
        if let Some(header) = open.filter(|open| open.point.node == node).map(|open| Box::new(open.execution)) {
            let plan = Arc::clone(result.execution().plan());
            let place = Place::new((node.clone(), plan.find_id(&node).unwrap_or_default()), resume)?;
            return Ok(Stand::Asks(Box::new(Asked { form, place, plan, by: Keeper::Store(header, token) })));
        }
    }
    Ok(Stand::Works)
}
