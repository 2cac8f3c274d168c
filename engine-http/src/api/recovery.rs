//! Letters with tokens: to confirm an address, and to choose a new password when the old one is lost.
//!
//! A token is good once and for a while; what is kept is its digest. Whoever asks for a reset is answered alike, whether there is such a user or not.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine_core::model::{Json, Timestamp};
use engine_core::store::{LoginResult, User, UserChange, UserId};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::input::{Caller, Read};
use super::sign_in::{signed_in, tokens};
use super::{audit, output};
use crate::access::{Identity, check_new, digest, new_secret};
use crate::letter::Letter;
use crate::problem::ApiError;
use crate::service::Inner;

/// Whose password is lost.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Forgot {
    /// E-mail address.
    email: String,
}

/// A new password, with the token of the letter.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Reset {
    /// The token of the letter.
    token: String,
    /// At least 10 characters.
    #[schemars(length(min = 10, max = 256))]
    password: String,
}

/// The token of a letter.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Confirm {
    /// The token of the letter.
    token: String,
}

/// What a token is for.
#[derive(Clone, Copy)]
enum Purpose {
    Reset,
    Confirm,
}

/// No second letter of the same kind within this time.
const BETWEEN: Duration = Duration::from_mins(1);

impl Purpose {
    const fn key(self) -> &'static str {
        match self {
            Self::Reset => "passwordReset",
            Self::Confirm => "confirmation",
        }
    }

    const fn lifetime(self) -> Duration {
        match self {
            Self::Reset => Duration::from_hours(1),
            Self::Confirm => Duration::from_hours(48),
        }
    }

    fn letter(self, service: &Inner, user: &User, token: &str) -> Letter {
        let site = service.config.public_url.as_deref().unwrap_or("your workflow server");
        match self {
            Self::Reset => {
                let text = format!(
                    "Somebody asked for a new password for your account on {site}.\n\nTo choose one, send this token with it to \
                     POST /api/v1/auth/reset-password within an hour:\n\n{token}\n\nIf that was not you, you need do nothing: your password stays as it is.\n"
                );
                Letter::new(&user.email, "Choose a new password", text)
            }
            Self::Confirm => {
                let text = format!(
                    "Welcome to {site}.\n\nTo confirm that this address is yours, send this token to POST /api/v1/auth/confirm within two days:\n\n{token}\n\n\
                     If you did not register there, you need do nothing.\n"
                );
                Letter::new(&user.email, "Confirm your address", text)
            }
        }
    }
}

/// Sends a letter with a token, if one can be sent, and none was a short time ago.
async fn write(service: &Arc<Inner>, user: &User, purpose: Purpose) -> Result<(), ApiError> {
    let Some(mailer) = service.config.mailer.clone() else { return Ok(()) };
    let now = service.engine.runtime().now();
    let sent = user.attributes.get(purpose.key()).and_then(|kept| kept["sent"].as_i64()).map(Timestamp::from_micros);
    if sent.is_some_and(|sent| now.since(sent) < BETWEEN && sent <= now) {
        return Ok(());
    }
    let secret = new_secret();
    let expires = now.after(purpose.lifetime());
    let mut attributes = user.attributes.clone();
    let kept = json!({"digest": URL_SAFE_NO_PAD.encode(digest(&secret)), "sent": now.as_micros(), "expires": expires.as_micros()});
    attributes.insert(purpose.key().to_owned(), kept);
    service.stores.accounts.change_user(user.id, UserChange { attributes: Some(attributes), ..UserChange::default() }).await?;
    let letter = purpose.letter(service, user, &format!("{}.{secret}", user.id));
    // Nobody waits for the mail server: how long it takes would tell who exists.
    service.engine.runtime().spawn(Box::pin(async move {
        if let Err(error) = mailer.send(letter).await {
            tracing::warn!(%error, "a letter was not sent");
        }
    }));
    Ok(())
}

/// Asks a new user to confirm the address.
pub(super) async fn welcome(service: &Arc<Inner>, user: &User) -> Result<(), ApiError> {
    write(service, user, Purpose::Confirm).await
}

/// What is kept of a user without the token of a letter that asks for another password: whoever has chosen one needs none.
pub(super) fn without_reset(user: &User) -> Json {
    let mut attributes = user.attributes.clone();
    attributes.shift_remove(Purpose::Reset.key());
    attributes
}

fn bad_token() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "bad-token", "the token is none, was used, or is too old: ask for a new letter")
}

/// The user of a token that is good, and what is kept of that user without it.
async fn open(service: &Inner, token: &str, purpose: Purpose) -> Result<(User, Json), ApiError> {
    let (id, secret) = token.trim().split_once('.').ok_or_else(bad_token)?;
    let id: Uuid = id.parse().map_err(|_| bad_token())?;
    let user = service.stores.accounts.user(UserId::new(id)).await.map_err(|_| bad_token())?;
    let mut attributes = user.attributes.clone();
    let kept = attributes.shift_remove(purpose.key()).ok_or_else(bad_token)?;
    let expires = kept["expires"].as_i64().map(Timestamp::from_micros).ok_or_else(bad_token)?;
    let expected = kept["digest"].as_str().unwrap_or_default();
    let is_good =
        bool::from(URL_SAFE_NO_PAD.encode(digest(secret)).as_bytes().ct_eq(expected.as_bytes())) && service.engine.runtime().now() < expires;
    if is_good && !user.disabled { Ok((user, attributes)) } else { Err(bad_token()) }
}

/// Sends a letter, if there is such a user.
pub(super) async fn forgot(State(service): State<Arc<Inner>>, Read(body, _share): Read<Forgot>) -> Result<Response, ApiError> {
    tokens(&service)?;
    // Looked up and written to in a task of its own: the answer does not wait for what only happens for those who exist.
    let later = Arc::clone(&service);
    service.engine.runtime().spawn(Box::pin(async move {
        if let Ok(Some(user)) = later.stores.accounts.user_by_email(body.email.trim()).await
            && !user.disabled
            && let Err(error) = write(&later, &user, Purpose::Reset).await
        {
            tracing::warn!(code = error.code(), "a letter could not be written");
        }
    }));
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Sets a new password: signs everybody out, and lifts a lock.
pub(super) async fn reset(State(service): State<Arc<Inner>>, Read(body, _share): Read<Reset>) -> Result<Response, ApiError> {
    tokens(&service)?;
    let (user, attributes) = open(&service, &body.token, Purpose::Reset).await?;
    check_new(&body.password, &user.email)?;
    let password_hash = Some(service.passwords.hash(body.password).await?);
    // Who reads the letters of an address has it.
    let (verified, login) = (Some(true), Some(LoginResult::Succeeded));
    let change = UserChange { password_hash, verified, login, attributes: Some(attributes), ..UserChange::default() };
    service.stores.accounts.change_user(user.id, change).await?;
    service.stores.accounts.end_sessions(user.id, None).await?;
    audit::note(&service, &Identity::nobody(), "user.reset-password", &user.id.to_string()).await?;
    Ok(output::done())
}

/// Confirms an address.
pub(super) async fn confirm(State(service): State<Arc<Inner>>, Read(body, _share): Read<Confirm>) -> Result<Response, ApiError> {
    tokens(&service)?;
    let (user, attributes) = open(&service, &body.token, Purpose::Confirm).await?;
    let change = UserChange { verified: Some(true), attributes: Some(attributes), ..UserChange::default() };
    service.stores.accounts.change_user(user.id, change).await?;
    audit::note(&service, &Identity::nobody(), "user.confirm", &user.id.to_string()).await?;
    Ok(output::done())
}

/// Sends the letter once more.
pub(super) async fn send_confirmation(State(service): State<Arc<Inner>>, Caller(identity): Caller) -> Result<Response, ApiError> {
    let user = service.stores.accounts.user(signed_in(&identity)?).await?;
    if service.config.mailer.is_none() {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "mail-off", "this server sends no letters"));
    }
    if !user.verified {
        write(&service, &user, Purpose::Confirm).await?;
    }
    Ok(StatusCode::ACCEPTED.into_response())
}
