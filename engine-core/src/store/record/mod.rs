//! The wire format of journals: what happened in an execution, in order.
//!
//! The driver makes [`Record`]s and folds them back into the state of an execution; a store keeps them as bytes. One chunk is a JSON array: the format version,
//! then the records. Nodes are named by their stable ids, times are microseconds since the epoch. A reader refuses versions and fields that it does not know.
//!
//! Large outputs are not written into the row: [`encode_spilling`] puts them into the blob store first, so that a row never names a blob that is not there.

mod item;
mod list;
mod memory;
mod spill;
#[cfg(test)]
mod tests;

pub use list::ListChange;
pub use memory::Memory;
pub use spill::{SPILL_THRESHOLD, encode_spilling, resolve};

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::RequestId;
use crate::blob::BlobError;
use crate::execution::{Lineage, RunStatus};
use crate::model::{Batch, BinaryContent, BlobId, Json, NodeId, Timestamp};
use crate::node::Wait;
use crate::state::ExecutionStatus;

/// Version of the format that this engine writes. It reads this one.
pub const FORMAT_VERSION: u32 = 1;

/// JSON nested deeper than this is neither written nor read.
pub const MAX_DEPTH: usize = 127;

/// Something that happened in an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Record {
    /// It was started. Always the first record.
    Started(Started),
    /// A node that must not run twice is about to run. Written before it does.
    NodeStarted(NodeStarted),
    /// A run of a node ended.
    NodeRun(Box<Run>),
    /// A run of a node gave nothing at all, and its branch ends.
    Nothing(Nothing),
    /// What all nodes share changed.
    Shared(Box<Shared>),
    /// A run of a node waits.
    Waiting(Box<Waiting>),
    /// A wait is over. The run that follows from it has a record of its own, with the same number.
    WaitOver(WaitOver),
    /// A request was taken into account.
    Signalled(Signalled),
    /// It ended. Always the last record.
    Finished(Finished),
}

/// How an execution was started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Started {
    /// The node at which it starts, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// What that node gives, by output; none when it runs to find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Output>>,
    /// How many executions called each other to get here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub depth: u32,
    /// The workflow, for an execution of one that was never saved.
    #[serde(default, with = "item::deep_option", skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<Value>>,
    /// More that the driver wants to know again: nodes to stop at, runs taken over from another execution.
    #[serde(default, with = "item::deep_json", skip_serializing_if = "Json::is_empty")]
    pub options: Json,
    /// When.
    #[serde(with = "item::micros")]
    pub at: Timestamp,
}

/// A node is about to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeStarted {
    /// The node.
    pub node: NodeId,
    /// Number of the run.
    pub run: u32,
    /// Number of the try, from 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempt: u32,
    /// When.
    #[serde(with = "item::micros")]
    pub at: Timestamp,
}

/// A run of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// The node.
    pub node: NodeId,
    /// Number of the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: u32,
    /// Its place in the order of all runs of the execution.
    pub order: u32,
    /// How it ended.
    pub status: RunStatus,
    /// How many tries it took.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub tries: u32,
    /// How many inputs are connected.
    #[serde(default = "one_input", skip_serializing_if = "is_one_input")]
    pub inputs: u16,
    /// Where its inputs came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// What each output gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// Why it failed.
    #[serde(default, with = "item::deep_option", skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Value>>,
    /// What the node remembers now, where that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// When it began.
    #[serde(with = "item::micros")]
    pub started: Timestamp,
    /// When it ended.
    #[serde(with = "item::micros")]
    pub finished: Timestamp,
}

/// A piece of an input: items that one output of one run brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The input.
    #[serde(default, skip_serializing_if = "is_default")]
    pub input: u16,
    /// The node that gave them.
    pub node: NodeId,
    /// Which of its runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: u32,
    /// Which of its outputs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: u16,
    /// How many.
    pub items: u32,
}

/// What an output of a run gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Output {
    /// These items.
    Items(#[serde(with = "item::batch")] Batch),
    /// Items whose links follow a rule.
    Linked {
        /// The items.
        #[serde(with = "item::batch")]
        items: Batch,
        /// How those are linked that do not say so themselves.
        #[serde(with = "LineageRule")]
        lineage: Lineage,
    },
    /// The batch that came in on this input, unchanged.
    Input(u16),
    /// Items that lie in the blob store.
    Stored {
        /// Where.
        blob: BlobId,
        /// How many.
        items: u32,
        /// Blobs that the items name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<BlobId>,
        /// How those are linked that do not say so themselves.
        #[serde(with = "LineageRule")]
        lineage: Lineage,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Lineage", rename_all = "camelCase")]
enum LineageRule {
    Own,
    Passed(u16),
    SameIndex,
    First,
}

/// A run of a node gave nothing at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Nothing {
    /// The node.
    pub node: NodeId,
    /// What the node remembers now, where that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

/// What all nodes share, where it changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shared {
    /// The workflow's static data.
    #[serde(default, with = "item::deep_option_json", skip_serializing_if = "Option::is_none")]
    pub static_data: Option<Json>,
    /// The searchable data.
    #[serde(default, with = "item::deep_option_json", skip_serializing_if = "Option::is_none")]
    pub custom: Option<Json>,
}

/// A run of a node waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waiting {
    /// The run so far.
    pub run: Run,
    /// What it waits for.
    pub wait: Wait,
}

/// A wait is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaitOver {
    /// The node.
    pub node: NodeId,
    /// Number of the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: u32,
    /// What was brought from outside; none when the time was up.
    #[serde(default, with = "item::deep_option", skip_serializing_if = "Option::is_none")]
    pub payload: Option<Arc<Value>>,
    /// When.
    #[serde(with = "item::micros")]
    pub at: Timestamp,
}

/// A request was taken into account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signalled {
    /// The request.
    pub request: RequestId,
    /// What it asked for.
    pub kind: SignalName,
    /// When.
    #[serde(with = "item::micros")]
    pub at: Timestamp,
}

/// What a request asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignalName {
    /// To end it.
    Cancel,
    /// To pause it.
    Pause,
    /// To go on.
    Resume,
}

/// An execution ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finished {
    /// How.
    pub status: ExecutionStatus,
    /// Why it failed.
    #[serde(default, with = "item::deep_option", skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Value>>,
    /// When.
    #[serde(with = "item::micros")]
    pub at: Timestamp,
}

/// Records as bytes, and the blobs that they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes of a [`Chunk`](super::Chunk).
    pub bytes: Bytes,
    /// The blobs, each once.
    pub blobs: Vec<BlobId>,
}

impl Encoded {
    /// A chunk of a journal, at its place.
    pub fn at(self, seq: u32) -> super::Chunk {
        super::Chunk { seq, bytes: self.bytes, blobs: self.blobs }
    }
}

/// Why records could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Written by an engine that knows more.
    #[error("journal of format version {0}, and this engine reads version {FORMAT_VERSION}")]
    UnknownVersion(u32),
    /// JSON within is nested too deeply to be stored.
    #[error("data is nested deeper than {MAX_DEPTH} levels and cannot be stored")]
    TooDeep,
    /// The bytes are no records.
    #[error("the journal cannot be read: {0}")]
    Corrupt(String),
    /// A blob that records name could not be written or read.
    #[error("data of the journal could not be written to or read from the blob store")]
    Blob(#[from] BlobError),
}

/// Writes records as one chunk.
///
/// # Errors
/// [`RecordError::TooDeep`] when an item is.
pub fn encode(records: &[Record]) -> Result<Encoded, RecordError> {
    let too_deep = |_| RecordError::TooDeep;
    // JSON is written in pieces of a few bytes: they are gathered in place first.
    let mut writer = BufWriter::with_capacity(1024, Vec::new());
    write(records, &mut writer).map_err(too_deep)?;
    let bytes = writer.into_inner().map_err(|error| too_deep(serde_json::Error::io(error.into_error())))?;
    let mut blobs = Vec::new();
    for record in records {
        record.name_blobs(&mut blobs);
    }
    blobs.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    blobs.dedup();
    Ok(Encoded { bytes: bytes.into(), blobs })
}

fn write(records: &[Record], writer: &mut impl Write) -> serde_json::Result<()> {
    writer.write_all(b"[1").map_err(serde_json::Error::io)?;
    for record in records {
        writer.write_all(b",").map_err(serde_json::Error::io)?;
        serde_json::to_writer(&mut *writer, record)?;
    }
    writer.write_all(b"]").map_err(serde_json::Error::io)
}

/// Reads the records of one chunk.
///
/// # Errors
/// When the bytes are of an unknown version or no records.
pub fn decode(bytes: &[u8]) -> Result<Vec<Record>, RecordError> {
    let version: FirstOnly = serde_json::from_slice(bytes).map_err(|error| RecordError::Corrupt(error.to_string()))?;
    if version.0 != FORMAT_VERSION {
        return Err(RecordError::UnknownVersion(version.0));
    }
    serde_json::from_slice(bytes).map(|Records(records)| records).map_err(|error| RecordError::Corrupt(error.to_string()))
}

/// The version at the beginning of a chunk; what follows is passed over.
struct FirstOnly(u32);

impl<'de> Deserialize<'de> for FirstOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;
        impl<'de> Visitor<'de> for First {
            type Value = FirstOnly;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list that begins with a format version")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<FirstOnly, A::Error> {
                let version = seq.next_element()?.ok_or_else(|| de::Error::custom("no format version"))?;
                while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(FirstOnly(version))
            }
        }
        deserializer.deserialize_seq(First)
    }
}

/// All records of a chunk, after its version.
struct Records(Vec<Record>);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Records;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of records")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Records, A::Error> {
                seq.next_element::<u32>()?;
                let mut records = Vec::new();
                while let Some(record) = seq.next_element()? {
                    records.push(record);
                }
                Ok(Records(records))
            }
        }
        deserializer.deserialize_seq(All)
    }
}

impl Record {
    /// The blobs that it names: spilled outputs, and files of items.
    fn name_blobs(&self, blobs: &mut Vec<BlobId>) {
        match self {
            Self::Started(started) => started.items.iter().flatten().for_each(|output| output.name_blobs(blobs)),
            Self::NodeRun(run) => run.name_blobs(blobs),
            Self::Waiting(waiting) => waiting.run.name_blobs(blobs),
            Self::Nothing(nothing) => nothing.memory.iter().for_each(|memory| memory.name_blobs(blobs)),
            Self::Shared(_) | Self::NodeStarted(_) | Self::WaitOver(_) | Self::Signalled(_) | Self::Finished(_) => {}
        }
    }

    /// The outputs within it.
    fn outputs_mut(&mut self) -> &mut [Output] {
        match self {
            Self::Started(started) => started.items.as_deref_mut().unwrap_or_default(),
            Self::NodeRun(run) => &mut run.outputs,
            Self::Waiting(waiting) => &mut waiting.run.outputs,
            Self::Nothing(_) | Self::Shared(_) | Self::NodeStarted(_) | Self::WaitOver(_) | Self::Signalled(_) | Self::Finished(_) => &mut [],
        }
    }
}

impl Run {
    fn name_blobs(&self, blobs: &mut Vec<BlobId>) {
        self.outputs.iter().for_each(|output| output.name_blobs(blobs));
        self.memory.iter().for_each(|memory| memory.name_blobs(blobs));
    }
}

impl Output {
    /// Items with a rule for their links.
    pub fn new(items: Batch, lineage: Lineage) -> Self {
        match lineage {
            Lineage::Own => Self::Items(items),
            Lineage::Passed(input) => Self::Input(input),
            Lineage::SameIndex | Lineage::First => Self::Linked { items, lineage },
        }
    }

    fn name_blobs(&self, blobs: &mut Vec<BlobId>) {
        match self {
            Self::Items(items) | Self::Linked { items, .. } => name_files(items, blobs),
            Self::Input(_) => {}
            Self::Stored { blob, names, .. } => {
                blobs.push(blob.clone());
                blobs.extend_from_slice(names);
            }
        }
    }
}

/// The files of items that lie in the blob store.
fn name_files(items: &[crate::model::Item], blobs: &mut Vec<BlobId>) {
    let files = items.iter().filter_map(crate::model::Item::binary).flat_map(BTreeMap::values);
    blobs.extend(files.filter_map(|file| match &file.content {
        BinaryContent::Stored(id) => Some(id.clone()),
        BinaryContent::Inline(_) => None,
    }));
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_one(value: &u32) -> bool {
    *value == 1
}

const fn one_input() -> u16 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_one_input(value: &u16) -> bool {
    *value == 1
}
