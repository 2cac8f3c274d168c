//! Reading columns, and JSON as text.

use engine_core::model::Timestamp;
use engine_core::store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::error::from_sqlx;

/// A column's value.
pub(crate) fn get<'r, T, R>(row: &'r R, column: &'static str) -> Result<T, StoreError>
where
    R: Row,
    T: Decode<'r, R::Database> + Type<R::Database>,
    &'static str: ColumnIndex<R>,
{
    row.try_get(column).map_err(from_sqlx)
}

/// What can be read of a list. An entry that cannot is left out, so that one damaged row does not hide the others.
pub(crate) fn readable<T, R>(rows: &[R], read: impl Fn(&R) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).filter(|entry| !matches!(entry, Err(StoreError::Corrupt { .. }))).collect()
}

/// An unsigned number that is stored in a signed column.
pub(crate) fn unsigned(number: i32, what: &'static str) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::corrupt(what, number.to_string(), "it is negative"))
}

/// A number for a signed column.
pub(crate) fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// JSON that is stored as text.
pub(crate) fn json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(what, "", error.to_string()))
}

/// Text of JSON to be stored.
pub(crate) fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Backend(error.into()))
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
