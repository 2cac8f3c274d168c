//! n8n's conversion between types, dates and paths into JSON.

mod path;

pub(crate) use path::FieldPath;
