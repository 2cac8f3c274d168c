//! How a list of items changed: loops take from the front of theirs and append to its end, and recording the whole list each time would cost its square.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{is_default, item};
use crate::model::{Batch, Item};

/// A list as it differs from what it was: some items gone from its front, some kept, some added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListChange {
    /// How many items are gone from the front.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dropped: u32,
    /// How many are kept after those.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kept: u32,
    /// What follows them.
    #[serde(default, with = "item::batch", skip_serializing_if = "is_empty")]
    pub added: Batch,
}

fn is_empty(items: &Batch) -> bool {
    items.is_empty()
}

impl ListChange {
    /// What turns `old` into `new`. Items are compared by identity, so this costs no more than the length of the lists.
    pub fn between(old: &[Item], new: &[Item]) -> Self {
        let dropped = new.first().and_then(|first| old.iter().position(|item| is_same(item, first))).unwrap_or(old.len());
        let kept = old.iter().skip(dropped).zip(new).take_while(|(a, b)| is_same(a, b)).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { dropped: count(dropped), kept: count(kept), added: new.iter().skip(kept).cloned().collect() }
    }

    /// Whether it leaves a list of this length as it is.
    pub(super) fn keeps(&self, length: usize) -> bool {
        self.dropped == 0 && self.kept as usize == length && self.added.is_empty()
    }

    /// Turns the old list into the new one. `None` when the change does not fit the list.
    pub fn apply(&self, old: &[Item]) -> Option<Vec<Item>> {
        let (dropped, kept) = (self.dropped as usize, self.kept as usize);
        let kept = old.get(dropped..dropped.checked_add(kept)?)?;
        Some(kept.iter().chain(self.added.iter()).cloned().collect())
    }
}

fn is_same(a: &Item, b: &Item) -> bool {
    Arc::ptr_eq(a.shared_json(), b.shared_json()) && a == b
}
