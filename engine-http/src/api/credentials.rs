//! Credentials: written, never read. What comes back is the name, the type, and for which hosts; secrets leave only towards nodes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use engine_core::model::{Json, Timestamp};
use engine_core::store::{CredentialId, PageRequest, StoredCredential};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{Ask, Caller, PageQuery, Place, Read, if_match};
use super::{audit, output};
use crate::access::Identity;
use crate::problem::ApiError;
use crate::service::Inner;

/// A credential to add.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddCredential {
    /// Its name.
    name: String,
    /// Its type, such as `httpBasicAuth`.
    #[serde(rename = "type")]
    kind: String,
    /// The secret fields.
    data: Map<String, Value>,
    /// Hosts to which it may be sent; any, when absent. `*.example.com` means any host below.
    allowed_hosts: Option<Vec<String>>,
}

/// What changes about a credential.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChangeCredential {
    /// Its name.
    name: Option<String>,
    /// The secret fields, all of them.
    data: Option<Map<String, Value>>,
    /// Hosts to which it may be sent.
    allowed_hosts: Option<Vec<String>>,
}

/// With whom a credential is shared.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShareCredential {
    /// Ids of users whose workflows may use it.
    users: Vec<String>,
}

fn show(credential: &StoredCredential) -> Value {
    json!({
        "id": credential.id, "name": credential.name, "type": credential.kind, "allowedHosts": credential.attributes.get("allowedHosts"),
        "owner": credential.attributes.get("owner"), "createdAt": credential.created, "updatedAt": credential.updated,
    })
}

/// A credential that the caller sees, or may change.
pub(super) async fn own(service: &Inner, identity: &Identity, id: &str, changes: bool) -> Result<StoredCredential, ApiError> {
    let credential = service.stores.credentials.stored_credential(&CredentialId::from(id)).await?;
    if credential.tenant != identity.tenant || !identity.sees(&credential.attributes) {
        return Err(ApiError::not_found("credential", id));
    }
    if changes && !identity.changes(&credential.attributes) {
        return Err(ApiError::forbidden("credential:write"));
    }
    Ok(credential)
}

pub(super) async fn list(State(service): State<Arc<Inner>>, Caller(identity): Caller, Ask(query): Ask<PageQuery>) -> Result<Response, ApiError> {
    let (limit, after) = query.read()?;
    let page = service.stores.credentials.credentials(&identity.tenant, PageRequest { limit, after }).await?;
    let seen = page.items.iter().filter(|credential| identity.sees(&credential.attributes));
    Ok(output::page(&seen.map(show).collect::<Vec<_>>(), page.next.as_ref()))
}

pub(super) async fn add(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Read(body, _share): Read<AddCredential>,
) -> Result<Response, ApiError> {
    let id = CredentialId::from(service.executions.new_id().to_string());
    let mut attributes = identity.labels();
    set_hosts(&mut attributes, body.allowed_hosts);
    let credential = StoredCredential {
        secret: service.seal(&id, &Value::Object(body.data))?,
        id,
        tenant: identity.tenant.clone(),
        name: body.name,
        kind: body.kind,
        attributes,
        revision: 0,
        created: Timestamp::EPOCH,
        updated: Timestamp::EPOCH,
    };
    let credential = service.stores.credentials.save_credential(credential).await?;
    audit::note(&service, &identity, "credential.create", credential.id.as_str()).await?;
    let location = format!("/api/v1/credentials/{}", credential.id);
    Ok(output::tagged(output::created(&location, &show(&credential)), credential.revision))
}

fn set_hosts(attributes: &mut Json, hosts: Option<Vec<String>>) {
    if let Some(hosts) = hosts {
        attributes.insert("allowedHosts".to_owned(), hosts.into());
    }
}

pub(super) async fn read(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let credential = own(&service, &identity, &id, false).await?;
    Ok(output::tagged(output::ok(&show(&credential)), credential.revision))
}

pub(super) async fn change(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    headers: HeaderMap,
    Read(body, _share): Read<ChangeCredential>,
) -> Result<Response, ApiError> {
    let mut credential = own(&service, &identity, &id, true).await?;
    if if_match(&headers)?.is_some_and(|expected| expected != credential.revision) {
        return Err(ApiError::changed());
    }
    if let Some(name) = body.name {
        credential.name = name;
    }
    if let Some(data) = body.data {
        credential.secret = service.seal(&credential.id, &Value::Object(data))?;
    }
    set_hosts(&mut credential.attributes, body.allowed_hosts);
    let credential = service.stores.credentials.save_credential(credential).await?;
    audit::note(&service, &identity, "credential.update", &id).await?;
    Ok(output::tagged(output::ok(&show(&credential)), credential.revision))
}

pub(super) async fn share(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    Read(body, _share): Read<ShareCredential>,
) -> Result<Response, ApiError> {
    let mut credential = own(&service, &identity, &id, true).await?;
    let owner = credential.attributes.get("owner").and_then(Value::as_str).map(str::to_owned);
    let access: Vec<String> = owner.into_iter().chain(body.users).collect();
    credential.attributes.insert("access".to_owned(), access.into());
    let credential = service.stores.credentials.save_credential(credential).await?;
    audit::note(&service, &identity, "credential.share", &id).await?;
    Ok(output::tagged(output::ok(&show(&credential)), credential.revision))
}

pub(super) async fn remove(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let credential = own(&service, &identity, &id, true).await?;
    service.stores.credentials.delete_credential(&identity.tenant, &credential.id).await?;
    audit::note(&service, &identity, "credential.delete", &id).await?;
    Ok(output::done())
}
