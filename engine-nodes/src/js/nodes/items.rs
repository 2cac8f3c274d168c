//! From what code returned to items, with n8n's rules of what it may return.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose;
use engine_core::expression::js;
use engine_core::model::{Binary, Item, Json, Link, Paired};
use engine_core::node::NodeError;
use serde_json::Value;

/// Keys that an item may have beside `json`.
const ITEM_KEYS: [&str; 5] = ["json", "binary", "pairedItem", "error", "index"];

/// Files by the names under which the code knew them.
pub(super) type Files = [(String, Binary)];

fn fault(message: &str, hint: &str) -> NodeError {
    NodeError::fatal(message).with_description(hint)
}

fn not_items() -> NodeError {
    fault("Code doesn't return items properly", "Please return an array of objects, one for each item you would like to output.")
}

/// The items that code returned for all items together.
pub(super) fn all(value: Option<Value>, files: &Files) -> Result<Vec<Item>, NodeError> {
    let list = match value {
        Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        // What stands beside the keys of an only object is not looked at.
        Some(Value::Object(json)) => return normalized(vec![json], files),
        _ => return Err(not_items()),
    };
    let objects = list.into_iter().map(|value| if let Value::Object(json) = value { Ok(json) } else { Err(not_items()) });
    let objects: Vec<Json> = objects.collect::<Result<_, _>>()?;
    check_keys(&objects)?;
    normalized(objects, files)
}

/// The item that code returned for one item; `None` where it returned nothing: null, or whatever else counts as false. What is no object with `json`
/// or `binary` becomes the item's JSON as a whole.
pub(super) fn each(value: Option<Value>, files: &Files, index: usize) -> Result<Option<Item>, NodeError> {
    let Some(value) = value.filter(js::truthy) else { return Ok(None) };
    let mut made = Json::new();
    match value {
        Value::Object(mut object) if object.contains_key("json") || object.contains_key("binary") => {
            made.insert("json".to_owned(), object.shift_remove("json").unwrap_or_else(|| Value::Object(Json::new())));
            made.extend(object.shift_remove("binary").map(|binary| ("binary".to_owned(), binary)));
        }
        value => drop(made.insert("json".to_owned(), value)),
    }
    item(index, made, files).map(Some)
}

/// When one item has a key of n8n's, no item may have such keys beside others, nor others alone.
fn check_keys(objects: &[Json]) -> Result<(), NodeError> {
    let has_any = objects.iter().any(|object| object.keys().any(|key| ITEM_KEYS.contains(&key.as_str())));
    if !has_any {
        return Ok(());
    }
    let unknown = objects.iter().enumerate().find_map(|(index, object)| {
        let key = object.keys().find(|key| !ITEM_KEYS.contains(&key.as_str()))?;
        Some((index, key))
    });
    match unknown {
        Some((index, key)) => Err(fault(
            &format!("Unknown top-level item key: {key} [item {index}]"),
            "Only json, binary, pairedItem and error may stand at the top of an item; put everything else under json.",
        )),
        None => Ok(()),
    }
}

/// n8n's normalisation: items as they are, or values that become the `json` of items, but not both.
pub(super) fn normalized(objects: Vec<Json>, files: &Files) -> Result<Vec<Item>, NodeError> {
    if objects.iter().all(|object| object.contains_key("json")) {
        return objects.into_iter().enumerate().map(|(index, object)| item(index, object, files)).collect();
    }
    if objects.iter().any(|object| object.contains_key("json")) {
        return Err(fault("Inconsistent item format", "Some of the returned objects have a key json, and others have none."));
    }
    if !objects.is_empty() && objects.iter().all(|object| object.get("binary").is_some_and(Value::is_object)) {
        let with_json = objects.into_iter().map(|mut object| {
            let binary = object.shift_remove("binary").unwrap_or_default();
            Json::from_iter([("json".to_owned(), Value::Object(object)), ("binary".to_owned(), binary)])
        });
        return with_json.enumerate().map(|(index, object)| item(index, object, files)).collect();
    }
    Ok(objects.into_iter().map(Item::new).collect())
}

fn item(index: usize, mut object: Json, files: &Files) -> Result<Item, NodeError> {
    let hint = "In the returned data, every key named 'json' must point to an object.";
    let Some(Value::Object(json)) = object.shift_remove("json") else {
        return Err(fault(&format!("A 'json' property isn't an object [item {index}]"), hint));
    };
    let mut made = Item::new(json).paired_with(paired(object.get("pairedItem")));
    match object.shift_remove("binary") {
        None | Some(Value::Null) => {}
        Some(Value::Object(binary)) => made = made.with_binary(binaries(binary, files)),
        Some(_) => return Err(fault(&format!("A 'binary' property isn't an object [item {index}]"), "Every key of it must point to a file.")),
    }
    if let Some(error) = object.shift_remove("error").filter(|error| !error.is_null()) {
        made = made.with_error(error);
    }
    Ok(made)
}

/// Where the code says that an item came from.
fn paired(value: Option<&Value>) -> Paired {
    let link = |value: &Value| -> Option<Link> {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        match value {
            Value::Object(object) => Some(Link::on(object.get("input").and_then(number).unwrap_or(0), object.get("item").and_then(number)?)),
            plain => number(plain).map(Link::new),
        }
    };
    match value {
        Some(Value::Array(list)) => Paired::many(list.iter().filter_map(link)),
        Some(value) => link(value).map_or(Paired::Unknown, Paired::One),
        None => Paired::Unknown,
    }
}

/// Files: those that the code knew by name, and those whose bytes it gives in base64.
pub(super) fn binaries(fields: Json, files: &Files) -> BTreeMap<String, Binary> {
    let mut found = BTreeMap::new();
    for (key, field) in fields.into_iter().filter(|(_, field)| field.is_object()) {
        let text = |name: &str| field.get(name).and_then(Value::as_str).map(str::to_owned);
        let known = text("id").and_then(|id| files.iter().find(|(name, _)| *name == id).map(|(_, binary)| binary.clone()));
        let mut binary = match (known, text("data")) {
            (Some(binary), _) => binary,
            (None, Some(data)) => Binary::inline(decoded(&data), text("mimeType").unwrap_or_else(|| "application/octet-stream".to_owned())),
            (None, None) => Binary::inline(Vec::new(), "application/octet-stream".to_owned()),
        };
        if let Some(mime_type) = text("mimeType") {
            binary.mime_type = mime_type;
        }
        if let Some(name) = text("fileName") {
            binary.file_name = Some(name);
        }
        binary.file_extension = text("fileExtension").or(binary.file_extension);
        binary.directory = text("directory").or(binary.directory);
        found.insert(key, binary);
    }
    found
}

fn decoded(data: &str) -> Vec<u8> {
    let clean: String = data.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    general_purpose::STANDARD_NO_PAD.decode(clean).unwrap_or_default()
}
