//! Items and other parts of records as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::MAX_DEPTH;
use crate::model::{Batch, Binary, BinaryContent, BlobId, Item, ItemSource, Json, Link, Paired};

/// A list of items.
pub(super) mod batch {
    use super::{Batch, Deserialize, Deserializer, Item, ItemRecord, SerializeSeq, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(items: &Batch, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(items.len()))?;
        for item in items.iter() {
            seq.serialize_element(&ItemRecord::of(item))?;
        }
        seq.end()
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Batch, D::Error> {
        let records = Vec::<ItemRecord<'de>>::deserialize(deserializer)?;
        records.into_iter().map(|record| Item::try_from(record).map_err(serde::de::Error::custom)).collect()
    }
}

/// Instants as microseconds.
pub(super) mod micros {
    use super::{Deserialize, Deserializer, Serializer};
    use crate::model::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(in super::super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.as_micros())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_micros)
    }
}

/// Any JSON, nested as deeply as it may be on its own, not counting what is around it.
pub(super) mod deep_option {
    use super::{Arc, Deserializer, RawValue, Serialize, Serializer, Value, check_depth, read_deep};
    use serde::Deserialize;

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(in super::super) fn serialize<S: Serializer>(value: &Option<Arc<Value>>, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(value) = value {
            check_depth::<S>(value)?;
        }
        value.as_deref().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Value>>, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        read_deep::<Value, D>(raw).map(|value| Some(Arc::new(value)))
    }
}

/// A JSON object, nested as deeply as it may be on its own.
pub(super) mod deep_json {
    use super::{Deserialize, Deserializer, Json, RawValue, Serialize, Serializer, check_depth_of, read_deep};

    pub(in super::super) fn serialize<S: Serializer>(json: &Json, serializer: S) -> Result<S::Ok, S::Error> {
        check_depth_of::<S>(json)?;
        json.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        read_deep::<Json, D>(<&'de RawValue>::deserialize(deserializer)?)
    }
}

/// The same, where there may be none.
pub(super) mod deep_option_json {
    use super::{Deserializer, Json, Serializer, deep_json};

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(in super::super) fn serialize<S: Serializer>(json: &Option<Json>, serializer: S) -> Result<S::Ok, S::Error> {
        match json {
            Some(json) => deep_json::serialize(json, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
        deep_json::deserialize(deserializer).map(Some)
    }
}

fn check_depth<S: Serializer>(value: &Value) -> Result<(), S::Error> {
    if fits(value, MAX_DEPTH) { Ok(()) } else { Err(S::Error::custom("nested too deeply")) }
}

fn check_depth_of<S: Serializer>(json: &Json) -> Result<(), S::Error> {
    if json.values().all(|value| fits(value, MAX_DEPTH - 1)) { Ok(()) } else { Err(S::Error::custom("nested too deeply")) }
}

fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(values) => levels > 0 && values.iter().all(|value| fits(value, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|value| fits(value, levels - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn read_deep<'de, T: Deserialize<'de>, D: Deserializer<'de>>(raw: &'de RawValue) -> Result<T, D::Error> {
    serde_json::from_str(raw.get()).map_err(D::Error::custom)
}

/// An item.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemRecord<'a> {
    #[serde(borrow)]
    json: JsonRecord<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary: Option<BTreeMap<Cow<'a, str>, FileRecord>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paired: Option<PairedRecord>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    error: Option<ValueRecord<'a>>,
}

/// The JSON of an item: on its way out the object itself, on its way in its text.
enum JsonRecord<'a> {
    Out(&'a Json),
    In(&'a RawValue),
}

impl Serialize for JsonRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Out(json) => deep_json::serialize(json, serializer),
            Self::In(raw) => raw.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonRecord<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(Self::In)
    }
}

/// The same for any value.
enum ValueRecord<'a> {
    Out(&'a Value),
    In(&'a RawValue),
}

impl Serialize for ValueRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Out(value) => {
                check_depth::<S>(value)?;
                value.serialize(serializer)
            }
            Self::In(raw) => raw.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ValueRecord<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(Self::In)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<BlobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    mime: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    size: u64,
}

/// `3`, `[3, 1]` (item 3 of input 1), `[3, 1, "Node", 0, 2]` (looked up at output 0 of the node's run 2); a list of those under `many`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PairedRecord {
    One(LinkRecord),
    Many { many: Vec<LinkRecord> },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum LinkRecord {
    Item(u32),
    Input(u32, u16),
    Source(u32, u16, String, u16, u32),
}

impl<'a> ItemRecord<'a> {
    fn of(item: &'a Item) -> Self {
        let binary = item.binary().map(|files| files.iter().map(|(key, file)| (Cow::Borrowed(key.as_str()), FileRecord::of(file))).collect());
        let paired = match item.paired() {
            Paired::Unknown => None,
            Paired::One(link) => Some(PairedRecord::One(LinkRecord::of(link))),
            Paired::Many(links) => Some(PairedRecord::Many { many: links.iter().map(LinkRecord::of).collect() }),
        };
        Self { json: JsonRecord::Out(item.json()), binary, paired, error: item.error().map(ValueRecord::Out) }
    }
}

impl TryFrom<ItemRecord<'_>> for Item {
    type Error = String;

    fn try_from(record: ItemRecord<'_>) -> Result<Self, String> {
        let read = |raw: &RawValue| serde_json::from_str::<Json>(raw.get()).map_err(|error| error.to_string());
        let json = match record.json {
            JsonRecord::Out(json) => json.clone(),
            JsonRecord::In(raw) => read(raw)?,
        };
        let mut item = Self::new(json);
        if let Some(files) = record.binary {
            let files: Result<BTreeMap<_, _>, String> =
                files.into_iter().map(|(key, file)| Ok((key.into_owned(), Binary::try_from(file)?))).collect();
            item = item.with_binary(files?);
        }
        if let Some(paired) = record.paired {
            item = item.paired_with(Paired::from(paired));
        }
        Ok(match record.error {
            None => item,
            Some(ValueRecord::Out(error)) => item.with_error(error.clone()),
            Some(ValueRecord::In(raw)) => item.with_error(serde_json::from_str(raw.get()).map_err(|error| error.to_string())?),
        })
    }
}

impl FileRecord {
    fn of(file: &Binary) -> Self {
        let (id, data) = match &file.content {
            BinaryContent::Inline(bytes) => (None, Some(STANDARD.encode(bytes))),
            BinaryContent::Stored(id) => (Some(id.clone()), None),
        };
        Self {
            id,
            data,
            mime: file.mime_type.clone(),
            name: file.file_name.clone(),
            extension: file.file_extension.clone(),
            directory: file.directory.clone(),
            size: file.size,
        }
    }
}

impl TryFrom<FileRecord> for Binary {
    type Error = String;

    fn try_from(record: FileRecord) -> Result<Self, String> {
        let content = match (record.id, record.data) {
            (Some(id), None) => BinaryContent::Stored(id),
            (None, Some(data)) => BinaryContent::Inline(STANDARD.decode(data).map_err(|error| error.to_string())?.into()),
            _ => return Err("a file needs either an id or data".to_owned()),
        };
        Ok(Self {
            content,
            mime_type: record.mime,
            file_name: record.name,
            file_extension: record.extension,
            directory: record.directory,
            size: record.size,
        })
    }
}

impl LinkRecord {
    fn of(link: &Link) -> Self {
        match (&link.source, link.input) {
            (Some(source), input) => Self::Source(link.item, input, source.node.to_string(), source.output, source.run),
            (None, 0) => Self::Item(link.item),
            (None, input) => Self::Input(link.item, input),
        }
    }
}

impl From<LinkRecord> for Link {
    fn from(record: LinkRecord) -> Self {
        match record {
            LinkRecord::Item(item) => Self { item, input: 0, source: None },
            LinkRecord::Input(item, input) => Self { item, input, source: None },
            LinkRecord::Source(item, input, node, output, run) => {
                Self { item, input, source: Some(Arc::new(ItemSource { node: node.into(), output, run })) }
            }
        }
    }
}

impl From<PairedRecord> for Paired {
    fn from(record: PairedRecord) -> Self {
        match record {
            PairedRecord::One(link) => Self::One(link.into()),
            PairedRecord::Many { many } => Self::many(many.into_iter().map(Link::from)),
        }
    }
}
