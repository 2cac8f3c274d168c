//! Execute Workflow: runs another workflow with the items, once with all of them or once for each.

mod inputs;
mod schema;
mod source;

use async_trait::async_trait;
use engine_core::execution::CallWorkflow;
use engine_core::expression::{Scope, js};
use engine_core::model::{Batch, Item, Link, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, error_item};

use crate::node_type::{Compiled, Definition, ready};
use inputs::Inputs;
use source::Source;

pub(super) fn definition() -> Definition {
    Definition::new(schema::schema(), compile)
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(ExecuteWorkflow {
        source: Source::compile(spec)?,
        each: spec.parameter("mode"),
        waits: spec.parameter("options.waitForSubWorkflow"),
        inputs: Inputs::compile(spec),
        errors_have_an_output: spec.version.at_least(1, 3),
    })
}

#[derive(Debug)]
struct ExecuteWorkflow {
    source: Source,
    each: Parameter,
    waits: Parameter,
    inputs: Inputs,
    /// Since version 1.3 failed items leave an output of their own kind; before, the output of their index.
    errors_have_an_output: bool,
}

#[async_trait]
impl Node for ExecuteWorkflow {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let each = self.each.resolve(&context.scope(0)).await?.is_some_and(|mode| mode == "each");
        let items = self.inputs.items(&context).await?;
        if each { self.for_each(&context, &items).await } else { self.once(&context, items).await }
    }
}

impl ExecuteWorkflow {
    async fn call(&self, context: &NodeContext, (index, items): (usize, Batch)) -> Result<Option<Vec<Batch>>, NodeError> {
        let scope = context.scope(index);
        let wait = self.waits(&scope).await?;
        let workflow = self.source.workflow(&scope).await?;
        let outputs = context.call_workflow(CallWorkflow { workflow, items, wait, key: Some(context.idempotency_key(index)) }).await?;
        Ok(wait.then_some(outputs))
    }

    async fn waits(&self, scope: &dyn Scope) -> Result<bool, NodeError> {
        Ok(self.waits.resolve(scope).await?.filter(|waits| !waits.is_null()).is_none_or(|waits| js::truthy(&waits)))
    }

    /// One run with all items; what its last node gave, each output of it.
    async fn once(&self, context: &NodeContext, items: Batch) -> Result<NodeOutput, NodeError> {
        let count = items.len();
        match self.call(context, (0, items.clone())).await {
            Ok(Some(outputs)) => Ok(NodeOutput::Items(outputs.iter().map(|output| linked(output, count)).collect())),
            Ok(None) => Ok(items.into()),
            Err(error) if context.continues_on_error() => Ok(vec![error_item(&error).paired_with(all(count))].into()),
            Err(error) => Err(error),
        }
    }

    /// One run for each item; what their last nodes gave, put together output by output.
    async fn for_each(&self, context: &NodeContext, items: &Batch) -> Result<NodeOutput, NodeError> {
        let mut outputs: Vec<Option<Vec<Item>>> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match self.call(context, (index, vec![item.clone()].into())).await {
                Ok(Some(made)) => {
                    for (output, made) in made.iter().enumerate() {
                        at(&mut outputs, output).extend(made.iter().map(|made| made.clone().paired_with(index)));
                    }
                }
                Ok(None) => at(&mut outputs, 0).push(item.clone().paired_with(index)),
                Err(error) if context.continues_on_error() => {
                    let output = if self.errors_have_an_output { 0 } else { index };
                    at(&mut outputs, output).push(error_item(&error).paired_with(index));
                }
                Err(error) => {
                    let cause = error.message().to_owned();
                    return Err(NodeError::new(format!("Error executing workflow with item at index {index}"))
                        .with_description(cause)
                        .on_item(index));
                }
            }
        }
        // Before version 1.3 the error of each item has an output of its own; where others between them are missing, n8n fails as a whole.
        let outputs: Option<Vec<Vec<Item>>> = outputs.into_iter().collect();
        outputs.map(NodeOutput::ports).ok_or_else(|| NodeError::fatal("outputs are missing between those of the items that failed"))
    }
}

fn at(outputs: &mut Vec<Option<Vec<Item>>>, output: usize) -> &mut Vec<Item> {
    if outputs.len() <= output {
        outputs.resize(output + 1, None);
    }
    outputs[output].get_or_insert_default()
}

/// The items of an output of the called workflow. Those that do not know which items the workflow was called with led to them are linked one to one
/// when there are as many, otherwise each to all.
fn linked(output: &Batch, count: usize) -> Batch {
    let fallback = |index: usize| if output.len() == count { Paired::item(index) } else { all(count) };
    let link = |(index, item): (usize, &Item)| {
        if item.paired().links().is_empty() { item.clone().paired_with(fallback(index)) } else { item.clone() }
    };
    output.iter().enumerate().map(link).collect()
}

fn all(count: usize) -> Paired {
    Paired::many((0..count).map(Link::new))
}
