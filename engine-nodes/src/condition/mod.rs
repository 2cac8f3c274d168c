//! n8n's conditions: the `filter` parameter of If, Filter and Switch, and the conditions of their first versions.
//!
//! Compiled once per plan; nodes ask for each item. The comparisons themselves are pure functions on values.

mod compiled;
mod filter;
mod legacy;
mod operand;
mod operator;

#[cfg(test)]
mod pairs_test;

pub(crate) use compiled::Filter;
pub(crate) use legacy::{LegacyOperation, LegacyType};
