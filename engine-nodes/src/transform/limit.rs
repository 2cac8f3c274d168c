//! Limit: keeps the first or the last items.

use engine_core::expression::js;
use engine_core::model::Batch;
use engine_core::node::{NodeOutput, NodeSpec};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::batch_node::BatchNode;
use crate::node_type::Compiled;

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("limit", "Limit")
        .alias("n8n-nodes-base.limit")
        .group(NodeGroup::Transform)
        .description("Restricts the number of items")
        .properties(properties())
}

/// The parameters, without the rules of when they count.
pub(super) fn properties() -> [Property; 2] {
    [
        Property::number("maxItems", 1).description("If there are more items than this number, some are left out"),
        Property::options("keep", ["firstItems", "lastItems"]).description("Which items stay"),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    BatchNode::<Limit>::compile(spec, |limit, items| Ok(limit.run(items)))
}

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Limit {
    /// `None` is `undefined`.
    #[serde(default, deserialize_with = "given")]
    max_items: Option<Value>,
    keep: Keep,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Keep {
    FirstItems,
    LastItems,
}

impl Limit {
    /// The kept items, in their order.
    pub(super) fn run(&self, items: &Batch) -> NodeOutput {
        let maximum = self.max_items.as_ref().map_or(f64::INFINITY, js::to_number);
        let kept = kept(items.len(), maximum, self.keep);
        if kept == (0..items.len()) {
            return items.clone().into();
        }
        let items: Vec<_> =
            items.iter().cloned().enumerate().skip(kept.start).take(kept.len()).map(|(index, item)| item.paired_with(index)).collect();
        items.into()
    }
}

/// Which of `count` items stay. A maximum that is no natural number means what JavaScript's `slice` makes of it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of items are far below 2^53, and the bounds are clamped to the count before the cast"
)]
fn kept(count: usize, maximum: f64, keep: Keep) -> std::ops::Range<usize> {
    let length = count as f64;
    if maximum > length {
        return 0..count;
    }
    // The cast makes 0 of NaN, as `slice` does.
    let bound = |position: f64| if position < 0.0 { length + position.trunc() } else { position.trunc() }.clamp(0.0, length) as usize;
    match keep {
        Keep::FirstItems => 0..bound(maximum),
        Keep::LastItems => bound(length - maximum)..count,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::TestNode;

    #[test]
    fn the_first_or_last_items_stay() {
        let check = |maximum: f64, first: std::ops::Range<usize>, last: std::ops::Range<usize>| {
            assert_eq!(kept(5, maximum, Keep::FirstItems), first, "first {maximum}");
            assert_eq!(kept(5, maximum, Keep::LastItems), last, "last {maximum}");
        };
        check(2.0, 0..2, 3..5);
        check(5.0, 0..5, 0..5);
        check(6.0, 0..5, 0..5);
        check(0.0, 0..0, 5..5);
        check(2.7, 0..2, 2..5);
        check(-1.0, 0..4, 5..5);
        check(f64::NAN, 0..0, 0..5);
    }

    #[test]
    fn no_maximum_keeps_all() {
        let check = |maximum: &str, keep: &str, expect: serde_json::Value| {
            let node = TestNode::new("n8n-nodes-base.limit", 1.0, json!({"maxItems": maximum, "keep": keep}));
            assert_eq!(node.input(json!([{"a": 1}, {"a": 2}, {"a": 3}])).outputs(), expect, "{maximum} {keep}");
        };
        let all = json!([[{"a": 1}, {"a": 2}, {"a": 3}]]);
        check("={{ $json.none }}", "firstItems", all.clone());
        check("={{ $json.none }}", "lastItems", all);
        check("={{ null }}", "firstItems", json!([]));
        check("={{ null }}", "lastItems", json!([]));
        check("={{ '2' }}", "lastItems", json!([[{"a": 2}, {"a": 3}]]));
    }
}
