//! Schedules and their slots.

use async_trait::async_trait;
use engine_core::model::WorkflowId;
use engine_core::store::{Fired, ScheduleId, ScheduleStore, Start, StoreError, StoredSchedule, VersionNumber, Wakeup};
use sqlx::query;

use super::{Row, SqlStore, Tx};
use crate::row::{get, json, readable, signed, text, time, unsigned};

#[async_trait]
impl ScheduleStore for SqlStore {
    async fn due_schedules(&self, limit: u32) -> Result<Vec<StoredSchedule>, StoreError> {
        let due = concat!("SELECT * FROM schedules WHERE next IS NOT NULL AND next <= ", now!(), " ORDER BY next, workflow, node, rule LIMIT $1");
        let rows = self.read(query(due).bind(i64::from(limit))).await?;
        let due = readable(&rows, schedule)?;
        if due.len() < rows.len() {
            for row in rows.iter().filter(|row| schedule(row).is_err()) {
                self.set_schedule_aside(row).await?;
            }
        }
        Ok(due)
    }

    async fn schedules(&self, workflow: Option<&WorkflowId>) -> Result<Vec<StoredSchedule>, StoreError> {
        let rows = match workflow {
            Some(workflow) => self.read(query("SELECT * FROM schedules WHERE workflow = $1 ORDER BY node, rule").bind(workflow.as_str())).await?,
            None => self.read(query("SELECT * FROM schedules ORDER BY workflow, node, rule")).await?,
        };
        readable(&rows, schedule)
    }

    async fn fire(&self, fired: Fired) -> Result<Option<Start>, StoreError> {
        let mut tx = self.begin().await?;
        let started = match fire(&mut tx, &fired).await {
            Ok(started) => started,
            Err(error) => return tx.refuse(error).await,
        };
        tx.commit().await?;
        if matches!(started, Some(Start::Created { lease: None })) {
            self.tell(Wakeup::Ready);
        }
        Ok(started)
    }
}

impl SqlStore {
    /// A schedule that cannot be read never fires; it must not stand before those that can.
    async fn set_schedule_aside(&self, row: &Row) -> Result<(), StoreError> {
        let aside = query("UPDATE schedules SET next = NULL WHERE workflow = $1 AND node = $2 AND rule = $3");
        let aside = aside.bind(get::<String, _>(row, "workflow")?).bind(get::<String, _>(row, "node")?).bind(get::<i32, _>(row, "rule")?);
        self.write(aside).await.map(drop)
    }
}

/// Replaces all schedules of a workflow. One that was there with the same rule and zone keeps its `next` and `last`.
pub(super) async fn replace_schedules(tx: &mut Tx, workflow: &WorkflowId, schedules: Vec<StoredSchedule>) -> Result<(), StoreError> {
    let held = concat!("SELECT * FROM schedules WHERE workflow = $1 ORDER BY node, rule", lock!());
    let before = readable(&tx.all(query(held).bind(workflow.as_str())).await?, schedule)?;
    tx.change(query("DELETE FROM schedules WHERE workflow = $1").bind(workflow.as_str())).await?;
    for mut schedule in schedules {
        let is_same = |old: &&StoredSchedule| old.id == schedule.id && old.spec == schedule.spec && old.time_zone == schedule.time_zone;
        if let Some(same) = before.iter().find(is_same) {
            (schedule.next, schedule.last) = (same.next, same.last);
        }
        insert(tx, &schedule).await?;
    }
    Ok(())
}

async fn fire(tx: &mut Tx, fired: &Fired) -> Result<Option<Start>, StoreError> {
    let ScheduleId { workflow, node, rule } = &fired.schedule;
    // Who comes first moves `last`; whoever waited for the row then finds the slot passed.
    let pass = "UPDATE schedules SET last = $4, next = $5 WHERE workflow = $1 AND node = $2 AND rule = $3 AND (last IS NULL OR last < $4)";
    let pass = query(pass)
        .bind(workflow.as_str())
        .bind(text(node)?)
        .bind(signed(*rule))
        .bind(fired.slot.as_micros())
        .bind(fired.next.map(engine_core::model::Timestamp::as_micros));
    if tx.change(pass).await? == 0 {
        return Ok(None);
    }
    let Some(start) = &fired.start else { return Ok(None) };
    let slot = "INSERT INTO schedule_slots (workflow, node, rule, slot, execution) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workflow, node, rule, slot) DO NOTHING";
    let slot = query(slot).bind(workflow.as_str()).bind(text(node)?).bind(signed(*rule)).bind(fired.slot.as_micros());
    if tx.change(slot.bind(start.header.id.as_uuid())).await? == 0 {
        return Ok(None);
    }
    tx.start(start).await.map(Some)
}

async fn insert(tx: &mut Tx, schedule: &StoredSchedule) -> Result<(), StoreError> {
    let ScheduleId { workflow, node, rule } = &schedule.id;
    let insert =
        "INSERT INTO schedules (workflow, node, rule, tenant, version, spec, time_zone, next, last) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let insert = query(insert)
        .bind(workflow.as_str())
        .bind(text(node)?)
        .bind(signed(*rule))
        .bind(schedule.tenant.as_str())
        .bind(signed(schedule.version.0))
        .bind(text(&schedule.spec)?)
        .bind(&schedule.time_zone)
        .bind(schedule.next.map(engine_core::model::Timestamp::as_micros))
        .bind(schedule.last.map(engine_core::model::Timestamp::as_micros));
    tx.change(insert).await.map(drop)
}

fn schedule(row: &Row) -> Result<StoredSchedule, StoreError> {
    let id = ScheduleId {
        workflow: get::<String, _>(row, "workflow")?.into(),
        node: json(&get::<String, _>(row, "node")?, "node")?,
        rule: unsigned(get(row, "rule")?, "rule")?,
    };
    Ok(StoredSchedule {
        id,
        tenant: get::<String, _>(row, "tenant")?.into(),
        version: VersionNumber(unsigned(get(row, "version")?, "version")?),
        spec: json(&get::<String, _>(row, "spec")?, "schedule")?,
        time_zone: get(row, "time_zone")?,
        next: get::<Option<i64>, _>(row, "next")?.map(time),
        last: get::<Option<i64>, _>(row, "last")?.map(time),
    })
}
