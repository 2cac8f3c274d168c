//! Nodes that talk to the outside, and the guarded HTTP client that all of them use.

mod address;
mod charset;
#[cfg(feature = "email")]
mod email_send;
#[cfg(feature = "command")]
mod execute_command;
mod graphql;
mod http;
mod http_request;
pub(crate) mod login;
mod policy;
mod resolver;
#[cfg(feature = "rss")]
mod rss_feed_read;
#[cfg(feature = "js")]
pub(crate) mod script_request;
mod services;
#[cfg(test)]
mod test_engine;
#[cfg(test)]
mod test_server;
mod trial;

#[cfg(feature = "command")]
pub use execute_command::CommandPolicy;
pub use http::{
    ArrayFormat, Body, HttpClient, HttpError, HttpRequest, HttpResponse, Multipart, Part, Redirects, Secrets, TlsOptions, encode_form, query_pairs,
};
pub use policy::{InvalidRule, Limits, NetworkPolicy};
pub use resolver::{NameService, SystemNames};

use engine_core::node::{NodeRegistry, RegistryError};

/// The codes of errors that the nodes of this group report while they run. Each has a page, `docs/errors/<code>.md`.
pub const ERROR_CODES: &[&str] = &[
    "command-failed",
    "graphql-errors",
    "http-address-refused",
    "http-body-unreadable",
    "http-connection",
    "http-credential-refused",
    "http-host-not-found",
    "http-invalid-header",
    "http-invalid-url",
    "http-proxy-refused",
    "http-response-too-large",
    "http-setup",
    "http-status",
    "http-timeout",
    "http-token-refused",
    "http-too-many-redirects",
    "mail-refused",
];

/// The nodes of this group, and what they may reach. By default that is the public Internet, and no command.
///
/// ```
/// use engine_core::node::NodeRegistry;
/// use engine_nodes::network::{HttpClient, NetworkNodes, NetworkPolicy};
///
/// let policy = NetworkPolicy::default().allow("10.20.0.0/16")?;
/// let mut nodes = NodeRegistry::new();
/// NetworkNodes::new(HttpClient::new(policy)).register(&mut nodes)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NetworkNodes {
    client: HttpClient,
    #[cfg(feature = "command")]
    commands: CommandPolicy,
}

impl NetworkNodes {
    /// The nodes with this client.
    pub fn new(client: HttpClient) -> Self {
        Self {
            client,
            #[cfg(feature = "command")]
            commands: CommandPolicy::default(),
        }
    }

    /// Says whether workflows may run commands.
    #[cfg(feature = "command")]
    #[must_use]
    pub fn commands(mut self, policy: CommandPolicy) -> Self {
        self.commands = policy;
        self
    }

    /// The client, for helpers of Code nodes and nodes of your own.
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    /// Adds the nodes to a registry, and the testers of their credentials.
    ///
    /// # Errors
    /// When one of their names is taken.
    pub fn register(&self, registry: &mut NodeRegistry) -> Result<(), RegistryError> {
        let client = || self.client.clone();
        registry.register(http_request::HttpRequestType::new(client()))?;
        registry.register(http_request::HttpRequestType::legacy(client()))?;
        registry.register(graphql::GraphqlType::new(client()))?;
        #[cfg(feature = "rss")]
        registry.register(rss_feed_read::RssFeedReadType::new(client()))?;
        #[cfg(all(feature = "rss", feature = "flow"))]
        registry.register(rss_feed_read::trigger::RssFeedReadTriggerType::new(client()))?;
        #[cfg(feature = "email")]
        registry.register(email_send::EmailSendType::new(client()))?;
        #[cfg(feature = "email")]
        registry.register_tester("smtp", email_send::SmtpTester::new(client()));
        registry.register_tester("httpSslAuth", trial::CertificateTester::new(client()));
        registry.register_tester_of_others(trial::HttpTester::new(client()));
        #[cfg(feature = "command")]
        registry.register(execute_command::ExecuteCommandType::new(self.commands.clone()))?;
        Ok(())
    }
}

/// The guide's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/HTTP_REQUEST.md")]
struct Guide;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_code_has_a_page() {
        for code in ERROR_CODES {
            let page = format!("{}/../docs/errors/{code}.md", env!("CARGO_MANIFEST_DIR"));
            assert!(std::path::Path::new(&page).is_file(), "{page}");
        }
    }
}
