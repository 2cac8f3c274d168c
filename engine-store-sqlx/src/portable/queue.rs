//! The queue: claims, heartbeats, rescue, timers, limits.

use std::collections::{HashMap, HashSet};

use engine_core::model::{ExecutionId, Timestamp};
use engine_core::store::turn::{Candidate, Headroom, Turns, pick};
use engine_core::store::{Beat, Claim, Claimed, Ending, Epoch, Heartbeat, Lease, LimitScope, Rescue, Rescued, StoreError, TenantId, WorkerId};
use sqlx::query;
use uuid::Uuid;

use super::load::{execution_id, header};
use super::{Row, SqlStore, Tx, candidates, ids, lock_claims, remove_nameless, texts};
use crate::code;
use crate::row::{get, signed, time, unsigned};

impl SqlStore {
    pub(super) async fn claim_executions(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.begin().await?;
        lock_claims(&mut tx).await?;
        let alive = concat!("SELECT expires FROM workers WHERE id = $1 AND expires > ", now!());
        if tx.first(query(alive).bind(claim.worker.as_uuid())).await?.is_none() {
            return tx.refuse(StoreError::not_found("worker", claim.worker.to_string())).await;
        }
        let mut headroom = headroom(&mut tx).await?;
        let Candidates { found, unreadable, nameless } = told_apart(candidates(self, &mut tx, claim.limit).await?);
        let turns = turns(&mut tx, &found).await?;
        let tenants: HashSet<_> = found.iter().map(|candidate| candidate.tenant.clone()).collect();
        let picked = pick(found, &mut headroom, &turns, claim.limit);
        let claimed = lease(&mut tx, claim.worker, &picked.executions).await?;
        if tenants.len() > 1 {
            note_turns(&mut tx, &picked.served).await?;
        }
        for id in unreadable.iter().chain(&claimed.damaged) {
            tx.set_aside(*id).await?;
        }
        if nameless {
            remove_nameless(&mut tx).await?;
        }
        tx.commit().await?;
        let mut place: HashMap<_, _> = claimed.leased.into_iter().map(|claimed| (claimed.header.id, claimed)).collect();
        Ok(picked.executions.iter().filter_map(|id| place.remove(id)).collect())
    }

    pub(super) async fn beat(&self, beat: Heartbeat) -> Result<Beat, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now().await?;
        let expires = now.after(beat.lease_time);
        let known = "UPDATE workers SET seen = $2, expires = $3 WHERE id = $1 AND expires > $2";
        let known = query(known).bind(beat.worker.as_uuid()).bind(now.as_micros()).bind(expires.as_micros());
        let was_lost = tx.change(known).await? == 0;
        if was_lost {
            let insert = "INSERT INTO workers (id, name, started, seen, expires) VALUES ($1, $2, $3, $3, $4) \
                          ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, expires = excluded.expires";
            let insert = query(insert).bind(beat.worker.as_uuid()).bind(beat.name).bind(now.as_micros()).bind(expires.as_micros());
            tx.change(insert).await?;
        }
        tx.commit().await?;
        Ok(Beat { now, was_lost })
    }

    pub(super) async fn leave_fleet(&self, worker: WorkerId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.change(query("DELETE FROM workers WHERE id = $1").bind(worker.as_uuid())).await?;
        // The epoch is raised, so that a write that is still under way comes to nothing.
        let hand_back = concat!(
            "UPDATE active SET state = 0, worker = NULL, epoch = ",
            raised!("epoch"),
            ", claims = CASE WHEN claims > 0 THEN claims - 1 ELSE 0 END WHERE state = 1 AND worker = $1"
        );
        tx.change(query(hand_back).bind(worker.as_uuid())).await?;
        tx.commit().await
    }

    pub(super) async fn wake(&self, limit: u32) -> Result<u32, StoreError> {
        let wake = concat!(
            "WITH due_now AS MATERIALIZED (SELECT id FROM active WHERE state = 2 AND due IS NOT NULL AND due <= ",
            now!(),
            " ORDER BY due LIMIT $1",
            skip_locked!(),
            ") UPDATE active SET state = 0, due = NULL WHERE state = 2 AND id IN (SELECT id FROM due_now)"
        );
        let woken = self.write(query(wake).bind(i64::from(limit))).await?;
        Ok(u32::try_from(woken).unwrap_or(u32::MAX))
    }

    pub(super) async fn next_due_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = "SELECT due FROM active WHERE state = 2 AND due IS NOT NULL ORDER BY due LIMIT 1";
        self.read_first(query(next)).await?.map(|row| get(&row, "due").map(time)).transpose()
    }

    pub(super) async fn rescue_lost(&self, rescue: Rescue) -> Result<Rescued, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now().await?;
        let lost = concat!(
            "WITH lost AS MATERIALIZED (SELECT id FROM active WHERE state = 1 \
             AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = active.worker AND w.expires > $1) LIMIT $2",
            skip_locked!(),
            ") UPDATE active SET state = 0, worker = NULL, epoch = ",
            raised!("epoch"),
            " WHERE state = 1 AND id IN (SELECT id FROM lost) RETURNING id, claims"
        );
        let rows = tx.all(query(lost).bind(now.as_micros()).bind(i64::from(rescue.limit))).await?;
        let mut rescued = Rescued::default();
        for row in &rows {
            let id = execution_id(row, "id")?;
            let Ok(claims) = unsigned(get(row, "claims")?, "claims") else {
                tx.set_aside(id.as_uuid()).await?;
                rescued.given_up.push(id);
                continue;
            };
            if claims >= rescue.max_claims {
                tx.end_active(id, &Ending::given_up(claims, now)).await?;
                rescued.given_up.push(id);
            } else {
                rescued.released.push(id);
            }
        }
        if rows.is_empty() {
            // Workers that were lost long ago and hold nothing are forgotten.
            let forget = "DELETE FROM workers WHERE expires < $1 AND NOT EXISTS (SELECT 1 FROM active WHERE state = 1 AND worker = workers.id)";
            tx.change(query(forget).bind(now.as_micros() - FORGET_WORKERS_AFTER)).await?;
        }
        tx.commit().await?;
        rescued.released.sort();
        rescued.given_up.sort();
        Ok(rescued)
    }

    pub(super) async fn limit(&self, scope: &LimitScope, limit: Option<u32>) -> Result<(), StoreError> {
        let (kind, name) = code::of_scope(scope);
        let mut tx = self.begin().await?;
        // Claims that have counted already must be through before the new limit counts.
        lock_claims(&mut tx).await?;
        let statement = match limit {
            Some(limit) => query(
                "INSERT INTO limits (kind, name, maximum) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET maximum = excluded.maximum",
            )
            .bind(kind)
            .bind(name)
            .bind(signed(limit)),
            None => query("DELETE FROM limits WHERE kind = $1 AND name = $2").bind(kind).bind(name),
        };
        tx.change(statement).await?;
        tx.commit().await
    }
}

/// Ten minutes, in microseconds.
const FORGET_WORKERS_AFTER: i64 = 600_000_000;

/// How many more executions of each limited scope may be leased.
async fn headroom(tx: &mut Tx) -> Result<Headroom, StoreError> {
    let mut headroom = Headroom::new();
    for row in tx.all(query("SELECT kind, name, maximum FROM limits")).await? {
        headroom.insert(code::scope(get(&row, "kind")?, get(&row, "name")?)?, unsigned(get(&row, "maximum")?, "limit")?);
    }
    if headroom.is_empty() {
        return Ok(headroom);
    }
    let leased = "SELECT tenant, workflow, concurrency_key, count(*) AS held FROM active WHERE state = 1 GROUP BY tenant, workflow, concurrency_key";
    for row in tx.all(query(leased)).await? {
        let held = u32::try_from(get::<i64, _>(&row, "held")?).unwrap_or(u32::MAX);
        let tenant = LimitScope::Tenant(TenantId::from(get::<String, _>(&row, "tenant")?));
        let workflow = LimitScope::Workflow(get::<String, _>(&row, "workflow")?.into());
        let key = get::<Option<String>, _>(&row, "concurrency_key")?.map(LimitScope::Key);
        for scope in [tenant, workflow].into_iter().chain(key) {
            if let Some(left) = headroom.get_mut(&scope) {
                *left = left.saturating_sub(held);
            }
        }
    }
    Ok(headroom)
}

/// What a claim found to choose from.
#[derive(Default)]
struct Candidates {
    found: Vec<Candidate>,
    /// The ids of those whose rows cannot be read.
    unreadable: Vec<Uuid>,
    /// Whether there are rows whose id cannot be read either.
    nameless: bool,
}

fn told_apart(rows: Vec<Row>) -> Candidates {
    let mut all = Candidates::default();
    for row in rows {
        match (candidate(&row), get::<Uuid, _>(&row, "id")) {
            (Ok(candidate), _) => all.found.push(candidate),
            (Err(_), Ok(id)) => all.unreadable.push(id),
            (Err(_), Err(_)) => all.nameless = true,
        }
    }
    all
}

fn candidate(row: &Row) -> Result<Candidate, StoreError> {
    Ok(Candidate {
        id: execution_id(row, "id")?,
        tenant: TenantId::from(get::<String, _>(row, "tenant")?),
        workflow: get::<String, _>(row, "workflow")?.into(),
        key: get(row, "concurrency_key")?,
        priority: get(row, "priority")?,
    })
}

async fn turns(tx: &mut Tx, candidates: &[Candidate]) -> Result<Turns, StoreError> {
    let tenants: HashSet<_> = candidates.iter().map(|candidate| candidate.tenant.as_str()).collect();
    if tenants.len() < 2 {
        return Ok(Turns::new());
    }
    let turns = concat!("SELECT tenant, turn FROM turns WHERE tenant ", among_texts!("$1"));
    let rows = tx.all(query(turns).bind(texts(tenants.into_iter()))).await?;
    rows.iter().map(|row| Ok((TenantId::from(get::<String, _>(row, "tenant")?), get(row, "turn")?))).collect()
}

async fn note_turns(tx: &mut Tx, served: &[TenantId]) -> Result<(), StoreError> {
    for tenant in served {
        let note = "INSERT INTO turns (tenant, turn) SELECT $1, coalesce(max(turn), 0) + 1 FROM turns WHERE true \
                    ON CONFLICT (tenant) DO UPDATE SET turn = excluded.turn";
        tx.change(query(note).bind(tenant.as_str())).await?;
    }
    Ok(())
}

struct Leased {
    leased: Vec<Claimed>,
    damaged: Vec<Uuid>,
}

async fn lease(tx: &mut Tx, worker: WorkerId, executions: &[ExecutionId]) -> Result<Leased, StoreError> {
    let mut result = Leased { leased: Vec::new(), damaged: Vec::new() };
    if executions.is_empty() {
        return Ok(result);
    }
    // A row that somebody else is changing just now is left for the next claim: waiting for it here would make the whole fleet wait.
    let lease = concat!(
        "WITH free AS MATERIALIZED (SELECT id FROM active WHERE state = 0 AND id ",
        among!("$2"),
        " ORDER BY id",
        skip_locked!(),
        ") UPDATE active SET state = 1, worker = $1, epoch = ",
        raised!("epoch"),
        ", claims = ",
        raised!("claims"),
        ", started = coalesce(started, ",
        now!(),
        ") WHERE state = 0 AND id IN (SELECT id FROM free) RETURNING *"
    );
    for row in tx.all(query(lease).bind(worker.as_uuid()).bind(ids(executions.iter().map(engine_core::model::ExecutionId::as_uuid)))).await? {
        match claimed(&row, worker) {
            Ok(claimed) => result.leased.push(claimed),
            Err(_) => result.damaged.push(get(&row, "id")?),
        }
    }
    Ok(result)
}

fn claimed(row: &Row, worker: WorkerId) -> Result<Claimed, StoreError> {
    let header = header(row)?;
    let epoch = Epoch(unsigned(get(row, "epoch")?, "epoch")?);
    // Read so that a damaged one is noticed now, not when it is written again.
    let _: (i64, Option<i64>) = (get(row, "created")?, get(row, "started")?);
    Ok(Claimed {
        lease: Lease { execution: header.id, worker, epoch },
        header,
        claims: unsigned(get(row, "claims")?, "claims")?,
        signalled: get::<i32, _>(row, "signals")? != 0,
    })
}
