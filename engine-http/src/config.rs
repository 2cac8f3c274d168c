//! What an embedding program sets about the HTTP side. Every field has a default that is safe on loopback.

use std::fmt;
#[cfg(feature = "api")]
use std::sync::Arc;
use std::time::Duration;

use engine_core::Workflow;
use engine_core::store::Stores;
use engine_core::worker::WorkerOptions;

use crate::Telemetry;
#[cfg(feature = "api")]
use crate::access::SignIn;
#[cfg(feature = "events")]
use crate::events::EventHub;
#[cfg(feature = "api")]
use crate::letter::Mailer;
#[cfg(feature = "rate-limit")]
use crate::limit::RateLimits;
#[cfg(feature = "api")]
use crate::sealed::SealingKeys;

/// How the HTTP side behaves. [`Config::default`] serves on loopback with bounds that suit a small machine.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Workflows that are active from the start.
    pub workflows: Vec<Workflow>,
    /// Address under which callers reach this server, such as `https://flows.example.com`. Where none is given, the request's own `Host` is used: whoever
    /// starts an execution chooses then what stands in the addresses that it sends to others.
    pub public_url: Option<String>,
    /// Largest body of a webhook request, in bytes. Larger ones are refused with 413 before they are buffered.
    pub max_body: usize,
    /// Largest multipart body of a webhook request, in bytes.
    pub max_form: usize,
    /// How many bytes of bodies may be in memory at the same time, over all requests, and over the executions that they started for as long as this process drives them.
    /// JSON counts with what it takes once it is read: one to four times its length where it is texts or numbers, five to twenty times where it is objects of a few fields,
    /// at most a hundred and fifty times.
    pub body_budget: usize,
    /// How long a webhook's caller waits for an answer at most. The execution goes on after that.
    pub webhook_timeout: Duration,
    /// How many executions may run at the same time. More are refused with 503; those that are stored and whose callers do not wait for their end are recorded, and wait
    /// in the queue.
    pub max_executions: usize,
    /// How many ended executions are kept in memory to be looked at.
    pub history: usize,
    /// About how many bytes of data of ended executions are kept.
    pub history_bytes: usize,
    /// Key with which addresses of waiting executions are signed. Made anew for each process where none is given.
    pub signing_key: Option<Vec<u8>>,
    /// Where workflows, credentials, users and all that belongs to them are kept; in memory where nothing is given.
    pub stores: Option<Stores>,
    /// How people sign in to the API. Without it everybody who reaches the server is its administrator: serve on loopback only.
    #[cfg(feature = "api")]
    pub sign_in: Option<SignIn>,
    /// Keys that seal credentials; without them none can be stored.
    #[cfg(feature = "api")]
    pub sealing_keys: Option<SealingKeys>,
    /// How letters of the sign-in are sent: confirmations of addresses, password resets. Without it none are.
    #[cfg(feature = "api")]
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Origins of web pages that may call the API, such as `https://app.example.com`. Pages of the server's own origin always may.
    #[cfg(feature = "api")]
    pub origins: Vec<String>,
    /// Hears of what happens in executions, for live events: the engine's observer, or one of them.
    #[cfg(feature = "events")]
    pub events: Option<EventHub>,
    /// Counts what nodes do: the engine's observer, or one of them.
    pub telemetry: Option<Telemetry>,
    /// How executions of the stores are driven.
    pub worker: WorkerOptions,
    /// Who may ask how often.
    #[cfg(feature = "rate-limit")]
    pub rate_limits: RateLimits,
    /// How many requests are served at the same time. More are refused with 503.
    pub max_requests: usize,
    /// How long the body of a request may take to arrive, and the API to answer (but for those that wait for an execution, and streams).
    pub request_timeout: Duration,
    /// How many proxies in front of the server append to `X-Forwarded-For`; 0 takes the peer's own address.
    pub trusted_proxies: usize,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The signing key is too short to keep anybody out.
    #[error("the signing key has {0} bytes: give at least 32")]
    ShortKey(usize),
    /// The secret that signs access tokens is too short to keep anybody out.
    #[error("the sign-in secret has {0} bytes: give at least 32")]
    ShortSecret(usize),
    /// Nobody could ever confirm an address.
    #[error("addresses have to be confirmed, and there is no mailer to send letters with")]
    NoMailer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workflows: Vec::new(),
            public_url: None,
            max_body: 16 << 20,
            max_form: 200 << 20,
            body_budget: 512 << 20,
            webhook_timeout: Duration::from_mins(2),
            max_executions: 10_000,
            history: 250,
            history_bytes: 64 << 20,
            signing_key: None,
            stores: None,
            #[cfg(feature = "api")]
            sign_in: None,
            #[cfg(feature = "api")]
            sealing_keys: None,
            #[cfg(feature = "api")]
            mailer: None,
            #[cfg(feature = "api")]
            origins: Vec::new(),
            #[cfg(feature = "events")]
            events: None,
            telemetry: None,
            worker: WorkerOptions::default(),
            #[cfg(feature = "rate-limit")]
            rate_limits: RateLimits::default(),
            max_requests: 16_384,
            request_timeout: Duration::from_secs(30),
            trusted_proxies: 0,
        }
    }
}

impl Config {
    /// The same with one more workflow that is active from the start.
    #[must_use]
    pub fn workflow(mut self, workflow: Workflow) -> Self {
        self.workflows.push(workflow);
        self
    }

    /// The same with the address under which callers reach the server.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into().trim_end_matches('/').to_owned());
        self
    }

    /// Changes a field in place: `config.with(|config| config.max_body = 1024)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Checks what no type can check.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self) -> Result<(), Vec<ConfigError>> {
        let mut errors = Vec::new();
        if let Some(key) = self.signing_key.as_ref().filter(|key| key.len() < 32) {
            errors.push(ConfigError::ShortKey(key.len()));
        }
        #[cfg(feature = "api")]
        if let Some(sign_in) = self.sign_in.as_ref().filter(|sign_in| sign_in.secret.len() < 32) {
            errors.push(ConfigError::ShortSecret(sign_in.secret.len()));
        }
        #[cfg(feature = "api")]
        if self.mailer.is_none() && self.sign_in.as_ref().is_some_and(|sign_in| sign_in.require_confirmation) {
            errors.push(ConfigError::NoMailer);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("workflows", &self.workflows.len()).field("public_url", &self.public_url).finish_non_exhaustive()
    }
}
