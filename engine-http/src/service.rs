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
use engine_core::{Engine, Workflow};

use crate::Config;
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
    active: Mutex<BTreeMap<WorkflowId, Active>>,
    #[cfg(feature = "webhooks")]
    pub(crate) table: ArcSwap<RouteTable>,
    #[cfg(feature = "webhooks")]
    pub(crate) budget: webhook::Budget,
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
            active: Mutex::default(),
            #[cfg(feature = "webhooks")]
            table: ArcSwap::default(),
            #[cfg(feature = "webhooks")]
            budget: webhook::Budget::new(config.body_budget),
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
        let router = router.merge(crate::api::routes());
        router.with_state(Arc::clone(&self.inner))
    }

    /// Waits until no execution runs any more, those that wait left aside, but no longer than `patience`. Gives how many still run.
    pub async fn drain(&self, patience: Duration) -> usize {
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

    fn deactivate(&self, id: &WorkflowId) -> bool {
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
