//! The engine, its worker and the service that commands run, from settings and stores. `serve` and `worker` run the same.

use std::sync::Arc;

use anyhow::{Context, bail};
use engine_core::Engine;
use engine_core::observer::{NoObserver, Observer, Observers};
use engine_core::runtime::TokioRuntime;
use engine_core::store::Stores;
use engine_core::worker::{Retain, Worker, WorkerOptions};
use engine_http::{Config, EventHub, LogMailer, Mailer, SealingKeys, Service, SignIn, SmtpMailer, StoredCredentials, Telemetry};
use engine_nodes::js::JsEngine;
use secrecy::{ExposeSecret, SecretString};

use crate::keys;
use crate::settings::{ExecutionSettings, SecretSettings, Settings};

/// So many live events wait for one who reads slowly.
const EVENTS_WAITING: usize = 1024;

/// The service of a process that drives executions; its worker runs from now on. Must be called on the runtime.
pub(crate) async fn service(settings: &Settings, stores: &Stores) -> anyhow::Result<Service> {
    let keys = sealing_keys(&settings.secrets);
    keys::check(stores, &keys).await?;
    let telemetry = Telemetry::new();
    let events = EventHub::with_room(EVENTS_WAITING, settings.http.event_listeners);
    let observers = Observers(vec![Arc::new(telemetry.clone()), Arc::new(events.clone())]);
    let engine = engine(settings, stores, &keys, Arc::new(observers));
    let mailer = mailer(settings)?;
    let config = config(settings, stores, keys).with(|config| {
        config.telemetry = Some(telemetry);
        config.events = Some(events);
        config.mailer = mailer;
    });
    if let Err(errors) = config.check() {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        bail!("{}", all.join("; "));
    }
    Ok(Service::new(engine, config))
}

/// A worker that drives nothing, for commands that compile workflows and switch triggers. Must be called on the runtime.
pub(crate) fn idle_worker(settings: &Settings, stores: &Stores) -> Worker {
    let engine = engine(settings, stores, &SealingKeys::new([]), Arc::new(NoObserver));
    Worker::new(&engine, stores.clone(), worker_options(&settings.executions))
}

fn engine(settings: &Settings, stores: &Stores, keys: &SealingKeys, observer: Arc<dyn Observer>) -> Engine {
    Engine::builder()
        .runtime(TokioRuntime::current())
        .nodes(engine_nodes::registry_with(&settings.permissions.node_settings()))
        .script_engine(Arc::new(JsEngine::default()))
        .blobs(Arc::clone(&stores.blobs))
        .credentials(Arc::new(StoredCredentials::new(stores.clone(), keys.clone())))
        .observer(observer)
        .limits(settings.executions.limits)
        .time_zone(settings.executions.time_zone.as_str())
        .build()
}

/// How this process drives executions.
fn worker_options(settings: &ExecutionSettings) -> WorkerOptions {
    let keeps_all = settings.retention.is_none() && settings.retention_count.is_none();
    WorkerOptions::default().with(|options| {
        options.name = settings.worker_name.clone().unwrap_or_else(own_name);
        options.concurrency = u32::try_from(settings.concurrency).unwrap_or(u32::MAX);
        options.lease_time = settings.lease_time;
        options.poll = settings.poll;
        options.durability = settings.durability;
        options.deactivate_after = settings.deactivate_after;
        options.max_claims = settings.max_claims;
        options.retention = (!keeps_all).then_some(Retain { age: settings.retention, count: settings.retention_count });
    })
}

/// The name of a process that was given none.
fn own_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    format!("{}/{}", host.as_deref().map_or("engine", str::trim), std::process::id())
}

/// The keys that seal credentials.
pub(crate) fn sealing_keys(secrets: &SecretSettings) -> SealingKeys {
    SealingKeys::new(secrets.sealing_keys.iter().map(|key| (key.id.clone(), *key.key.expose_secret())))
}

/// Who carries letters; nobody where others can reach the server and no mail server is named.
fn mailer(settings: &Settings) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    if let Some(mail) = &settings.http.mail {
        let mailer = SmtpMailer::new(mail.server.expose_secret(), &mail.from).context("ENGINE_SMTP_URL and ENGINE_MAIL_FROM")?;
        return Ok(Some(Arc::new(mailer)));
    }
    Ok(LogMailer::on_loopback(settings.server.listen.ip()).map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>))
}

/// The configuration of the HTTP side.
fn config(settings: &Settings, stores: &Stores, keys: SealingKeys) -> Config {
    let http = &settings.http;
    Config::default().with(|config| {
        config.public_url.clone_from(&settings.server.public_url);
        config.trusted_proxies = settings.server.trusted_proxies;
        config.max_requests = http.max_requests;
        config.request_timeout = http.request_timeout;
        config.max_body = http.max_body;
        config.max_form = http.max_form;
        config.body_budget = http.body_budget;
        config.webhook_timeout = http.webhook_timeout;
        config.history = http.history;
        config.history_bytes = http.history_size;
        config.origins.clone_from(&http.origins);
        config.rate_limits = http.rate_limits.clone();
        config.max_executions = settings.executions.concurrency;
        config.worker = worker_options(&settings.executions);
        config.signing_key = bytes(settings.secrets.resume_key.as_ref());
        config.stores = Some(stores.clone());
        config.sign_in = sign_in(&settings.secrets);
        config.sealing_keys = Some(keys);
    })
}

fn sign_in(secrets: &SecretSettings) -> Option<SignIn> {
    let secret = bytes(secrets.jwt_secret.as_ref())?;
    Some(SignIn::new(secret).with(|sign_in| {
        sign_in.issuer.clone_from(&secrets.issuer);
        sign_in.access_lifetime = secrets.access_lifetime;
        sign_in.refresh_lifetime = secrets.refresh_lifetime;
        sign_in.open_registration = secrets.open_registration;
        sign_in.max_failures = secrets.login_failures;
        sign_in.lock_out = secrets.lock_out;
    }))
}

fn bytes(secret: Option<&SecretString>) -> Option<Vec<u8>> {
    secret.map(|secret| secret.expose_secret().as_bytes().to_vec())
}
