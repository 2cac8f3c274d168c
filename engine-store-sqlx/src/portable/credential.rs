//! Credentials, sealed.

use async_trait::async_trait;
use engine_core::store::{CredentialId, CredentialStore, Page, PageRequest, SealedSecret, StoreError, StoredCredential, TenantId};
use sqlx::query;

use super::{Row, SqlStore};
use crate::row::{get, json, signed, text, time, unsigned};

#[async_trait]
impl CredentialStore for SqlStore {
    async fn save_credential(&self, mut credential: StoredCredential) -> Result<StoredCredential, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now().await?;
        let StoredCredential { id, tenant, name, kind, attributes, secret, revision, .. } = &credential;
        let put = if *revision == 0 {
            "INSERT INTO credentials (id, tenant, name, kind, attributes, key_id, nonce, ciphertext, revision, created, updated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9 + 1, $10, $10) ON CONFLICT (id) DO NOTHING RETURNING created"
        } else {
            "UPDATE credentials SET name = $3, kind = $4, attributes = $5, key_id = $6, nonce = $7, ciphertext = $8, revision = revision + 1, updated = $10 \
             WHERE id = $1 AND tenant = $2 AND revision = $9 RETURNING created"
        };
        let put = query(put)
            .bind(id.as_str())
            .bind(tenant.as_str())
            .bind(name)
            .bind(kind)
            .bind(text(attributes)?)
            .bind(&secret.key_id)
            .bind(secret.nonce.as_slice())
            .bind(&secret.ciphertext)
            .bind(signed(*revision))
            .bind(now.as_micros());
        let Some(row) = tx.first(put).await? else {
            let id = credential.id.to_string();
            return tx.refuse(StoreError::conflict("credential", id, "it was changed meanwhile, or the id is taken")).await;
        };
        tx.commit().await?;
        credential.created = time(get(&row, "created")?);
        credential.updated = now;
        credential.revision += 1;
        Ok(credential)
    }

    async fn stored_credential(&self, id: &CredentialId) -> Result<StoredCredential, StoreError> {
        let row = self.read_first(query("SELECT * FROM credentials WHERE id = $1").bind(id.as_str())).await?;
        row.map_or_else(|| Err(StoreError::not_found("credential", id.to_string())), |row| credential(&row))
    }

    async fn credentials_named(&self, tenant: &TenantId, kind: &str, name: &str) -> Result<Vec<StoredCredential>, StoreError> {
        let named = "SELECT * FROM credentials WHERE tenant = $1 AND kind = $2 AND name = $3 ORDER BY created, id";
        self.read(query(named).bind(tenant.as_str()).bind(kind).bind(name)).await?.iter().map(credential).collect()
    }

    async fn credentials(&self, tenant: &TenantId, page: PageRequest<CredentialId>) -> Result<Page<StoredCredential, CredentialId>, StoreError> {
        let list = "SELECT * FROM credentials WHERE tenant = $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
        let list = query(list).bind(tenant.as_str()).bind(page.after.map(|after| after.to_string())).bind(i64::from(page.limit) + 1);
        let items: Result<Vec<_>, _> = self.read(list).await?.iter().map(credential).collect();
        Ok(Page::of(items?, page.limit, |credential: &StoredCredential| credential.id.clone()))
    }

    async fn delete_credential(&self, tenant: &TenantId, id: &CredentialId) -> Result<(), StoreError> {
        let delete = query("DELETE FROM credentials WHERE id = $1 AND tenant = $2").bind(id.as_str()).bind(tenant.as_str());
        if self.write(delete).await? == 0 { Err(StoreError::not_found("credential", id.to_string())) } else { Ok(()) }
    }

    async fn credentials_not_under(&self, key_id: &str, limit: u32) -> Result<Vec<StoredCredential>, StoreError> {
        // Two ranges, so that an index serves them.
        let others = "SELECT * FROM (SELECT * FROM credentials WHERE key_id < $1 UNION ALL SELECT * FROM credentials WHERE key_id > $1) others ORDER BY id LIMIT $2";
        self.read(query(others).bind(key_id).bind(i64::from(limit))).await?.iter().map(credential).collect()
    }

    async fn reseal_credential(&self, id: &CredentialId, revision: u32, secret: SealedSecret) -> Result<bool, StoreError> {
        let reseal = "UPDATE credentials SET key_id = $3, nonce = $4, ciphertext = $5 WHERE id = $1 AND revision = $2";
        let reseal =
            query(reseal).bind(id.as_str()).bind(signed(revision)).bind(&secret.key_id).bind(secret.nonce.as_slice()).bind(&secret.ciphertext);
        Ok(self.write(reseal).await? == 1)
    }
}

fn credential(row: &Row) -> Result<StoredCredential, StoreError> {
    let id: String = get(row, "id")?;
    let nonce =
        get::<Vec<u8>, _>(row, "nonce")?.try_into().map_err(|_| StoreError::corrupt("credential", id.clone(), "the nonce is not 12 bytes long"))?;
    Ok(StoredCredential {
        id: id.into(),
        tenant: get::<String, _>(row, "tenant")?.into(),
        name: get(row, "name")?,
        kind: get(row, "kind")?,
        attributes: json(&get::<String, _>(row, "attributes")?, "credential")?,
        secret: SealedSecret { key_id: get(row, "key_id")?, nonce, ciphertext: get(row, "ciphertext")? },
        revision: unsigned(get(row, "revision")?, "revision")?,
        created: time(get(row, "created")?),
        updated: time(get(row, "updated")?),
    })
}
