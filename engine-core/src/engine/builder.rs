//! Putting an engine together. A missing runtime is a compile error.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use super::caller::{Directory, EngineCaller};
use super::{Engine, ExecutionLimits, Inner};
use crate::blob::{BlobStore, MemoryBlobStore};
use crate::credential::{CredentialProvider, NoCredentials};
use crate::execution::Services;
use crate::expression::ScriptEngine;
use crate::model::{Json, Workflow, WorkflowId};
use crate::node::NodeRegistry;
use crate::observer::{NoObserver, Observer};
use crate::runtime::Runtime;

/// Stands where an engine's runtime is still missing.
#[derive(Clone, Copy, Debug)]
pub struct NoRuntime;

/// Puts an engine together: [`Engine::builder`]. `R` is the runtime; without one there is no `build`.
pub struct EngineBuilder<R> {
    runtime: R,
    registry: NodeRegistry,
    script_engine: Option<Arc<dyn ScriptEngine>>,
    blobs: Option<Arc<dyn BlobStore>>,
    credentials: Option<Arc<dyn CredentialProvider>>,
    observer: Option<Arc<dyn Observer>>,
    variables: Json,
    time_zone: Arc<str>,
    limits: ExecutionLimits,
    directory: Directory,
}

impl EngineBuilder<NoRuntime> {
    pub(super) fn new() -> Self {
        Self {
            runtime: NoRuntime,
            registry: NodeRegistry::new(),
            script_engine: None,
            blobs: None,
            credentials: None,
            observer: None,
            variables: Json::new(),
            time_zone: "UTC".into(),
            limits: ExecutionLimits::default(),
            directory: Directory::default(),
        }
    }
}

impl<R> EngineBuilder<R> {
    /// The runtime on which it runs. Required.
    pub fn runtime<N: Runtime>(self, runtime: N) -> EngineBuilder<N> {
        EngineBuilder {
            runtime,
            registry: self.registry,
            script_engine: self.script_engine,
            blobs: self.blobs,
            credentials: self.credentials,
            observer: self.observer,
            variables: self.variables,
            time_zone: self.time_zone,
            limits: self.limits,
            directory: self.directory,
        }
    }

    /// The node types that it knows.
    #[must_use]
    pub fn nodes(mut self, registry: NodeRegistry) -> Self {
        self.registry = registry;
        self
    }

    /// What evaluates expressions that need JavaScript.
    #[must_use]
    pub fn script_engine(mut self, engine: Arc<dyn ScriptEngine>) -> Self {
        self.script_engine = Some(engine);
        self
    }

    /// Where binary data lies; in memory where nothing is said.
    #[must_use]
    pub fn blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        self.blobs = Some(blobs);
        self
    }

    /// Where secrets come from; nowhere where nothing is said.
    #[must_use]
    pub fn credentials(mut self, credentials: Arc<dyn CredentialProvider>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Is told what happens.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// `$vars` of all expressions.
    #[must_use]
    pub fn variables(mut self, variables: Json) -> Self {
        self.variables = variables;
        self
    }

    /// IANA time zone of workflows that name none; UTC where nothing is said.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<Arc<str>>) -> Self {
        self.time_zone = zone.into();
        self
    }

    /// Bounds on all executions, whatever their workflows say; none where nothing is said.
    #[must_use]
    pub fn limits(mut self, limits: ExecutionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// A workflow that others may call by its id. It is compiled when it is first called.
    #[must_use]
    pub fn workflow(mut self, id: impl Into<WorkflowId>, workflow: Workflow) -> Self {
        self.directory.insert(id.into(), workflow);
        self
    }
}

impl<R: Runtime> EngineBuilder<R> {
    /// The engine.
    pub fn build(self) -> Engine {
        let slot: Arc<OnceLock<Weak<Inner>>> = Arc::default();
        let caller = EngineCaller::new(self.directory, Arc::clone(&slot));
        let services = Services {
            runtime: Arc::new(self.runtime),
            blobs: self.blobs.unwrap_or_else(|| Arc::new(MemoryBlobStore::default())),
            credentials: self.credentials.unwrap_or_else(|| Arc::new(NoCredentials)),
            caller: Arc::new(caller),
            observer: self.observer.unwrap_or_else(|| Arc::new(NoObserver)),
            variables: Arc::new(self.variables),
            time_zone: self.time_zone,
        };
        let inner = Arc::new(Inner {
            registry: Arc::new(self.registry),
            script_engine: self.script_engine,
            services: Arc::new(services),
            limits: self.limits,
        });
        slot.get_or_init(|| Arc::downgrade(&inner));
        Engine { inner }
    }
}

impl<R: fmt::Debug> fmt::Debug for EngineBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}
