//! Combining all: every item of the first input with every item of the second.

use engine_core::model::Item;

use super::clash::{Clash, Resolve, all_with_suffix};
use super::made_of;

pub(super) fn combine(inputs: Vec<Vec<Item>>, clash: &Clash) -> Vec<Item> {
    let mut inputs = inputs.into_iter();
    let (mut first, mut second) = (inputs.next().unwrap_or_default(), inputs.next().unwrap_or_default());
    match clash.resolve {
        Resolve::Prefer(0) => std::mem::swap(&mut first, &mut second),
        Resolve::Suffix => (first, second) = (all_with_suffix(&first, 1), all_with_suffix(&second, 2)),
        _ => {}
    }
    let mut items = Vec::with_capacity(first.len() * second.len());
    for one in &first {
        for other in &second {
            let mut json = one.json().clone();
            clash.merge_into(&mut json, other.json());
            items.push(made_of(json, &[one, other]));
        }
    }
    items
}
