//! Nodes that talk to the outside, and the guarded HTTP client that all of them use.

mod address;
mod charset;
mod http;
mod http_request;
mod login;
mod policy;
mod resolver;
mod services;
#[cfg(test)]
mod test_engine;
#[cfg(test)]
mod test_server;

pub use http::{
    ArrayFormat, Body, HttpClient, HttpError, HttpRequest, HttpResponse, Multipart, Part, Redirects, Secrets, TlsOptions, encode_form, query_pairs,
};
pub use policy::{InvalidRule, Limits, NetworkPolicy};
pub use resolver::{NameService, SystemNames};

use engine_core::node::{NodeRegistry, RegistryError};

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    register_with(registry, &HttpClient::default())
}

/// Adds the nodes of this group, which use this client.
pub(crate) fn register_with(registry: &mut NodeRegistry, client: &HttpClient) -> Result<(), RegistryError> {
    registry.register(http_request::HttpRequestType::new(client.clone()))?;
    registry.register(http_request::HttpRequestType::legacy(client.clone()))
}
