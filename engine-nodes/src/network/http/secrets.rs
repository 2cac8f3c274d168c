//! What proves who asks. It travels apart from the request and is put onto it only for the hosts that it belongs to.

use std::fmt;
use std::sync::Arc;

use engine_core::credential::Credential;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::oauth::OAuth;
use super::request::{add_query, header};
use super::{HttpError, encode_form};
use crate::network::policy::HostPattern;

/// What proves who asks: headers, query parameters or a digest, and the hosts that may see them.
///
/// The hosts of the credential and the request's own host decide: a credential that is bound to other hosts fails the request, and a redirect to
/// another host goes on without it.
#[derive(Clone, Default)]
pub struct Secrets {
    credential: Credential,
    hosts: Option<Vec<HostPattern>>,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    pub(super) digest: Option<DigestLogin>,
    pub(super) oauth: Option<Arc<OAuth>>,
    in_body: bool,
}

/// Name and password for digest authentication.
#[derive(Clone)]
pub(super) struct DigestLogin {
    pub(super) user: String,
    pub(super) password: String,
}

impl Secrets {
    /// Secrets taken from this credential, which knows the hosts that it is bound to. Nothing is sent yet.
    pub fn of(credential: Credential) -> Self {
        Self { credential, ..Self::default() }
    }

    /// Binds them to these hosts as well; `*.example.com` means any host below. A name that is none matches nothing.
    #[must_use]
    pub fn bound_to<'a>(mut self, hosts: impl IntoIterator<Item = &'a str>) -> Self {
        self.hosts = Some(hosts.into_iter().filter_map(|host| HostPattern::parse(host).ok()).collect());
        self
    }

    /// Adds a header.
    ///
    /// # Errors
    /// When name or value have characters that headers cannot have.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HttpError> {
        let (name, mut value) = header(name, value)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Answers a digest challenge (RFC 7616) with this name and password.
    #[must_use]
    pub fn digest(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.digest = Some(DigestLogin { user: user.into(), password: password.into() });
        self
    }

    /// Adds name and password for basic authentication (RFC 7617).
    ///
    /// # Errors
    /// Never: the encoded pair is a valid header.
    pub fn basic(self, user: &str, password: &str) -> Result<Self, HttpError> {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// Adds a token that can be renewed.
    #[must_use]
    pub(crate) fn oauth(mut self, oauth: OAuth) -> Self {
        self.oauth = Some(Arc::new(oauth));
        self
    }

    /// Says that the body holds a secret: it is not sent on to another host then.
    #[must_use]
    pub fn in_body(mut self) -> Self {
        self.in_body = true;
        self
    }

    /// The credential that they came from.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whether there is anything to protect.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_empty() && self.digest.is_none() && self.oauth.is_none() && !self.in_body
    }

    /// Fails when they may not be sent to the host of `url`.
    pub(super) fn check_host(&self, url: &Url) -> Result<(), HttpError> {
        let host = url.host_str().unwrap_or_default();
        let bound_elsewhere = self.hosts.as_ref().is_some_and(|hosts| !hosts.iter().any(|pattern| pattern.matches(host)));
        if !self.is_empty() && (bound_elsewhere || !self.credential.may_be_sent_to(host)) {
            return Err(HttpError::CredentialRefused { host: host.to_owned() });
        }
        Ok(())
    }

    /// Whether a request that holds them in its body may go on to another host with that body.
    pub(super) fn are_in_body(&self) -> bool {
        self.in_body
    }

    /// Puts them onto a request. Headers replace those of the same name.
    pub(super) fn apply(&self, url: &mut Url, headers: &mut HeaderMap) {
        add_query(url, &encode_form(&self.query));
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
    }

    #[cfg(test)]
    pub(crate) fn apply_for_test(&self, url: &mut Url, headers: &mut HeaderMap) {
        self.apply(url, headers);
    }

    /// The names of the headers that hold secrets.
    pub fn header_names(&self) -> impl Iterator<Item = &HeaderName> {
        self.headers.keys()
    }

    pub(super) fn authorization(login: &str) -> HeaderValue {
        let mut value = HeaderValue::from_str(login).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("digest", &self.digest.is_some())
            .field("oauth", &self.oauth)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
