//! Users and their API keys.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine_core::model::{Json, Timestamp};
use engine_core::store::{ApiKey, ApiKeyId, NewUser, PageRequest, User, UserChange, UserId};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::input::{Ask, Caller, PageQuery, Place, Read};
use super::sign_in::signed_in;
use super::{audit, output};
use crate::access::{API_KEY_PREFIX, Identity, Permission, Role, check_new, digest, known, new_secret};
use crate::problem::{ApiError, Detail};
use crate::service::Inner;

/// A user to add.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddUser {
    /// E-mail address.
    #[schemars(email)]
    email: String,
    /// Name, for people.
    #[serde(default)]
    name: String,
    /// What the user may do.
    role: Role,
    /// At least 10 characters.
    #[schemars(length(min = 10, max = 256))]
    password: String,
}

/// What changes about a user.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChangeUser {
    /// Name, for people.
    name: Option<String>,
    /// What the user may do.
    role: Option<Role>,
    /// Whether signing in is forbidden.
    disabled: Option<bool>,
}

/// An API key to make.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddKey {
    /// Name, for people.
    name: String,
    /// What it allows, such as `workflow:read`; `*` for all that its user may do.
    scopes: Vec<String>,
    /// When it ends, as RFC 3339.
    expires_at: Option<String>,
    /// Addresses and networks from which it may be used; any, when empty.
    #[serde(default)]
    addresses: Vec<String>,
}

/// An e-mail address, as it is stored.
pub(crate) fn address(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let has_form = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    if has_form && text.len() <= 254 && !text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Ok(text.to_lowercase());
    }
    Err(wrong("/email", "this is no e-mail address"))
}

fn wrong(pointer: &str, message: impl Into<String>) -> ApiError {
    ApiError::invalid("a field cannot be taken").with_errors(vec![Detail { pointer: pointer.to_owned(), message: message.into(), code: None }])
}

/// A user as the API shows it.
pub(super) fn show(user: &User) -> Value {
    json!({
        "id": user.id, "email": user.email, "name": user.name, "role": user.role, "disabled": user.disabled, "verified": user.verified,
        "lockedUntil": user.locked_until, "createdAt": user.created, "updatedAt": user.updated,
    })
}

pub(super) async fn list(State(service): State<Arc<Inner>>, Caller(identity): Caller, Ask(query): Ask<PageQuery>) -> Result<Response, ApiError> {
    let (limit, after) = query.read()?;
    let page = service.stores.accounts.users(PageRequest { limit, after }).await?;
    let own = page.items.iter().filter(|user| user.tenant == identity.tenant);
    Ok(output::page(&own.map(show).collect::<Vec<_>>(), page.next.as_ref()))
}

/// A user of the caller's tenant. Those of others are answered like users that are not there.
async fn own(service: &Inner, identity: &Identity, id: UserId) -> Result<User, ApiError> {
    let user = known(service.stores.accounts.user(id).await)?.filter(|user| user.tenant == identity.tenant);
    user.ok_or_else(|| ApiError::not_found("user", &id.to_string()))
}

pub(super) async fn add(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Read(body, _share): Read<AddUser>,
) -> Result<Response, ApiError> {
    let email = address(&body.email)?;
    check_new(&body.password, &email)?;
    let user = NewUser {
        id: UserId::new(service.executions.new_id().as_uuid()),
        tenant: identity.tenant.clone(),
        email,
        name: body.name,
        role: body.role.as_str().to_owned(),
        password_hash: Some(service.passwords.hash(body.password).await?),
    };
    let user = service.stores.accounts.add_user(user).await?;
    audit::note(&service, &identity, "user.create", &user.id.to_string()).await?;
    Ok(output::created(&format!("/api/v1/users/{}", user.id), &show(&user)))
}

pub(super) async fn read(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<Uuid>) -> Result<Response, ApiError> {
    Ok(output::ok(&show(&own(&service, &identity, UserId::new(id)).await?)))
}

pub(super) async fn change(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<Uuid>,
    Read(body, _share): Read<ChangeUser>,
) -> Result<Response, ApiError> {
    let id = own(&service, &identity, UserId::new(id)).await?.id;
    if identity.user == Some(id) && (body.role.is_some_and(|role| role != Role::Admin) || body.disabled == Some(true)) {
        return Err(ApiError::conflict("nobody takes away the own administration"));
    }
    let role = body.role.map(|role| role.as_str().to_owned());
    let user =
        service.stores.accounts.change_user(id, UserChange { name: body.name, role, disabled: body.disabled, ..UserChange::default() }).await?;
    if user.disabled {
        service.stores.accounts.end_sessions(id, None).await?;
    }
    audit::note(&service, &identity, "user.update", &id.to_string()).await?;
    Ok(output::ok(&show(&user)))
}

pub(super) async fn remove(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<Uuid>) -> Result<Response, ApiError> {
    if identity.user == Some(UserId::new(id)) {
        return Err(ApiError::conflict("nobody removes themselves"));
    }
    let user = own(&service, &identity, UserId::new(id)).await?;
    service.stores.accounts.delete_user(user.id).await?;
    audit::note(&service, &identity, "user.delete", &id.to_string()).await?;
    Ok(output::done())
}

pub(super) async fn keys(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    let keys = service.stores.accounts.api_keys(signed_in(&identity)?).await?;
    Ok(output::page::<Uuid>(&keys.iter().map(show_key).collect::<Vec<_>>(), None))
}

fn show_key(key: &ApiKey) -> Value {
    json!({
        "id": key.id, "name": key.name, "prefix": key.prefix, "scopes": key.scopes, "addresses": key.attributes.get("addresses"),
        "createdAt": key.created, "expiresAt": key.expires, "usedAt": key.used,
    })
}

pub(super) async fn add_key(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Read(body, _share): Read<AddKey>,
) -> Result<Response, ApiError> {
    let user = signed_in(&identity)?;
    if identity.session.is_none() {
        return Err(ApiError::forbidden("a session: a key makes no other keys"));
    }
    if let Some(scope) = body.scopes.iter().find(|scope| *scope != "*" && !Permission::ALL.iter().any(|permission| permission.scope() == **scope)) {
        return Err(wrong("/scopes", format!("there is no scope {scope:?}")));
    }
    if let Some(address) = body.addresses.iter().find(|address| network(address).is_none()) {
        return Err(wrong("/addresses", format!("{address:?} is neither an address nor a network")));
    }
    let addresses: Vec<String> = body.addresses.iter().filter_map(|address| network(address)).map(|network| network.to_string()).collect();
    let expires = body.expires_at.as_deref().map(Timestamp::parse).transpose().map_err(|error| wrong("/expiresAt", error.to_string()))?;
    let secret = format!("{API_KEY_PREFIX}{}", new_secret());
    let key = ApiKey {
        id: ApiKeyId::new(service.executions.new_id().as_uuid()),
        user,
        name: body.name,
        prefix: secret.chars().take(API_KEY_PREFIX.len() + 6).collect(),
        hash: digest(&secret),
        scopes: body.scopes,
        attributes: Json::from_iter([("addresses".to_owned(), addresses.into())]),
        created: service.engine.runtime().now(),
        expires,
        used: None,
    };
    let mut shown = show_key(&key);
    // The only time that anybody sees it.
    shown["key"] = secret.into();
    let id = key.id;
    service.stores.accounts.add_api_key(key).await?;
    audit::note(&service, &identity, "api-key.create", &id.to_string()).await?;
    Ok(output::created(&format!("/api/v1/api-keys/{id}"), &shown))
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

pub(super) async fn remove_key(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<Uuid>) -> Result<Response, ApiError> {
    service.stores.accounts.delete_api_key(signed_in(&identity)?, ApiKeyId::new(id)).await?;
    audit::note(&service, &identity, "api-key.delete", &id.to_string()).await?;
    Ok(output::done())
}
