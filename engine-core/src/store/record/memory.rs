//! What a node remembers, as it differs from what was recorded of it before.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ListChange, item, name_files};
use crate::model::{BlobId, Json};
use crate::node::NodeMemory;

/// What a node remembers: its context, and its lists as they differ from before. A list that is not named is gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Memory {
    /// What expressions see of it.
    #[serde(default, with = "item::deep_json", skip_serializing_if = "Json::is_empty")]
    pub context: Json,
    /// How each of its lists changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, ListChange>,
}

impl Memory {
    /// What turns `old` into `new`; nothing when they are the same.
    pub fn between(old: &NodeMemory, new: &NodeMemory) -> Option<Self> {
        let list = |(name, items): (&Cow<'static, str>, &Vec<_>)| {
            let before = old.items.get(name).map(Vec::as_slice).unwrap_or_default();
            (name.to_string(), ListChange::between(before, items))
        };
        let lists: BTreeMap<_, _> = new.items.iter().map(list).collect();
        let is_kept = |(name, items): (&Cow<'static, str>, &Vec<_>)| lists.get(&**name).is_some_and(|change| change.keeps(items.len()));
        let same = old.context == new.context && old.items.len() == lists.len() && old.items.iter().all(is_kept);
        (!same).then(|| Self { context: new.context.clone(), lists })
    }

    /// Turns the old memory into the new one. `None` when it does not fit.
    pub fn apply(&self, old: &NodeMemory) -> Option<NodeMemory> {
        let list = |(name, change): (&String, &ListChange)| {
            let before = old.items.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
            Some((Cow::Owned(name.clone()), change.apply(before)?))
        };
        Some(NodeMemory { context: self.context.clone(), items: self.lists.iter().map(list).collect::<Option<_>>()? })
    }

    pub(super) fn name_blobs(&self, blobs: &mut Vec<BlobId>) {
        self.lists.values().for_each(|change| name_files(&change.added, blobs));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Item;

    fn memory(lists: &[(&'static str, &[Item])], count: i32) -> NodeMemory {
        let items = lists.iter().map(|(name, items)| (Cow::Borrowed(*name), items.to_vec())).collect();
        NodeMemory { context: Json::from_iter([("count".to_owned(), json!(count))]), items }
    }

    /// The names, contexts and list lengths of what comes back must be those of what was there.
    fn check(old: &NodeMemory, new: &NodeMemory) {
        let back = Memory::between(old, new).map_or_else(|| old.clone(), |change| change.apply(old).unwrap());
        assert_eq!(back.context, new.context);
        assert_eq!(back.items, new.items);
    }

    #[test]
    fn a_memory_comes_back_from_its_change() {
        let items: Vec<Item> = (0..4).map(|number| Item::from_value(json!({ "number": number }))).collect();
        let full = memory(&[("rest", &items), ("done", &[])], 1);
        let later = memory(&[("rest", &items[1..]), ("done", &items[..1])], 2);
        let last = memory(&[("rest", &[]), ("done", &items)], 3);
        let over = memory(&[("done", &items)], 3);
        check(&NodeMemory::default(), &full);
        check(&full, &later);
        check(&later, &last);
        // An empty list is another thing than none.
        check(&last, &over);
        check(&over, &NodeMemory::default());
        assert_eq!(Memory::between(&later, &later.clone()), None);
    }
}
