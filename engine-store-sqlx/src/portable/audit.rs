//! The audit log.

use async_trait::async_trait;
use engine_core::model::Timestamp;
use engine_core::store::{AuditEntry, AuditStore, Page, PageRequest, StoreError, TenantId};
use sqlx::query;
use uuid::Uuid;

use super::{Row, SqlStore, ids};
use crate::row::{get, json, text, time};

#[async_trait]
impl AuditStore for SqlStore {
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let insert =
            "INSERT INTO audit_log (id, tenant, at, actor, action, target, details) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
        let insert = query(insert)
            .bind(entry.id)
            .bind(entry.tenant.as_str())
            .bind(entry.at.as_micros())
            .bind(entry.actor)
            .bind(entry.action)
            .bind(entry.target)
            .bind(text(&entry.details)?);
        self.write(insert).await.map(drop)
    }

    async fn audit_log(&self, tenant: &TenantId, page: PageRequest<Uuid>) -> Result<Page<AuditEntry, Uuid>, StoreError> {
        let list = query("SELECT * FROM audit_log WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3").bind(tenant.as_str());
        let rows = self.read(list.bind(page.after.unwrap_or(Uuid::max())).bind(i64::from(page.limit) + 1)).await?;
        let items: Result<Vec<_>, _> = rows.iter().map(entry).collect();
        Ok(Page::of(items?, page.limit, |entry: &AuditEntry| entry.id))
    }

    async fn prune_audit_log(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let old = query("SELECT id FROM audit_log WHERE at < $1 ORDER BY at LIMIT $2").bind(before.as_micros()).bind(i64::from(limit));
        let old: Result<Vec<Uuid>, _> = tx.all(old).await?.iter().map(|row| get(row, "id")).collect();
        let removed = tx.change(query(concat!("DELETE FROM audit_log WHERE id ", among!("$1"))).bind(ids(old?.into_iter()))).await?;
        tx.commit().await?;
        Ok(removed)
    }
}

fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: get(row, "id")?,
        tenant: get::<String, _>(row, "tenant")?.into(),
        at: time(get(row, "at")?),
        actor: get(row, "actor")?,
        action: get(row, "action")?,
        target: get(row, "target")?,
        details: json(&get::<String, _>(row, "details")?, "audit entry")?,
    })
}
