//! Where large binary data lies: the blob store, and one that keeps everything in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::model::BlobId;

/// Bytes as they come in, or an error from where they come.
pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;

/// Stores bytes under ids of its own.
///
/// A blob is immutable. `put` returns after the blob is as durable as the store makes it; a blob whose `put` failed or was dropped is not readable.
#[async_trait]
pub trait BlobStore: Send + Sync + fmt::Debug {
    /// Stores all bytes of a stream; gives the id and the size in bytes.
    ///
    /// # Errors
    /// When the stream fails or the store cannot write.
    async fn put(&self, bytes: ByteStream) -> Result<(BlobId, u64), BlobError>;

    /// Reads a blob from its start.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is none, or when the store cannot read.
    async fn get(&self, id: &BlobId) -> Result<ByteStream, BlobError>;

    /// Removes a blob. Removing one that is not there is no error.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn delete(&self, id: &BlobId) -> Result<(), BlobError>;
}

/// Why a blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// No blob has this id.
    #[error("no binary data under the id {0}")]
    NotFound(BlobId),
    /// Larger than the store or the caller takes.
    #[error("binary data is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Reading or writing failed.
    #[error("binary data could not be read or written")]
    Io(#[from] std::io::Error),
}

/// Keeps blobs in memory, for tests and for embedding without a disk.
#[derive(Default)]
pub struct MemoryBlobStore {
    blobs: Mutex<HashMap<BlobId, Bytes>>,
    made: AtomicU64,
}

impl fmt::Debug for MemoryBlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryBlobStore({} blobs)", self.blobs().len())
    }
}

impl MemoryBlobStore {
    fn blobs(&self) -> std::sync::MutexGuard<'_, HashMap<BlobId, Bytes>> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remove(&self, id: &BlobId) {
        self.blobs().remove(id);
    }
}

#[async_trait]
impl BlobStore for MemoryBlobStore {
    async fn put(&self, mut bytes: ByteStream) -> Result<(BlobId, u64), BlobError> {
        let mut all = Vec::new();
        while let Some(chunk) = bytes.try_next().await? {
            all.extend_from_slice(&chunk);
        }
        let id = BlobId::new(format!("memory:{}", self.made.fetch_add(1, Ordering::Relaxed)));
        let size = all.len() as u64;
        self.blobs().insert(id.clone(), all.into());
        Ok((id, size))
    }

    async fn get(&self, id: &BlobId) -> Result<ByteStream, BlobError> {
        let bytes = self.blobs().get(id).cloned().ok_or_else(|| BlobError::NotFound(id.clone()))?;
        Ok(stream::iter([Ok(bytes)]).boxed())
    }

    async fn delete(&self, id: &BlobId) -> Result<(), BlobError> {
        self.remove(id);
        Ok(())
    }
}
