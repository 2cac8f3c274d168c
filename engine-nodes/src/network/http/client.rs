//! The client: what a policy and a pool of connections make of a request.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HeaderMap, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use reqwest::redirect::Policy;
use tokio::time::Instant;
use url::{Host, Url};

use super::digest::Challenge;
use super::hop::Hop;
use super::oauth::{Endpoint, OAuth, Tokens};
use super::{HttpError, HttpRequest, HttpResponse, Secrets, TlsOptions};
use crate::network::NetworkPolicy;
use crate::network::resolver::{GuardedResolver, NameService, SystemNames};

/// Sends requests to what its policy permits. Cloning it clones a handle: the connections are shared.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

struct Inner {
    resolver: GuardedResolver,
    checked: OnceLock<Result<reqwest::Client, String>>,
    unchecked: OnceLock<Result<reqwest::Client, String>>,
    tokens: Tokens,
    random: RandomState,
}

/// Headers that belong to the connection. Whoever set them by hand would cut a message at another place than the server does.
const OF_CONNECTION: [HeaderName; 7] = [CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// How this client calls itself.
const USER_AGENT: &str = concat!("engine/", env!("CARGO_PKG_VERSION"));

impl Default for HttpClient {
    fn default() -> Self {
        Self::new(NetworkPolicy::default())
    }
}

impl HttpClient {
    /// A client with this policy that asks the operating system for addresses.
    pub fn new(policy: NetworkPolicy) -> Self {
        Self::with_names(policy, Arc::new(SystemNames))
    }

    /// A client that asks `names` for addresses. The policy judges what it answers.
    pub fn with_names(policy: NetworkPolicy, names: Arc<dyn NameService>) -> Self {
        let resolver = GuardedResolver { names, policy: Arc::new(policy) };
        Self {
            inner: Arc::new(Inner {
                resolver,
                checked: OnceLock::new(),
                unchecked: OnceLock::new(),
                tokens: Tokens::default(),
                random: RandomState::new(),
            }),
        }
    }

    /// The policy.
    pub fn policy(&self) -> &NetworkPolicy {
        &self.inner.resolver.policy
    }

    /// Sends a request, follows redirects, answers a digest challenge. The response's body is yet to be read; it may have any status.
    ///
    /// Dropping the future breaks the exchange off.
    ///
    /// # Errors
    /// When the policy refuses the target or one on the way, no response comes, or the caller does not run on tokio.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(HttpError::Setup("requests need a tokio runtime".to_owned()));
        }
        let limits = self.policy().limits;
        let deadline = Instant::now() + limits.duration;
        let timeout = request.timeout.min(limits.duration);
        let client = self.client(&request)?;
        let proxied = request.proxy.is_some();
        let mut hop = Hop::first(request, limits.redirects);
        let exchange = async {
            loop {
                self.check_target(&hop.url, proxied)?;
                let response = self.exchange(&client, &hop).await?;
                if !hop.follow(response.status(), response.headers())? {
                    return Ok::<_, HttpError>(response);
                }
            }
        };
        let inner = match tokio::time::timeout(timeout, exchange).await {
            Ok(Err(HttpError::Timeout { .. })) | Err(_) => return Err(HttpError::Timeout { after: timeout }),
            Ok(response) => response?,
        };
        let (status, headers) = (inner.status(), inner.headers().clone());
        Ok(HttpResponse { status, headers, url: hop.url, inner, pause: timeout, deadline })
    }

    /// The addresses of a host that the policy permits: for nodes that speak something else than HTTP. They connect to these addresses and look
    /// nothing up themselves.
    ///
    /// # Errors
    /// When the policy permits none, or the name cannot be looked up.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, HttpError> {
        if let Ok(address) = host.parse() {
            return self.judge(host, address).map(|()| vec![address]);
        }
        match Host::parse(host).map_err(|error| HttpError::invalid_url(host, &error))? {
            Host::Domain(name) => Ok(self.inner.resolver.permitted(&name).await?.iter().map(SocketAddr::ip).collect()),
            Host::Ipv4(address) => self.judge(host, address.into()).map(|()| vec![address.into()]),
            Host::Ipv6(address) => self.judge(host, address.into()).map(|()| vec![address.into()]),
        }
    }

    fn judge(&self, host: &str, address: IpAddr) -> Result<(), HttpError> {
        let policy = self.policy();
        if policy.permits(address) || policy.trusts(host.trim_matches(['[', ']'])) {
            return Ok(());
        }
        Err(HttpError::Refused { host: host.to_owned(), address })
    }

    /// One request and its response; two when the server wants a digest.
    async fn exchange(&self, client: &reqwest::Client, hop: &Hop) -> Result<reqwest::Response, HttpError> {
        let (mut url, mut headers) = (hop.url.clone(), hop.headers.clone());
        if let Some(secrets) = &hop.secrets {
            secrets.check_host(&url)?;
            secrets.apply(&mut url, &mut headers);
        }
        let oauth = hop.secrets.as_ref().and_then(|secrets| secrets.oauth.as_deref());
        if let Some(oauth) = oauth {
            return self.exchange_with_token(client, hop, (&url, headers), oauth).await;
        }
        let response = send_once(client, hop, &url, headers.clone()).await?;
        let login = hop.secrets.as_ref().and_then(|secrets| secrets.digest.as_ref());
        let Some(login) = login.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else { return Ok(response) };
        let Some(challenge) = Challenge::find(response.headers()) else { return Ok(response) };
        let answer = challenge.answer(login, &hop.method, &url, &self.nonce());
        headers.insert(AUTHORIZATION, Secrets::authorization(&answer));
        send_once(client, hop, &url, headers).await
    }

    /// The same with an access token; once more with another where the server does not take the first.
    async fn exchange_with_token(
        &self,
        client: &reqwest::Client,
        hop: &Hop,
        (url, mut headers): (&Url, HeaderMap),
        oauth: &OAuth,
    ) -> Result<reqwest::Response, HttpError> {
        let tokens = &self.inner.tokens;
        let token = tokens.current(self, oauth).await?;
        headers.insert(AUTHORIZATION, Secrets::authorization(&token));
        let response = send_once(client, hop, url, headers.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let fresh = tokens.renewed(self, oauth, &token).await?;
        headers.insert(AUTHORIZATION, Secrets::authorization(&fresh));
        send_once(client, hop, url, headers).await
    }

    /// A number for an endpoint, by which its token is found again in this process.
    pub(super) fn keyed(&self, endpoint: &Endpoint) -> u64 {
        endpoint.key(self.inner.random.build_hasher())
    }

    /// Addresses that stand in the URL itself never reach the resolver; a proxy resolves names itself.
    fn check_target(&self, url: &Url, proxied: bool) -> Result<(), HttpError> {
        let host = url.host_str().unwrap_or_default();
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(name)) => return if proxied && !self.policy().trusts(name) { check_name(name) } else { Ok(()) },
            None => return Err(HttpError::invalid_url(url.as_str(), &"it names no host")),
        };
        self.judge(host, address)
    }

    fn client(&self, request: &HttpRequest) -> Result<reqwest::Client, HttpError> {
        let tls = &request.tls;
        if request.proxy.is_some() || tls.authorities.is_some() || tls.identity.is_some() {
            return self.build(tls, request.proxy.as_ref());
        }
        let (cell, tls) = if tls.accept_any_certificate { (&self.inner.unchecked, tls) } else { (&self.inner.checked, tls) };
        let built = cell.get_or_init(|| self.build(tls, None).map_err(|error| error.to_string()));
        built.clone().map_err(HttpError::Setup)
    }

    fn build(&self, tls: &TlsOptions, proxy: Option<&Url>) -> Result<reqwest::Client, HttpError> {
        let setup = |error: reqwest::Error| HttpError::Setup(error.to_string());
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(self.inner.resolver.clone()));
        if tls.accept_any_certificate {
            builder = builder.danger_accept_invalid_certs(true);
        }
        if let Some(authorities) = &tls.authorities {
            for certificate in reqwest::Certificate::from_pem_bundle(authorities.as_bytes()).map_err(setup)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        if let Some(identity) = &tls.identity {
            builder = builder.identity(reqwest::Identity::from_pem(identity.as_bytes()).map_err(setup)?);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(self.proxy(proxy)?);
        }
        builder.build().map_err(setup)
    }

    fn proxy(&self, url: &Url) -> Result<reqwest::Proxy, HttpError> {
        let host = url.host_str().unwrap_or_default();
        if !self.policy().permits_proxy(host.trim_matches(['[', ']'])) {
            return Err(HttpError::ProxyRefused { host: host.to_owned(), reason: "the network policy does not name the proxy" });
        }
        reqwest::Proxy::all(url.as_str()).map_err(|error| HttpError::Setup(error.without_url().to_string()))
    }

    fn nonce(&self) -> String {
        format!("{:016x}{:016x}", self.inner.random.hash_one(Instant::now()), self.inner.random.hash_one("cnonce"))
    }
}

async fn send_once(client: &reqwest::Client, hop: &Hop, url: &Url, mut headers: HeaderMap) -> Result<reqwest::Response, HttpError> {
    for name in &OF_CONNECTION {
        headers.remove(name);
    }
    let mut request = client.request(hop.method.clone(), url.clone()).headers(headers);
    if !hop.body.is_none() {
        // A stream's length is not known to the client; without the header it would be sent in chunks, which many servers refuse.
        request = request.header(CONTENT_LENGTH, hop.body.size()).body(hop.body.open().await?);
    }
    request.send().await.map_err(|error| HttpError::from_transport(&error, std::time::Duration::ZERO))
}

/// Names that lead inside by convention, for requests whose names a proxy looks up.
fn check_name(name: &str) -> Result<(), HttpError> {
    let name = name.trim_end_matches('.');
    let inside = !name.contains('.') || [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".corp"].iter().any(|end| name.ends_with(end));
    if inside {
        return Err(HttpError::ProxyRefused { host: name.to_owned(), reason: "the name belongs to an inside network" });
    }
    Ok(())
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("policy", self.policy()).finish_non_exhaustive()
    }
}
