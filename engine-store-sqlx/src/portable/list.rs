//! Statements about lists of executions, put together from fixed pieces: only conditions that are set are in them, so that each goes along an index.
//!
//! `SQLite` knows nothing of what is in its tables: there one condition, the narrowest that is set, may use an index, and the others are written so that they cannot.
//! Those that have ended are read status by status, because the indexes have the status before the id.

use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionFilter, Retention, StoreError};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::Sql;
use crate::row::text;

pub(super) type Builder = QueryBuilder<Sql>;

/// Which part of a list: what comes after this id, at most so many.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) after: Uuid,
    pub(super) limit: i64,
}

/// The final states with the numbers under which they are stored.
const FINAL: [(ExecutionStatus, &str); 4] =
    [(ExecutionStatus::Success, "4"), (ExecutionStatus::Error, "5"), (ExecutionStatus::Canceled, "6"), (ExecutionStatus::Crashed, "7")];

/// The other states, as conditions.
const ACTIVE: [(ExecutionStatus, &str); 4] = [
    (ExecutionStatus::New, "(state IN (0, 2) AND started IS NULL)"),
    (ExecutionStatus::Running, "(state = 1 OR (state = 0 AND started IS NOT NULL))"),
    (ExecutionStatus::Waiting, "(state = 2 AND started IS NOT NULL)"),
    (ExecutionStatus::Paused, "state = 3"),
];

/// The entries for these statuses; for all when none is named.
fn wanted(all: &[(ExecutionStatus, &'static str); 4], statuses: &[ExecutionStatus]) -> Vec<&'static str> {
    all.iter().filter(|(status, _)| statuses.is_empty() || statuses.contains(status)).map(|(_, text)| *text).collect()
}

/// The condition that goes along an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Along {
    Tenant,
    Workflow,
    Parent,
    Entry,
}

fn along(filter: &ExecutionFilter) -> Option<Along> {
    let set = [
        (filter.custom.is_some(), Along::Entry),
        (filter.parent.is_some(), Along::Parent),
        (filter.workflow.is_some(), Along::Workflow),
        (filter.tenant.is_some(), Along::Tenant),
    ];
    set.into_iter().find(|(is_set, _)| *is_set).map(|(_, along)| along)
}

/// Adds all conditions but the status and where the page begins.
fn conditions(list: &mut Builder, filter: &ExecutionFilter) {
    let along = along(filter);
    if let Some(parent) = filter.parent {
        list.push(" AND parent = ").push_bind(parent.as_uuid());
    }
    if let Some(workflow) = &filter.workflow {
        list.push(if along == Some(Along::Workflow) { " AND workflow = " } else { concat!(" AND ", passive!("workflow"), " = ") })
            .push_bind(workflow.to_string());
    }
    if let Some(tenant) = &filter.tenant {
        list.push(if along == Some(Along::Tenant) { " AND tenant = " } else { concat!(" AND ", passive!("tenant"), " = ") })
            .push_bind(tenant.to_string());
    }
    if let Some(from) = filter.created_from {
        list.push(" AND created >= ").push_bind(from.as_micros());
    }
    if let Some(before) = filter.created_before {
        list.push(" AND created < ").push_bind(before.as_micros());
    }
}

/// Those that have not ended, the newest first; nothing when the filter lets none of them through.
pub(super) fn active_list(filter: &ExecutionFilter, part: Part) -> Option<Builder> {
    let states = active_states(filter)?;
    let mut list = Builder::new("SELECT * FROM active WHERE id < ");
    list.push_bind(part.after).push(states);
    conditions(&mut list, filter);
    list.push(" ORDER BY id DESC LIMIT ").push_bind(part.limit);
    Some(list)
}

/// How many of those that have not ended stand where.
pub(super) fn active_count(filter: &ExecutionFilter) -> Option<Builder> {
    let states = active_states(filter)?;
    let mut list = Builder::new("SELECT state, started IS NOT NULL AS begun, count(*) AS number FROM active WHERE true");
    list.push(states);
    conditions(&mut list, filter);
    list.push(" GROUP BY 1, 2");
    Some(list)
}

/// Searchable data is there only at the end.
fn active_states(filter: &ExecutionFilter) -> Option<String> {
    let states = wanted(&ACTIVE, &filter.statuses);
    match states.len() {
        _ if filter.custom.is_some() => None,
        0 => None,
        4 => Some(String::new()),
        _ => Some([" AND (", &states.join(" OR "), ")"].concat()),
    }
}

/// Those that have ended, the newest first; nothing when the filter lets none of them through.
pub(super) fn ended_list(filter: &ExecutionFilter, part: Part) -> Result<Option<Builder>, StoreError> {
    let statuses = wanted(&FINAL, &filter.statuses);
    if statuses.is_empty() {
        return Ok(None);
    }
    if filter.custom.is_some() {
        let mut list = Builder::new("SELECT executions.*");
        with_entry(&mut list, filter, &statuses)?;
        list.push(" AND custom_entries.execution < ").push_bind(part.after);
        list.push(" ORDER BY custom_entries.execution DESC LIMIT ").push_bind(part.limit);
        return Ok(Some(list));
    }
    let mut list = Builder::new("SELECT * FROM (");
    // The primary key has all statuses in one order, and no other index is of use then.
    let branches = if along(filter).is_none() && statuses.len() == FINAL.len() { vec![""] } else { statuses };
    for (index, status) in branches.iter().enumerate() {
        list.push(if index > 0 { " UNION ALL " } else { "" }).push("SELECT * FROM (SELECT * FROM executions WHERE ");
        if !status.is_empty() {
            list.push("status = ").push(*status).push(" AND ");
        }
        list.push("id < ").push_bind(part.after);
        conditions(&mut list, filter);
        list.push(" ORDER BY id DESC LIMIT ").push_bind(part.limit).push(") of_status");
    }
    list.push(") ended ORDER BY id DESC LIMIT ").push_bind(part.limit);
    Ok(Some(list))
}

/// How many of those that have ended did so in which way.
pub(super) fn ended_count(filter: &ExecutionFilter) -> Result<Option<Builder>, StoreError> {
    let statuses = wanted(&FINAL, &filter.statuses);
    if statuses.is_empty() {
        return Ok(None);
    }
    let mut list = Builder::new("SELECT status, count(*) AS number");
    if filter.custom.is_some() {
        with_entry(&mut list, filter, &statuses)?;
    } else {
        list.push(" FROM executions WHERE status IN (").push(statuses.join(", ")).push(")");
        conditions(&mut list, filter);
    }
    list.push(" GROUP BY status");
    Ok(Some(list))
}

/// Ended executions with an entry in their searchable data, found by the entry: a cross join is carried out in the order in which it is written.
fn with_entry(list: &mut Builder, filter: &ExecutionFilter, statuses: &[&'static str]) -> Result<(), StoreError> {
    let Some((key, value)) = &filter.custom else { return Ok(()) };
    list.push(" FROM custom_entries CROSS JOIN executions WHERE custom_entries.key = ").push_bind(text(key)?);
    list.push(" AND custom_entries.value = ").push_bind(text(value)?);
    list.push(concat!(" AND executions.id = custom_entries.execution AND ", passive!("status"), " IN (")).push(statuses.join(", ")).push(")");
    conditions(list, filter);
    Ok(())
}

/// Ended executions that are old enough to go, the oldest first.
pub(super) fn aged(retention: &Retention, before: i64, limit: i64) -> Option<Builder> {
    let mut list = Builder::new("SELECT id FROM (");
    for (index, status) in wanted(&FINAL, &retention.statuses).into_iter().enumerate() {
        list.push(if index > 0 { " UNION ALL " } else { "" });
        list.push("SELECT id, finished FROM (SELECT id, finished FROM executions WHERE status = ")
            .push(status)
            .push(" AND finished < ")
            .push_bind(before);
        if let Some(workflow) = &retention.workflow {
            list.push(concat!(" AND ", passive!("workflow"), " = ")).push_bind(workflow.to_string());
        }
        list.push(" AND NOT EXISTS (SELECT 1 FROM active WHERE active.parent = executions.id) ORDER BY finished LIMIT ")
            .push_bind(limit)
            .push(") of_status");
    }
    list.push(") aged ORDER BY finished LIMIT ").push_bind(limit);
    (!wanted(&FINAL, &retention.statuses).is_empty()).then_some(list)
}

/// The newest execution of a workflow that is not among the newest `keep`.
pub(super) fn first_beyond(workflow: &str, keep: u32) -> Builder {
    let mut list = Builder::new("SELECT id FROM (");
    for (index, (_, status)) in FINAL.iter().enumerate() {
        list.push(if index > 0 { " UNION ALL " } else { "" }).push("SELECT id FROM (SELECT id FROM executions WHERE status = ").push(*status);
        list.push(" AND workflow = ")
            .push_bind(workflow.to_owned())
            .push(" ORDER BY id DESC LIMIT ")
            .push_bind(i64::from(keep) + 1)
            .push(") of_status");
    }
    list.push(") newest ORDER BY id DESC LIMIT 1 OFFSET ").push_bind(i64::from(keep));
    list
}

/// Ended executions of a workflow up to this one, the oldest first.
pub(super) fn up_to(workflow: &str, statuses: &[ExecutionStatus], part: Part) -> Option<Builder> {
    let statuses = wanted(&FINAL, statuses);
    let mut list = Builder::new("SELECT id FROM (");
    for (index, status) in statuses.iter().enumerate() {
        list.push(if index > 0 { " UNION ALL " } else { "" }).push("SELECT id FROM (SELECT id FROM executions WHERE status = ").push(*status);
        list.push(" AND workflow = ").push_bind(workflow.to_owned()).push(" AND id <= ").push_bind(part.after);
        list.push(" AND NOT EXISTS (SELECT 1 FROM active WHERE active.parent = executions.id) ORDER BY id LIMIT ")
            .push_bind(part.limit)
            .push(") of_status");
    }
    list.push(") beyond ORDER BY id LIMIT ").push_bind(part.limit);
    (!statuses.is_empty()).then_some(list)
}
