//! Binary data beside an item's JSON: a reference into a blob store, or a few bytes inline.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Names a blob within the blob store that made it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobId(Arc<str>);

impl BlobId {
    /// Wraps the text that a blob store chose.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the bytes are.
#[derive(Clone, PartialEq, Eq)]
pub enum BinaryContent {
    /// With the item itself; meant for a few kilobytes.
    Inline(Bytes),
    /// In the engine's [`BlobStore`](crate::blob::BlobStore).
    Stored(BlobId),
}

impl fmt::Debug for BinaryContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(bytes) => write!(f, "Inline({} bytes)", bytes.len()),
            Self::Stored(id) => write!(f, "Stored({id})"),
        }
    }
}

/// A file that travels with an item: what it is, and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// The bytes, or where they lie.
    pub content: BinaryContent,
    /// Media type, such as `text/csv`.
    pub mime_type: String,
    /// File name without a directory, where there is one.
    pub file_name: Option<String>,
    /// Extension without the dot, where it is known.
    pub file_extension: Option<String>,
    /// The directory that it was read from, where it was read from one.
    pub directory: Option<String>,
    /// Size in bytes.
    pub size: u64,
}

impl Binary {
    /// Bytes that travel inline, with their media type.
    pub fn inline(bytes: impl Into<Bytes>, mime_type: impl Into<String>) -> Self {
        let bytes = bytes.into();
        let size = bytes.len() as u64;
        Self { content: BinaryContent::Inline(bytes), mime_type: mime_type.into(), file_name: None, file_extension: None, directory: None, size }
    }

    /// The same data under a file name; the extension is taken from it.
    #[must_use]
    pub fn with_file_name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.file_extension = name.rsplit_once('.').map(|(_, extension)| extension.to_owned()).filter(|extension| !extension.is_empty());
        self.file_name = Some(name);
        self
    }
}
