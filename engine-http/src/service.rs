//! The service behind the router: active workflows, their webhooks, and the executions that this process drives.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "webhooks")]
use arc_swap::ArcSwap;
use axum::Router;
use engine_core::model::{Durability, ExecutionId, WorkflowId};
use engine_core::problem::{Problem, Problems};
#[cfg(feature = "api")]
use engine_core::store::{CredentialId, SealedSecret};
use engine_core::store::{MemoryStore, StoreError, Stores};
use engine_core::worker::{PinnedPlan, Worker};
use engine_core::{Engine, Workflow};

#[cfg(feature = "api")]
use crate::access::{Passwords, Tokens};
#[cfg(feature = "api")]
use crate::api::Readiness;
#[cfg(feature = "api")]
use crate::problem::ApiError;

use crate::Config;
use crate::active::Active;
use crate::budget::Budget;
use crate::edge::{self, Edge};
use crate::executions::Executions;
use crate::sharing;
use crate::token::Signer;
#[cfg(feature = "webhooks")]
use crate::webhook::{self, RouteTable};

/// Serves an engine over HTTP. Cheap to clone; all clones are the same service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

/// What all handlers share.
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) config: Config,
    pub(crate) executions: Arc<Executions>,
    pub(crate) worker: Worker,
    pub(crate) signer: Arc<Signer>,
    pub(crate) stores: Stores,
    #[cfg(feature = "api")]
    pub(crate) tokens: Option<Tokens>,
    #[cfg(feature = "api")]
    pub(crate) passwords: Passwords,
    /// Held while somebody registers, so that only one can be the first.
    #[cfg(feature = "api")]
    pub(crate) registering: tokio::sync::Mutex<()>,
    #[cfg(feature = "api")]
    pub(crate) readiness: Readiness,
    pub(crate) active: Mutex<BTreeMap<WorkflowId, Active>>,
    #[cfg(feature = "webhooks")]
    pub(crate) table: ArcSwap<RouteTable>,
    pub(crate) budget: Budget,
    pub(crate) edge: Edge,
}

/// What came of activating a workflow.
#[derive(Debug)]
#[non_exhaustive]
pub struct Activated {
    /// Its id.
    pub id: WorkflowId,
    /// Its webhooks.
    pub webhooks: Vec<ServedWebhook>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
}

/// A webhook that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServedWebhook {
    /// HTTP methods.
    pub methods: Vec<String>,
    /// Path on this server, such as `/webhook/orders/:id`.
    pub path: String,
    /// Name of the node.
    pub node: String,
}

/// Why a workflow could not be activated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// It cannot run.
    #[error("the workflow cannot run: {0}")]
    Invalid(Problems),
    /// Another active workflow has the same webhook.
    #[error("{method} /webhook/{path} belongs to the active workflow {other:?}")]
    Conflict {
        /// HTTP method.
        method: String,
        /// Path below `/webhook/`.
        path: String,
        /// The workflow that has it.
        other: WorkflowId,
    },
    /// A trigger asks for something that cannot be served.
    #[error("node {node:?}: {message}")]
    Option {
        /// Name of the node.
        node: String,
        /// What cannot be served.
        message: String,
    },
}

/// A router that serves an engine: webhooks of the configured workflows, and the API.
///
/// # Panics
/// When the configuration does not pass [`Config::check`] or one of its workflows cannot be activated; [`Service::new`] and [`Service::activate`] say why instead.
pub fn router(engine: Engine, config: Config) -> Router {
    let workflows = config.workflows.clone();
    let service = Service::new(engine, config);
    for workflow in workflows {
        if let Err(error) = service.activate(workflow) {
            panic!("{error}");
        }
    }
    service.router()
}

impl Service {
    /// A service without active workflows.
    ///
    /// # Panics
    /// When the configuration does not pass [`Config::check`].
    #[expect(clippy::needless_pass_by_value, reason = "the engine belongs to the service from then on")]
    pub fn new(engine: Engine, config: Config) -> Self {
        if let Err(errors) = config.check() {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("{}", all.join("; "));
        }
        let signer = Arc::new(Signer::new(config.signing_key.as_deref()));
        let worker = worker(&engine, &config, &signer);
        let inner = Inner {
            executions: Arc::new(Executions::new(worker.clone(), &config)),
            stores: worker.stores().clone(),
            engine: worker.engine().clone(),
            worker,
            signer,
            #[cfg(feature = "api")]
            tokens: config.sign_in.as_ref().map(Tokens::new),
            #[cfg(feature = "api")]
            passwords: Passwords::new(),
            #[cfg(feature = "api")]
            registering: tokio::sync::Mutex::default(),
            #[cfg(feature = "api")]
            readiness: Readiness::default(),
            active: Mutex::default(),
            #[cfg(feature = "webhooks")]
            table: ArcSwap::default(),
            budget: Budget::new(config.body_budget),
            edge: Edge::new(&config),
            config,
        };
        let service = Self { inner: Arc::new(inner) };
        service.begin();
        service
    }

    /// Starts what runs beside the requests.
    fn begin(&self) {
        let runtime = self.inner.engine.runtime();
        let worker = self.inner.worker.clone();
        runtime.spawn(Box::pin(async move { worker.run().await }));
        if self.inner.config.stores.is_some() {
            let (inner, stopped) = (Arc::clone(&self.inner), self.inner.worker.stopped());
            runtime.spawn(Box::pin(async move { drop(futures::future::select(Box::pin(inner.follow()), stopped).await) }));
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Starts to serve a workflow; one with the same id is replaced. A workflow without an id goes by its name.
    ///
    /// # Errors
    /// When it cannot run, or its webhooks cannot be served; the one that was served before stays then.
    pub fn activate(&self, workflow: impl Into<Arc<Workflow>>) -> Result<Activated, ActivationError> {
        let workflow = workflow.into();
        let id = workflow.id.clone().unwrap_or_else(|| WorkflowId::from(workflow.name.as_str()));
        let compiled = self.inner.engine.compile_with_warnings(workflow).map_err(ActivationError::Invalid)?;
        let webhooks = self.inner.activate(PinnedPlan { workflow: id.clone(), ..PinnedPlan::unsaved(compiled.plan) })?;
        Ok(Activated { id, webhooks, warnings: compiled.warnings })
    }

    /// Stops serving a workflow; its executions go on. False when it was not active.
    pub fn deactivate(&self, id: &WorkflowId) -> bool {
        self.inner.deactivate(id)
    }

    /// The router. Merge it into another one, or serve it as it is.
    pub fn router(&self) -> Router {
        let router = Router::new();
        #[cfg(feature = "webhooks")]
        let router = router.merge(webhook::routes());
        #[cfg(feature = "api")]
        let router = router.merge(crate::api::routes(&self.inner));
        let edge = axum::middleware::from_fn_with_state(Arc::clone(&self.inner), edge::enter);
        router.layer(edge).with_state(Arc::clone(&self.inner))
    }

    /// Serves the workflows that are active in the store. Gives those that cannot be served, and why. From then on what other processes activate and deactivate is
    /// followed by itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn restore(&self) -> Result<Vec<(WorkflowId, ActivationError)>, StoreError> {
        self.inner.follow_store().await
    }

    /// Drives executions of the store.
    pub fn worker(&self) -> &Worker {
        &self.inner.worker
    }

    /// Waits until no execution runs any more, those that wait left aside, but no longer than `patience`. Gives how many still run.
    ///
    /// Executions whose callers wait for an answer may go on to their end for half of that time; then those of the store are handed back at their next step.
    pub async fn drain(&self, patience: Duration) -> usize {
        // Streams of live events have no end of their own, and would keep connections open.
        #[cfg(feature = "events")]
        self.inner.config.events.iter().for_each(crate::EventHub::close);
        let busy = || self.inner.executions.all_running().into_iter().find(|running| running.control.waits().is_empty());
        let drained = async {
            while let Some(running) = busy() {
                let waits = futures::future::select(Box::pin(running.wait()), self.inner.engine.runtime().sleep(Duration::from_millis(50)));
                drop(waits.await);
            }
        };
        let (_, cut_off) = tokio::join!(tokio::time::timeout(patience, drained), self.hand_back(patience));
        cut_off + self.inner.executions.all_running().iter().filter(|running| running.control.waits().is_empty()).count()
    }

    /// Drains the worker, when callers have their answers or have waited for half of the time. Gives how many executions it cut off.
    async fn hand_back(&self, patience: Duration) -> usize {
        let runtime = self.inner.engine.runtime();
        let begun = runtime.now();
        while self.inner.executions.awaited() > 0 && runtime.now().since(begun) < patience / 2 {
            runtime.sleep(Duration::from_millis(20)).await;
        }
        self.inner.worker.drain(patience.saturating_sub(runtime.now().since(begun))).await
    }
}

impl Inner {
    /// Seals a secret for a credential.
    #[cfg(feature = "api")]
    pub(crate) fn seal(&self, id: &CredentialId, secret: &serde_json::Value) -> Result<SealedSecret, ApiError> {
        let sealed = self.config.sealing_keys.as_ref().and_then(|keys| keys.seal(id, secret));
        sealed.ok_or_else(ApiError::no_sealing_key)
    }

    /// The webhooks of all active workflows.
    #[cfg(all(feature = "api", feature = "webhooks"))]
    pub(crate) fn served(&self) -> Vec<(WorkflowId, ServedWebhook)> {
        self.active().iter().flat_map(|(id, active)| active.hooks.iter().map(|hook| (id.clone(), hook.served()))).collect()
    }

    /// Without the feature `webhooks` there are none.
    #[cfg(all(feature = "api", not(feature = "webhooks")))]
    #[expect(clippy::unused_self, reason = "it looks where webhooks are served")]
    pub(crate) fn served(&self) -> Vec<(WorkflowId, ServedWebhook)> {
        Vec::new()
    }

    pub(crate) fn active(&self) -> MutexGuard<'_, BTreeMap<WorkflowId, Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address under which a waiting execution is resumed.
    pub(crate) fn resume_url(&self, base: &str, id: ExecutionId) -> String {
        resume_url(base, &self.signer, id)
    }
}

fn resume_url(base: &str, signer: &Signer, id: ExecutionId) -> String {
    format!("{base}/webhook-waiting/{id}?signature={}", signer.sign(id))
}

/// The worker of a service. Without stores executions live in memory, unless their workflow says otherwise.
fn worker(engine: &Engine, config: &Config, signer: &Arc<Signer>) -> Worker {
    let mut options = config.worker.clone();
    let stores = config.stores.clone().unwrap_or_else(|| {
        options.durability = Durability::Memory;
        Stores::of(&Arc::new(MemoryStore::new(Arc::clone(engine.runtime()))))
    });
    if let (None, Some(base)) = (&options.resume_url, config.public_url.clone()) {
        let signer = Arc::clone(signer);
        options.resume_url = Some(Arc::new(move |id| resume_url(&base, &signer, id)));
    }
    #[cfg(feature = "api")]
    let signs_in = config.sign_in.is_some();
    #[cfg(not(feature = "api"))]
    let signs_in = false;
    options.may_call.get_or_insert_with(|| Arc::new(move |caller, target| sharing::may_call(signs_in, caller, target)));
    options.on_lost.get_or_insert_with(|| {
        Arc::new(|taken| tracing::warn!(taken, "the database took this process for lost; others go on with what was taken from it"))
    });
    Worker::new(engine, stores, options)
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("active", &self.inner.active().len()).finish_non_exhaustive()
    }
}
