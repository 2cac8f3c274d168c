//! What earlier executions have seen: all values, or the highest one.

use std::cmp::Ordering;
use std::collections::HashSet;

use engine_core::expression::js;
use engine_core::node::NodeError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::order::sort_by;
use crate::conversion::Dates;

/// How many values are remembered unless the node says otherwise.
pub(super) const MAX_ENTRIES: u32 = 10_000;

/// Which values pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Logic {
    /// Those that were not seen yet.
    #[serde(rename = "removeItemsWithAlreadySeenKeyValues")]
    New,
    /// Numbers above the highest one so far.
    #[serde(rename = "removeItemsUpToStoredIncrementalKey")]
    Higher,
    /// Dates after the latest one so far.
    #[serde(rename = "removeItemsUpToStoredDate")]
    Later,
}

/// The history of a node or a workflow, as it is stored.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", content = "data", rename_all = "camelCase")]
pub(super) enum History {
    /// Nothing was seen yet.
    #[default]
    Empty,
    /// All values, the latest last.
    Entries(Vec<String>),
    /// The highest number.
    LatestIncrementalKey(String),
    /// The latest date.
    LatestDate(String),
}

/// Values that pass and values that do not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) new: Vec<String>,
    pub(super) seen: Vec<String>,
}

impl Logic {
    /// The name in the node's parameters.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::New => "removeItemsWithAlreadySeenKeyValues",
            Self::Higher => "removeItemsUpToStoredIncrementalKey",
            Self::Later => "removeItemsUpToStoredDate",
        }
    }

    /// The value as it is compared; refused where it is empty or no number or date.
    pub(super) fn checked(self, text: String, dates: &Dates) -> Result<String, NodeError> {
        if self != Self::New && text.is_empty() {
            return Err(NodeError::fatal("The `Value to Dedupe` On is empty. Please provide a value."));
        }
        match self {
            Self::New => Ok(text),
            Self::Higher => match js::text_to_number(&text) {
                number if number.is_nan() => Err(NodeError::fatal(format!("The value '{text}' is not a number. Please provide a number."))),
                number => Ok(js::number_to_string(number)),
            },
            Self::Later if dates.parse(&text).is_some() => Ok(text),
            Self::Later => Err(NodeError::fatal(format!("The value '{text}' is not a valid date. Please provide a valid date."))),
        }
    }

    /// Whether one value lies above another.
    fn above(self, a: &str, b: &str, dates: &Dates) -> bool {
        match self {
            Self::Later => dates.parse(a).zip(dates.parse(b)).is_some_and(|(a, b)| a.instant() > b.instant()),
            _ => js::text_to_number(a) > js::text_to_number(b),
        }
    }
}

impl History {
    /// Reads a stored history; one that cannot be read counts as empty.
    pub(super) fn read(value: &Value) -> Self {
        Self::deserialize(value).unwrap_or_default()
    }

    /// What is stored; `None` for an empty history.
    pub(super) fn write(&self) -> Option<Value> {
        if *self == Self::Empty { None } else { serde_json::to_value(self).ok() }
    }

    /// Refuses more values than `most` in all; keeps that many.
    pub(super) fn make_room(&mut self, coming: usize, most: f64) -> Result<(), NodeError> {
        let known = if let Self::Entries(values) = self { values.len() } else { 0 };
        #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^53")]
        let all = (known + coming) as f64;
        if all > most {
            return Err(NodeError::fatal(
                "The number of items to be processed exceeds the maximum history size. Please increase the history size or reduce the number of items \
                 to be processed.",
            ));
        }
        Ok(())
    }

    /// Tells values that pass from those that do not, and remembers them.
    pub(super) fn check(&mut self, values: Vec<String>, logic: Logic, dates: &Dates) -> Result<Checked, NodeError> {
        match (self, logic) {
            (Self::Entries(known), Logic::New) => {
                let seen: HashSet<String> = known.iter().cloned().collect();
                let (seen, new): (Vec<String>, Vec<String>) = values.into_iter().partition(|value| seen.contains(value));
                known.extend(new.iter().cloned());
                Ok(Checked { new, seen })
            }
            (Self::LatestIncrementalKey(latest), Logic::Higher) | (Self::LatestDate(latest), Logic::Later) => {
                let above = |value: &String| logic.above(value, latest, dates);
                let (new, seen): (Vec<String>, Vec<String>) = ascending(values, logic, dates).into_iter().partition(above);
                if let Some(highest) = new.last() {
                    latest.clone_from(highest);
                }
                Ok(Checked { new, seen })
            }
            (history @ Self::Empty, logic) => {
                *history = match (logic, ascending(values.clone(), logic, dates).pop()) {
                    (Logic::New, _) => Self::Entries(values.clone()),
                    (Logic::Higher, Some(highest)) => Self::LatestIncrementalKey(highest),
                    (Logic::Later, Some(latest)) => Self::LatestDate(latest),
                    (_, None) => Self::Empty,
                };
                Ok(Checked { new: values, seen: Vec::new() })
            }
            _ => Err(NodeError::fatal(
                "Deduplication data was originally saved with an incompatible setting of the 'Keep Items Where' parameter. Try 'Clean Database' operation \
                 to reset.",
            )),
        }
    }
}

/// Values from the lowest to the highest.
fn ascending(values: Vec<String>, logic: Logic, dates: &Dates) -> Vec<String> {
    if logic == Logic::New {
        return values;
    }
    sort_by(values, |a, b| if logic.above(a, b, dates) { Ordering::Greater } else { Ordering::Less })
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp;
    use serde_json::json;

    use super::*;

    fn dates() -> Dates {
        Dates::new("UTC", Timestamp::from_micros(0))
    }

    fn check(history: &mut History, logic: Logic, values: &[&str], new: &[&str], seen: &[&str]) {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let checked = history.check(owned(values), logic, &dates()).unwrap();
        assert_eq!(checked, Checked { new: owned(new), seen: owned(seen) }, "{values:?}");
        // What is stored means the same when it is read again.
        assert_eq!(history.write().map(|value| History::read(&value)).unwrap_or_default(), *history);
    }

    #[test]
    fn values_are_new_once() {
        let mut history = History::default();
        check(&mut history, Logic::New, &["a", "b"], &["a", "b"], &[]);
        check(&mut history, Logic::New, &["b", "c"], &["c"], &["b"]);
        assert_eq!(history.write(), Some(json!({"mode": "entries", "data": ["a", "b", "c"]})));
        assert!(history.make_room(2, 4.0).is_err());
        assert!(history.make_room(1, 4.0).is_ok());
    }

    #[test]
    fn only_what_lies_above_passes() {
        let mut history = History::default();
        check(&mut history, Logic::Higher, &["3", "10", "2"], &["3", "10", "2"], &[]);
        check(&mut history, Logic::Higher, &["12", "10", "11"], &["11", "12"], &["10"]);
        let mut history = History::default();
        check(&mut history, Logic::Later, &["2024-01-02", "2024-01-01"], &["2024-01-02", "2024-01-01"], &[]);
        check(&mut history, Logic::Later, &["2024-01-02T00:00:01Z", "2023-12-31"], &["2024-01-02T00:00:01Z"], &["2023-12-31"]);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let error = |logic: Logic, text: &str| logic.checked(text.to_owned(), &dates()).map_err(|error| error.message().to_owned());
        assert_eq!(error(Logic::New, ""), Ok(String::new()));
        assert_eq!(error(Logic::Higher, "1e3"), Ok("1000".to_owned()));
        assert!(error(Logic::Higher, "x").unwrap_err().contains("not a number"));
        assert!(error(Logic::Later, "x").unwrap_err().contains("not a valid date"));
        assert!(error(Logic::Later, "").unwrap_err().contains("is empty"));
        let mut history = History::Entries(vec![]);
        assert!(history.check(vec!["1".to_owned()], Logic::Higher, &dates()).is_err());
    }
}
