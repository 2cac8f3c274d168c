//! Combining by position: the first items of all inputs become one, then the second ones, and so on.

use engine_core::model::{Item, Json};

use super::clash::{Clash, Resolve, all_with_suffix};
use super::made_of;

#[derive(Debug)]
pub(super) struct Position {
    clash: Clash,
    inputs: usize,
    unpaired: bool,
}

impl Position {
    pub(super) fn new(clash: Clash, inputs: usize, unpaired: bool) -> Self {
        Self { clash, inputs, unpaired }
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The combined items. In version 2 (`second`) an empty input leaves the other as it is.
    pub(super) fn combine(&self, inputs: Vec<Vec<Item>>, second: bool) -> Vec<Item> {
        if second && inputs.iter().any(Vec::is_empty) {
            return inputs.into_iter().flatten().collect();
        }
        let preferred = match self.clash.resolve {
            Resolve::Prefer(input) if input < inputs.len() => input,
            _ => inputs.len().saturating_sub(1),
        };
        let lengths = inputs.iter().map(Vec::len);
        let count = if self.unpaired { lengths.max() } else { lengths.min() }.unwrap_or(0);
        let last = if second { None } else { inputs.get(preferred).cloned() };
        let suffixed = self.clash.resolve == Resolve::Suffix;
        let inputs: Vec<Vec<Item>> =
            if suffixed { inputs.iter().enumerate().map(|(index, items)| all_with_suffix(items, index + 1)).collect() } else { inputs };
        (0..count).map(|index| self.at(&inputs, (index, preferred), last.as_deref())).collect()
    }

    /// `last` are the preferred items as they came, without suffixes; version 2 has none such.
    fn at(&self, inputs: &[Vec<Item>], (index, preferred): (usize, usize), last: Option<&[Item]>) -> Item {
        let rest = inputs.iter().enumerate().filter(|(input, _)| last.is_some() || *input != preferred);
        let mut sources: Vec<&Item> = rest.filter_map(|(_, items)| items.get(index)).collect();
        // The preferred one once more, at the end, where its fields win; n8n names it twice among what the item was made from as well.
        let last = last.or_else(|| inputs.get(preferred).map(Vec::as_slice));
        sources.extend(last.and_then(|items| items.get(index)));
        let mut json = Json::new();
        for source in &sources {
            self.clash.merge_into(&mut json, source.json());
        }
        made_of(json, &sources)
    }
}
