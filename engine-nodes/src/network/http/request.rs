//! A request to be sent by the guarded client.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{Body, HttpError, Secrets};

/// A request to be sent by the guarded client.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers that are no secret.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Body,
    /// What proves who asks.
    pub secrets: Secrets,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// How long the server may take to begin its answer, and between two parts of it.
    pub timeout: Duration,
    /// Departures from the usual checks of certificates.
    pub tls: TlsOptions,
    /// A proxy, where the policy permits it.
    pub proxy: Option<Url>,
}

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// None: the redirect is the response.
    Never,
    /// Those of GET and HEAD, up to this many.
    Safe(usize),
    /// All, up to this many.
    All(usize),
}

/// Departures from the usual checks of certificates.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Any certificate will do. The connection is then open to whoever sits between.
    pub accept_any_certificate: bool,
    /// Certificates to trust beside the system's, as PEM.
    pub authorities: Option<String>,
    /// The client's own certificate and key, as PEM.
    pub identity: Option<String>,
}

impl HttpRequest {
    /// The redirects that are followed when nothing else is asked for.
    pub const DEFAULT_REDIRECTS: usize = 21;

    /// A request without headers and body that waits five minutes for its answer and follows redirects.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::empty(),
            secrets: Secrets::default(),
            redirects: Redirects::All(Self::DEFAULT_REDIRECTS),
            timeout: Duration::from_mins(5),
            tls: TlsOptions::default(),
            proxy: None,
        }
    }

    /// A GET request.
    ///
    /// # Errors
    /// When the URL does not parse.
    pub fn get(url: &str) -> Result<Self, HttpError> {
        Ok(Self::new(Method::GET, parse_url(url)?))
    }

    /// Sets a header; one of the same name is replaced.
    ///
    /// # Errors
    /// When name or value have characters that headers cannot have.
    pub fn header(&mut self, name: &str, value: &str) -> Result<(), HttpError> {
        let (name, value) = header(name, value)?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Adds pairs to the URL's query, behind what is there.
    pub fn add_query<'a>(&mut self, pairs: impl IntoIterator<Item = &'a (String, String)>) {
        add_query(&mut self.url, &super::encode_form(pairs));
    }
}

/// Adds an encoded query behind the one that is there.
pub(super) fn add_query(url: &mut Url, more: &str) {
    if more.is_empty() {
        return;
    }
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&{more}"),
        _ => more.to_owned(),
    };
    url.set_query(Some(&query));
}

/// Parses an http or https URL.
pub(crate) fn parse_url(text: &str) -> Result<Url, HttpError> {
    let url = Url::parse(text.trim()).map_err(|error| HttpError::invalid_url(text, &error))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        scheme => Err(HttpError::invalid_url(text, &format!("URL must start with \"http\" or \"https\", not {scheme:?}"))),
    }
}

pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), HttpError> {
    let invalid = || HttpError::InvalidHeader { name: name.to_owned() };
    let parsed = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| invalid())?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| invalid())?;
    Ok((parsed, value))
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("accept_any_certificate", &self.accept_any_certificate)
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}
