//! The service behind the router: active workflows, their webhooks, and the executions that this process drives.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "webhooks")]
use arc_swap::ArcSwap;
use axum::Router;
use engine_core::model::{ExecutionId, WorkflowId};
use engine_core::plan::Plan;
use engine_core::problem::{Problem, Problems};
#[cfg(feature = "api")]
use engine_core::store::{CredentialId, PageRequest, SealedSecret, StoreError, VersionNumber, WorkflowFilter};
use engine_core::store::{MemoryStore, Stores};
use engine_core::{Engine, Workflow};

#[cfg(feature = "api")]
use crate::access::{Passwords, Tokens};
#[cfg(feature = "api")]
use crate::problem::ApiError;
#[cfg(feature = "api")]
use axum::http::StatusCode;

use crate::Config;
use crate::budget::Budget;
use crate::edge::{self, Edge};
use crate::executions::Executions;
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
    pub(crate) signer: Signer,
    pub(crate) stores: Stores,
    #[cfg(feature = "api")]
    pub(crate) tokens: Option<Tokens>,
    #[cfg(feature = "api")]
    pub(crate) passwords: Passwords,
    /// Held while somebody registers, so that only one can be the first.
    #[cfg(feature = "api")]
    pub(crate) registering: tokio::sync::Mutex<()>,
    active: Mutex<BTreeMap<WorkflowId, Active>>,
    #[cfg(feature = "webhooks")]
    pub(crate) table: ArcSwap<RouteTable>,
    pub(crate) budget: Budget,
    pub(crate) edge: Edge,
}

/// An active workflow.
struct Active {
    plan: Arc<Plan>,
    #[cfg(feature = "webhooks")]
    hooks: Vec<Arc<webhook::Hook>>,
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
    pub fn new(engine: Engine, config: Config) -> Self {
        if let Err(errors) = config.check() {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("{}", all.join("; "));
        }
        let inner = Inner {
            executions: Arc::new(Executions::new(engine.clone(), &config)),
            signer: Signer::new(config.signing_key.as_deref()),
            stores: config.stores.clone().unwrap_or_else(|| Stores::of(&Arc::new(MemoryStore::new(Arc::clone(engine.runtime()))))),
            #[cfg(feature = "api")]
            tokens: config.sign_in.as_ref().map(Tokens::new),
            #[cfg(feature = "api")]
            passwords: Passwords::new(),
            #[cfg(feature = "api")]
            registering: tokio::sync::Mutex::default(),
            active: Mutex::default(),
            #[cfg(feature = "webhooks")]
            table: ArcSwap::default(),
            budget: Budget::new(config.body_budget),
            edge: Edge::new(&config),
            engine,
            config,
        };
        Self { inner: Arc::new(inner) }
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
        let webhooks = self.inner.activate(&id, compiled.plan)?;
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

    /// Activates the workflows that are active in the store. Gives those that could not be, and why.
    ///
    /// # Errors
    /// When the store cannot be read.
    #[cfg(feature = "api")]
    pub async fn restore(&self) -> Result<Vec<(WorkflowId, ActivationError)>, StoreError> {
        let mut failed = Vec::new();
        let mut page = PageRequest::first(100);
        loop {
            let filter = WorkflowFilter { active: Some(true), ..WorkflowFilter::default() };
            let found = self.inner.stores.workflows.workflows(&filter, page).await?;
            for stored in found.items {
                let version = stored.active.unwrap_or(stored.version);
                if let Err(error) = self.inner.activate_stored(&stored.id, version).await? {
                    failed.push((stored.id, error));
                }
            }
            match found.next {
                Some(next) => page = PageRequest::after(next, 100),
                None => return Ok(failed),
            }
        }
    }

    /// What `/metrics` gives, for a host that serves it elsewhere.
    #[cfg(feature = "api")]
    pub async fn metrics(&self) -> String {
        crate::telemetry::render(&self.inner).await
    }

    /// Waits until no execution runs any more, those that wait left aside, but no longer than `patience`. Gives how many still run.
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
        drop(tokio::time::timeout(patience, drained).await);
        self.inner.executions.all_running().iter().filter(|running| running.control.waits().is_empty()).count()
    }
}

impl Inner {
    /// The plan of an active workflow.
    pub(crate) fn plan(&self, id: &str) -> Option<Arc<Plan>> {
        self.active().get(id).map(|active| Arc::clone(&active.plan))
    }

    /// Seals a secret for a credential.
    #[cfg(feature = "api")]
    pub(crate) fn seal(&self, id: &CredentialId, secret: &serde_json::Value) -> Result<SealedSecret, ApiError> {
        let sealed = self.config.sealing_keys.as_ref().and_then(|keys| keys.seal(id, secret));
        sealed.ok_or_else(|| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "no-sealing-key", "this server has no key to seal credentials with"))
    }

    /// The webhooks of all active workflows.
    #[cfg(all(feature = "api", feature = "webhooks"))]
    pub(crate) fn served(&self) -> Vec<(WorkflowId, ServedWebhook)> {
        self.active().iter().flat_map(|(id, active)| active.hooks.iter().map(|hook| (id.clone(), hook.served()))).collect()
    }

    /// Without the feature `webhooks` there are none.
    #[cfg(all(feature = "api", not(feature = "webhooks")))]
    pub(crate) fn served(&self) -> Vec<(WorkflowId, ServedWebhook)> {
        Vec::new()
    }

    fn active(&self) -> MutexGuard<'_, BTreeMap<WorkflowId, Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(feature = "webhooks")]
    fn activate(&self, id: &WorkflowId, plan: Arc<Plan>) -> Result<Vec<ServedWebhook>, ActivationError> {
        let hooks = webhook::hooks(id, &plan)?;
        let served = hooks.iter().map(|hook| hook.served()).collect();
        let mut active = self.active();
        let others = active.iter().filter(|(other, _)| *other != id).flat_map(|(_, active)| &active.hooks);
        let table = RouteTable::build(others.chain(&hooks))?;
        active.insert(id.clone(), Active { plan, hooks });
        self.table.store(Arc::new(table));
        Ok(served)
    }

    #[cfg(not(feature = "webhooks"))]
    fn activate(&self, id: &WorkflowId, plan: Arc<Plan>) -> Result<Vec<ServedWebhook>, ActivationError> {
        self.active().insert(id.clone(), Active { plan });
        Ok(Vec::new())
    }

    /// Activates a stored version of a workflow.
    #[cfg(feature = "api")]
    pub(crate) async fn activate_stored(&self, id: &WorkflowId, version: VersionNumber) -> Result<Result<(), ActivationError>, StoreError> {
        let plan = match self.compile_stored(id, version).await? {
            Ok(plan) => plan,
            Err(problems) => return Ok(Err(ActivationError::Invalid(problems))),
        };
        Ok(self.activate(id, plan).map(drop))
    }

    /// Compiles a stored version of a workflow.
    #[cfg(feature = "api")]
    pub(crate) async fn compile_stored(&self, id: &WorkflowId, version: VersionNumber) -> Result<Result<Arc<Plan>, Problems>, StoreError> {
        let stored = self.stores.workflows.workflow_version(id, version).await?;
        let text = stored.definition.unwrap_or_default().to_string();
        Ok(Workflow::from_json(&text).and_then(|mut workflow| {
            workflow.id = Some(id.clone());
            self.engine.compile(workflow)
        }))
    }

    pub(crate) fn deactivate(&self, id: &WorkflowId) -> bool {
        let mut active = self.active();
        let was = active.remove(id).is_some();
        #[cfg(feature = "webhooks")]
        if let Ok(table) = RouteTable::build(active.values().flat_map(|active| &active.hooks)) {
            self.table.store(Arc::new(table));
        }
        was
    }

    /// The address under which a waiting execution is resumed.
    pub(crate) fn resume_url(&self, base: &str, id: ExecutionId) -> String {
        format!("{base}/webhook-waiting/{id}?signature={}", self.signer.sign(id))
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("active", &self.inner.active().len()).finish_non_exhaustive()
    }
}
