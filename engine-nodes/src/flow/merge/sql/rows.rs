//! Values on their way into the database and back.

use engine_core::expression::js;
use engine_core::model::{Json, Link};
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{Error, Row as SqlRow};
use serde_json::Value;

use super::Row;
use super::database::Column;

/// In front of the text of an object or a list: white space that nobody writes by chance, and that JSON does not mind.
pub(super) const NESTED: &str = "\t\n\t \t\n";

/// Where a column of an answer comes from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) input: usize,
    /// It is no field but tells where the item lies.
    pub(super) is_place: bool,
    pub(super) column: Column,
}

/// A value as the database keeps it. Numbers are what they are in JavaScript, so that half of 1 is not 0.
pub(super) fn stored(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::Bool(truth) => Stored::Real(f64::from(u8::from(*truth))),
        Value::Number(number) => number.as_f64().map_or(Stored::Null, Stored::Real),
        Value::String(text) => Stored::Text(text.clone()),
        nested => Stored::Text(format!("{NESTED}{nested}")),
    }
}

/// A value as it comes back.
pub(super) fn returned(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.into()),
        ValueRef::Real(number) => Some(js::from_f64(number)),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let nested = text.strip_prefix(NESTED).and_then(|json| serde_json::from_str(json).ok());
            Some(nested.unwrap_or_else(|| Value::String(text.into_owned())))
        }
    }
}

/// A row of an answer. Where two columns have one name, the later one counts, unless it has no value.
pub(super) fn read(row: &SqlRow<'_>, origins: &[Origin]) -> Result<Row, Error> {
    let mut json = Json::new();
    let mut links = Vec::new();
    for (index, origin) in origins.iter().enumerate() {
        let value = row.get_ref(index)?;
        if origin.is_place {
            if let ValueRef::Integer(place) = value {
                links.push((origin, place));
            }
            continue;
        }
        match returned(value) {
            Some(value) if origin.column.boolean => {
                json.insert(origin.name.clone(), Value::Bool(js::truthy(&value)));
            }
            Some(value) => {
                json.insert(origin.name.clone(), value);
            }
            None if origin.column.nulls && !json.contains_key(&origin.name) => {
                json.insert(origin.name.clone(), Value::Null);
            }
            None => {}
        }
    }
    // As with fields, of places of one name the last counts.
    let counts = |at: usize, origin: &Origin| !links.iter().skip(at + 1).any(|(later, _)| later.name == origin.name);
    let kept = links.iter().enumerate().filter(|(at, (origin, _))| counts(*at, origin));
    let links = kept.filter_map(|(_, (origin, place))| Some(Link::on(origin.input, usize::try_from(*place).ok()?))).collect();
    Ok(Row { json, links })
}
