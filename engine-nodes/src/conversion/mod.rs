//! n8n's conversion between types, dates and paths into JSON.
//!
//! Nodes of all groups call this where n8n's nodes rely on `validateFieldType`, on Luxon's parsers or on lodash's `get`, `set` and `unset`.
//! Nothing here looks at a clock or at the machine's time zone: both come in with [`Dates`].

mod date;
mod equality;
mod field_type;
mod key_order;
mod literal;
mod path;
mod pattern;
mod repair;

#[cfg(test)]
pub(crate) mod pairs_test;

pub(crate) use date::{DateTime, Dates};
pub(crate) use equality::{deep_equal, nearly_same, same};
#[cfg(feature = "crypto")]
pub(crate) use field_type::is_jwt;
pub(crate) use field_type::{Conversion, FieldType, to_array, to_boolean, to_number, to_object, to_text, type_name};
pub(crate) use key_order::order_keys;
pub(crate) use literal::parse_js_object;
pub(crate) use path::FieldPath;
pub(crate) use pattern::Pattern;
pub(crate) use repair::parse_leniently;
