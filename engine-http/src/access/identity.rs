//! From a request's headers to a caller.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use engine_core::model::{Json, Timestamp};
use engine_core::store::{ApiKey, ApiKeyId, StoreError, TenantId, User, UserId};
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

use super::{Permission, Role, digest};
use crate::problem::ApiError;
use crate::service::Inner;
use crate::sharing::is_shared;

/// How people sign in. Without it, everybody who reaches the server is its administrator.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignIn {
    /// Signs access tokens: at least 32 bytes, kept from everybody.
    pub secret: Vec<u8>,
    /// Names this server in its tokens.
    pub issuer: String,
    /// How long an access token is good.
    pub access_lifetime: Duration,
    /// How long somebody stays signed in without coming back.
    pub refresh_lifetime: Duration,
    /// Whether anybody may register; the first one to do so becomes the administrator in any case.
    pub open_registration: bool,
    /// Whether people who registered have to confirm their address before they sign in. Needs a [`mailer`](crate::Config::mailer).
    pub require_confirmation: bool,
    /// So many failures in a row lock an account.
    pub max_failures: u32,
    /// For how long.
    pub lock_out: Duration,
}

impl SignIn {
    /// The usual, with this secret.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self {
            secret: secret.into(),
            issuer: "engine".to_owned(),
            access_lifetime: Duration::from_mins(15),
            refresh_lifetime: Duration::from_hours(24 * 30),
            open_registration: false,
            require_confirmation: false,
            max_failures: 5,
            lock_out: Duration::from_mins(30),
        }
    }

    /// Changes a field in place.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// None for the one user of a server without sign-in.
    pub(crate) user: Option<UserId>,
    pub(crate) role: Role,
    pub(crate) tenant: TenantId,
    pub(crate) session: Option<Uuid>,
    /// The API key that was shown, where one was.
    pub(crate) key: Option<ApiKeyId>,
    /// What an API key allows; `None` stands for all that the role does.
    scopes: Option<Vec<String>>,
}

impl Identity {
    /// The one user of a server without sign-in.
    fn owner() -> Self {
        Self { user: None, role: Role::Admin, tenant: TenantId::default(), session: None, key: None, scopes: None }
    }

    /// Somebody who shows nothing, on a route that is open to all.
    pub(crate) fn nobody() -> Self {
        Self { user: None, role: Role::Viewer, tenant: TenantId::default(), session: None, key: None, scopes: Some(Vec::new()) }
    }

    fn of(user: &User) -> Self {
        Self { user: Some(user.id), role: Role::named(&user.role), tenant: user.tenant.clone(), session: None, key: None, scopes: None }
    }

    /// Whether it has a permission.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        let in_scope = self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| scope == "*" || scope == permission.scope()));
        permission == Permission::Public || (in_scope && self.role >= permission.role())
    }

    /// Who it is, for logs.
    pub(crate) fn name(&self) -> String {
        match self.user {
            Some(user) => user.to_string(),
            None if self.scopes.is_none() => "owner".to_owned(),
            None => "nobody".to_owned(),
        }
    }

    /// Whether something with these labels may be seen: by its owner, by those with whom it is shared, by administrators.
    pub(crate) fn sees(&self, labels: &Json) -> bool {
        if self.role == Role::Admin {
            return true;
        }
        self.user.is_some_and(|user| is_shared(labels, &user.to_string()))
    }

    /// Whether a credential with these labels may be used: by those with whom it is shared, and by nobody for being an administrator.
    pub(crate) fn uses(&self, labels: &Json) -> bool {
        is_shared(labels, &self.name())
    }

    /// Whether something with these labels may be changed.
    pub(crate) fn changes(&self, labels: &Json) -> bool {
        if self.role == Role::Admin {
            return true;
        }
        let Some(user) = self.user.map(|user| user.to_string()) else { return false };
        let named = |key: &str| {
            labels.get(key).is_some_and(|value| match value {
                Value::Array(list) => list.iter().any(|entry| *entry == user),
                other => *other == user,
            })
        };
        self.sees(labels) && (named("owner") || named("editors"))
    }

    /// Whether something with these labels belongs to it.
    pub(crate) fn owns(&self, labels: &Json) -> bool {
        self.role == Role::Admin || self.user.is_some_and(|user| labels.get("owner").is_some_and(|owner| *owner == user.to_string()))
    }

    /// The labels of something new that it owns.
    pub(crate) fn labels(&self) -> Json {
        let name = self.name();
        Json::from_iter([("owner".to_owned(), name.clone().into()), ("access".to_owned(), vec![name].into())])
    }
}

/// Who calls.
///
/// # Errors
/// When what the caller shows is no good, or nothing was shown and something is needed.
pub(crate) async fn authenticate(service: &Inner, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Identity, ApiError> {
    let Some(tokens) = &service.tokens else { return Ok(Identity::owner()) };
    let shown = shown(headers).ok_or_else(ApiError::unauthenticated)?;
    let accounts = &service.stores.accounts;
    if shown.starts_with(API_KEY_PREFIX) {
        let key = accounts.api_key_by_hash(&digest(shown)).await?.ok_or_else(ApiError::unauthenticated)?;
        let now = service.engine.runtime().now();
        if !is_good(&key, now, address) {
            return Err(ApiError::unauthenticated());
        }
        let user = enabled(known(accounts.user(key.user).await)?)?;
        // A store that has no room can still be read.
        if key.used.is_none_or(|used| now.since(used) > Duration::from_mins(1))
            && let Err(error) = accounts.touch_api_key(key.id, now).await
        {
            tracing::debug!(%error, "the use of an API key could not be noted");
        }
        return Ok(Identity { key: Some(key.id), scopes: Some(key.scopes), ..Identity::of(&user) });
    }
    let claims = tokens.read(shown).ok_or_else(ApiError::unauthenticated)?;
    let session = accounts.session(claims.sid).await?.filter(|session| session.user == claims.sub).ok_or_else(ApiError::unauthenticated)?;
    let user = enabled(known(accounts.user(claims.sub).await)?)?;
    Ok(Identity { session: Some(session.id), ..Identity::of(&user) })
}

/// What API keys begin with.
pub(crate) const API_KEY_PREFIX: &str = "engk_";

/// A user, where there is one. A store that does not answer is no reason to sign anybody out.
pub(crate) fn known(user: Result<User, StoreError>) -> Result<Option<User>, StoreError> {
    match user {
        Ok(user) => Ok(Some(user)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn enabled(user: Option<User>) -> Result<User, ApiError> {
    user.filter(|user| !user.disabled).ok_or_else(ApiError::unauthenticated)
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    // A page cannot set headers of a WebSocket, but for the protocols that it offers.
    let offered = || text("sec-websocket-protocol")?.split(',').find_map(|offered| offered.trim().strip_prefix("engine.bearer."));
    bearer.or_else(|| text("x-api-key")).or_else(|| text("x-n8n-api-key")).or_else(offered).filter(|shown| !shown.is_empty() && shown.len() < 4096)
}

fn is_good(key: &ApiKey, now: Timestamp, address: Option<IpAddr>) -> bool {
    let allowed = key.attributes.get("addresses").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let networks = allowed.iter().filter_map(|network| network.as_str()?.parse::<IpNet>().ok());
    let from_there = address.is_some_and(|address| networks.into_iter().any(|network| network.contains(&address.to_canonical())));
    key.expires.is_none_or(|expires| now < expires) && (allowed.is_empty() || from_there)
}
