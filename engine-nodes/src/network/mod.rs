//! Nodes that talk to the outside, and the guarded HTTP client that all of them use.

mod address;
mod http;
mod policy;
mod resolver;
#[cfg(test)]
mod test_server;

pub use http::{
    ArrayFormat, Body, HttpClient, HttpError, HttpRequest, HttpResponse, Multipart, Part, Redirects, Secrets, TlsOptions, encode_form, query_pairs,
};
pub use policy::{InvalidRule, Limits, NetworkPolicy};
pub use resolver::{NameService, SystemNames};

use engine_core::node::{NodeRegistry, RegistryError};

/// Adds the nodes of this group.
#[expect(clippy::unnecessary_wraps, reason = "the group has no node yet")]
pub(crate) fn register(_registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    Ok(())
}
