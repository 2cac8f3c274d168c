//! Merge: brings the items of several inputs together.

mod clash;
mod fields;
mod first_version;
mod position;
mod product;
mod schema;
mod settings;
#[cfg(feature = "sql")]
mod sql;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use engine_core::model::{Batch, Item, Json, Link, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, RequiredInputs};
use engine_core::schema::Port;
use serde_json::Value;

use crate::node_type::{Compiled, Definition, ready};
use settings::{Choice, Mode};

/// Version 2 and later.
pub(super) fn definition() -> Definition {
    Definition { prepare: Some(prepare), inputs: Some(inputs), required_inputs: Some(required_inputs), ..Definition::new(schema::newest(), compile) }
}

pub(super) use first_version::definition as first_version;

/// A query may hold `{{ }}` without being an expression as a whole.
fn prepare(parameters: &mut Json) {
    if let Some(Value::String(query)) = parameters.get_mut("query")
        && query.contains("{{")
        && !query.starts_with('=')
    {
        query.insert(0, '=');
    }
}

fn inputs(spec: &NodeSpec) -> Vec<Port> {
    let count = settings::input_count(spec.constant("numberInputs").as_ref());
    (1..=count).map(|number| Port::named(format!("Input {number}"))).collect()
}

fn required_inputs(spec: &NodeSpec) -> RequiredInputs {
    if spec.version.at_least(3, 0) && spec.text("mode") == "chooseBranch" { RequiredInputs::These(vec![0, 1]) } else { RequiredInputs::AtLeast(1) }
}

fn compile(spec: &NodeSpec) -> Compiled {
    let second = !spec.version.at_least(3, 0);
    let mode = match spec.parameters.constant() {
        Some(parameters) => match Mode::read(parameters, spec.version) {
            Ok(mode) => Some(mode),
            Err(message) if spec.text("mode") == "combineBySql" => return Err(vec![spec.invalid("", message)]),
            // What n8n finds out only when the node runs.
            Err(_) => None,
        },
        None => None,
    };
    ready(Merge { mode, parameters: spec.parameters.clone(), version: spec.version, second })
}

#[derive(Debug)]
struct Merge {
    /// `None` when a parameter is an expression, or is wrong: then they are read for each run.
    mode: Option<Mode>,
    parameters: Parameter,
    version: engine_core::model::NodeVersion,
    /// Version 2, which has two inputs and combines positions in another way when one of them is empty.
    second: bool,
}

#[async_trait]
impl Node for Merge {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if let Some(mode) = &self.mode {
            return self.merge(mode, &context).await;
        }
        let parameters = self.parameters.resolve(&context.scope(0)).await?.unwrap_or(Value::Null);
        self.merge(&Mode::read(&parameters, self.version).map_err(NodeError::fatal)?, &context).await
    }
}

impl Merge {
    #[cfg_attr(not(feature = "sql"), expect(clippy::unused_async, reason = "only a question in SQL is waited for"))]
    async fn merge(&self, mode: &Mode, context: &NodeContext) -> Result<NodeOutput, NodeError> {
        let inputs = |count: usize| (0..count).map(|input| linked(context, input)).collect::<Vec<_>>();
        Ok(match mode {
            Mode::Append(count) => append(context, *count),
            Mode::Position(position) => position.combine(inputs(position.inputs()), self.second).into(),
            Mode::Product(clash) => product::combine(inputs(2), clash).into(),
            Mode::Fields(fields) => fields.combine(&linked(context, 0), &linked(context, 1))?.into(),
            #[cfg(feature = "sql")]
            Mode::Sql(query) => query.combine(context).await?.into(),
            Mode::Choose(Choice::Input(input)) => chosen(context, *input),
            Mode::Choose(Choice::Empty(count)) => empty(context, *count).into(),
        })
    }
}

/// The items of an input, each linked to where it lies there.
fn linked(context: &NodeContext, input: usize) -> Vec<Item> {
    context.input(input).iter().enumerate().map(|(index, item)| item.clone().paired_with(Link::on(input, index))).collect()
}

/// The items of one input, handed on as they are. Where an earlier input brought the very same ones, they say which input they are from.
fn chosen(context: &NodeContext, input: usize) -> NodeOutput {
    let items = context.input(input);
    if (0..input).any(|earlier| context.input(earlier).same(items)) { linked(context, input).into() } else { items.clone().into() }
}

/// The items of all inputs, one input after the other. An only one is handed on as it is.
fn append(context: &NodeContext, count: usize) -> NodeOutput {
    let filled: Vec<usize> = (0..count).filter(|input| !context.input(*input).is_empty()).collect();
    match filled.as_slice() {
        [input] => context.input(*input).clone().into(),
        filled => filled.iter().flat_map(|input| linked(context, *input)).collect::<Batch>().into(),
    }
}

/// One empty item, made from all items.
fn empty(context: &NodeContext, count: usize) -> Vec<Item> {
    let links = (0..count).flat_map(|input| (0..context.input(input).len()).map(move |index| Link::on(input, index)));
    vec![Item::new(Json::new()).paired_with(Paired::many(links))]
}

/// An item made of several, in this order: their files together, and links to what each was made from.
fn made_of(json: Json, sources: &[&Item]) -> Item {
    let links = sources.iter().flat_map(|item| item.paired().links().iter().cloned());
    let mut files = std::collections::BTreeMap::new();
    for source in sources {
        files.extend(source.binary().into_iter().flatten().map(|(key, file)| (key.clone(), file.clone())));
    }
    Item::new(json).with_binary(files).paired_with(Paired::many(links))
}
