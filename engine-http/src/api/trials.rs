//! Trying a stored credential out. Who may use it may do so; what comes back holds nothing of it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine_core::credential::{CredentialTrial, CredentialVerdict};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::input::{Caller, Place, ReadOr};
use super::{audit, credentials, output};
use crate::problem::{ApiError, Detail};
use crate::service::Inner;

/// Where a credential is tried out.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Trial {
    /// A URL that lets in whoever has the credential, and nobody else. Types that are for one place need none.
    url: Option<String>,
}

/// How long a trial may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tries a credential out, as nodes would use it.
pub(super) async fn try_out(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    ReadOr(body, _share): ReadOr<Trial>,
) -> Result<Response, ApiError> {
    let stored = credentials::own(&service, &identity, &id, false).await?;
    if !identity.uses(&stored.attributes) {
        // It would be sent to where the caller says.
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", "only those with whom the credential is shared may use it"));
    }
    let keys = service.config.sealing_keys.as_ref();
    let credential = keys.and_then(|keys| keys.credential(&stored)).ok_or_else(ApiError::no_sealing_key)?;
    audit::note(&service, &identity, "credential.test", &id).await?;
    let trial = CredentialTrial { kind: &stored.kind, credential: &credential, url: body.url.as_deref(), now: service.engine.runtime().now() };
    let verdict = match service.engine.registry().tester(&stored.kind) {
        Some(tester) => tokio::time::timeout(PATIENCE, tester.try_out(trial)).await,
        None => Ok(CredentialVerdict::Unsupported("this server has no test for credentials of this type".to_owned())),
    };
    let (status, message) = match verdict {
        Ok(CredentialVerdict::Works(message)) => ("ok", message),
        Ok(CredentialVerdict::Fails(message)) => ("error", message),
        Ok(CredentialVerdict::Unsupported(message)) => ("unsupported", message),
        Ok(CredentialVerdict::NeedsUrl(message)) => return Err(needs_url(message)),
        Err(_) => ("error", "no answer came in time".to_owned()),
    };
    Ok(output::ok(&json!({"status": status, "message": message})))
}

fn needs_url(message: String) -> ApiError {
    let detail = Detail { pointer: "/url".to_owned(), message, code: None };
    ApiError::invalid("a credential of this type is tried out at a URL").with_errors(vec![detail])
}
