//! Tags, variables, templates and settings: named JSON documents.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use engine_core::model::Timestamp;
use engine_core::store::{Document, PageRequest};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Ask, Caller, PageQuery, Place, Read, if_match};
use super::{audit, output};
use crate::access::Identity;
use crate::problem::ApiError;
use crate::service::Inner;

/// A named value.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entry {
    /// The value.
    value: Value,
}

/// A collection of documents; its name is part of its routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collection(pub(super) &'static str);

type Shared = State<Arc<Inner>>;

impl Collection {
    pub(super) async fn list(self, State(service): Shared, Caller(identity): Caller, Ask(query): Ask<PageQuery>) -> Result<Response, ApiError> {
        let (limit, after) = query.read()?;
        let page = service.stores.documents.documents(&identity.tenant, self.0, PageRequest { limit, after }).await?;
        Ok(output::page(&page.items.iter().map(show).collect::<Vec<_>>(), page.next.as_ref()))
    }

    pub(super) async fn read(self, State(service): Shared, Caller(identity): Caller, Place(name): Place<String>) -> Result<Response, ApiError> {
        let document = service.stores.documents.document(&identity.tenant, self.0, &name).await?;
        let document = document.ok_or_else(|| ApiError::not_found(self.0, &name))?;
        Ok(output::tagged(output::ok(&show(&document)), document.revision))
    }

    /// Makes or replaces an entry; a replaced one must be the one that the caller has read, where it says which.
    pub(super) async fn write(
        self,
        State(service): Shared,
        Caller(identity): Caller,
        (name, headers, Read(entry, _share)): (String, HeaderMap, Read<Entry>),
    ) -> Result<Response, ApiError> {
        check_name(&name)?;
        let before = service.stores.documents.document(&identity.tenant, self.0, &name).await?;
        let revision = before.map_or(0, |document| document.revision);
        if headers.contains_key("if-match") && if_match(&headers)?.is_some_and(|expected| expected != revision) {
            return Err(ApiError::changed());
        }
        let document = Document {
            tenant: identity.tenant.clone(),
            collection: self.0.to_owned(),
            id: name.clone(),
            body: entry.value,
            revision,
            created: Timestamp::EPOCH,
            updated: Timestamp::EPOCH,
        };
        let document = service.stores.documents.save_document(document).await?;
        self.note(&service, &identity, "write", &name).await?;
        Ok(output::tagged(output::ok(&show(&document)), document.revision))
    }

    pub(super) async fn remove(self, State(service): Shared, Caller(identity): Caller, Place(name): Place<String>) -> Result<Response, ApiError> {
        if !service.stores.documents.delete_document(&identity.tenant, self.0, &name).await? {
            return Err(ApiError::not_found(self.0, &name));
        }
        self.note(&service, &identity, "delete", &name).await?;
        Ok(output::done())
    }

    async fn note(self, service: &Inner, identity: &Identity, what: &str, name: &str) -> Result<(), ApiError> {
        audit::note(service, identity, &format!("{}.{what}", self.0), name).await
    }
}

/// Reads what [`Collection::write`] takes.
pub(super) fn entry(Place(name): Place<String>, headers: HeaderMap, entry: Read<Entry>) -> (String, HeaderMap, Read<Entry>) {
    (name, headers, entry)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(ApiError::bad_request("a name has 1 to 100 visible characters")) }
}

fn show(document: &Document) -> Value {
    json!({"name": document.id, "value": document.body, "revision": document.revision, "createdAt": document.created, "updatedAt": document.updated})
}
