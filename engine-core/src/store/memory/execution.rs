//! [`Store`] in memory, apart from signals.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};

use super::MemoryStore;
use super::state::{Active, Ended, Standing, State, Taken, UsedKey};
use crate::model::{ExecutionId, Timestamp};
use crate::store::turn::{Candidate, pick};
use crate::store::{
    Beat, Chunk, Claim, Claimed, Commit, Committed, EndedExecution, Ending, Epoch, ExecutionSummary, Heartbeat, Keep, Lease, LimitScope,
    PendingSignal, Rescue, Rescued, Signal, SignalId, SignalOutcome, Start, StartExecution, Store, StoreError, StoredExecution, Then, Wakeup,
    WorkerId,
};

#[async_trait]
impl Store for MemoryStore {
    async fn start(&self, start: StartExecution) -> Result<Start, StoreError> {
        let now = self.now();
        let started = self.state().start(start, now)?;
        if matches!(started, Start::Created { lease: None }) {
            self.tell(Wakeup::Ready);
        }
        Ok(started)
    }

    async fn record(&self, execution: EndedExecution) -> Result<(), StoreError> {
        self.state().record(execution);
        self.tell(Wakeup::Ended);
        Ok(())
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, StoreError> {
        let now = self.now();
        self.state().claim(claim, now)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let wakeup = match commit.then {
            Then::Continue | Then::Pause => None,
            Then::Finish(_) => Some(Wakeup::Ended),
            Then::Wait { .. } | Then::Release => Some(Wakeup::Ready),
        };
        let committed = self.state().commit(commit)?;
        if let Some(wakeup) = wakeup {
            self.tell(wakeup);
        }
        Ok(committed)
    }

    async fn load(&self, executions: &[ExecutionId]) -> Result<Vec<StoredExecution>, StoreError> {
        let state = self.state();
        Ok(executions.iter().filter_map(|id| state.load(*id)).collect())
    }

    async fn signal(&self, signal: Signal) -> Result<SignalOutcome, StoreError> {
        let now = self.now();
        let outcome = self.state().signal(&signal, now)?;
        match outcome {
            SignalOutcome::Done => self.tell(Wakeup::Ready),
            SignalOutcome::Sent => self.tell(Wakeup::Signalled),
            SignalOutcome::Repeated | SignalOutcome::Ended | SignalOutcome::NotWaiting => {}
        }
        Ok(outcome)
    }

    async fn signals(&self, worker: WorkerId) -> Result<Vec<PendingSignal>, StoreError> {
        let state = self.state();
        let held = state.active.values().filter(|active| active.standing == Standing::Leased(worker));
        let mut signals: Vec<_> = held.flat_map(Active::pending).collect();
        signals.sort_by_key(|signal| signal.id);
        Ok(signals)
    }

    async fn heartbeat(&self, beat: Heartbeat) -> Result<Beat, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let was_lost = !state.is_alive(beat.worker, now);
        state.workers.insert(beat.worker, now.after(beat.lease_time));
        Ok(Beat { now, was_lost })
    }

    async fn leave(&self, worker: WorkerId) -> Result<(), StoreError> {
        let mut state = self.state();
        state.workers.remove(&worker);
        for id in state.leased_to(|holder| holder == worker) {
            state.hand_back(id);
        }
        drop(state);
        self.tell(Wakeup::Ready);
        Ok(())
    }

    async fn forget_claims(&self, lease: Lease) -> Result<(), StoreError> {
        let mut state = self.state();
        if !state.holds(&lease) {
            return Err(StoreError::Fenced(lease.execution));
        }
        state.active.entry(lease.execution).and_modify(|active| active.claims = 0);
        Ok(())
    }

    async fn wake_due(&self, limit: u32) -> Result<u32, StoreError> {
        let now = self.now();
        let mut state = self.state();
        let due: Vec<_> = state.due.iter().take_while(|(due, _)| *due <= now).take(limit as usize).map(|(_, id)| *id).collect();
        for id in &due {
            state.place(*id, Standing::Ready, None);
        }
        drop(state);
        if !due.is_empty() {
            self.tell(Wakeup::Ready);
        }
        Ok(u32::try_from(due.len()).unwrap_or(u32::MAX))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.state().due.first().map(|(due, _)| *due))
    }

    async fn rescue(&self, rescue: Rescue) -> Result<Rescued, StoreError> {
        let now = self.now();
        let rescued = self.state().rescue(rescue, now);
        if !rescued.is_empty() {
            self.tell(Wakeup::Ready);
        }
        Ok(rescued)
    }

    async fn set_limit(&self, scope: LimitScope, limit: Option<u32>) -> Result<(), StoreError> {
        let mut state = self.state();
        match limit {
            Some(limit) => state.limits.insert(scope, limit),
            None => state.limits.remove(&scope),
        };
        Ok(())
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.listen().boxed()
    }
}

impl Active {
    fn pending(&self) -> impl Iterator<Item = PendingSignal> {
        let execution = self.header.id;
        self.signals.iter().map(move |(id, (request, kind))| PendingSignal { id: *id, execution, request: request.clone(), kind: kind.clone() })
    }
}

impl State {
    pub(super) fn start(&mut self, start: StartExecution, now: Timestamp) -> Result<Start, StoreError> {
        let id = start.header.id;
        if let Some(existing) = self.used_key(&start, now)? {
            return Ok(Start::Existing { execution: existing });
        }
        if let Some(active) = self.active.get(&id) {
            let lease = start.claim_for.filter(|worker| active.standing == Standing::Leased(*worker) && active.epoch == Epoch(1));
            return Ok(Start::Created { lease: lease.map(|worker| Lease { execution: id, worker, epoch: Epoch(1) }) });
        }
        if self.ended.contains_key(&id) {
            return Ok(Start::Created { lease: None });
        }
        if let Some(key) = start.idempotency {
            let used = UsedKey { execution: id, fingerprint: key.fingerprint, expires: key.expires };
            self.keys.insert((start.header.tenant.clone(), key.key), used);
        }
        let active = Active {
            header: start.header,
            priority: start.priority,
            key: start.concurrency_key,
            standing: Standing::Paused,
            due: None,
            epoch: Epoch(0),
            claims: 0,
            created: now,
            started: None,
            requests: BTreeSet::new(),
            signals: BTreeMap::new(),
            points: Vec::new(),
        };
        let limited = self.limits.keys().any(|scope| active.is_limited_by(scope));
        let due = start.due.filter(|due| *due > now);
        self.journals.entry(id).or_default().insert(start.records.seq, start.records);
        self.active.insert(id, active);
        let direct = start.claim_for.filter(|worker| !limited && due.is_none() && self.is_alive(*worker, now));
        let lease = direct.map(|worker| self.lease(id, worker, now)).map(|claimed| claimed.lease);
        if lease.is_none() {
            self.place(id, if due.is_some() { Standing::Waiting } else { Standing::Ready }, due);
        }
        Ok(Start::Created { lease })
    }

    /// The execution that an idempotency key started before.
    fn used_key(&mut self, start: &StartExecution, now: Timestamp) -> Result<Option<ExecutionId>, StoreError> {
        let Some(key) = &start.idempotency else { return Ok(None) };
        let name = (start.header.tenant.clone(), key.key.clone());
        match self.keys.get(&name) {
            Some(used) if used.expires <= now => {
                self.keys.remove(&name);
                Ok(None)
            }
            Some(used) if used.execution == start.header.id => Ok(None),
            Some(used) if used.fingerprint == key.fingerprint => Ok(Some(used.execution)),
            Some(_) => Err(StoreError::conflict("idempotency key", &key.key, "it was used for another request")),
            None => Ok(None),
        }
    }

    fn lease(&mut self, id: ExecutionId, worker: WorkerId, now: Timestamp) -> Claimed {
        self.place(id, Standing::Leased(worker), None);
        let active = self.active.get_mut(&id).expect("only executions that are there are leased");
        active.epoch.0 += 1;
        active.claims += 1;
        active.started.get_or_insert(now);
        Claimed {
            header: active.header.clone(),
            lease: Lease { execution: id, worker, epoch: active.epoch },
            claims: active.claims,
            signalled: !active.signals.is_empty(),
        }
    }

    fn claim(&mut self, claim: Claim, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        if !self.is_alive(claim.worker, now) {
            return Err(StoreError::not_found("worker", claim.worker.to_string()));
        }
        let limit = claim.limit as usize;
        let ids = self.ready.values().flat_map(|lane| lane.iter().take(limit)).map(|(_, id)| *id);
        let candidates = ids.filter_map(|id| self.active.get(&id)).map(|active| Candidate {
            id: active.header.id,
            tenant: active.header.tenant.clone(),
            workflow: active.header.workflow.clone(),
            key: active.key.clone(),
            priority: active.priority,
        });
        let candidates: Vec<_> = candidates.collect();
        // Whoever alone has work takes nobody's turn.
        let contested = candidates.windows(2).any(|two| two[0].tenant != two[1].tenant);
        let picked = pick(candidates, &mut self.headroom(), &self.turns, claim.limit);
        for tenant in picked.served.into_iter().filter(|_| contested) {
            self.last_turn += 1;
            self.turns.insert(tenant, self.last_turn);
        }
        Ok(picked.executions.into_iter().map(|id| self.lease(id, claim.worker, now)).collect())
    }

    fn commit(&mut self, commit: Commit) -> Result<Committed, StoreError> {
        let id = commit.lease.execution;
        if !self.holds(&commit.lease) {
            return if self.was_done(&commit) { Ok(Committed { execution: id, signalled: false }) } else { Err(StoreError::Fenced(id)) };
        }
        if let Some(chunk) = commit.chunk {
            self.journals.entry(id).or_default().entry(chunk.seq).or_insert(chunk);
        }
        let active = self.active.get_mut(&id).expect("a lease is held only of an execution that is there");
        active.signals.retain(|signal, _| !commit.handled.contains(signal));
        active.points.retain(|(point, _)| !commit.closed.contains(&point.token));
        active.points.extend(commit.opened.into_iter().map(|point| (point, Taken::No)));
        let signalled = !active.signals.is_empty();
        match commit.then {
            Then::Continue => {}
            Then::Finish(ending) => self.end(id, *ending),
            Then::Wait { .. } | Then::Pause if signalled => self.park(id, Standing::Ready, None),
            Then::Wait { due } => self.park(id, Standing::Waiting, due),
            Then::Pause => self.park(id, Standing::Paused, None),
            Then::Release => {
                active.claims = active.claims.saturating_sub(1);
                self.place(id, Standing::Ready, None);
            }
        }
        Ok(Committed { execution: id, signalled })
    }

    fn park(&mut self, id: ExecutionId, standing: Standing, due: Option<Timestamp>) {
        if let Some(active) = self.active.get_mut(&id) {
            active.claims = 0;
        }
        self.place(id, standing, due);
    }

    fn holds(&self, lease: &Lease) -> bool {
        self.active.get(&lease.execution).is_some_and(|active| active.standing == Standing::Leased(lease.worker) && active.epoch == lease.epoch)
    }

    /// Whether a commit that ends a lease was made before, and is repeated because its answer was lost.
    fn was_done(&self, commit: &Commit) -> bool {
        let id = commit.lease.execution;
        let has_chunk = || {
            let chunks = self.journals.get(&id);
            commit.chunk.as_ref().is_none_or(|chunk| chunks.is_some_and(|chunks| chunks.get(&chunk.seq) == Some(chunk)))
        };
        match &commit.then {
            Then::Continue => false,
            Then::Finish(_) => self.ended.get(&id).is_some_and(|ended| ended.epoch == commit.lease.epoch),
            Then::Wait { .. } | Then::Pause | Then::Release => self
                .active
                .get(&id)
                .is_some_and(|active| active.epoch == commit.lease.epoch && !matches!(active.standing, Standing::Leased(_)) && has_chunk()),
        }
    }

    fn load(&self, id: ExecutionId) -> Option<StoredExecution> {
        let (summary, signals) = match self.active.get(&id) {
            Some(active) => (active.summary(), active.pending().collect()),
            None => (self.ended.get(&id)?.summary.clone(), Vec::new()),
        };
        let chunks = self.journals.get(&id).into_iter().flat_map(BTreeMap::values);
        let journal = chunks.map(|chunk| Chunk { blobs: Vec::new(), ..chunk.clone() }).collect();
        Some(StoredExecution { summary, journal, signals })
    }

    fn record(&mut self, execution: EndedExecution) {
        let EndedExecution { header, records, started, ending } = execution;
        let id = header.id;
        if self.active.contains_key(&id) || self.ended.contains_key(&id) {
            return;
        }
        if let Some(data) = ending.static_data {
            self.static_data.insert(header.workflow.clone(), data);
        }
        if ending.keep == Keep::Nothing {
            return;
        }
        if let Some(chunk) = records.filter(|_| ending.keep == Keep::Everything) {
            self.journals.entry(id).or_default().insert(chunk.seq, chunk);
        }
        let summary = ExecutionSummary {
            header,
            status: ending.status,
            created: started,
            started: Some(started),
            finished: Some(ending.finished),
            due: None,
            error: ending.error,
            last_node: ending.last_node,
            custom: ending.custom,
        };
        self.ended.insert(id, Ended { summary, epoch: Epoch(0) });
    }

    fn leased_to(&self, holder: impl Fn(WorkerId) -> bool) -> Vec<ExecutionId> {
        let leased = self.active.values().filter(|active| matches!(active.standing, Standing::Leased(worker) if holder(worker)));
        leased.map(|active| active.header.id).collect()
    }

    fn hand_back(&mut self, id: ExecutionId) {
        if let Some(active) = self.active.get_mut(&id) {
            active.epoch.0 += 1;
            active.claims = active.claims.saturating_sub(1);
        }
        self.place(id, Standing::Ready, None);
    }

    fn rescue(&mut self, rescue: Rescue, now: Timestamp) -> Rescued {
        let mut rescued = Rescued::default();
        for id in self.leased_to(|worker| !self.is_alive(worker, now)).into_iter().take(rescue.limit as usize) {
            let Some(active) = self.active.get_mut(&id) else { continue };
            active.epoch.0 += 1;
            let claims = active.claims;
            if claims >= rescue.max_claims {
                self.end(id, Ending::given_up(claims, now));
                rescued.given_up.push(id);
            } else {
                self.place(id, Standing::Ready, None);
                rescued.released.push(id);
            }
        }
        rescued
    }
}

impl State {
    /// The number of a new signal.
    pub(super) fn next_signal(&mut self) -> SignalId {
        self.last_signal += 1;
        SignalId(self.last_signal)
    }
}
