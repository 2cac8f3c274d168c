//! Large outputs go to the blob store before the row that names them is written, and come back when the journal is read.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{Encoded, FORMAT_VERSION, Output, Record, RecordError, encode, item, name_files};
use crate::blob::BlobStore;
use crate::execution::Lineage;
use crate::model::{Batch, BlobId};

/// Chunks above this size, in bytes, have their large outputs put into the blob store.
pub const SPILL_THRESHOLD: usize = 128 * 1024;

/// The items of one output, as a blob.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spilled {
    version: u32,
    #[serde(with = "item::batch")]
    items: Batch,
}

/// Writes records as one chunk, of which no output is larger than `threshold` bytes.
///
/// # Errors
/// When an item is nested too deeply, or the blob store cannot write.
pub async fn encode_spilling(mut records: Vec<Record>, blobs: &dyn BlobStore, threshold: usize) -> Result<Encoded, RecordError> {
    let encoded = encode(&records)?;
    if encoded.bytes.len() <= threshold {
        return Ok(encoded);
    }
    for output in records.iter_mut().flat_map(Record::outputs_mut) {
        let (items, lineage) = match output {
            Output::Items(items) => (items, Lineage::Own),
            Output::Linked { items, lineage } => (items, *lineage),
            Output::Input(_) | Output::Stored { .. } => continue,
        };
        let items = items.clone();
        if let Some(stored) = spill(items, lineage, (blobs, threshold)).await? {
            *output = stored;
        }
    }
    encode(&records)
}

async fn spill(items: Batch, lineage: Lineage, (blobs, threshold): (&dyn BlobStore, usize)) -> Result<Option<Output>, RecordError> {
    let mut names = Vec::new();
    name_files(&items, &mut names);
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let bytes = serde_json::to_vec(&Spilled { version: FORMAT_VERSION, items }).map_err(|_| RecordError::TooDeep)?;
    if bytes.len() <= threshold {
        return Ok(None);
    }
    let (blob, _size) = blobs.put(stream::iter([Ok(Bytes::from(bytes))]).boxed()).await?;
    Ok(Some(Output::Stored { blob, items: count, names, lineage }))
}

/// Brings back what was put into the blob store.
///
/// # Errors
/// When a blob is gone or is not what the record says.
pub async fn resolve(records: &mut [Record], blobs: &dyn BlobStore) -> Result<(), RecordError> {
    for output in records.iter_mut().flat_map(Record::outputs_mut) {
        if let Output::Stored { blob, items, lineage, .. } = output {
            let batch = fetch(blob, blobs).await?;
            if batch.len() != *items as usize {
                return Err(RecordError::Corrupt(format!("blob {blob} holds {} items instead of {items}", batch.len())));
            }
            *output = Output::new(batch, *lineage);
        }
    }
    Ok(())
}

async fn fetch(blob: &BlobId, blobs: &dyn BlobStore) -> Result<Batch, RecordError> {
    let chunks: Vec<Bytes> = blobs.get(blob).await?.try_collect().await.map_err(|error| RecordError::Blob(error.into()))?;
    let spilled: Spilled = serde_json::from_slice(&chunks.concat()).map_err(|error| RecordError::Corrupt(error.to_string()))?;
    if spilled.version != FORMAT_VERSION {
        return Err(RecordError::UnknownVersion(spilled.version));
    }
    Ok(spilled.items)
}
