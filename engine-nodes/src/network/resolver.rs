//! Looks names up for the HTTP client and drops every address that the policy does not permit.
//!
//! The client connects to exactly the addresses that come out of here, so a name that answers differently the next time gains nothing.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::NetworkPolicy;
use super::http::HttpError;

/// Turns a name into addresses. The client puts the policy behind it.
#[async_trait]
pub trait NameService: Send + Sync + fmt::Debug {
    /// All addresses of a name; their ports do not matter.
    ///
    /// # Errors
    /// When the name does not exist or cannot be looked up now.
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>>;
}

/// Asks the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

#[async_trait]
impl NameService for SystemNames {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// A name service with the policy behind it.
#[derive(Clone, Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) names: Arc<dyn NameService>,
    pub(crate) policy: Arc<NetworkPolicy>,
}

impl GuardedResolver {
    pub(crate) async fn permitted(&self, name: &str) -> Result<Vec<SocketAddr>, HttpError> {
        let found = self.names.look_up(name).await.map_err(|source| HttpError::Lookup { host: name.to_owned(), source })?;
        if self.policy.trusts(name) {
            return Ok(found);
        }
        let refused = found.iter().map(SocketAddr::ip).find(|address| !self.policy.permits(*address));
        let permitted: Vec<_> = found.into_iter().filter(|address| self.policy.permits(address.ip())).collect();
        match refused {
            Some(address) if permitted.is_empty() => Err(HttpError::Refused { host: name.to_owned(), address }),
            _ => Ok(permitted),
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.permitted(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
