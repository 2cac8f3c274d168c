//! OAuth 2.0 (RFC 6749): access tokens, asked for with the client's own name (client credentials) or renewed with a refresh token.
//!
//! Tokens are kept in memory, one for each credential. A new refresh token that a server hands out is used from then on, and lost with the process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine_core::model::Json;
use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{ArrayFormat, Body, HttpClient, HttpError, HttpRequest, Redirects, Secrets, encode_form, query_pairs};

/// The access token of a credential, and how another is had.
pub(crate) struct OAuth {
    /// The token that the credential holds, with its type: `Bearer abc`.
    pub(crate) stored: Option<String>,
    /// Where tokens are handed out.
    pub(crate) endpoint: Endpoint,
}

/// Where tokens are handed out, and to whom.
#[derive(Hash)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) scope: String,
    /// With this token; by the client's own name where there is none.
    pub(crate) refresh_token: Option<String>,
    /// Name and secret of the client go into the body, not into a header.
    pub(crate) in_body: bool,
}

/// Tokens that were handed out, by the endpoint that they came from.
#[derive(Default)]
pub(super) struct Tokens {
    held: Mutex<HashMap<u64, Arc<futures::lock::Mutex<Option<Token>>>>>,
}

#[derive(Clone)]
struct Token {
    authorization: String,
    until: Option<Instant>,
    /// With which the next one is had.
    renewal: Option<String>,
}

/// More credentials than this are not remembered at a time.
const MOST_HELD: usize = 10_000;

/// A token is not used in its last seconds: it might end on the way.
const MARGIN: Duration = Duration::from_secs(30);

/// How long an endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much of an endpoint's answer is read.
const MOST_READ: u64 = 1 << 20;

/// The errors of token endpoints (RFC 6749, section 5.2).
const ERRORS: [&str; 6] = ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"];

impl HttpClient {
    /// Asks for an access token by the client's own name, whether one is held or not; `None` for secrets that do not get theirs this way.
    pub(crate) async fn ask_token(&self, secrets: &Secrets) -> Option<Result<(), HttpError>> {
        let oauth = secrets.oauth.as_ref().filter(|oauth| oauth.stored.is_none() && oauth.endpoint.refresh_token.is_none())?;
        Some(oauth.endpoint.ask(self, None).await.map(drop))
    }
}

impl Tokens {
    fn slot(&self, key: u64) -> Arc<futures::lock::Mutex<Option<Token>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST_HELD {
            held.clear();
        }
        Arc::clone(held.entry(key).or_default())
    }

    /// The value of `authorization` for a request; asked for where the credential holds none.
    pub(super) async fn current(&self, client: &HttpClient, oauth: &OAuth) -> Result<String, HttpError> {
        let slot = self.slot(client.keyed(&oauth.endpoint));
        let mut token = slot.lock().await;
        match (token.as_ref(), &oauth.stored) {
            (Some(held), _) if held.until.is_none_or(|until| Instant::now() < until) => return Ok(held.authorization.clone()),
            (None, Some(stored)) => return Ok(stored.clone()),
            _ => {}
        }
        let fresh = oauth.endpoint.ask(client, token.as_ref()).await?;
        Ok(token.insert(fresh).authorization.clone())
    }

    /// Another token than the one that a server did not take.
    pub(super) async fn renewed(&self, client: &HttpClient, oauth: &OAuth, refused: &str) -> Result<String, HttpError> {
        let slot = self.slot(client.keyed(&oauth.endpoint));
        let mut token = slot.lock().await;
        if let Some(held) = token.as_ref().filter(|held| held.authorization != refused) {
            // Somebody else renewed it in the meantime.
            return Ok(held.authorization.clone());
        }
        let fresh = oauth.endpoint.ask(client, token.as_ref()).await?;
        Ok(token.insert(fresh).authorization.clone())
    }
}

impl Endpoint {
    async fn ask(&self, client: &HttpClient, last: Option<&Token>) -> Result<Token, HttpError> {
        let refresh_token = last.and_then(|token| token.renewal.clone()).or_else(|| self.refresh_token.clone());
        let mut request = HttpRequest::new(Method::POST, self.url.clone());
        request.redirects = Redirects::Never;
        request.timeout = TIMEOUT;
        request.header("content-type", "application/x-www-form-urlencoded")?;
        request.header("accept", "application/json")?;
        request.secrets = if self.in_body { Secrets::default().in_body() } else { Secrets::default().basic(&self.client_id, &self.client_secret)? };
        request.body = self.form(refresh_token.as_deref());
        // The request is one of its own, with secrets of its own: it does not come back here.
        let response = Box::pin(client.send(request)).await?;
        let status = response.status;
        let bytes = response.bytes(MOST_READ).await?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        token(&answer, refresh_token).filter(|_| status.is_success()).ok_or_else(|| {
            let reason = ["error_description", "error", "message"].iter().find_map(|key| answer.get(*key)?.as_str());
            let reason = reason.map_or_else(|| format!("status {}", status.as_u16()), str::to_owned);
            let code = ERRORS.iter().find(|code| answer.get("error").and_then(Value::as_str) == Some(**code)).copied();
            HttpError::TokenRefused { host: self.url.host_str().unwrap_or_default().to_owned(), reason, code }
        })
    }

    fn form(&self, refresh_token: Option<&str>) -> Body {
        let mut fields = Json::new();
        let mut put = |name: &str, value: &str| drop(fields.insert(name.to_owned(), value.into()));
        match refresh_token {
            Some(token) => {
                put("grant_type", "refresh_token");
                put("refresh_token", token);
            }
            None => put("grant_type", "client_credentials"),
        }
        if !self.scope.is_empty() && refresh_token.is_none() {
            put("scope", &self.scope);
        }
        if self.in_body {
            put("client_id", &self.client_id);
            put("client_secret", &self.client_secret);
        }
        Body::from(encode_form(&query_pairs(&fields, ArrayFormat::Brackets)))
    }
}

/// The token of an endpoint's answer.
fn token(answer: &Value, last_refresh: Option<String>) -> Option<Token> {
    let lifetime = answer.get("expires_in").and_then(|seconds| seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()));
    Some(Token {
        authorization: authorization(answer)?,
        until: lifetime.map(|seconds| Instant::now() + Duration::from_secs(seconds).saturating_sub(MARGIN)),
        renewal: answer.get("refresh_token").and_then(Value::as_str).map(str::to_owned).or(last_refresh),
    })
}

/// The access token of an answer or a credential, with its type.
pub(crate) fn authorization(data: &Value) -> Option<String> {
    let token = data.get("access_token")?.as_str()?;
    let kind = data.get("token_type").and_then(Value::as_str).filter(|kind| !kind.eq_ignore_ascii_case("bearer") && !kind.is_empty());
    Some(format!("{} {token}", kind.unwrap_or("Bearer")))
}

impl Endpoint {
    /// What tells endpoints apart, secrets included.
    pub(super) fn key(&self, mut hasher: impl Hasher) -> u64 {
        self.hash(&mut hasher);
        hasher.finish()
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("stored", &self.stored.is_some()).field("endpoint", &self.endpoint.url.host_str()).finish_non_exhaustive()
    }
}
