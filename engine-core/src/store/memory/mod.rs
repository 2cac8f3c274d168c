//! A store in memory: the reference for all others, and enough for an engine that needs no database.
//!
//! One lock guards everything; no call holds it across an await.

mod account;
mod document;
mod execution;
mod query;
mod schedule;
mod signal;
mod state;
mod workflow;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::channel::mpsc;

use self::state::State;
use super::{StoreError, Upkeep, UpkeepDone, UpkeepStore, Wakeup};
use crate::blob::{BlobError, BlobStore, ByteStream, MemoryBlobStore};
use crate::model::{BlobId, Timestamp};
use crate::runtime::Runtime;

/// Keeps everything in memory. Its clock is the runtime's.
pub struct MemoryStore {
    runtime: Arc<dyn Runtime>,
    state: Mutex<State>,
    listeners: Mutex<Vec<mpsc::Sender<Wakeup>>>,
    blobs: MemoryBlobStore,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self { runtime, state: Mutex::default(), listeners: Mutex::default(), blobs: MemoryBlobStore::default() }
    }

    fn now(&self) -> Timestamp {
        self.runtime.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self) -> mpsc::Receiver<Wakeup> {
        let (sender, receiver) = mpsc::channel(16);
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Tells listeners. One that is full has not looked at earlier hints yet, and loses nothing.
    fn tell(&self, wakeup: Wakeup) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain_mut(|listener| listener.try_send(wakeup).map_or_else(|error| error.is_full(), |()| true));
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        write!(f, "MemoryStore({} executions, {} of them ended)", state.active.len() + state.ended.len(), state.ended.len())
    }
}

/// Nothing lies around: blobs go with the last execution that names them.
#[async_trait]
impl UpkeepStore for MemoryStore {
    async fn upkeep(&self, _upkeep: &Upkeep) -> Result<UpkeepDone, StoreError> {
        Ok(UpkeepDone::default())
    }
}

#[async_trait]
impl BlobStore for MemoryStore {
    async fn put(&self, bytes: ByteStream) -> Result<(BlobId, u64), BlobError> {
        self.blobs.put(bytes).await
    }

    async fn get(&self, id: &BlobId) -> Result<ByteStream, BlobError> {
        self.blobs.get(id).await
    }

    async fn delete(&self, id: &BlobId) -> Result<(), BlobError> {
        self.blobs.delete(id).await
    }
}
