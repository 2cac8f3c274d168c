//! Items on the wire: `{json, binary?, pairedItem?, error?}`, as n8n writes them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fields::kind_of;
use crate::model::{Batch, Binary, BinaryContent, BlobId, Item, ItemSource, Json, Link, Paired};

/// A value that is no item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ItemShapeError {
    message: String,
}

fn shape_error(message: impl Into<String>) -> ItemShapeError {
    ItemShapeError { message: message.into() }
}

/// Reads items: a list of `{json: ...}` or of bare objects, or a single one of them.
///
/// # Errors
/// When an element is no object, its `json` is none, or a file is not described properly.
pub fn batch_from_json(value: Value) -> Result<Batch, ItemShapeError> {
    match value {
        Value::Array(values) => values
            .into_iter()
            .enumerate()
            .map(|(index, value)| item_from_json(value).map_err(|error| shape_error(format!("item {index}: {error}"))))
            .collect::<Result<Vec<_>, _>>()
            .map(Batch::from),
        single => Ok(Batch::from(vec![item_from_json(single)?])),
    }
}

/// Reads one item: `{json: ...}` or a bare object.
///
/// # Errors
/// When it is no object, its `json` is none, or a file is not described properly.
pub fn item_from_json(value: Value) -> Result<Item, ItemShapeError> {
    let Value::Object(mut fields) = value else { return Err(shape_error(format!("an item must be an object, not {}", kind_of(&value)))) };
    if !fields.contains_key("json") {
        return Ok(Item::new(fields));
    }
    let json = match fields.shift_remove("json") {
        Some(Value::Object(json)) => json,
        Some(other) => return Err(shape_error(format!("the json of an item must be an object, not {}", kind_of(&other)))),
        None => Json::new(),
    };
    let mut item = Item::new(json);
    if let Some(Value::Object(files)) = fields.get("binary") {
        let read = files.iter().map(|(key, file)| Ok((key.clone(), binary_from_json(file)?)));
        item = item.with_binary(read.collect::<Result<BTreeMap<_, _>, ItemShapeError>>()?);
    }
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        item = item.with_error(error.clone());
    }
    Ok(item.paired_with(paired_from_json(fields.get("pairedItem"))))
}

/// Writes an item whose links are `paired`.
pub fn item_to_json(item: &Item, paired: &Paired) -> Value {
    let mut fields = Json::new();
    fields.insert("json".to_owned(), Value::Object(item.json().clone()));
    if let Some(files) = item.binary() {
        fields.insert("binary".to_owned(), files.iter().map(|(key, file)| (key.clone(), binary_to_json(file))).collect());
    }
    match paired {
        Paired::Unknown => {}
        Paired::One(link) => drop(fields.insert("pairedItem".to_owned(), link_to_json(link))),
        Paired::Many(links) => drop(fields.insert("pairedItem".to_owned(), links.iter().map(link_to_json).collect())),
    }
    if let Some(error) = item.error() {
        fields.insert("error".to_owned(), error.clone());
    }
    Value::Object(fields)
}

fn link_to_json(link: &Link) -> Value {
    let mut fields = json!({"item": link.item});
    if link.input > 0 {
        fields["input"] = json!(link.input);
    }
    if let Some(source) = &link.source {
        fields["sourceOverwrite"] = json!({"previousNode": source.node, "previousNodeOutput": source.output, "previousNodeRun": source.run});
    }
    fields
}

fn paired_from_json(value: Option<&Value>) -> Paired {
    match value {
        Some(Value::Array(links)) => Paired::many(links.iter().filter_map(link_from_json)),
        Some(single) => link_from_json(single).map_or(Paired::Unknown, Paired::One),
        None => Paired::Unknown,
    }
}

fn link_from_json(value: &Value) -> Option<Link> {
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    if value.is_number() {
        return number(value).map(Link::new);
    }
    let link = Link::on(value.get("input").and_then(number).unwrap_or(0), number(value.get("item")?)?);
    let source = value.get("sourceOverwrite").and_then(|source| {
        let port = |key: &str| source.get(key).and_then(Value::as_u64).unwrap_or(0);
        let node = source.get("previousNode")?.as_str()?.into();
        let (output, run) = (u16::try_from(port("previousNodeOutput")).ok()?, u32::try_from(port("previousNodeRun")).ok()?);
        Some(std::sync::Arc::new(ItemSource { node, output, run }))
    });
    Some(Link { source, ..link })
}

pub(crate) fn binary_to_json(binary: &Binary) -> Value {
    let mut fields = json!({"mimeType": binary.mime_type, "fileType": file_type(&binary.mime_type)});
    let optional = [("fileName", &binary.file_name), ("fileExtension", &binary.file_extension), ("directory", &binary.directory)];
    for (key, value) in optional {
        if let Some(value) = value {
            fields[key] = json!(value);
        }
    }
    fields["fileSize"] = json!(human_size(binary.size));
    fields["bytes"] = json!(binary.size);
    match &binary.content {
        BinaryContent::Inline(bytes) => fields["data"] = json!(STANDARD.encode(bytes)),
        BinaryContent::Stored(id) => {
            fields["data"] = json!("blob");
            fields["id"] = json!(id);
        }
    }
    fields
}

pub(crate) fn binary_from_json(value: &Value) -> Result<Binary, ItemShapeError> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mime_type = text("mimeType").unwrap_or_else(|| "application/octet-stream".to_owned());
    let content = match (text("id"), text("data")) {
        (Some(id), _) => BinaryContent::Stored(BlobId::new(id)),
        (None, Some(data)) => {
            let bytes = STANDARD.decode(data.as_bytes()).map_err(|error| shape_error(format!("the data of a file must be base64: {error}")))?;
            BinaryContent::Inline(bytes.into())
        }
        (None, None) => return Err(shape_error("a file must have data (base64) or the id of stored data")),
    };
    let size = match &content {
        BinaryContent::Inline(bytes) => bytes.len() as u64,
        BinaryContent::Stored(_) => value.get("bytes").and_then(Value::as_u64).unwrap_or(0),
    };
    Ok(Binary { content, mime_type, file_name: text("fileName"), file_extension: text("fileExtension"), directory: text("directory"), size })
}

/// What n8n's editor shows a file as.
fn file_type(mime_type: &str) -> &'static str {
    match mime_type {
        "application/json" => "json",
        "text/html" => "html",
        "application/pdf" => "pdf",
        mime if mime.starts_with("image/") => "image",
        mime if mime.starts_with("video/") => "video",
        mime if mime.starts_with("audio/") => "audio",
        mime if mime.starts_with("text/") || mime == "application/javascript" => "text",
        _ => "",
    }
}

/// `999 B`, `1.5 kB`, `20 MB`: three significant digits, powers of a thousand.
fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = bytes as f64 / 1000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let digits = if size < 10.0 { 2 } else { usize::from(size < 100.0) };
    let text = format!("{size:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {}", UNITS.get(unit).unwrap_or(&"PB"))
}
