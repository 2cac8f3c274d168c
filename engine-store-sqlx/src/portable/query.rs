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

use super::load::{active_summary, ended_summary, header};
use super::{Row, SqlStore, Statement, Tx, ids};
use crate::code;
use crate::row::{get, json, text, unsigned};

/// Conditions that both lists share: tenant, workflow, times, and where the page begins.
macro_rules! conditions {
    () => {
        "($1 IS NULL OR tenant = $1) AND ($2 IS NULL OR workflow = $2) AND created >= $3 AND created < $4 AND id < $5"
    };
}

/// The statuses that are let through; repeated to fill the list.
macro_rules! statuses {
    () => {
        "status IN ($6, $7, $8, $9, $10, $11, $12, $13)"
    };
}

/// The execution that called it, of those that have not ended.
macro_rules! parent {
    () => {
        " AND ($6 IS NULL OR parent = $6)"
    };
}

/// The execution that called it, of those that have ended.
macro_rules! parent_of_ended {
    () => {
        " AND ($14 IS NULL OR parent = $14)"
    };
}

/// An entry of the searchable data.
macro_rules! with_entry {
    () => {
        " AND id IN (SELECT execution FROM custom_entries WHERE key = $15 AND value = $16)"
    };
}

/// No such condition; the arguments are there all the same.
macro_rules! without_entry {
    () => {
        " AND $15 IS NULL AND $16 IS NULL"
    };
}

#[async_trait]
impl ExecutionQuery for SqlStore {
    async fn executions(&self, filter: &ExecutionFilter, page: PageRequest<ExecutionId>) -> Result<Page<ExecutionSummary, ExecutionId>, StoreError> {
        let after = page.after.map_or(Uuid::max(), |after| after.as_uuid());
        let limit = i64::from(page.limit) + 1;
        let mut found = Vec::new();
        let mut session = self.reader().await?;
        if filter.may_let_active_through() {
            found = self.active_page(&mut session, filter, (after, limit)).await?;
        }
        if filter.statuses.is_empty() || filter.statuses.iter().any(|status| status.is_final()) {
            let statement = bind_filter(query(ended_list(filter)), filter, after)?.bind(limit);
            for row in session.all(statement).await? {
                found.push(ended_summary(&row)?);
            }
        }
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
        if filter.may_let_active_through() {
            let list = concat!(
                "SELECT state, started IS NOT NULL AS begun, count(*) AS number FROM active WHERE ",
                conditions!(),
                parent!(),
                " GROUP BY 1, 2"
            );
            for row in session.all(bind_common(query(list), filter, Uuid::max()).bind(parent(filter))).await? {
                let status = code::active_status(get(&row, "state")?, get(&row, "begun")?)?;
                if filter.statuses.is_empty() || filter.statuses.contains(&status) {
                    *counts.entry(status.as_str()).or_default() += u64::try_from(get::<i64, _>(&row, "number")?).unwrap_or(0);
                }
            }
        }
        for row in session.all(bind_filter(query(ended_count(filter)), filter, Uuid::max())?).await? {
            let number = u64::try_from(get::<i64, _>(&row, "number")?).unwrap_or(0);
            *counts.entry(code::status(get(&row, "status")?)?.as_str()).or_default() += number;
        }
        session.done();
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
            let aged = concat!(
                "SELECT id FROM executions WHERE finished < $1 AND ($2 IS NULL OR workflow = $2) AND ",
                "status IN ($3, $4, $5, $6, $7, $8, $9, $10) AND NOT EXISTS (SELECT 1 FROM active WHERE active.parent = executions.id) ORDER BY id LIMIT $11"
            );
            let statement = query(aged).bind(before.as_micros()).bind(retention.workflow.as_ref().map(engine_core::model::WorkflowId::as_str));
            let statement = bind_statuses(statement, &retention.statuses).bind(i64::from(limit));
            removed += self.remove_listed(statement).await?;
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
    async fn active_page(
        &self,
        session: &mut super::Reader,
        filter: &ExecutionFilter,
        (after, limit): (Uuid, i64),
    ) -> Result<Vec<ExecutionSummary>, StoreError> {
        let list = concat!("SELECT * FROM active WHERE ", conditions!(), parent!(), " ORDER BY id DESC LIMIT $7");
        let mut after = after;
        let mut found = Vec::new();
        // The status of an execution that has not ended is no column of its own: pages are read until enough have it.
        loop {
            let rows = session.all(bind_common(query(list), filter, after).bind(parent(filter)).bind(limit)).await?;
            let full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
            for row in &rows {
                after = get(row, "id")?;
                let summary = active_summary(row)?;
                if filter.statuses.is_empty() || filter.statuses.contains(&summary.status) {
                    found.push(summary);
                }
            }
            if !full || i64::try_from(found.len()).is_ok_and(|count| count >= limit) {
                return Ok(found);
            }
        }
    }

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
        let first = "SELECT id FROM executions WHERE workflow = $1 ORDER BY id DESC LIMIT 1 OFFSET $2";
        let Some(row) = self.read_first(query(first).bind(workflow).bind(i64::from(keep))).await? else { return Ok(0) };
        let beyond = "SELECT id FROM executions WHERE workflow = $1 AND id <= $2 AND status IN ($3, $4, $5, $6, $7, $8, $9, $10) \
                      AND NOT EXISTS (SELECT 1 FROM active WHERE active.parent = executions.id) ORDER BY id LIMIT $11";
        let statement = query(beyond).bind(workflow).bind(get::<Uuid, _>(&row, "id")?);
        self.remove_listed(bind_statuses(statement, statuses).bind(limit)).await
    }

    async fn remove_listed(&self, list: Statement<'_>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let found: Result<Vec<Uuid>, _> = tx.all(list).await?.iter().map(|row| get(row, "id")).collect();
        let found = found?;
        remove(&mut tx, &found).await?;
        tx.commit().await?;
        Ok(found.len() as u64)
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

/// The list that fits the filter: each goes along an index.
fn ended_list(filter: &ExecutionFilter) -> &'static str {
    if filter.custom.is_some() {
        concat!(
            "SELECT * FROM executions WHERE ",
            conditions!(),
            " AND ",
            statuses!(),
            parent_of_ended!(),
            with_entry!(),
            " ORDER BY id DESC LIMIT $17"
        )
    } else {
        concat!(
            "SELECT * FROM executions WHERE ",
            conditions!(),
            " AND ",
            statuses!(),
            parent_of_ended!(),
            without_entry!(),
            " ORDER BY id DESC LIMIT $17"
        )
    }
}

fn ended_count(filter: &ExecutionFilter) -> &'static str {
    if filter.custom.is_some() {
        concat!(
            "SELECT status, count(*) AS number FROM executions WHERE ",
            conditions!(),
            " AND ",
            statuses!(),
            parent_of_ended!(),
            with_entry!(),
            " GROUP BY status"
        )
    } else {
        concat!(
            "SELECT status, count(*) AS number FROM executions WHERE ",
            conditions!(),
            " AND ",
            statuses!(),
            parent_of_ended!(),
            without_entry!(),
            " GROUP BY status"
        )
    }
}

fn bind_filter<'q>(statement: Statement<'q>, filter: &ExecutionFilter, after: Uuid) -> Result<Statement<'q>, StoreError> {
    let statement = bind_statuses(bind_common(statement, filter, after), &filter.statuses).bind(parent(filter));
    Ok(match &filter.custom {
        Some((key, value)) => statement.bind(text(key)?).bind(text(value)?),
        None => statement.bind(None::<String>).bind(None::<String>),
    })
}

fn bind_common<'q>(statement: Statement<'q>, filter: &ExecutionFilter, after: Uuid) -> Statement<'q> {
    statement
        .bind(filter.tenant.as_ref().map(ToString::to_string))
        .bind(filter.workflow.as_ref().map(ToString::to_string))
        .bind(filter.created_from.map_or(i64::MIN, engine_core::model::Timestamp::as_micros))
        .bind(filter.created_before.map_or(i64::MAX, engine_core::model::Timestamp::as_micros))
        .bind(after)
}

fn bind_statuses<'q>(statement: Statement<'q>, statuses: &[ExecutionStatus]) -> Statement<'q> {
    const FINAL: [ExecutionStatus; 4] = [ExecutionStatus::Success, ExecutionStatus::Error, ExecutionStatus::Canceled, ExecutionStatus::Crashed];
    let wanted = if statuses.is_empty() { &FINAL } else { statuses };
    (0..8).fold(statement, |statement, index| statement.bind(code::of_status(wanted[index % wanted.len()])))
}

fn parent(filter: &ExecutionFilter) -> Option<Uuid> {
    filter.parent.map(|parent| parent.as_uuid())
}

trait Narrow {
    fn may_let_active_through(&self) -> bool;
}

impl Narrow for ExecutionFilter {
    /// Searchable data is there only at the end.
    fn may_let_active_through(&self) -> bool {
        self.custom.is_none() && (self.statuses.is_empty() || self.statuses.iter().any(|status| !status.is_final()))
    }
}
