//! Keeps what the scope hands out as values of their own (items of other nodes) alive until the evaluation is over, so that the rest of it
//! can borrow.

use std::cell::{Cell, OnceCell};

use crate::expression::OtherNode;
use crate::model::{Batch, Item};

/// What one evaluation holds, and how much it has made. Most hold nothing, which costs nothing.
#[derive(Debug, Default)]
pub(super) struct Held {
    shelves: OnceCell<Box<Shelves>>,
    made: Cell<usize>,
}

#[derive(Debug, Default)]
struct Shelves {
    items: Shelf<Item>,
    batches: Shelf<Batch>,
    nodes: Shelf<OtherNode>,
}

/// A list that only grows, whose elements never move. An expression puts in at most as many as it has roots, so that walking the list is
/// cheap.
#[derive(Debug)]
struct Shelf<T> {
    value: OnceCell<T>,
    next: OnceCell<Box<Shelf<T>>>,
}

impl Held {
    pub(super) fn item(&self, item: Item) -> &Item {
        self.shelves().items.keep(item)
    }

    pub(super) fn batch(&self, batch: Batch) -> &Batch {
        self.shelves().batches.keep(batch)
    }

    pub(super) fn node(&self, node: OtherNode) -> &OtherNode {
        self.shelves().nodes.keep(node)
    }

    /// Counts memory that a step of the evaluation made, and gives the sum so far.
    pub(super) fn count(&self, bytes: usize) -> usize {
        let made = self.made.get().saturating_add(bytes);
        self.made.set(made);
        made
    }

    fn shelves(&self) -> &Shelves {
        self.shelves.get_or_init(Box::default)
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { value: OnceCell::new(), next: OnceCell::new() }
    }
}

impl<T> Shelf<T> {
    /// Puts a value on the shelf and lends it out.
    fn keep(&self, value: T) -> &T {
        let mut last = self;
        while last.value.get().is_some() {
            last = last.next.get_or_init(Box::default);
        }
        last.value.get_or_init(|| value)
    }
}
