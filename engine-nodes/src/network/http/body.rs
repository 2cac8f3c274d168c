//! What a request sends: bytes and stored files in a row. A body can be opened again, for redirects and challenges.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use engine_core::blob::BlobStore;
use engine_core::model::{Binary, BinaryContent, BlobId};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::HttpError;

/// What a request sends. Cloning it copies no bytes.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    Bytes(Bytes),
    Blob { id: BlobId, size: u64, blobs: Arc<dyn BlobStore> },
}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self { pieces: Vec::new() }
    }

    /// A file of an item, read when it is sent.
    pub fn file(binary: &Binary, blobs: &Arc<dyn BlobStore>) -> Self {
        let piece = match &binary.content {
            BinaryContent::Inline(bytes) => Piece::Bytes(bytes.clone()),
            BinaryContent::Stored(id) => Piece::Blob { id: id.clone(), size: binary.size, blobs: Arc::clone(blobs) },
        };
        Self { pieces: vec![piece] }
    }

    /// The same body with another behind it.
    #[must_use]
    pub fn followed_by(mut self, next: impl Into<Self>) -> Self {
        self.pieces.extend(next.into().pieces);
        self
    }

    /// Whether there is no body; one of no bytes is a body.
    pub fn is_none(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.pieces.iter().map(Piece::size).sum()
    }

    /// The bytes from the start.
    pub(super) async fn open(&self) -> Result<reqwest::Body, HttpError> {
        if let [Piece::Bytes(bytes)] = self.pieces.as_slice() {
            return Ok(bytes.clone().into());
        }
        let mut streams = Vec::with_capacity(self.pieces.len());
        for piece in self.pieces.clone() {
            streams.push(match piece {
                Piece::Bytes(bytes) => stream::iter([Ok(bytes)]).boxed(),
                Piece::Blob { id, blobs, .. } => blobs.get(&id).await.map_err(|error| HttpError::Body(std::io::Error::other(error)))?,
            });
        }
        Ok(reqwest::Body::wrap_stream(stream::iter(streams).flatten().map_err(HttpError::Body)))
    }
}

impl Piece {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { size, .. } => *size,
        }
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        Self { pieces: vec![Piece::Bytes(bytes.into())] }
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Blob { id, size, .. } => write!(f, "blob {id} of {size} bytes"),
        }
    }
}
