//! Sorting as JavaScript does it, and lodash's comparison of fields. Sort and Remove Duplicates use it.
//!
//! n8n compares mixed values with rules that are no order: a text is neither below nor above a number. What comes out then depends on the
//! algorithm, so [`sort_by`] is the one that JavaScript engines use. It does not panic on such rules, as the standard library's may.

use std::cmp::Ordering;

use engine_core::expression::js;
use serde_json::Value;

use crate::conversion::deep_equal;

/// Below this length a list is sorted by binary insertion alone.
const MIN_MERGE: usize = 64;

/// Sorts a list, stable where the rules are an order. The second argument of `compare` stood before the first.
pub(super) fn sort_by<T>(list: Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) -> Vec<T> {
    let runs_of = run_length(list.len());
    let mut rest = list;
    let mut runs: Vec<Vec<T>> = Vec::new();
    while !rest.is_empty() {
        let (sorted, wanted) = (natural_run(&mut rest, &mut compare), runs_of.min(rest.len()));
        let tail = rest.split_off(sorted.max(wanted));
        let mut run = std::mem::replace(&mut rest, tail);
        insert_from(&mut run, sorted, &mut compare);
        runs.push(run);
        collapse(&mut runs, &mut compare);
    }
    while runs.len() > 1 {
        let at = if runs.len() > 2 && runs[runs.len() - 3].len() < runs[runs.len() - 1].len() { runs.len() - 3 } else { runs.len() - 2 };
        merge_at(&mut runs, at, &mut compare);
    }
    runs.pop().unwrap_or_default()
}

/// How long runs are made at least: the count halved until it is below [`MIN_MERGE`], rounded up.
fn run_length(mut count: usize) -> usize {
    let mut dropped = 0;
    while count >= MIN_MERGE {
        dropped |= count & 1;
        count >>= 1;
    }
    count + dropped
}

/// The length of the sorted beginning; a strictly falling one is turned around first.
fn natural_run<T>(list: &mut [T], compare: &mut impl FnMut(&T, &T) -> Ordering) -> usize {
    let [first, second, ..] = list else { return list.len() };
    let falling = compare(second, first) == Ordering::Less;
    let goes_on = |pair: &[T], compare: &mut dyn FnMut(&T, &T) -> Ordering| (compare(&pair[1], &pair[0]) == Ordering::Less) == falling;
    let mut end = 2;
    while end < list.len() && goes_on(&list[end - 1..=end], compare) {
        end += 1;
    }
    if falling {
        list[..end].reverse();
    }
    end
}

/// Inserts each element from `start` on into the sorted elements before it.
fn insert_from<T>(list: &mut [T], start: usize, compare: &mut impl FnMut(&T, &T) -> Ordering) {
    for index in start..list.len() {
        let (mut left, mut right) = (0, index);
        while left < right {
            let middle = left + (right - left) / 2;
            if compare(&list[index], &list[middle]) == Ordering::Less { right = middle } else { left = middle + 1 }
        }
        list[left..=index].rotate_right(1);
    }
}

/// Merges neighbours until each run is longer than the two after it together.
fn collapse<T>(runs: &mut Vec<Vec<T>>, compare: &mut impl FnMut(&T, &T) -> Ordering) {
    while let [.., before, last] = runs.as_slice() {
        let count = runs.len();
        let length = |back: usize| count.checked_sub(back).map(|at| runs[at].len());
        let too_short = |far: usize, near: usize, nearest: usize| {
            length(far).is_some_and(|far| Some(far) <= length(near).zip(length(nearest)).map(|(a, b)| a + b))
        };
        if too_short(3, 2, 1) || too_short(4, 3, 2) {
            let at = if length(3) < length(1) { count - 3 } else { count - 2 };
            merge_at(runs, at, compare);
        } else if before.len() <= last.len() {
            merge_at(runs, count - 2, compare);
        } else {
            return;
        }
    }
}

/// Merges the run at an index with the one after it.
fn merge_at<T>(runs: &mut Vec<Vec<T>>, at: usize, compare: &mut impl FnMut(&T, &T) -> Ordering) {
    let second = runs.remove(at + 1);
    let first = std::mem::take(&mut runs[at]);
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut left, mut right) = (first.into_iter().peekable(), second.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(b, a) == Ordering::Less { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    runs[at] = merged;
}

/// lodash's `lt(a, b)`: two texts by their units, all else as numbers. A field that is not there is not a number.
pub(super) fn less_than(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::String(a)), Some(Value::String(b))) => js::compare_text(a, b) == Ordering::Less,
        (Some(a), Some(b)) => js::to_number(a) < js::to_number(b),
        _ => false,
    }
}

/// How n8n ranks two fields: equal by content, less, or else more.
pub(super) fn rank(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let equal = match (a, b) {
        (Some(a), Some(b)) => deep_equal(a, b),
        (None, None) => true,
        _ => false,
    };
    match equal {
        true => Ordering::Equal,
        false if less_than(a, b) => Ordering::Less,
        false => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sorted(values: Value) -> Value {
        let Value::Array(values) = values else { panic!("no list") };
        sort_by(values, |a, b| rank(Some(a), Some(b))).into()
    }

    #[test]
    fn mixed_values_come_out_as_from_javascript() {
        assert_eq!(sorted(json!([3, "2", 1])), json!([1, "2", 3]));
        assert_eq!(sorted(json!(["b", 1, "a", 2])), json!(["b", 1, "a", 2]));
        assert_eq!(sorted(json!([null, 1, -1])), json!([-1, null, 1]));
        assert_eq!(sorted(json!([])), json!([]));
        assert_eq!(sorted(json!([3, 2, 1])), json!([1, 2, 3]));
    }

    #[test]
    fn less_than_is_lodashs() {
        let check = |a: Value, b: Value, expect: bool| assert_eq!(less_than(Some(&a), Some(&b)), expect, "{a} {b}");
        check(json!("10"), json!("9"), true);
        check(json!("10"), json!(9), false);
        check(json!(null), json!(1), true);
        check(json!("x"), json!(1), false);
        check(json!([2]), json!(10), true);
        assert!(!less_than(None, Some(&json!(1))));
    }

    proptest! {
        #[test]
        fn an_order_is_sorted_and_stable(list in prop::collection::vec((0_u8..20, any::<u16>()), 0..400)) {
            let mut expect = list.clone();
            expect.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(sort_by(list, |a, b| a.0.cmp(&b.0)), expect);
        }

        #[test]
        fn rules_that_are_no_order_keep_every_element(list in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut sorted = sort_by(list.clone(), |a, b| if (a ^ b) % 3 == 0 { Ordering::Less } else { Ordering::Greater });
            let mut list = list;
            list.sort_unstable();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, list);
        }
    }
}
