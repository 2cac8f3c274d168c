//! Large data, by the hash of its bytes: what is there already is not stored twice.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use engine_core::blob::{BlobError, BlobStore, ByteStream};
use engine_core::model::BlobId;
use engine_core::store::StoreError;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use sqlx::query;
use uuid::Uuid;

use super::SqlStore;
use crate::row::get;

/// Bytes in one row.
const PIECE: usize = 1 << 20;

/// A blob that is being stored.
struct Upload<'a> {
    store: &'a SqlStore,
    id: Uuid,
    pieces: i32,
    size: u64,
    digest: Sha256,
}

#[async_trait]
impl BlobStore for SqlStore {
    async fn put(&self, mut bytes: ByteStream) -> Result<(BlobId, u64), BlobError> {
        let mut upload = Upload { store: self, id: Uuid::now_v7(), pieces: 0, size: 0, digest: Sha256::new() };
        upload.begin().await.map_err(io)?;
        let mut buffer = BytesMut::new();
        while let Some(chunk) = bytes.try_next().await? {
            buffer.extend_from_slice(&chunk);
            while buffer.len() >= PIECE {
                upload.piece(buffer.split_to(PIECE).freeze()).await.map_err(io)?;
            }
        }
        upload.piece(buffer.freeze()).await.map_err(io)?;
        upload.finish().await.map_err(io)
    }

    async fn get(&self, id: &BlobId) -> Result<ByteStream, BlobError> {
        let found = query("SELECT upload, size FROM blobs WHERE id = $1").bind(id.as_str());
        let row = self.read_first(found).await.map_err(io)?.ok_or_else(|| BlobError::NotFound(id.clone()))?;
        let upload: Uuid = get(&row, "upload").map_err(io)?;
        let size: i64 = get(&row, "size").map_err(io)?;
        let pieces = stream::try_unfold((self.clone(), 0, size), move |(store, piece, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let next = query("SELECT bytes FROM blob_pieces WHERE upload = $1 AND piece = $2").bind(upload).bind(piece);
            // Removed while it was being read: what is there must not pass for the whole.
            let row = store.read_first(next).await.map_err(std::io::Error::other)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
            let bytes: Vec<u8> = get(&row, "bytes").map_err(std::io::Error::other)?;
            let left = left.saturating_sub(i64::try_from(bytes.len()).unwrap_or(i64::MAX)).max(0);
            Ok(Some((Bytes::from(bytes), (store, piece + 1, left))))
        });
        Ok(pieces.boxed())
    }

    async fn delete(&self, id: &BlobId) -> Result<(), BlobError> {
        self.remove_blob(id.as_str()).await.map_err(io)
    }
}

fn io(error: StoreError) -> BlobError {
    BlobError::Io(std::io::Error::other(error))
}

impl SqlStore {
    async fn remove_blob(&self, id: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let upload = tx.first(query("DELETE FROM blobs WHERE id = $1 RETURNING upload").bind(id)).await?;
        if let Some(row) = upload {
            tx.change(query("DELETE FROM blob_pieces WHERE upload = $1").bind(get::<Uuid, _>(&row, "upload")?)).await?;
        }
        tx.commit().await
    }
}

impl Upload<'_> {
    /// Makes the upload known, so that what is left of one that was given up can be found.
    async fn begin(&self) -> Result<(), StoreError> {
        let begin = concat!("INSERT INTO blob_uploads (id, created) VALUES ($1, ", now!(), ")");
        self.store.write(query(begin).bind(self.id)).await.map(drop)
    }

    async fn piece(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.digest.update(&bytes);
        self.size += bytes.len() as u64;
        let insert = query("INSERT INTO blob_pieces (upload, piece, bytes) VALUES ($1, $2, $3)").bind(self.id).bind(self.pieces).bind(bytes.to_vec());
        self.pieces += 1;
        self.store.write(insert).await.map(drop)
    }

    async fn finish(self) -> Result<(BlobId, u64), StoreError> {
        let id = format!("sha256:{:x}", Hex(&self.digest.finalize()));
        let mut tx = self.store.begin().await?;
        // Storing it again makes it young again: whoever is about to name it has time to do so.
        let insert = concat!(
            "INSERT INTO blobs (id, upload, size, created) VALUES ($1, $2, $3, ",
            now!(),
            ") ON CONFLICT (id) DO UPDATE SET created = excluded.created RETURNING upload"
        );
        let insert = query(insert).bind(&id).bind(self.id).bind(i64::try_from(self.size).unwrap_or(i64::MAX));
        let stored = tx.first(insert).await?.map(|row| get::<Uuid, _>(&row, "upload")).transpose()?;
        if stored != Some(self.id) {
            tx.change(query("DELETE FROM blob_pieces WHERE upload = $1").bind(self.id)).await?;
        }
        tx.change(query("DELETE FROM blob_uploads WHERE id = $1").bind(self.id)).await?;
        tx.commit().await?;
        Ok((BlobId::new(id), self.size))
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl std::fmt::LowerHex for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
