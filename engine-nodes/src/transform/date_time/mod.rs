//! Date & Time: computes, formats, rounds and compares dates. Version 1 speaks the format language of Moment, version 2 that of Luxon.

mod first;
mod moment;
mod schema;
mod second;

pub(super) use schema::schema;

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::{Scope, js};
use engine_core::model::{Item, Timestamp};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed, error_item};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

use crate::conversion::Dates;
use crate::luxon::{Moment, Zone};
use crate::node_type::Compiled;

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    if spec.version.at_least(2, 0) {
        return Ok(Arc::new(DateTimeNode::<second::Operation> { work: spec.typed()? }));
    }
    Ok(Arc::new(DateTimeNode::<first::Action> { work: spec.typed()? }))
}

/// What one version does with an item.
trait Work: DeserializeOwned + Send + Sync + 'static {
    /// Whether the item that stands for an error is linked to the one that it stands for.
    const LINKS_ERRORS: bool;

    /// The new item; `None` when there is none.
    fn run(&self, item: &Item, here: &Here) -> Result<Option<Item>, NodeError>;
}

struct DateTimeNode<W> {
    work: Typed<W>,
}

impl<W: Work> DateTimeNode<W> {
    async fn one(&self, context: &NodeContext, index: usize, item: &Item) -> Result<Option<Item>, NodeError> {
        let scope = context.scope(index);
        let work = self.work.at(&scope).await?;
        Ok(work.run(item, &Here::of(&scope))?.map(|item| item.paired_with(index)))
    }
}

#[async_trait]
impl<W: Work> Node for DateTimeNode<W> {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            match self.one(&context, index, item).await {
                Ok(made) => items.extend(made),
                Err(error) if context.continues_on_error() => {
                    let item = error_item(&error);
                    items.push(if W::LINKS_ERRORS { item.paired_with(index) } else { item });
                }
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

/// Where and when the node runs.
struct Here {
    zone: Zone,
    now: Timestamp,
}

impl Here {
    fn of(scope: &dyn Scope) -> Self {
        Self { zone: Zone::parse(&scope.facts().time_zone).unwrap_or(Zone::UTC), now: scope.now() }
    }

    fn now_in(&self, zone: &Zone) -> Moment {
        Moment { millis: self.now.as_millis(), zone: zone.clone() }
    }

    /// Reads a text in any of the known forms; one without a zone is meant in the zone of this IANA name.
    fn read(&self, text: &str, zone: &str) -> Option<i64> {
        Dates::new(zone, self.now).parse(text).map(|date| date.millis())
    }
}

/// Reads a parameter of any type. Null is a value of its own; only what is not there is `None`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A time given as a number, or as a text that is one: whole numbers of up to eleven digits are seconds, longer ones milliseconds, and numbers with a
/// fraction are seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    /// None at all.
    No,
    /// Milliseconds since the epoch.
    Milliseconds(f64),
}

impl Number {
    fn of(value: Option<&Value>) -> Self {
        let number = value.map_or(f64::NAN, js::to_number);
        if number.is_nan() {
            return Self::No;
        }
        let milliseconds = if number.fract() == 0.0 { number } else { number * 1000.0 };
        let is_seconds = milliseconds.fract() == 0.0 && js::number_to_string(milliseconds).len() < 12;
        Self::Milliseconds(if is_seconds { milliseconds * 1000.0 } else { milliseconds })
    }
}

/// The whole milliseconds of a number, where JavaScript's dates reach that far.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn milliseconds(number: f64) -> Option<i64> {
    (number.abs() <= 8.64e15).then_some(number as i64)
}
