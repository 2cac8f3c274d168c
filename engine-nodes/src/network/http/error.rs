//! Why a request had no response.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use engine_core::node::NodeError;

/// Why a request had no response, or none that could be read. A response with an error status is no error here.
///
/// Texts hold hosts but no paths, queries or headers: those may carry secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The URL does not parse, has no host, or is not http or https.
    #[error("{url:?} is not a valid URL: {reason}")]
    InvalidUrl {
        /// The URL as it was given, cut short.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header name or value with a character that no header may have.
    #[error("{name:?} is no valid header, or its value has a line break or another character that headers cannot have")]
    InvalidHeader {
        /// The header's name.
        name: String,
    },
    /// The policy does not permit the address.
    #[error("{}{address}, an address that workflows may not reach", led(.host, *.address))]
    Refused {
        /// The host of the URL.
        host: String,
        /// The address behind it.
        address: IpAddr,
    },
    /// The policy does not permit the proxy, or not this host through a proxy.
    #[error("requests may not go through the proxy to {host}: {reason}")]
    ProxyRefused {
        /// The proxy, or the host behind it.
        host: String,
        /// Why not.
        reason: &'static str,
    },
    /// The credential is bound to other hosts.
    #[error("the credential may not be sent to {host}")]
    CredentialRefused {
        /// The host.
        host: String,
    },
    /// No access token was handed out for the credential.
    #[error("{host} handed out no access token: {reason}")]
    TokenRefused {
        /// The host that hands out tokens.
        host: String,
        /// What it said.
        reason: String,
        /// The error of RFC 6749 (section 5.2) that it named, such as `invalid_client`.
        code: Option<&'static str>,
    },
    /// The name does not exist, or could not be looked up.
    #[error("the host {host} could not be found")]
    Lookup {
        /// The name.
        host: String,
        /// What the name service said.
        source: io::Error,
    },
    /// The server did not answer in time.
    #[error("timeout of {} ms exceeded", .after.as_millis())]
    Timeout {
        /// The time that it had.
        after: Duration,
    },
    /// More redirects than are followed.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// How many are followed.
        limit: usize,
    },
    /// A response larger than is read.
    #[error("the response is larger than {limit} bytes")]
    TooLarge {
        /// How many bytes are read.
        limit: u64,
    },
    /// What was to be sent could not be read.
    #[error("the data to send could not be read")]
    Body(#[source] io::Error),
    /// The connection could not be made, or broke.
    #[error("{message}")]
    Connection {
        /// What happened, without the URL.
        message: String,
        /// The system's name for it, such as `ECONNREFUSED`.
        errno: &'static str,
    },
    /// The client could not be set up: certificates that do not parse, no trusted roots.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

impl HttpError {
    /// The stable code of errors that are not passing: what a node reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } => "http-invalid-url",
            Self::InvalidHeader { .. } => "http-invalid-header",
            Self::Refused { .. } => "http-address-refused",
            Self::ProxyRefused { .. } => "http-proxy-refused",
            Self::CredentialRefused { .. } => "http-credential-refused",
            Self::TokenRefused { .. } => "http-token-refused",
            Self::Lookup { .. } => "http-host-not-found",
            Self::Timeout { .. } => "http-timeout",
            Self::TooManyRedirects { .. } => "http-too-many-redirects",
            Self::TooLarge { .. } => "http-response-too-large",
            Self::Body(_) => "http-body-unreadable",
            Self::Connection { .. } => "http-connection",
            Self::Setup(_) => "http-setup",
        }
    }

    /// What n8n calls it: `ECONNREFUSED` and the like; our own code where n8n has no such error.
    pub fn errno(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } => "ERR_INVALID_URL",
            Self::Lookup { .. } => "ENOTFOUND",
            Self::Timeout { .. } => "ECONNABORTED",
            Self::TooManyRedirects { .. } => "ERR_FR_TOO_MANY_REDIRECTS",
            Self::Connection { errno, .. } => errno,
            _ => self.code(),
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Lookup { .. } | Self::Timeout { .. } | Self::Body(_) | Self::Connection { .. })
    }

    /// An invalid URL; only the part that holds no secrets is repeated.
    pub(crate) fn invalid_url(url: &str, reason: &impl ToString) -> Self {
        let before_query = url.split(['?', '#']).next().unwrap_or_default();
        // Name and password before the host are no part of what is repeated.
        let shown = before_query.rsplit('@').next().unwrap_or_default();
        Self::InvalidUrl { url: shown.chars().take(200).collect(), reason: reason.to_string() }
    }

    /// What a failed exchange was about. The guard's own errors come back out of the layers that wrapped them.
    pub(crate) fn from_transport(error: &reqwest::Error, timeout: Duration) -> Self {
        let mut errno = "ECONNRESET";
        let mut message = String::new();
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(own) = error.downcast_ref::<Self>().and_then(Self::copy) {
                return own;
            }
            if let Some(io) = error.downcast_ref::<io::Error>() {
                errno = errno_of(io.kind()).unwrap_or(errno);
            }
            // The outermost text names the URL; the inner ones say what happened.
            message = error.to_string();
            next = error.source();
        }
        if error.is_timeout() {
            return Self::Timeout { after: timeout };
        }
        let host = error.url().and_then(|url| url.host_str()).unwrap_or("the server").to_owned();
        Self::Connection { message: format!("{errno}: {host}: {message}"), errno }
    }

    fn copy(&self) -> Option<Self> {
        match self {
            Self::Refused { host, address } => Some(Self::Refused { host: host.clone(), address: *address }),
            Self::Lookup { host, source } => Some(Self::Lookup { host: host.clone(), source: io::Error::new(source.kind(), source.to_string()) }),
            Self::TooLarge { limit } => Some(Self::TooLarge { limit: *limit }),
            Self::Timeout { after } => Some(Self::Timeout { after: *after }),
            Self::Body(source) => Some(Self::Body(io::Error::new(source.kind(), source.to_string()))),
            _ => None,
        }
    }

    /// The error of a response's stream, which travels as an [`io::Error`].
    pub(crate) fn from_stream(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).and_then(Self::copy) {
            Some(own) => own,
            None => Self::Connection { message: error.to_string(), errno: errno_of(error.kind()).unwrap_or("ECONNRESET") },
        }
    }

    /// The node's error: retried when the cause may pass.
    pub(crate) fn into_node_error(self) -> NodeError {
        let (code, passing) = (self.code(), self.is_passing());
        let help = match &self {
            Self::Refused { .. } => Some("whoever runs the engine can allow it in the network policy"),
            Self::CredentialRefused { .. } => Some("the credential is bound to other hosts, or the request was led to another one"),
            Self::ProxyRefused { .. } => Some("whoever runs the engine can allow proxies in the network policy"),
            _ => None,
        };
        let mut error = NodeError::from(self).with_code(code);
        if let Some(help) = help {
            error = error.with_description(help);
        }
        if passing { error } else { error.never_retried() }
    }
}

/// What stands before the address: nothing more than a word where the host is that address.
fn led(host: &str, address: IpAddr) -> String {
    if host.trim_matches(['[', ']']) == address.to_string() { "the URL leads to ".to_owned() } else { format!("{host} leads to ") }
}

fn errno_of(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::ConnectionRefused => "ECONNREFUSED",
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "ECONNRESET",
        io::ErrorKind::ConnectionAborted => "ECONNABORTED",
        io::ErrorKind::TimedOut => "ETIMEDOUT",
        io::ErrorKind::HostUnreachable => "EHOSTUNREACH",
        io::ErrorKind::NetworkUnreachable => "ENETUNREACH",
        io::ErrorKind::BrokenPipe => "EPIPE",
        _ => return None,
    })
}
