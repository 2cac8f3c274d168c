//! Combining by fields: items of both inputs that have the same values in some fields belong together.

use std::collections::HashMap;

use engine_core::expression::js;
use engine_core::model::Item;
use engine_core::node::NodeError;
use serde_json::Value;

use super::clash::{Clash, Resolve, all_with_suffix, with_suffix};
use super::made_of;
use crate::conversion::{FieldPath, nearly_same};

#[derive(Debug)]
pub(super) struct Fields {
    pub(super) pairs: Vec<MatchField>,
    pub(super) join: JoinMode,
    pub(super) from: OutputFrom,
    pub(super) clash: Clash,
    pub(super) fuzzy: bool,
    pub(super) first_only: bool,
    pub(super) checks_presence: bool,
}

/// A field of the first input and the field of the second that must have the same value.
#[derive(Debug)]
pub(super) struct MatchField {
    pub(super) first: FieldPath,
    pub(super) second: FieldPath,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinMode {
    KeepMatches,
    KeepNonMatches,
    KeepEverything,
    EnrichFirst,
    EnrichSecond,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputFrom {
    Both,
    First,
    Second,
}

/// Which items of two lists belong together.
#[derive(Default)]
struct Matches<'a> {
    pairs: Vec<(&'a Item, &'a Item)>,
    matched_first: Vec<Item>,
    matched_second: Vec<Item>,
    unmatched_first: Vec<Item>,
    unmatched_second: Vec<Item>,
}

impl Fields {
    pub(super) fn combine(&self, first: &[Item], second: &[Item]) -> Result<Vec<Item>, NodeError> {
        if self.checks_presence {
            for field in &self.pairs {
                present(first, &field.first, "Input 1")?;
                present(second, &field.second, "Input 2")?;
            }
        }
        if first.is_empty() || second.is_empty() {
            return Ok(self.with_an_empty_side(first, second));
        }
        if self.pairs.is_empty() {
            let nothing = matches!(self.join, JoinMode::KeepMatches | JoinMode::EnrichSecond);
            return Ok(if nothing { Vec::new() } else { first.to_vec() });
        }
        Ok(self.output(self.find(first, second)))
    }

    fn with_an_empty_side(&self, first: &[Item], second: &[Item]) -> Vec<Item> {
        let nothing = match (self.join, self.from) {
            (JoinMode::KeepMatches, _) => true,
            (JoinMode::KeepNonMatches, OutputFrom::First) | (JoinMode::EnrichFirst, _) => first.is_empty(),
            (JoinMode::KeepNonMatches, OutputFrom::Second) | (JoinMode::EnrichSecond, _) => second.is_empty(),
            _ => false,
        };
        if nothing { Vec::new() } else { [first, second].concat() }
    }

    fn output(&self, found: Matches<'_>) -> Vec<Item> {
        match self.join {
            JoinMode::KeepNonMatches => match self.from {
                OutputFrom::First => found.unmatched_first,
                OutputFrom::Second => found.unmatched_second,
                OutputFrom::Both => {
                    let mut items = with_source(found.unmatched_first, "input1");
                    items.extend(with_source(found.unmatched_second, "input2"));
                    items
                }
            },
            JoinMode::KeepMatches => self.matched(found),
            JoinMode::KeepEverything => {
                let unmatched = [self.suffixed(&found.unmatched_first, 1), self.suffixed(&found.unmatched_second, 2)];
                let mut items = self.matched(found);
                items.extend(unmatched.into_iter().flatten());
                items
            }
            JoinMode::EnrichFirst => {
                let mut items = self.merged(&found.pairs);
                items.extend(self.suffixed(&found.unmatched_first, 1));
                items
            }
            JoinMode::EnrichSecond => {
                let mut items = self.merged(&found.pairs);
                items.extend(self.suffixed(&found.unmatched_second, 2));
                items
            }
        }
    }

    fn matched(&self, found: Matches<'_>) -> Vec<Item> {
        match self.from {
            OutputFrom::First => found.matched_first,
            OutputFrom::Second => found.matched_second,
            OutputFrom::Both => self.merged(&found.pairs),
        }
    }

    fn suffixed(&self, items: &[Item], number: usize) -> Vec<Item> {
        if self.clash.resolve == Resolve::Suffix { all_with_suffix(items, number) } else { items.to_vec() }
    }

    fn merged(&self, pairs: &[(&Item, &Item)]) -> Vec<Item> {
        let prefers_first = match self.clash.resolve {
            Resolve::Prefer(0) => true,
            Resolve::Unset => self.join == JoinMode::EnrichSecond,
            _ => false,
        };
        let merge = |(first, second): (&Item, &Item)| {
            let mut json = first.json().clone();
            self.clash.merge_into(&mut json, second.json());
            made_of(json, &[first, second])
        };
        let pairs = pairs.iter();
        match self.clash.resolve {
            Resolve::Suffix => pairs.map(|(first, second)| merge((&with_suffix(first, 1), &with_suffix(second, 2)))).collect(),
            _ if prefers_first => pairs.map(|(first, second)| merge((second, first))).collect(),
            _ => pairs.map(|(first, second)| merge((first, second))).collect(),
        }
    }

    fn find<'a>(&self, first: &'a [Item], second: &'a [Item]) -> Matches<'a> {
        let index = if self.fuzzy { None } else { Some(Index::of(second, &self.pairs)) };
        let mut matches = Matches::default();
        let mut taken = vec![false; second.len()];
        for item in first {
            let partners = match &index {
                Some(index) => index.partners(item, &self.pairs),
                None => self.fuzzy_partners(item, second),
            };
            let partners = partners.get(..if self.first_only { 1.min(partners.len()) } else { partners.len() }).unwrap_or_default();
            if partners.is_empty() {
                matches.unmatched_first.push(item.clone());
                continue;
            }
            matches.matched_first.push(item.clone());
            for &partner in partners {
                taken[partner] = true;
                matches.pairs.push((item, &second[partner]));
            }
        }
        for (item, taken) in second.iter().zip(taken) {
            if taken { &mut matches.matched_second } else { &mut matches.unmatched_second }.push(item.clone());
        }
        matches
    }

    /// A field that the first item does not have keeps it from matching anything.
    fn fuzzy_partners(&self, item: &Item, second: &[Item]) -> Vec<usize> {
        let wanted: Option<Vec<&Value>> = self.pairs.iter().map(|field| field.first.get(item.json())).collect();
        let Some(wanted) = wanted else { return Vec::new() };
        let fits =
            |other: &Item| self.pairs.iter().zip(&wanted).all(|(field, wanted)| nearly_same(Some(wanted), field.second.get(other.json()), false));
        (0..second.len()).filter(|&index| fits(&second[index])).collect()
    }
}

fn present(items: &[Item], field: &FieldPath, input: &str) -> Result<(), NodeError> {
    if items.iter().any(|item| field.get(item.json()).is_some()) {
        return Ok(());
    }
    Err(NodeError::fatal(format!("Field '{}' is not present in any of items in '{input}'", field.as_str())))
}

fn with_source(items: Vec<Item>, source: &str) -> Vec<Item> {
    let mark = |mut item: Item| {
        item.json_mut().insert("_source".to_owned(), source.into());
        item
    };
    items.into_iter().map(mark).collect()
}

/// The items of the second input by the values of their fields.
struct Index {
    by_values: HashMap<String, Vec<usize>>,
}

impl Index {
    fn of(items: &[Item], fields: &[MatchField]) -> Self {
        let mut by_values: HashMap<String, Vec<usize>> = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if let Some(key) = key(item, fields.iter().map(|field| &field.second)) {
                by_values.entry(key).or_default().push(index);
            }
        }
        Self { by_values }
    }

    fn partners(&self, item: &Item, fields: &[MatchField]) -> Vec<usize> {
        let key = key(item, fields.iter().map(|field| &field.first));
        key.and_then(|key| self.by_values.get(&key)).cloned().unwrap_or_default()
    }
}

/// The values of some fields as one text that is the same for equal values; `None` when a field is missing.
fn key<'a>(item: &Item, fields: impl Iterator<Item = &'a FieldPath>) -> Option<String> {
    let mut key = String::new();
    for field in fields {
        write_sorted(field.get(item.json())?, &mut key);
        key.push('\n');
    }
    Some(key)
}

/// Writes JSON with the keys of objects in order.
fn write_sorted(value: &Value, out: &mut String) {
    match value {
        Value::Array(values) => {
            out.push('[');
            for value in values {
                write_sorted(value, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&js::stringify(&Value::from(key.as_str())));
                out.push(':');
                write_sorted(value, out);
                out.push(',');
            }
            out.push('}');
        }
        scalar => out.push_str(&js::stringify(scalar)),
    }
}
