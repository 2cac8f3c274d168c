//! What happens when two items that become one have a field of the same name.

use engine_core::model::{Item, Json};
use serde_json::Value;

use crate::settings::Settings;

/// How clashes are resolved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clash {
    pub(super) resolve: Resolve,
    depth: Depth,
    /// Empty values give way, whichever side is preferred.
    keep_filled: bool,
}

/// Which side counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Resolve {
    /// Nothing was said.
    #[default]
    Unset,
    /// Both stay, under names with the number of their input.
    Suffix,
    /// The input of this index.
    Prefer(usize),
    /// The last input.
    Last,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Depth {
    /// Objects and lists are merged field by field.
    #[default]
    Deep,
    Shallow,
}

impl Clash {
    pub(super) fn read(settings: Settings<'_>) -> Self {
        let resolve = match settings.text("resolveClash").as_str() {
            "" => Resolve::Unset,
            "addSuffix" => Resolve::Suffix,
            "preferLast" => Resolve::Last,
            text => {
                let number: Option<usize> = text.strip_prefix("preferInput").and_then(|number| number.parse().ok());
                number.filter(|number| *number > 0).map_or(Resolve::Last, |number| Resolve::Prefer(number - 1))
            }
        };
        let mode = settings.text("mergeMode");
        let depth = if mode == "shallowMerge" { Depth::Shallow } else { Depth::Deep };
        Self { resolve, depth, keep_filled: settings.flag("overrideEmpty") && ["deepMerge", "shallowMerge"].contains(&mode.as_str()) }
    }

    /// Puts the fields of `source` over those of `target`.
    pub(super) fn merge_into(&self, target: &mut Json, source: &Json) {
        for (key, value) in source {
            match target.get_mut(key) {
                Some(_) if self.keep_filled && is_blank(value) => {}
                Some(place) if self.depth == Depth::Deep => self.merge_value(place, value),
                Some(place) => place.clone_from(value),
                None => drop(target.insert(key.clone(), value.clone())),
            }
        }
    }

    fn merge_value(&self, place: &mut Value, value: &Value) {
        match (place, value) {
            (Value::Object(target), Value::Object(source)) => self.merge_into(target, source),
            (Value::Array(target), Value::Array(source)) => self.merge_lists(target, source),
            // lodash hangs the fields on the list, where no JSON shows them.
            (Value::Array(_), Value::Object(_)) => {}
            (place, value) => place.clone_from(value),
        }
    }

    fn merge_lists(&self, target: &mut Vec<Value>, source: &[Value]) {
        for (index, value) in source.iter().enumerate() {
            match target.get_mut(index) {
                Some(_) if self.keep_filled && is_blank(value) => {}
                Some(place) => self.merge_value(place, value),
                None => target.push(value.clone()),
            }
        }
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value == ""
}

/// The same item, its fields under names with the number of the input.
pub(super) fn with_suffix(item: &Item, number: usize) -> Item {
    let json: Json = item.json().iter().map(|(key, value)| (format!("{key}_{number}"), value.clone())).collect();
    item.clone().with_json(json)
}

/// All these items, their fields under names with the number of the input.
pub(super) fn all_with_suffix(items: &[Item], number: usize) -> Vec<Item> {
    items.iter().map(|item| with_suffix(item, number)).collect()
}
