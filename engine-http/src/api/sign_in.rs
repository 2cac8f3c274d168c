//! Signing in and out: register, login, refresh, logout, sessions, me.
//!
//! An unknown address and a wrong password are answered alike, and take alike. A refresh token is good once; one that is shown again after it was exchanged means that
//! it was stolen, and ends the session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::model::{Json, Timestamp};
use engine_core::store::{LoginResult, NewUser, PageRequest, Session, TenantId, User, UserChange, UserId};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::input::{Caller, Place, Read};
use super::{audit, output, recovery, users};
use crate::access::{Identity, Role, Tokens, check_new, digest, known};
use crate::problem::ApiError;
use crate::service::Inner;

/// Somebody new.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Register {
    /// E-mail address.
    #[schemars(email)]
    email: String,
    /// Name, for people.
    #[serde(default)]
    name: String,
    /// At least 10 characters.
    #[schemars(length(min = 10, max = 256))]
    password: String,
}

/// Somebody who comes back.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Login {
    /// E-mail address.
    email: String,
    /// Password.
    password: String,
}

/// A session that goes on.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refresh {
    /// The refresh token of the last answer.
    refresh_token: String,
}

/// A new password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The present password.
    current: String,
    /// The new one.
    #[schemars(length(min = 10, max = 256))]
    password: String,
}

/// Signing in exists only where it is configured.
pub(super) fn tokens(service: &Inner) -> Result<(&Tokens, &crate::SignIn), ApiError> {
    let off = || ApiError::new(StatusCode::NOT_FOUND, "sign-in-off", "nobody has to sign in on this server");
    service.tokens.as_ref().zip(service.config.sign_in.as_ref()).ok_or_else(off)
}

pub(super) async fn register(State(service): State<Arc<Inner>>, Read(body, _share): Read<Register>) -> Result<Response, ApiError> {
    let (_, sign_in) = tokens(&service)?;
    let email = users::address(&body.email)?;
    check_new(&body.password, &email)?;
    let _turn = service.registering.lock().await;
    let is_first = service.stores.accounts.users(PageRequest::first(1)).await?.items.is_empty();
    if !is_first && !sign_in.open_registration {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "registration-closed", "an administrator adds users here"));
    }
    let role = if is_first { Role::Admin } else { Role::User };
    let user = NewUser {
        id: UserId::new(service.executions.new_id().as_uuid()),
        tenant: TenantId::default(),
        email,
        name: body.name,
        role: role.as_str().to_owned(),
        password_hash: Some(service.passwords.hash(body.password).await?),
    };
    let user = service.stores.accounts.add_user(user).await?;
    recovery::welcome(&service, &user).await?;
    if sign_in.require_confirmation && !is_first {
        return Ok(crate::problem::json(StatusCode::CREATED, &json!({"user": users::show(&user)})));
    }
    begin(&service, &user, StatusCode::CREATED).await
}

/// A failed attempt is answered no sooner than this: what is noted about those who exist takes a moment longer.
const FAILED_AFTER: Duration = Duration::from_millis(300);

pub(super) async fn login(State(service): State<Arc<Inner>>, Read(body, _share): Read<Login>) -> Result<Response, ApiError> {
    let (_, sign_in) = tokens(&service)?;
    let patience = service.engine.runtime().sleep(FAILED_AFTER);
    let user = service.stores.accounts.user_by_email(body.email.trim()).await?;
    let Some(user) = try_out(&service, user, body.password).await? else {
        patience.await;
        let detail = "the address or the password is wrong, or the account is locked for a while";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong-login", detail));
    };
    // Only who knows the password learns that the address is not confirmed. The administrator is never locked out of an own server.
    if sign_in.require_confirmation && !user.verified && Role::named(&user.role) != Role::Admin {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "unconfirmed", "confirm your address first: a letter says how"));
    }
    begin(&service, &user, StatusCode::OK).await
}

/// The user, if this is the password and the account is not locked. A wrong one counts towards the lock.
async fn try_out(service: &Inner, user: Option<User>, password: String) -> Result<Option<User>, ApiError> {
    let (_, sign_in) = tokens(service)?;
    let accounts = &service.stores.accounts;
    let is_open = |user: &User| !user.disabled && user.locked_until.is_none_or(|until| service.engine.runtime().now() >= until);
    // The password is checked in any case: the time must not tell who exists or who is locked.
    let right = service.passwords.check(password, user.as_ref().and_then(|user| user.password_hash.clone())).await?;
    let Some(before) = user.filter(is_open) else { return Ok(None) };
    // Read again: while this one waited for its turn others may have guessed wrongly, or the password may have been changed.
    let is_same = |user: &User| user.password_hash == before.password_hash;
    let Some(user) = known(accounts.user(before.id).await)?.filter(is_open).filter(is_same) else { return Ok(None) };
    let failed = || LoginResult::Failed { limit: sign_in.max_failures, until: service.engine.runtime().now().after(sign_in.lock_out) };
    let login = Some(if right { LoginResult::Succeeded } else { failed() });
    let user = accounts.change_user(user.id, UserChange { login, ..UserChange::default() }).await?;
    Ok(right.then_some(user))
}

/// Begins a session.
async fn begin(service: &Inner, user: &User, status: StatusCode) -> Result<Response, ApiError> {
    let (tokens, sign_in) = tokens(service)?;
    let now = service.engine.runtime().now();
    let id = service.executions.new_id().as_uuid();
    let refresh = tokens.refresh.issue(id);
    let session = Session {
        id,
        user: user.id,
        token_hash: digest(&refresh),
        previous_hash: None,
        created: now,
        expires: now.after(sign_in.refresh_lifetime),
        attributes: Json::new(),
    };
    service.stores.accounts.save_session(session).await?;
    answer(tokens, (user, id, now), &refresh, status)
}

fn answer(tokens: &Tokens, (user, session, now): (&User, Uuid, Timestamp), refresh: &str, status: StatusCode) -> Result<Response, ApiError> {
    let body = json!({
        "accessToken": tokens.issue(user.id, session, now)?, "tokenType": "Bearer", "expiresIn": tokens.seconds(), "refreshToken": refresh,
        "user": users::show(user),
    });
    Ok(crate::problem::json(status, &body))
}

pub(super) async fn refresh(State(service): State<Arc<Inner>>, Read(body, _share): Read<Refresh>) -> Result<Response, ApiError> {
    let (tokens, sign_in) = tokens(&service)?;
    let accounts = &service.stores.accounts;
    let shown = digest(&body.refresh_token);
    // A token that was made here and is not the present one was exchanged before, however long ago: somebody has a copy.
    let id = tokens.refresh.session(&body.refresh_token).ok_or_else(ApiError::unauthenticated)?;
    let session = accounts.session(id).await?.ok_or_else(ApiError::unauthenticated)?;
    // Before the token is used up.
    let user = known(accounts.user(session.user).await)?.filter(|user| !user.disabled).ok_or_else(ApiError::unauthenticated)?;
    let now = service.engine.runtime().now();
    let fresh = tokens.refresh.issue(id);
    let is_present = session.token_hash == shown;
    let rotated = is_present && accounts.rotate_session(session.id, &shown, digest(&fresh), now.after(sign_in.refresh_lifetime)).await?;
    if !rotated {
        accounts.end_sessions(session.user, Some(session.id)).await?;
        return Err(ApiError::unauthenticated());
    }
    answer(tokens, (&user, session.id, now), &fresh, StatusCode::OK)
}

pub(super) async fn logout(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    if let (Some(user), Some(session)) = (identity.user, identity.session) {
        service.stores.accounts.end_sessions(user, Some(session)).await?;
    }
    Ok(output::done())
}

pub(super) async fn me(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    match identity.user {
        Some(id) => Ok(output::ok(&users::show(&service.stores.accounts.user(id).await?))),
        None => Ok(output::ok(&json!({"id": null, "name": "owner", "role": identity.role}))),
    }
}

pub(super) async fn change_password(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Read(body, _share): Read<ChangePassword>,
) -> Result<Response, ApiError> {
    let user = service.stores.accounts.user(signed_in(&identity)?).await?;
    check_new(&body.password, &user.email)?;
    // Whoever has found a token must not find out the password with it.
    let Some(user) = try_out(&service, Some(user), body.current).await? else {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "wrong-password",
            "the present password is another one, or the account is locked for a while",
        ));
    };
    let password_hash = Some(service.passwords.hash(body.password).await?);
    let attributes = Some(recovery::without_reset(&user));
    service.stores.accounts.change_user(user.id, UserChange { password_hash, attributes, ..UserChange::default() }).await?;
    service.stores.accounts.end_sessions(user.id, None).await?;
    audit::note(&service, &identity, "user.password", &user.id.to_string()).await?;
    Ok(output::done())
}

pub(super) async fn sessions(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    let sessions = service.stores.accounts.sessions(signed_in(&identity)?).await?;
    let show = |session: &Session| json!({"id": session.id, "createdAt": session.created, "expiresAt": session.expires, "current": identity.session == Some(session.id)});
    Ok(output::page::<Uuid>(&sessions.iter().map(show).collect::<Vec<_>>(), None))
}

pub(super) async fn end_session(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<Uuid>) -> Result<Response, ApiError> {
    service.stores.accounts.end_sessions(signed_in(&identity)?, Some(id)).await?;
    Ok(output::done())
}

/// The user behind a caller.
pub(super) fn signed_in(identity: &Identity) -> Result<UserId, ApiError> {
    identity.user.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "sign-in-off", "nobody has to sign in on this server"))
}
