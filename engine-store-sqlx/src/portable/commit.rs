//! Starts and commits one by one, with everything that they may carry. Plain ones take a shorter way: `writer`.

use engine_core::model::ExecutionId;
use engine_core::store::{
    Chunk, Commit, Committed, EndedExecution, Ending, Epoch, ExecutionHeader, Keep, Lease, Start, StartExecution, StoreError, Then, WorkerId,
};
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use sqlx::query;
use uuid::Uuid;

use super::{SqlStore, Tx, numbers, texts};
use crate::code::{self, state};
use crate::group::{Answer, Answered, Job};
use crate::row::{get, signed, text, unsigned};

impl SqlStore {
    /// Answers a job of a group by itself: the group found no row for it, because it is fenced off or a repetition, or failed as a whole.
    ///
    /// Boxed: it is rare and large, and whoever writes a group would have to carry it.
    pub(super) fn write_one<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Answered> {
        match job {
            Job::Start(start) => self.start_one(start).map_ok(Answer::Started).boxed(),
            Job::Commit(commit) => self.commit_one(commit).map_ok(Answer::Committed).boxed(),
            Job::Record(ended) => self.record_one(ended).map_ok(|()| Answer::Recorded).boxed(),
        }
    }

    pub(super) async fn start_one(&self, start: &StartExecution) -> Result<Start, StoreError> {
        let mut tx = self.begin().await?;
        match tx.start(start).await {
            Ok(started) => tx.commit().await.map(|()| started),
            Err(error) => tx.refuse(error).await,
        }
    }

    pub(super) async fn commit_one(&self, commit: &Commit) -> Result<Committed, StoreError> {
        let mut tx = self.begin().await?;
        match tx.commit_under_lease(commit).await {
            Ok(committed) => tx.commit().await.map(|()| committed),
            Err(error) => tx.refuse(error).await,
        }
    }

    pub(super) async fn forget_claims_of(&self, lease: Lease) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let forget = "UPDATE active SET claims = 0 WHERE id = $1 AND epoch = $2 AND worker = $3 AND state = 1";
        let forget = query(forget).bind(lease.execution.as_uuid()).bind(signed(lease.epoch.0)).bind(lease.worker.as_uuid());
        if tx.change(forget).await? == 0 {
            return tx.refuse(StoreError::Fenced(lease.execution)).await;
        }
        tx.commit().await
    }

    pub(super) async fn record_one(&self, execution: &EndedExecution) -> Result<(), StoreError> {
        let EndedExecution { header, records, started, ending } = execution;
        let mut tx = self.begin().await?;
        if tx.first(query("SELECT state FROM active WHERE id = $1").bind(header.id.as_uuid())).await?.is_some() {
            return tx.undo().await;
        }
        let times = (started.as_micros(), Some(started.as_micros()));
        if tx.insert_ended(header, times, (ending, Epoch(0))).await? {
            if let Some(chunk) = records.as_ref().filter(|_| ending.keep == Keep::Everything) {
                tx.append(header.id, chunk).await?;
            }
            tx.store_static_data(header, ending).await?;
        }
        tx.commit().await
    }
}

/// Who uses the idempotency key of a start.
#[derive(Clone, Copy)]
enum UsedKey {
    /// Nobody did.
    Taken,
    /// This start, made before; or it has none.
    ByItself,
    /// Another start of the same request.
    ByAnother(ExecutionId),
}

impl Tx {
    /// Starts an execution, with all checks.
    pub(super) async fn start(&mut self, start: &StartExecution) -> Result<Start, StoreError> {
        let id = start.header.id;
        let key = self.use_key(start).await?;
        if let UsedKey::ByAnother(existing) = key {
            return Ok(Start::Existing { execution: existing });
        }
        if let Some(started) = self.started_before(start).await? {
            if let (UsedKey::Taken, Some(key)) = (key, &start.idempotency) {
                // Then it was another start: a repeated one changes nothing.
                let give_back = query("DELETE FROM idempotency_keys WHERE tenant = $1 AND key = $2");
                self.change(give_back.bind(start.header.tenant.as_str()).bind(&key.key)).await?;
            }
            return Ok(started);
        }
        let now = self.now().await?;
        let due = start.due.filter(|due| *due > now);
        let claimant = match start.claim_for.filter(|_| due.is_none()) {
            Some(worker) if self.may_start_directly(start, worker).await? => Some(worker),
            _ => None,
        };
        let standing = match (due, claimant) {
            (Some(_), _) => state::WAITING,
            (None, Some(_)) => state::LEASED,
            (None, None) => state::READY,
        };
        let ExecutionHeader { tenant, workflow, version, mode, parent, retry_of, .. } = &start.header;
        let insert = "INSERT INTO active (id, tenant, workflow, version, mode, parent, retry_of, priority, concurrency_key, state, due, worker, epoch, claims, \
                      signals, extras, created, started) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 0, false, $14, $15) \
                      ON CONFLICT (id) DO NOTHING";
        let insert = query(insert)
            .bind(id.as_uuid())
            .bind(tenant.as_str())
            .bind(workflow.as_str())
            .bind(signed(version.0))
            .bind(code::of_mode(*mode))
            .bind(parent.map(|parent| parent.as_uuid()))
            .bind(retry_of.map(|retried| retried.as_uuid()))
            .bind(start.priority)
            .bind(start.concurrency_key.as_deref())
            .bind(standing)
            .bind(due.map(engine_core::model::Timestamp::as_micros))
            .bind(claimant.map(WorkerId::as_uuid))
            .bind(i32::from(claimant.is_some()))
            .bind(now.as_micros())
            .bind(claimant.map(|_| now.as_micros()));
        if self.change(insert).await? == 0 {
            // The same start came at the same time.
            return Ok(self.started_before(start).await?.unwrap_or(Start::Created { lease: None }));
        }
        self.append(id, &start.records).await?;
        Ok(Start::Created { lease: claimant.map(|worker| Lease { execution: id, worker, epoch: Epoch(1) }) })
    }

    /// Takes the idempotency key, or gives the execution that has it.
    async fn use_key(&mut self, start: &StartExecution) -> Result<UsedKey, StoreError> {
        let Some(key) = &start.idempotency else { return Ok(UsedKey::ByItself) };
        let tenant = start.header.tenant.as_str();
        let expired = concat!("DELETE FROM idempotency_keys WHERE tenant = $1 AND key = $2 AND expires <= ", now!());
        self.change(query(expired).bind(tenant).bind(&key.key)).await?;
        let take = "INSERT INTO idempotency_keys (tenant, key, fingerprint, execution, expires) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, key) DO NOTHING";
        let take =
            query(take).bind(tenant).bind(&key.key).bind(key.fingerprint.as_slice()).bind(start.header.id.as_uuid()).bind(key.expires.as_micros());
        if self.change(take).await? == 1 {
            return Ok(UsedKey::Taken);
        }
        let used = query("SELECT execution, fingerprint FROM idempotency_keys WHERE tenant = $1 AND key = $2").bind(tenant).bind(&key.key);
        let Some(row) = self.first(used).await? else { return Ok(UsedKey::ByItself) };
        let existing = ExecutionId::new(get::<Uuid, _>(&row, "execution")?);
        if existing == start.header.id {
            Ok(UsedKey::ByItself)
        } else if get::<Vec<u8>, _>(&row, "fingerprint")? == key.fingerprint {
            Ok(UsedKey::ByAnother(existing))
        } else {
            Err(StoreError::conflict("idempotency key", key.key.clone(), "it was used for another request"))
        }
    }

    /// What a start under the same id, made before, has led to.
    pub(super) async fn started_before(&mut self, start: &StartExecution) -> Result<Option<Start>, StoreError> {
        let id = start.header.id;
        if let Some(row) = self.first(query("SELECT state, worker, epoch FROM active WHERE id = $1").bind(id.as_uuid())).await? {
            let worker = get::<Option<Uuid>, _>(&row, "worker")?.map(WorkerId::new);
            let first = get::<i16, _>(&row, "state")? == state::LEASED && get::<i32, _>(&row, "epoch")? == 1;
            let lease = start.claim_for.filter(|claimant| first && worker == Some(*claimant));
            return Ok(Some(Start::Created { lease: lease.map(|worker| Lease { execution: id, worker, epoch: Epoch(1) }) }));
        }
        let ended = self.first(query("SELECT status FROM executions WHERE id = $1").bind(id.as_uuid())).await?;
        Ok(ended.map(|_| Start::Created { lease: None }))
    }

    async fn may_start_directly(&mut self, start: &StartExecution, worker: WorkerId) -> Result<bool, StoreError> {
        let alive = concat!("SELECT expires FROM workers WHERE id = $1 AND expires > ", now!());
        if self.first(query(alive).bind(worker.as_uuid())).await?.is_none() {
            return Ok(false);
        }
        let limited = "SELECT maximum FROM limits WHERE (kind = 0 AND name = $1) OR (kind = 1 AND name = $2) OR (kind = 2 AND name = $3) LIMIT 1";
        let header = &start.header;
        let limited = query(limited).bind(header.tenant.as_str()).bind(header.workflow.as_str()).bind(start.concurrency_key.as_deref());
        Ok(self.first(limited).await?.is_none())
    }

    pub(super) async fn append(&mut self, id: ExecutionId, chunk: &Chunk) -> Result<(), StoreError> {
        let insert = "INSERT INTO journal (execution, seq, records) VALUES ($1, $2, $3) ON CONFLICT (execution, seq) DO NOTHING";
        self.change(query(insert).bind(id.as_uuid()).bind(signed(chunk.seq)).bind(&chunk.bytes[..])).await?;
        for blob in &chunk.blobs {
            let uses = "INSERT INTO blob_uses (execution, blob) VALUES ($1, $2) ON CONFLICT (execution, blob) DO NOTHING";
            self.change(query(uses).bind(id.as_uuid()).bind(blob.as_str())).await?;
        }
        Ok(())
    }

    /// A commit with everything that it may carry.
    pub(super) async fn commit_under_lease(&mut self, commit: &Commit) -> Result<Committed, StoreError> {
        let Commit { lease, chunk, handled, opened, closed, then } = commit;
        let id = lease.execution;
        let held = concat!("SELECT signals FROM active WHERE id = $1 AND epoch = $2 AND worker = $3 AND state = 1", lock!());
        let held = query(held).bind(id.as_uuid()).bind(signed(lease.epoch.0)).bind(lease.worker.as_uuid());
        let Some(row) = self.first(held).await? else { return self.repeated(commit).await };
        let mut signals = get::<i32, _>(&row, "signals")?;
        if let Some(chunk) = chunk {
            self.append(id, chunk).await?;
        }
        if !handled.is_empty() {
            let handle =
                concat!("UPDATE signals SET handled = true, payload = NULL WHERE execution = $1 AND NOT handled AND number ", among_numbers!("$2"));
            let gone = self.change(query(handle).bind(id.as_uuid()).bind(numbers(handled.iter().map(|id| id.0)))).await?;
            signals -= i32::try_from(gone).unwrap_or(i32::MAX);
        }
        if !closed.is_empty() {
            let close = concat!("DELETE FROM resume_points WHERE execution = $1 AND token ", among_texts!("$2"));
            self.change(query(close).bind(id.as_uuid()).bind(texts(closed.iter().map(engine_core::store::ResumeToken::as_str)))).await?;
        }
        for point in opened {
            let open = "INSERT INTO resume_points (execution, token, node, run, options, taken) VALUES ($1, $2, $3, $4, $5, false) \
                        ON CONFLICT (execution, token) DO UPDATE SET node = excluded.node, run = excluded.run, options = excluded.options, taken = false";
            let open = query(open)
                .bind(id.as_uuid())
                .bind(point.token.as_str())
                .bind(text(&point.node)?)
                .bind(signed(point.run))
                .bind(text(&point.options)?);
            self.change(open).await?;
        }
        let note = "UPDATE active SET signals = $2, extras = extras OR $3 WHERE id = $1";
        self.change(query(note).bind(id.as_uuid()).bind(signals).bind(!opened.is_empty())).await?;
        self.move_on(id, then, signals > 0).await?;
        Ok(Committed { execution: id, signalled: signals > 0 })
    }

    pub(super) async fn move_on(&mut self, id: ExecutionId, then: &Then, signalled: bool) -> Result<(), StoreError> {
        let (state, due) = match then {
            Then::Continue => return Ok(()),
            Then::Finish(ending) => return self.end_active(id, ending).await,
            Then::Wait { .. } | Then::Pause if signalled => (state::READY, None),
            Then::Wait { due } => (state::WAITING, due.map(engine_core::model::Timestamp::as_micros)),
            Then::Pause => (state::PAUSED, None),
            Then::Release => {
                let release = "UPDATE active SET state = 0, worker = NULL, claims = CASE WHEN claims > 0 THEN claims - 1 ELSE 0 END WHERE id = $1";
                self.change(query(release).bind(id.as_uuid())).await?;
                return Ok(());
            }
        };
        let park = "UPDATE active SET state = $2, due = $3, worker = NULL, claims = 0 WHERE id = $1";
        self.change(query(park).bind(id.as_uuid()).bind(state).bind(due)).await?;
        Ok(())
    }

    /// Answers a commit whose lease is not held: it was made before and is repeated because its answer was lost, or it is fenced off.
    pub(super) async fn repeated(&mut self, commit: &Commit) -> Result<Committed, StoreError> {
        let id = commit.lease.execution;
        let epoch = match &commit.then {
            Then::Continue => None,
            Then::Finish(_) => self.first(query("SELECT epoch FROM executions WHERE id = $1").bind(id.as_uuid())).await?,
            Then::Wait { .. } | Then::Pause | Then::Release => {
                self.first(query("SELECT epoch FROM active WHERE id = $1 AND state <> 1").bind(id.as_uuid())).await?
            }
        };
        let epoch = epoch.map(|row| unsigned(get(&row, "epoch")?, "epoch")).transpose()?.map(Epoch);
        let mut done = epoch == Some(commit.lease.epoch);
        if let (true, Then::Wait { .. } | Then::Pause | Then::Release, Some(chunk)) = (done, &commit.then, &commit.chunk) {
            let stored = query("SELECT records FROM journal WHERE execution = $1 AND seq = $2").bind(id.as_uuid()).bind(signed(chunk.seq));
            let stored = self.first(stored).await?.map(|row| get::<Vec<u8>, _>(&row, "records")).transpose()?;
            done = stored.is_some_and(|stored| stored == chunk.bytes);
        }
        if done { Ok(Committed { execution: id, signalled: false }) } else { Err(StoreError::Fenced(id)) }
    }

    /// Ends an execution that has not ended.
    pub(super) async fn end_active(&mut self, id: ExecutionId, ending: &Ending) -> Result<(), StoreError> {
        let Some(row) = self.first(query("SELECT * FROM active WHERE id = $1").bind(id.as_uuid())).await? else { return Ok(()) };
        let (Ok(header), Ok(epoch)) = (super::load::header(&row), unsigned(get(&row, "epoch")?, "epoch")) else {
            return self.set_aside(id.as_uuid()).await;
        };
        self.insert_ended(&header, (get(&row, "created")?, get(&row, "started")?), (ending, Epoch(epoch))).await?;
        self.store_static_data(&header, ending).await?;
        if ending.keep != Keep::Everything {
            self.change(query("DELETE FROM journal WHERE execution = $1").bind(id.as_uuid())).await?;
            self.change(query("DELETE FROM blob_uses WHERE execution = $1").bind(id.as_uuid())).await?;
        }
        self.forget_active(id.as_uuid()).await
    }

    /// Ends an execution whose row cannot be read, with what of it can be: it cannot be driven, and must not hinder the others.
    pub(super) async fn set_aside(&mut self, id: Uuid) -> Result<(), StoreError> {
        let now = self.now().await?;
        let ending = Ending::unreadable("its row is damaged", now);
        let insert = "INSERT INTO executions (id, tenant, workflow, version, mode, status, created, finished, error, epoch) \
                      SELECT id, coalesce(CAST(tenant AS TEXT), ''), coalesce(CAST(workflow AS TEXT), ''), 0, 0, $2, $3, $3, $4, 0 FROM active WHERE id = $1 \
                      ON CONFLICT (id) DO NOTHING";
        let error = ending.error.map(|error| error.to_string());
        self.change(query(insert).bind(id).bind(code::of_status(ending.status)).bind(now.as_micros()).bind(error)).await?;
        self.forget_active(id).await
    }

    /// Removes all that is kept about an execution only while it has not ended.
    pub(super) async fn forget_active(&mut self, id: Uuid) -> Result<(), StoreError> {
        self.change(query("DELETE FROM active WHERE id = $1").bind(id)).await?;
        self.change(query("DELETE FROM signals WHERE execution = $1").bind(id)).await?;
        self.change(query("DELETE FROM resume_points WHERE execution = $1").bind(id)).await?;
        Ok(())
    }

    /// Adds an execution to the history; false when it is there already. The times are when it was recorded and when it was first claimed.
    async fn insert_ended(
        &mut self,
        header: &ExecutionHeader,
        (created, started): (i64, Option<i64>),
        (ending, epoch): (&Ending, Epoch),
    ) -> Result<bool, StoreError> {
        if ending.keep == Keep::Nothing {
            return Ok(true);
        }
        let custom = if ending.custom.is_empty() { None } else { Some(text(&ending.custom)?) };
        let insert = "INSERT INTO executions (id, tenant, workflow, version, mode, parent, retry_of, status, created, started, finished, error, last_node, custom, \
                      epoch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (id) DO NOTHING";
        let insert = query(insert)
            .bind(header.id.as_uuid())
            .bind(header.tenant.as_str())
            .bind(header.workflow.as_str())
            .bind(signed(header.version.0))
            .bind(code::of_mode(header.mode))
            .bind(header.parent.map(|parent| parent.as_uuid()))
            .bind(header.retry_of.map(|retried| retried.as_uuid()))
            .bind(code::of_status(ending.status))
            .bind(created)
            .bind(started)
            .bind(ending.finished.as_micros())
            .bind(ending.error.as_ref().map(text).transpose()?)
            .bind(ending.last_node.as_ref().map(text).transpose()?)
            .bind(custom)
            .bind(signed(epoch.0));
        let inserted = self.change(insert).await? == 1;
        for (key, value) in ending.custom.iter().filter(|_| inserted) {
            let entry = query("INSERT INTO custom_entries (execution, key, value) VALUES ($1, $2, $3)");
            self.change(entry.bind(header.id.as_uuid()).bind(text(key)?).bind(text(value)?)).await?;
        }
        Ok(inserted)
    }

    async fn store_static_data(&mut self, header: &ExecutionHeader, ending: &Ending) -> Result<(), StoreError> {
        let Some(data) = &ending.static_data else { return Ok(()) };
        let store = "INSERT INTO static_data (workflow, data) VALUES ($1, $2) ON CONFLICT (workflow) DO UPDATE SET data = excluded.data";
        self.change(query(store).bind(header.workflow.as_str()).bind(text(data)?)).await?;
        Ok(())
    }
}
