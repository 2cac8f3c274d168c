//! Keeps what the scope hands out as values of their own (items of other nodes) alive until the evaluation is over, so that the rest of it
//! can borrow.

use std::cell::OnceCell;

use crate::expression::OtherNode;
use crate::model::{Batch, Item};

/// What one evaluation holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) items: Shelf<Item>,
    pub(super) batches: Shelf<Batch>,
    pub(super) nodes: Shelf<OtherNode>,
}

/// A list that only grows, whose elements never move. The first element costs no allocation. An expression puts in at most as many as it
/// has roots, so that walking the list is cheap.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    value: OnceCell<T>,
    next: OnceCell<Box<Shelf<T>>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { value: OnceCell::new(), next: OnceCell::new() }
    }
}

impl<T> Shelf<T> {
    /// Puts a value on the shelf and lends it out.
    pub(super) fn keep(&self, value: T) -> &T {
        let mut last = self;
        while last.value.get().is_some() {
            last = last.next.get_or_init(Box::default);
        }
        last.value.get_or_init(|| value)
    }
}
