//! The workflow engine over HTTP, as an [`axum::Router`] that mounts into any axum application.
//!
//! [`router`] is the short way: an engine and a [`Config`] in, a router out. [`Service`] is the same with a handle to keep: it activates and deactivates
//! workflows while the router serves them, and drains when the process ends.
//!
//! Parts are cargo features: `webhooks` and `api` (on by default), `jwt`, `events`, `mail`, `rate-limit`, `redis`, `swagger-ui`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(feature = "api", feature = "webhooks", feature = "rate-limit")),
    expect(dead_code, reason = "what one part alone needs of the shared modules is less than what all need")
)]

#[cfg(feature = "api")]
mod access;
mod active;
mod address;
mod budget;
mod config;
mod edge;
#[cfg(feature = "events")]
mod events;
mod executions;
#[cfg(feature = "rate-limit")]
mod limit;
mod problem;
#[cfg(any(feature = "api", feature = "webhooks"))]
mod room;
mod service;
mod sharing;
mod telemetry;
mod token;

#[cfg(feature = "api")]
mod api;
#[cfg(feature = "api")]
mod letter;
#[cfg(feature = "api")]
mod sealed;
#[cfg(feature = "webhooks")]
mod webhook;

#[cfg(feature = "api")]
pub use access::{AccountError, NewAccount, SignIn};
pub use active::check_webhooks;
pub use config::{Config, ConfigError};
#[cfg(feature = "events")]
pub use events::EventHub;
#[cfg(feature = "mail")]
pub use letter::SmtpMailer;
#[cfg(feature = "api")]
pub use letter::{Letter, LogMailer, MailError, Mailer};
#[cfg(feature = "rate-limit")]
pub use limit::{Rate, RateLimits};
#[cfg(feature = "redis")]
pub use limit::{RedisAddress, RedisAddressError};
#[cfg(feature = "api")]
pub use sealed::{SealingKeys, StoredCredentials};
pub use service::{Activated, ActivationError, ServedWebhook, Service, router};
pub use telemetry::Telemetry;

/// The guide's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/HTTP.md")]
struct Guide;
