//! The engine and the service that `serve` and `worker` run, from settings and stores.

use std::sync::Arc;

use engine_core::Engine;
use engine_core::runtime::TokioRuntime;
use engine_core::store::Stores;
use engine_http::{Config, SealingKeys, SignIn, StoredCredentials};
use engine_nodes::js::JsEngine;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::{SecretSettings, Settings};

/// An engine on these stores. Must be called on the runtime.
pub(crate) fn engine(settings: &Settings, stores: &Stores, keys: &SealingKeys) -> Engine {
    Engine::builder()
        .runtime(TokioRuntime::current())
        .nodes(engine_nodes::registry_with(&settings.permissions.node_settings()))
        .script_engine(Arc::new(JsEngine::default()))
        .blobs(Arc::clone(&stores.blobs))
        .credentials(Arc::new(StoredCredentials::new(stores.clone(), keys.clone())))
        .limits(settings.executions.limits)
        .time_zone(settings.executions.time_zone.as_str())
        .build()
}

/// The keys that seal credentials.
pub(crate) fn sealing_keys(secrets: &SecretSettings) -> SealingKeys {
    SealingKeys::new(secrets.sealing_keys.iter().map(|key| (key.id.clone(), *key.key.expose_secret())))
}

/// The configuration of the HTTP side.
pub(crate) fn http_config(settings: &Settings, stores: &Stores, keys: &SealingKeys) -> Config {
    let bytes = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().as_bytes().to_vec());
    let secrets = &settings.secrets;
    let sign_in = bytes(&secrets.jwt_secret).map(|secret| {
        SignIn::new(secret).with(|sign_in| {
            sign_in.issuer.clone_from(&secrets.issuer);
            sign_in.access_lifetime = secrets.access_lifetime;
            sign_in.refresh_lifetime = secrets.refresh_lifetime;
            sign_in.open_registration = secrets.open_registration;
            sign_in.max_failures = secrets.login_failures;
            sign_in.lock_out = secrets.lock_out;
        })
    });
    Config::default().with(|config| {
        config.public_url.clone_from(&settings.server.public_url);
        config.trusted_proxies = settings.server.trusted_proxies;
        config.max_body = settings.http.max_body;
        config.max_form = settings.http.max_form;
        config.body_budget = settings.http.body_budget;
        config.webhook_timeout = settings.http.webhook_timeout;
        config.max_executions = settings.executions.concurrency;
        config.signing_key = bytes(&secrets.resume_key);
        config.stores = Some(stores.clone());
        config.sign_in = sign_in;
        config.sealing_keys = Some(keys.clone());
    })
}
