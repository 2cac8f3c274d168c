//! Values on their way between the engine and scripts.
//!
//! Inward, nothing is converted before it is touched: an object becomes an [`object::LazyObject`], a long list a proxy over a [`list::LazyList`].
//! Both hold the engine's shared JSON and look like plain values to a script; what a script changes, it changes in a copy of its own.
//! Outward, [`output`] turns what a script gives into JSON, and takes what was never touched as it is.

mod count;
mod handle;
mod inward;
mod list;
mod object;
mod output;

pub(super) use handle::Fields;
pub(super) use inward::{file, item, to_script};
pub(super) use list::{LazyList, ListSource, untouched_list, wrap as wrap_list};
pub(super) use object::LazyObject;
pub(super) use output::{OutputError, Outward, text_of};
