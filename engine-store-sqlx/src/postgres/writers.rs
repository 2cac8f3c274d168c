//! The connections of group commit.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine_core::store::StoreError;
use sqlx::{PgPool, Postgres};
use tokio::time::Instant;

use crate::session::Session;

/// Connections that are kept from one group to the next: given back, a pool would ask each whether it still lives, which is a round trip for every group.
/// One that died is noticed by the next group, which is written again over another.
#[derive(Debug)]
pub(super) struct Writers {
    pool: PgPool,
    limit: Duration,
    /// How old a connection may become.
    lifetime: Duration,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    session: Session<Postgres>,
    opened: Instant,
}

/// A connection in use; dropped, it is closed.
pub(super) struct Writing(Kept);

impl Writers {
    pub(super) fn new(pool: PgPool, limit: Duration, lifetime: Duration) -> Self {
        Self { pool, limit, lifetime, kept: Mutex::default() }
    }

    pub(super) async fn take(&self) -> Result<Writing, StoreError> {
        let kept = self.kept().pop();
        if let Some(kept) = kept.filter(|kept| kept.opened.elapsed() < self.lifetime) {
            return Ok(Writing(kept));
        }
        let session = Session::open(&self.pool, self.limit).await?;
        Ok(Writing(Kept { session, opened: Instant::now() }))
    }

    /// Keeps a connection for the next group.
    pub(super) fn keep(&self, writing: Writing) {
        let mut kept = self.kept();
        // Asked under the lock: what is added before the pool is closed is cleared away by `close`.
        if !self.pool.is_closed() {
            kept.push(writing.0);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn size(&self) -> u32 {
        self.pool.size()
    }

    pub(super) async fn close(&self) {
        let closing = self.pool.close();
        self.kept().clear();
        closing.await;
    }
}

impl Writing {
    pub(super) fn session(&mut self) -> &mut Session<Postgres> {
        &mut self.0.session
    }
}
