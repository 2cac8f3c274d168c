//! Workflows, their webhooks and their static data.

use async_trait::async_trait;
use engine_core::model::{Json, WorkflowId};
use engine_core::store::{
    ActivateWorkflow, Page, PageRequest, SaveWorkflow, StaticDataStore, StoreError, StoredWebhook, StoredWorkflow, TenantId, VersionNumber,
    WebhookStore, WorkflowFilter, WorkflowStore, WorkflowVersion,
};
use sqlx::{QueryBuilder, query};

use super::schedule::replace_schedules;
use super::{Row, Sql, SqlStore, Tx};
use crate::row::{get, json, readable, signed, text, time, unsigned};

#[async_trait]
impl WorkflowStore for SqlStore {
    async fn save_workflow(&self, save: SaveWorkflow) -> Result<StoredWorkflow, StoreError> {
        let mut tx = self.begin().await?;
        match save_in(&mut tx, save).await {
            Ok(saved) => tx.commit().await.map(|()| saved),
            Err(error) => tx.refuse(error).await,
        }
    }

    async fn workflow(&self, tenant: &TenantId, id: &WorkflowId) -> Result<StoredWorkflow, StoreError> {
        let own = "SELECT w.*, v.definition FROM workflows w JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version \
                   WHERE w.id = $1 AND w.tenant = $2";
        let row = self.read_first(query(own).bind(id.as_str()).bind(tenant.as_str())).await?;
        let row = row.ok_or_else(|| StoreError::not_found("workflow", id.to_string()))?;
        let definition = json(&get::<String, _>(&row, "definition")?, "workflow")?;
        Ok(StoredWorkflow { definition: Some(definition), ..workflow(&row)? })
    }

    async fn workflows(&self, filter: &WorkflowFilter, page: PageRequest<WorkflowId>) -> Result<Page<StoredWorkflow, WorkflowId>, StoreError> {
        const BATCH: u8 = 200;
        let mut after = page.after;
        let mut found = Vec::new();
        loop {
            let mut list = QueryBuilder::<Sql>::new("SELECT * FROM workflows WHERE true");
            if let Some(tenant) = &filter.tenant {
                list.push(" AND tenant = ").push_bind(tenant.to_string());
            }
            if let Some(after) = &after {
                list.push(" AND id > ").push_bind(after.to_string());
            }
            let rows = self.read(list.push(" ORDER BY id LIMIT ").push_bind(i64::from(BATCH)).build()).await?;
            if let Some(last) = rows.last() {
                after = Some(get::<String, _>(last, "id")?.into());
            }
            found.extend(readable(&rows, workflow)?.into_iter().filter(|workflow| filter.lets_through(workflow)));
            if rows.len() < usize::from(BATCH) || found.len() > page.limit as usize {
                found.truncate(page.limit as usize + 1);
                return Ok(Page::of(found, page.limit, |workflow: &StoredWorkflow| workflow.id.clone()));
            }
        }
    }

    async fn workflow_version(&self, id: &WorkflowId, version: VersionNumber) -> Result<WorkflowVersion, StoreError> {
        let one = query("SELECT * FROM workflow_versions WHERE workflow = $1 AND version = $2").bind(id.as_str()).bind(signed(version.0));
        let row = self.read_first(one).await?.ok_or_else(|| StoreError::not_found("workflow version", format!("{id} version {version}")))?;
        let definition = json(&get::<String, _>(&row, "definition")?, "workflow")?;
        Ok(WorkflowVersion { definition: Some(definition), ..workflow_version(&row)? })
    }

    async fn workflow_versions(&self, id: &WorkflowId, page: PageRequest<VersionNumber>) -> Result<Page<WorkflowVersion, VersionNumber>, StoreError> {
        let older =
            "SELECT workflow, version, author, created FROM workflow_versions WHERE workflow = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
        let before = page.after.map_or(i32::MAX, |before| signed(before.0));
        let rows = self.read(query(older).bind(id.as_str()).bind(before).bind(i64::from(page.limit) + 1)).await?;
        let items: Result<Vec<_>, _> = rows.iter().map(workflow_version).collect();
        Ok(Page::of(items?, page.limit, |version: &WorkflowVersion| version.version))
    }

    async fn activate_workflow(&self, activate: ActivateWorkflow) -> Result<StoredWorkflow, StoreError> {
        let (tenant, id) = (activate.tenant.clone(), activate.workflow.clone());
        let mut tx = self.begin().await?;
        if let Err(error) = activate_in(&mut tx, activate).await {
            return tx.refuse(error).await;
        }
        tx.commit().await?;
        self.workflow(&tenant, &id).await
    }

    async fn delete_workflow(&self, tenant: &TenantId, id: &WorkflowId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        if tx.change(query("DELETE FROM workflows WHERE id = $1 AND tenant = $2").bind(id.as_str()).bind(tenant.as_str())).await? == 0 {
            return tx.refuse(StoreError::not_found("workflow", id.to_string())).await;
        }
        for statement in [
            "DELETE FROM static_data WHERE workflow = $1",
            "DELETE FROM schedules WHERE workflow = $1",
            "DELETE FROM workflow_versions WHERE workflow = $1 AND NOT EXISTS (SELECT 1 FROM active a \
             WHERE a.workflow = workflow_versions.workflow AND a.version = workflow_versions.version)",
        ] {
            tx.change(query(statement).bind(id.as_str())).await?;
        }
        replace_webhooks(&mut tx, id, &[]).await?;
        tx.commit().await
    }
}

async fn activate_in(tx: &mut Tx, activate: ActivateWorkflow) -> Result<(), StoreError> {
    let ActivateWorkflow { tenant, workflow: id, version, webhooks, schedules } = activate;
    let held = concat!("SELECT id FROM workflows WHERE id = $1 AND tenant = $2", lock!());
    if tx.first(query(held).bind(id.as_str()).bind(tenant.as_str())).await?.is_none() {
        return Err(StoreError::not_found("workflow", id.to_string()));
    }
    if let Some(version) = version {
        let there = query("SELECT version FROM workflow_versions WHERE workflow = $1 AND version = $2").bind(id.as_str()).bind(signed(version.0));
        if tx.first(there).await?.is_none() {
            return Err(StoreError::not_found("workflow version", format!("{id} version {version}")));
        }
    }
    let update = concat!("UPDATE workflows SET active = $2, updated = ", now!(), " WHERE id = $1");
    tx.change(query(update).bind(id.as_str()).bind(version.map(|version| signed(version.0)))).await?;
    replace_schedules(tx, &id, schedules).await?;
    replace_webhooks(tx, &id, &webhooks).await
}

async fn save_in(tx: &mut Tx, save: SaveWorkflow) -> Result<StoredWorkflow, StoreError> {
    let SaveWorkflow { id, tenant, expected, name, definition, author, labels } = save;
    let existing = tx.first(query(concat!("SELECT * FROM workflows WHERE id = $1", lock!())).bind(id.as_str())).await?;
    let existing = existing.as_ref().map(workflow).transpose()?;
    match (&existing, expected) {
        (Some(workflow), _) if workflow.tenant != tenant => return Err(StoreError::conflict("workflow", id.to_string(), "the id is taken")),
        (Some(workflow), Some(expected)) if workflow.version != expected => {
            return Err(StoreError::conflict("workflow", id.to_string(), "it was changed meanwhile"));
        }
        (Some(_), None) => return Err(StoreError::conflict("workflow", id.to_string(), "it exists already")),
        (None, Some(_)) => return Err(StoreError::not_found("workflow", id.to_string())),
        (Some(_), Some(_)) | (None, None) => {}
    }
    // Versions of a deleted workflow that executions still need keep their numbers.
    let last = tx.first(query("SELECT max(version) AS last FROM workflow_versions WHERE workflow = $1").bind(id.as_str())).await?;
    let last = last.map(|row| get::<Option<i32>, _>(&row, "last")).transpose()?.flatten().unwrap_or(0);
    let version = VersionNumber(unsigned(last, "version")? + 1);
    let now = tx.now().await?;
    let insert = "INSERT INTO workflow_versions (workflow, version, author, created, definition) VALUES ($1, $2, $3, $4, $5)";
    let insert = query(insert).bind(id.as_str()).bind(signed(version.0)).bind(&author).bind(now.as_micros()).bind(text(&definition)?);
    tx.change(insert).await?;
    let (created, active) = existing.as_ref().map_or((now, None), |workflow| (workflow.created, workflow.active));
    let labels = labels.or_else(|| existing.as_ref().map(|workflow| workflow.labels.clone())).unwrap_or_default();
    let put = if existing.is_some() {
        "UPDATE workflows SET tenant = $2, name = $3, version = $4, labels = $5, created = $6, updated = $7 WHERE id = $1"
    } else {
        "INSERT INTO workflows (id, tenant, name, version, labels, created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING"
    };
    let put = query(put).bind(id.as_str()).bind(tenant.as_str()).bind(&name).bind(signed(version.0)).bind(text(&labels)?);
    if tx.change(put.bind(created.as_micros()).bind(now.as_micros())).await? == 0 {
        return Err(StoreError::conflict("workflow", id.to_string(), "it exists already"));
    }
    Ok(StoredWorkflow { id, tenant, name, version, active, labels, created, updated: now, definition: Some(definition) })
}

fn workflow(row: &Row) -> Result<StoredWorkflow, StoreError> {
    let active = get::<Option<i32>, _>(row, "active")?;
    Ok(StoredWorkflow {
        id: get::<String, _>(row, "id")?.into(),
        tenant: get::<String, _>(row, "tenant")?.into(),
        name: get(row, "name")?,
        version: VersionNumber(unsigned(get(row, "version")?, "version")?),
        active: active.map(|version| unsigned(version, "version").map(VersionNumber)).transpose()?,
        labels: json(&get::<String, _>(row, "labels")?, "labels")?,
        created: time(get(row, "created")?),
        updated: time(get(row, "updated")?),
        definition: None,
    })
}

fn workflow_version(row: &Row) -> Result<WorkflowVersion, StoreError> {
    Ok(WorkflowVersion {
        workflow: get::<String, _>(row, "workflow")?.into(),
        version: VersionNumber(unsigned(get(row, "version")?, "version")?),
        author: get(row, "author")?,
        created: time(get(row, "created")?),
        definition: None,
    })
}

#[async_trait]
impl WebhookStore for SqlStore {
    async fn webhooks(&self) -> Result<Vec<StoredWebhook>, StoreError> {
        let rows = self.read(query("SELECT * FROM webhooks ORDER BY path, methods, workflow, place")).await?;
        readable(&rows, webhook)
    }

    async fn webhooks_version(&self) -> Result<u64, StoreError> {
        let row = self.read_first(query("SELECT value FROM counters WHERE name = 'webhooks'")).await?;
        let value = row.map(|row| get::<i64, _>(&row, "value")).transpose()?.unwrap_or(0);
        Ok(u64::try_from(value).unwrap_or(0))
    }
}

async fn replace_webhooks(tx: &mut Tx, workflow: &WorkflowId, webhooks: &[StoredWebhook]) -> Result<(), StoreError> {
    tx.change(query("DELETE FROM webhook_routes WHERE workflow = $1").bind(workflow.as_str())).await?;
    tx.change(query("DELETE FROM webhooks WHERE workflow = $1").bind(workflow.as_str())).await?;
    for (place, webhook) in (0..).zip(webhooks) {
        for (method, path) in webhook.routes() {
            let route = query("INSERT INTO webhook_routes (method, path, workflow) VALUES ($1, $2, $3) ON CONFLICT (method, path) DO NOTHING");
            if tx.change(route.bind(method).bind(path).bind(workflow.as_str())).await? == 0 {
                return Err(StoreError::conflict("webhook", format!("{method} {path}"), "it belongs to another node"));
            }
        }
        let insert = "INSERT INTO webhooks (workflow, node, place, tenant, version, path, methods, spec) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let insert = query(insert)
            .bind(workflow.as_str())
            .bind(text(&webhook.node)?)
            .bind(place)
            .bind(webhook.tenant.as_str())
            .bind(signed(webhook.version.0))
            .bind(&webhook.spec.path)
            .bind(text(&webhook.spec.methods)?)
            .bind(text(&webhook.spec)?);
        tx.change(insert).await?;
    }
    let bump = "INSERT INTO counters (name, value) VALUES ('webhooks', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1";
    tx.change(query(bump)).await?;
    Ok(())
}

fn webhook(row: &Row) -> Result<StoredWebhook, StoreError> {
    Ok(StoredWebhook {
        tenant: get::<String, _>(row, "tenant")?.into(),
        workflow: get::<String, _>(row, "workflow")?.into(),
        version: VersionNumber(unsigned(get(row, "version")?, "version")?),
        node: json(&get::<String, _>(row, "node")?, "node")?,
        spec: json(&get::<String, _>(row, "spec")?, "webhook")?,
    })
}

#[async_trait]
impl StaticDataStore for SqlStore {
    async fn static_data(&self, workflow: &WorkflowId) -> Result<Json, StoreError> {
        let row = self.read_first(query("SELECT data FROM static_data WHERE workflow = $1").bind(workflow.as_str())).await?;
        row.map(|row| json(&get::<String, _>(&row, "data")?, "static data")).transpose().map(Option::unwrap_or_default)
    }

    async fn set_static_data(&self, workflow: &WorkflowId, data: Json) -> Result<(), StoreError> {
        let store = "INSERT INTO static_data (workflow, data) VALUES ($1, $2) ON CONFLICT (workflow) DO UPDATE SET data = excluded.data";
        self.write(query(store).bind(workflow.as_str()).bind(text(&data)?)).await.map(drop)
    }
}
