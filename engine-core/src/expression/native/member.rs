//! Members of values.

use std::borrow::Cow;

use serde_json::Value;

use super::ast::Key;
use super::builtins;
use super::eval::Stop;
use super::value::Val;
use crate::expression::js;
use crate::model::{Binary, Item, Json};

/// Up to this many entries, looking at each key is faster than hashing the one that is sought.
const SMALL_OBJECT: usize = 8;

/// The key of a property at run time. A name is never an array index.
#[derive(Debug)]
pub(super) enum PropertyKey<'k> {
    Index(u32),
    Name(Cow<'k, str>),
}

impl<'k> From<&'k Key> for PropertyKey<'k> {
    fn from(key: &'k Key) -> Self {
        match key {
            Key::Index(index) => Self::Index(*index),
            Key::Name(name) => Self::Name(Cow::Borrowed(name)),
        }
    }
}

/// The key that a computed value stands for.
pub(super) fn property_key<'k>(value: &'k Val<'_>) -> Result<PropertyKey<'k>, Stop> {
    if let Some(index) = value.as_number().and_then(number_index) {
        return Ok(PropertyKey::Index(index));
    }
    let name = value.to_text()?;
    builtins::check_allowed(&name)?;
    Ok(js::array_index(&name).map_or(PropertyKey::Name(name), PropertyKey::Index))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn number_index(number: f64) -> Option<u32> {
    ((0.0..f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0).then_some(number as u32)
}

/// `value.key`. A function that the value inherits is [`Val::Function`]; a member of null or undefined throws.
pub(super) fn get<'a>(value: &Val<'a>, key: &PropertyKey<'_>) -> Result<Val<'a>, Stop> {
    let inherited = |has: fn(&str) -> bool| if matches!(key, PropertyKey::Name(name) if has(name)) { Val::Function } else { Val::Undefined };
    let own = match value {
        Val::Undefined | Val::Null => return Err(Stop::Throw),
        Val::Bool(_) => return Ok(inherited(builtins::inherited_by_all)),
        Val::Number(_) | Val::Exact(_) => return Ok(inherited(builtins::inherited_by_number)),
        Val::Text(text) => return of_text(text, key).map(|own| own.unwrap_or_else(|| inherited(builtins::inherited_by_text))),
        Val::Array(items) => element(key, items.len(), |index| items.get(index).map(Val::of)),
        Val::List(items) => element(key, items.len(), |index| items.get(index).cloned()),
        Val::Items(items) => element(key, items.len(), |index| items.get(index).map(Val::Item)),
        Val::Object(object) => of_object(object, key).map(Val::of),
        Val::Record(entries) => with_name(key, |name| entries.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())),
        Val::Files(files) => with_name(key, |name| files.get(name).map(Val::File)),
        Val::Item(item) => of_item(item, key)?,
        Val::File(file) => of_file(file, key)?,
        Val::Function => return Err(Stop::GiveUp),
    };
    let has = if matches!(value, Val::Array(_) | Val::List(_) | Val::Items(_)) { builtins::inherited_by_array } else { builtins::inherited_by_all };
    Ok(own.unwrap_or_else(|| inherited(has)))
}

/// A member of a JSON object, by name.
pub(super) fn lookup<'a>(object: &'a Json, name: &str) -> Option<&'a Value> {
    if object.len() <= SMALL_OBJECT { object.iter().find(|(key, _)| *key == name).map(|(_, value)| value) } else { object.get(name) }
}

/// True when an object has a member of this key, of its own or by inheritance: `key in object`.
pub(super) fn own_or_inherited(object: &Val<'_>, key: &PropertyKey<'_>) -> Result<bool, Stop> {
    // In objects that the expression made, a member may be there and undefined.
    if let Val::Record(entries) = object {
        return Ok(with_name(key, |name| Some(entries.iter().any(|(key, _)| key == name) || builtins::inherited_by_all(name))).unwrap_or(false));
    }
    if let (Val::List(items), PropertyKey::Index(index)) = (object, key) {
        return Ok(usize::try_from(*index).is_ok_and(|index| index < items.len()));
    }
    Ok(!matches!(get(object, key)?, Val::Undefined))
}

fn element<'a>(key: &PropertyKey<'_>, length: usize, at: impl Fn(usize) -> Option<Val<'a>>) -> Option<Val<'a>> {
    match key {
        PropertyKey::Index(index) => usize::try_from(*index).ok().and_then(at),
        PropertyKey::Name(name) => (name == "length").then(|| Val::count(length)),
    }
}

fn with_name<T>(key: &PropertyKey<'_>, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    match key {
        PropertyKey::Index(index) => find(&index.to_string()),
        PropertyKey::Name(name) => find(name),
    }
}

fn of_object<'a>(object: &'a Json, key: &PropertyKey<'_>) -> Option<&'a Value> {
    match key {
        PropertyKey::Name(name) => lookup(object, name),
        PropertyKey::Index(index) => lookup(object, &index.to_string()),
    }
}

fn of_text<'a>(text: &Cow<'a, str>, key: &PropertyKey<'_>) -> Result<Option<Val<'a>>, Stop> {
    match key {
        PropertyKey::Name(name) => Ok((name == "length").then(|| Val::count(js::utf16_len(text)))),
        PropertyKey::Index(index) => {
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            // Half of a surrogate pair has no place in a Rust text.
            let unit = js::utf16_slice(text, index..index.saturating_add(1)).ok_or(Stop::GiveUp)?;
            Ok((!unit.is_empty()).then(|| Val::owned(unit)))
        }
    }
}

fn of_item<'a>(item: &'a Item, key: &PropertyKey<'_>) -> Result<Option<Val<'a>>, Stop> {
    match key {
        PropertyKey::Name(name) if name == "json" => Ok(Some(Val::Object(item.json()))),
        PropertyKey::Name(name) if name == "binary" => Ok(item.binary().map(Val::Files)),
        // What else an item shows (its lineage, its error) is the script engine's matter.
        _ => Err(Stop::GiveUp),
    }
}

fn of_file<'a>(file: &'a Binary, key: &PropertyKey<'_>) -> Result<Option<Val<'a>>, Stop> {
    let PropertyKey::Name(name) = key else { return Ok(None) };
    let field = match name.as_ref() {
        "mimeType" => Some(file.mime_type.as_str()),
        "fileName" => file.file_name.as_deref(),
        "fileExtension" => file.file_extension.as_deref(),
        "directory" => file.directory.as_deref(),
        _ => return Err(Stop::GiveUp),
    };
    Ok(field.map(Val::text))
}
