//! Documents, and answers to repeated requests.

use async_trait::async_trait;
use engine_core::store::{Document, DocumentStore, IdempotentRequest, Page, PageRequest, RequestState, RequestStore, StoreError, TenantId};
use serde_json::Value;
use sqlx::query;

use super::{Row, SqlStore};
use crate::row::{get, json, signed, text, time, unsigned};

#[async_trait]
impl DocumentStore for SqlStore {
    async fn document(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<Option<Document>, StoreError> {
        let one = query("SELECT * FROM documents WHERE tenant = $1 AND collection = $2 AND id = $3").bind(tenant.as_str()).bind(collection).bind(id);
        self.read_first(one).await?.as_ref().map(document).transpose()
    }

    async fn save_document(&self, mut document: Document) -> Result<Document, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now().await?;
        let Document { tenant, collection, id, body, revision, .. } = &document;
        let put = if *revision == 0 {
            "INSERT INTO documents (tenant, collection, id, body, revision, created, updated) VALUES ($1, $2, $3, $4, $5 + 1, $6, $6) \
             ON CONFLICT (tenant, collection, id) DO NOTHING RETURNING created"
        } else {
            "UPDATE documents SET body = $4, revision = revision + 1, updated = $6 WHERE tenant = $1 AND collection = $2 AND id = $3 AND revision = $5 \
             RETURNING created"
        };
        let put = query(put).bind(tenant.as_str()).bind(collection).bind(id).bind(text(body)?).bind(signed(*revision)).bind(now.as_micros());
        let Some(row) = tx.first(put).await? else {
            return tx.refuse(StoreError::conflict("document", document.id, "it was changed meanwhile")).await;
        };
        tx.commit().await?;
        document.created = time(get(&row, "created")?);
        document.updated = now;
        document.revision += 1;
        Ok(document)
    }

    async fn documents(&self, tenant: &TenantId, collection: &str, page: PageRequest<String>) -> Result<Page<Document, String>, StoreError> {
        let list = "SELECT * FROM documents WHERE tenant = $1 AND collection = $2 AND ($3 IS NULL OR id > $3) ORDER BY id LIMIT $4";
        let list = query(list).bind(tenant.as_str()).bind(collection).bind(page.after).bind(i64::from(page.limit) + 1);
        let items: Result<Vec<_>, _> = self.read(list).await?.iter().map(document).collect();
        Ok(Page::of(items?, page.limit, |document: &Document| document.id.clone()))
    }

    async fn delete_document(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<bool, StoreError> {
        let delete = query("DELETE FROM documents WHERE tenant = $1 AND collection = $2 AND id = $3").bind(tenant.as_str()).bind(collection).bind(id);
        Ok(self.write(delete).await? > 0)
    }
}

fn document(row: &Row) -> Result<Document, StoreError> {
    Ok(Document {
        tenant: get::<String, _>(row, "tenant")?.into(),
        collection: get(row, "collection")?,
        id: get(row, "id")?,
        body: json(&get::<String, _>(row, "body")?, "document")?,
        revision: unsigned(get(row, "revision")?, "revision")?,
        created: time(get(row, "created")?),
        updated: time(get(row, "updated")?),
    })
}

/// Removes those that have expired, by the names of their rows: so no plan reads the whole table.
macro_rules! expired {
    ($table:literal, $key:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (",
            row_name!($key),
            ") IN (SELECT ",
            row_name!($key),
            " FROM ",
            $table,
            " WHERE expires <= ",
            now!(),
            " ORDER BY expires LIMIT $1) AND expires <= ",
            now!()
        )
    };
}

#[async_trait]
impl RequestStore for SqlStore {
    async fn begin_request(&self, request: IdempotentRequest) -> Result<RequestState, StoreError> {
        let IdempotentRequest { tenant, key, fingerprint, expires } = request;
        let mut tx = self.begin().await?;
        let take = concat!(
            "INSERT INTO requests (tenant, key, fingerprint, answer, expires) VALUES ($1, $2, $3, NULL, $4) ON CONFLICT (tenant, key) \
             DO UPDATE SET fingerprint = excluded.fingerprint, answer = NULL, expires = excluded.expires WHERE requests.expires <= ",
            now!()
        );
        let take = query(take).bind(tenant.as_str()).bind(&key).bind(fingerprint.as_slice()).bind(expires.as_micros());
        if tx.change(take).await? == 1 {
            tx.commit().await?;
            return Ok(RequestState::New);
        }
        let used = query("SELECT fingerprint, answer FROM requests WHERE tenant = $1 AND key = $2").bind(tenant.as_str()).bind(&key);
        let row = tx.first(used).await?;
        tx.undo().await?;
        // Removed in between: whoever had it gave it up.
        let Some(row) = row else { return Ok(RequestState::InFlight) };
        if get::<Vec<u8>, _>(&row, "fingerprint")? != fingerprint {
            return Err(StoreError::conflict("idempotency key", key, "it was used for another request"));
        }
        let answer = get::<Option<String>, _>(&row, "answer")?;
        answer.map_or(Ok(RequestState::InFlight), |answer| json(&answer, "answer").map(RequestState::Answered))
    }

    async fn answer_request(&self, request: IdempotentRequest, answer: Value) -> Result<(), StoreError> {
        let IdempotentRequest { tenant, key, fingerprint, expires } = request;
        let put = "INSERT INTO requests (tenant, key, fingerprint, answer, expires) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, key) \
                   DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, expires = excluded.expires";
        let put = query(put).bind(tenant.as_str()).bind(&key).bind(fingerprint.as_slice()).bind(text(&answer)?).bind(expires.as_micros());
        self.write(put).await.map(drop)
    }

    async fn abandon_request(&self, tenant: &TenantId, key: &str) -> Result<(), StoreError> {
        let abandon = query("DELETE FROM requests WHERE tenant = $1 AND key = $2 AND answer IS NULL").bind(tenant.as_str()).bind(key);
        self.write(abandon).await.map(drop)
    }

    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError> {
        let mut removed = 0;
        for statement in [expired!("requests", "tenant, key"), expired!("idempotency_keys", "tenant, key"), expired!("sessions", "id")] {
            removed += self.write(query(statement).bind(i64::from(limit))).await?;
        }
        Ok(removed)
    }
}
