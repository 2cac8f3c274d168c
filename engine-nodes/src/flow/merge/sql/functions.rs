//! Functions that `AlaSQL` has and `SQLite` lacks, or has in another way.

use engine_core::expression::js;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{Connection, Error, Result};

use super::rows::{returned, stored};

/// A function of one text.
type OfText = fn(&str) -> Stored;

const OF_TEXTS: [(&str, OfText); 7] = [
    ("len", |text| Stored::Integer(count(text))),
    ("length", |text| Stored::Integer(count(text))),
    ("ucase", |text| Stored::Text(text.to_uppercase())),
    ("lcase", |text| Stored::Text(text.to_lowercase())),
    ("upper", |text| Stored::Text(text.to_uppercase())),
    ("lower", |text| Stored::Text(text.to_lowercase())),
    ("reverse", |text| Stored::Text(text.chars().rev().collect())),
];

pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, make) in OF_TEXTS {
        connection.create_scalar_function(name, 1, flags, move |context| Ok(of_text(context, make)))?;
    }
    connection.create_scalar_function("isnull", 2, flags, |context| {
        let index = usize::from(matches!(context.get_raw(0), ValueRef::Null));
        context.get::<Stored>(index)
    })?;
    connection.create_scalar_function("member", 2, flags, |context| Ok(member(context)))?;
    connection.create_aggregate_function("sum", 1, flags, Sum)
}

fn count(text: &str) -> i64 {
    i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX)
}

fn of_text(context: &Context<'_>, make: OfText) -> Stored {
    returned(context.get_raw(0)).map_or(Stored::Null, |value| make(&js::to_string(&value)))
}

/// The value of an object under a key, or of a list at an index.
fn member(context: &Context<'_>) -> Stored {
    let key = returned(context.get_raw(1)).map(|key| js::to_string(&key).into_owned()).unwrap_or_default();
    let found = match returned(context.get_raw(0)) {
        Some(serde_json::Value::Object(object)) => object.get(&key).map(stored),
        Some(serde_json::Value::Array(list)) if key == "length" => Some(Stored::Integer(i64::try_from(list.len()).unwrap_or(i64::MAX))),
        Some(serde_json::Value::Array(list)) => key.parse::<usize>().ok().and_then(|index| list.get(index)).map(stored),
        Some(serde_json::Value::String(text)) if key == "length" => Some(Stored::Integer(count(&text))),
        _ => None,
    };
    found.unwrap_or(Stored::Null)
}

/// The sum of no values is 0.
struct Sum;

impl Aggregate<f64, f64> for Sum {
    fn init(&self, _context: &mut Context<'_>) -> Result<f64> {
        Ok(0.0)
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut f64) -> Result<()> {
        match returned(context.get_raw(0)) {
            None => Ok(()),
            Some(value) => {
                let number = js::to_number(&value);
                if number.is_nan() {
                    return Err(Error::UserFunctionError(format!("{value} is no number to add up").into()));
                }
                *sum += number;
                Ok(())
            }
        }
    }

    fn finalize(&self, _context: &mut Context<'_>, sum: Option<f64>) -> Result<f64> {
        Ok(sum.unwrap_or(0.0))
    }
}
