//! Listing executions, and removing those that have ended.

use async_trait::async_trait;
use engine_core::model::ExecutionId;
use engine_core::state::ExecutionStatus;
use engine_core::store::{
    ExecutionFilter, ExecutionQuery, ExecutionSummary, OpenResumePoint, Page, PageRequest, ResumePoint, ResumeToken, Retention, StatusCounts,
    StoreError, TenantId,
};
use sqlx::query;
use uuid::Uuid;

use super::list::{Builder, Part, active_count, active_list, aged, ended_count, ended_list, first_beyond, up_to};
use super::load::{active_summary, ended_summary, header};
use super::{Reader, Row, SqlStore, Tx, ids};
use crate::code;
use crate::row::{get, json, readable, unsigned};

#[async_trait]
impl ExecutionQuery for SqlStore {
    async fn executions(&self, filter: &ExecutionFilter, page: PageRequest<ExecutionId>) -> Result<Page<ExecutionSummary, ExecutionId>, StoreError> {
        let part = Part { after: page.after.map_or(Uuid::max(), |after| after.as_uuid()), limit: i64::from(page.limit) + 1 };
        let mut session = self.reader().await?;
        let mut found = read_part(&mut session, part, &|part| Ok(active_list(filter, part)), active_summary).await?;
        found.append(&mut read_part(&mut session, part, &|part| ended_list(filter, part), ended_summary).await?);
        session.done();
        // One that ended between the two reads is in both; the end counts.
        found.sort_by_key(|summary| (std::cmp::Reverse(summary.header.id), !summary.status.is_final()));
        found.dedup_by_key(|summary| summary.header.id);
        found.truncate(page.limit as usize + 1);
        Ok(Page::of(found, page.limit, |summary| summary.header.id))
    }

    async fn execution(&self, tenant: &TenantId, id: ExecutionId) -> Result<ExecutionSummary, StoreError> {
        let own = |sql: &'static str| query(sql).bind(id.as_uuid()).bind(tenant.as_str());
        if let Some(row) = self.read_first(own("SELECT * FROM active WHERE id = $1 AND tenant = $2")).await? {
            return active_summary(&row);
        }
        let row = self.read_first(own("SELECT * FROM executions WHERE id = $1 AND tenant = $2")).await?;
        row.map_or_else(|| Err(StoreError::not_found("execution", id.to_string())), |row| ended_summary(&row))
    }

    async fn count(&self, filter: &ExecutionFilter) -> Result<StatusCounts, StoreError> {
        let mut counts = StatusCounts::new();
        let mut session = self.reader().await?;
        let active = |row: &Row| Ok((code::active_status(get(row, "state")?, get(row, "begun")?)?, get(row, "number")?));
        let ended = |row: &Row| Ok((code::status(get(row, "status")?)?, get(row, "number")?));
        let mut numbers: Vec<(ExecutionStatus, i64)> = Vec::new();
        if let Some(mut count) = active_count(filter) {
            numbers.append(&mut readable(&session.all(count.build()).await?, active)?);
        }
        if let Some(mut count) = ended_count(filter)? {
            numbers.append(&mut readable(&session.all(count.build()).await?, ended)?);
        }
        session.done();
        for (status, number) in numbers {
            *counts.entry(status.as_str()).or_default() += u64::try_from(number).unwrap_or(0);
        }
        Ok(counts)
    }

    async fn resume_point(&self, execution: ExecutionId, token: &ResumeToken) -> Result<Option<OpenResumePoint>, StoreError> {
        let open = "SELECT a.*, p.token, p.node, p.run, p.options FROM resume_points p JOIN active a ON a.id = p.execution \
                    WHERE p.execution = $1 AND p.token = $2 AND NOT p.taken";
        let row = self.read_first(query(open).bind(execution.as_uuid()).bind(token.as_str())).await?;
        row.map(|row| Ok(OpenResumePoint { execution: header(&row)?, point: resume_point(&row)? })).transpose()
    }

    async fn delete_execution(&self, tenant: &TenantId, id: ExecutionId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let own = |sql: &'static str| query(sql).bind(id.as_uuid()).bind(tenant.as_str());
        if tx.first(own("SELECT state FROM active WHERE id = $1 AND tenant = $2")).await?.is_some() {
            return tx.refuse(StoreError::conflict("execution", id.to_string(), "it has not ended")).await;
        }
        if tx.first(own("SELECT status FROM executions WHERE id = $1 AND tenant = $2")).await?.is_none() {
            return tx.refuse(StoreError::not_found("execution", id.to_string())).await;
        }
        remove(&mut tx, &[id.as_uuid()]).await?;
        tx.commit().await
    }

    async fn prune(&self, retention: &Retention, limit: u32) -> Result<u64, StoreError> {
        let mut removed = 0;
        if let Some(before) = retention.finished_before {
            removed += self.remove_listed(aged(retention, before.as_micros(), i64::from(limit))).await?;
        }
        if let Some(keep) = retention.keep_newest {
            for workflow in self.workflows_with_history(retention).await? {
                let left = i64::from(limit) - i64::try_from(removed).unwrap_or(i64::MAX);
                if left <= 0 {
                    break;
                }
                removed += self.remove_beyond(&workflow, (keep, left), &retention.statuses).await?;
            }
        }
        Ok(removed)
    }
}

impl SqlStore {
    async fn workflows_with_history(&self, retention: &Retention) -> Result<Vec<String>, StoreError> {
        if let Some(workflow) = &retention.workflow {
            return Ok(vec![workflow.to_string()]);
        }
        let all = "WITH RECURSIVE known(workflow) AS (SELECT min(workflow) FROM executions UNION ALL \
                   SELECT (SELECT min(workflow) FROM executions e WHERE e.workflow > known.workflow) FROM known WHERE known.workflow IS NOT NULL) \
                   SELECT workflow FROM known WHERE workflow IS NOT NULL";
        self.read(query(all)).await?.iter().map(|row| get(row, "workflow")).collect()
    }

    async fn remove_beyond(&self, workflow: &str, (keep, limit): (u32, i64), statuses: &[ExecutionStatus]) -> Result<u64, StoreError> {
        let Some(row) = self.read_first(first_beyond(workflow, keep).build()).await? else { return Ok(0) };
        self.remove_listed(up_to(workflow, statuses, Part { after: get(&row, "id")?, limit })).await
    }

    async fn remove_listed(&self, list: Option<Builder>) -> Result<u64, StoreError> {
        let Some(mut list) = list else { return Ok(0) };
        let mut tx = self.begin().await?;
        let found: Result<Vec<Uuid>, _> = tx.all(list.build()).await?.iter().map(|row| get(row, "id")).collect();
        let found = found?;
        remove(&mut tx, &found).await?;
        tx.commit().await?;
        Ok(found.len() as u64)
    }
}

/// Reads so many executions, or all that there are. Rows that cannot be read are left out, and do not end the list.
async fn read_part(
    session: &mut Reader,
    mut part: Part,
    list: &(dyn Fn(Part) -> Result<Option<Builder>, StoreError> + Sync),
    read: fn(&Row) -> Result<ExecutionSummary, StoreError>,
) -> Result<Vec<ExecutionSummary>, StoreError> {
    let mut found = Vec::new();
    loop {
        let Some(mut statement) = list(part)? else { return Ok(found) };
        let rows = session.all(statement.build()).await?;
        let is_full = |count: usize| i64::try_from(count).is_ok_and(|count| count >= part.limit);
        found.append(&mut readable(&rows, read)?);
        match rows.last() {
            Some(row) if is_full(rows.len()) && !is_full(found.len()) => part.after = get(row, "id")?,
            _ => return Ok(found),
        }
    }
}

async fn remove(tx: &mut Tx, executions: &[Uuid]) -> Result<(), StoreError> {
    for statement in [
        concat!("DELETE FROM executions WHERE id ", among!("$1")),
        concat!("DELETE FROM journal WHERE execution ", among!("$1")),
        concat!("DELETE FROM custom_entries WHERE execution ", among!("$1")),
        concat!("DELETE FROM blob_uses WHERE execution ", among!("$1")),
    ] {
        tx.change(query(statement).bind(ids(executions.iter().copied()))).await?;
    }
    Ok(())
}

fn resume_point(row: &Row) -> Result<ResumePoint, StoreError> {
    Ok(ResumePoint {
        token: ResumeToken::from(get::<String, _>(row, "token")?),
        node: json(&get::<String, _>(row, "node")?, "node")?,
        run: unsigned(get(row, "run")?, "run")?,
        options: json(&get::<String, _>(row, "options")?, "options")?,
    })
}
