//! Remove Duplicates: leaves out items that are the same as others, of the input or of earlier executions. Item Lists uses the first part too.

mod history;
mod within_input;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, StaticDataKind, Typed, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::batch_node::BatchNode;
use super::parameters::Text;
use crate::conversion::Dates;
use crate::node_type::Compiled;

use history::{History, Logic, MAX_ENTRIES};
pub(super) use within_input::{Duplicates, Options, Rules, options, properties};

const WITHIN_INPUT: &str = "removeDuplicateInputItems";
const ACROSS: &str = "removeItemsSeenInPreviousExecutions";
const CLEAR: &str = "clearDeduplicationHistory";

pub(super) fn schema() -> NodeSchema {
    let first = |property: Property| property.until(2.0);
    let second = |property: Property| property.since(2.0).show("operation", [WITHIN_INPUT]);
    NodeSchema::new("remove_duplicates", "Remove Duplicates")
        .alias("n8n-nodes-base.removeDuplicates")
        .versions([(1, 0), (1, 1), (2, 0)])
        .group(NodeGroup::Transform)
        .description("Leaves out items whose fields are the same")
        .property(Property::options("operation", [WITHIN_INPUT, ACROSS, CLEAR]).since(2.0))
        .properties(properties().map(first))
        .property(first(Property::collection("options", options()).show("compare", ["allFieldsExcept", "selectedFields"])))
        .properties(properties().map(second))
        .properties(across_properties().map(|property| property.since(2.0)))
}

fn across_properties() -> [Property; 6] {
    const LOGICS: [&str; 3] = [Logic::New.name(), Logic::Higher.name(), Logic::Later.name()];
    let value =
        |property: Property, logic: Logic| property.show("operation", [ACROSS]).show("logic", [logic.name()]).display_name("Value to Dedupe On");
    let of_input = |property: Property| property.show("/operation", [WITHIN_INPUT]).hide("/compare", ["allFields"]);
    let [dots, others] = options().map(of_input);
    let scope = Property::options("scope", ["workflow", "node"]).default("node").show("/operation", [CLEAR, ACROSS]);
    let size = Property::number("historySize", MAX_ENTRIES).show("/operation", [ACROSS]).show("/logic", [Logic::New.name()]);
    [
        Property::options("logic", LOGICS).display_name("Keep Items Where").show("operation", [ACROSS]),
        value(Property::string("dedupeValue").required(), Logic::New),
        value(Property::number("incrementalDedupeValue", ""), Logic::Higher),
        value(Property::string("dateDedupeValue"), Logic::Later),
        Property::options("mode", ["cleanDatabase"]).show("operation", [CLEAR]),
        Property::collection("options", [dots, others, scope.description("Whose history"), size.description("How many values are remembered")]),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    match spec.text("operation").as_str() {
        ACROSS => Ok(Arc::new(AcrossExecutions::compile(spec)?)),
        CLEAR => Ok(Arc::new(ClearHistory { scope: spec.typed_at("options.scope")? })),
        _ if spec.version.at_least(1, 1) => {
            let node = BatchNode::<Duplicates>::compile(spec, |duplicates, items| Ok(duplicates.run(items, Rules::OneTypeOrNull)?.into()))?;
            Ok(if spec.version.at_least(2, 0) { Arc::new(OrErrorItem(node)) } else { node })
        }
        _ => BatchNode::<Duplicates>::compile(spec, |duplicates, items| Ok(duplicates.run(items, Rules::OneType)?.into())),
    }
}

/// Keeps items whose value no earlier execution has seen.
struct AcrossExecutions {
    logic: Typed<Logic>,
    scope: Typed<Text>,
    history_size: Parameter,
    new: Parameter,
    higher: Parameter,
    later: Parameter,
}

impl AcrossExecutions {
    fn compile(spec: &NodeSpec) -> Result<Self, Vec<engine_core::problem::Problem>> {
        Ok(Self {
            logic: spec.typed_at("logic")?,
            scope: spec.typed_at("options.scope")?,
            history_size: spec.parameter("options.historySize"),
            new: spec.parameter("dedupeValue"),
            higher: spec.parameter("incrementalDedupeValue"),
            later: spec.parameter("dateDedupeValue"),
        })
    }

    async fn split(&self, context: &NodeContext) -> Result<NodeOutput, NodeError> {
        let scope = context.scope(0);
        let logic = *self.logic.at(&scope).await?;
        let place = Place::named(&self.scope.at(&scope).await?.0)?;
        let by_value = self.by_value(context, logic).await?;
        let mut history = place.load(context);
        if logic == Logic::New {
            let size = self.history_size.resolve(&scope).await?.filter(|size| !size.is_null());
            let size = size.map_or(f64::from(MAX_ENTRIES), |size| js::to_number(&size));
            history.make_room(context.items().len(), size)?;
        }
        let values: Vec<String> = by_value.keys().cloned().collect();
        let checked = history.check(values, logic, &Dates::of(&scope))?;
        place.store(context, &history);
        let items = |values: Vec<String>| -> Vec<Item> {
            let indexes = values.iter().filter_map(|value| by_value.get(value)).flatten().copied();
            indexes.filter_map(|index| Some(context.items().get(index)?.clone().paired_with(index))).collect()
        };
        Ok(NodeOutput::ports([items(checked.new), items(checked.seen)]))
    }

    /// The indexes of the items by their value, in the order in which JavaScript lists the keys of an object.
    async fn by_value(&self, context: &NodeContext, logic: Logic) -> Result<IndexMap<String, Vec<usize>>, NodeError> {
        let parameter = match logic {
            Logic::New => &self.new,
            Logic::Higher => &self.higher,
            Logic::Later => &self.later,
        };
        let mut by_value: IndexMap<String, Vec<usize>> = IndexMap::new();
        for index in 0..context.items().len() {
            let scope = context.scope(index);
            let value = parameter.resolve(&scope).await?.filter(|value| !value.is_null());
            let text = value.as_ref().map(|value| js::to_string(value).into_owned()).unwrap_or_default();
            let value = logic.checked(text, &Dates::of(&scope)).map_err(|error| error.on_item(index))?;
            by_value.entry(value).or_default().push(index);
        }
        let keys: Json = by_value.keys().map(|key| (key.clone(), Value::Null)).collect();
        Ok(js::entries(&keys).into_iter().filter_map(|(key, _)| by_value.swap_remove_entry(key)).collect())
    }
}

#[async_trait]
impl Node for AcrossExecutions {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        match self.split(&context).await {
            Err(error) if context.continues_on_error() => Ok(vec![error_item(&error)].into()),
            result => result,
        }
    }
}

/// A node that gives one item, with the error in it, where it fails and is to go on.
struct OrErrorItem(Arc<dyn Node>);

#[async_trait]
impl Node for OrErrorItem {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let goes_on = context.continues_on_error();
        match self.0.run(context).await {
            Err(error) if goes_on => Ok(vec![error_item(&error)].into()),
            result => result,
        }
    }
}

/// Forgets the values that earlier executions have seen; hands its items on.
struct ClearHistory {
    scope: Typed<Text>,
}

#[async_trait]
impl Node for ClearHistory {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let place = Place::named(&self.scope.at(&context.scope(0)).await?.0)?;
        place.store(&context, &History::default());
        Ok(context.items().clone().into())
    }
}

/// Where a history is kept: with the node, or with the workflow for all of its nodes.
#[derive(Clone, Copy, Debug, Deserialize)]
enum Place {
    Node,
    Workflow,
}

/// The key of the history within static data.
const KEY: &str = "removeDuplicates";

impl Place {
    fn named(name: &str) -> Result<Self, NodeError> {
        match name {
            "" | "node" => Ok(Self::Node),
            "workflow" => Ok(Self::Workflow),
            _ => Err(NodeError::fatal(format!("The scope '{name}' is not supported. Please select either \"node\" or \"workflow\"."))),
        }
    }

    fn kind(self) -> StaticDataKind {
        match self {
            Self::Node => StaticDataKind::Node,
            Self::Workflow => StaticDataKind::Global,
        }
    }

    fn load(self, context: &NodeContext) -> History {
        context.static_data(self.kind()).get(KEY).map(History::read).unwrap_or_default()
    }

    fn store(self, context: &NodeContext, history: &History) {
        let mut data = context.static_data(self.kind());
        match history.write() {
            Some(value) => data.insert(KEY.to_owned(), value),
            None => data.shift_remove(KEY),
        };
        context.set_static_data(self.kind(), data);
    }
}
