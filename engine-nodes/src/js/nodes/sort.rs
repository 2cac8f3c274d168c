//! Sort by code: the nodes that sort, for which code compares the items `a` and `b`.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::Item;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeSchema};

use super::code::{effect_of, source};
use super::node_host::{Manner, node_error, run};
use super::{ScriptNodes, items};
use crate::js::{CodeError, CodeMode, CodeProgram};
use crate::node_type::Definition;
use crate::transform::mentions_return;

/// A node type that sorts, with code as one more way to do it.
pub(super) struct SortType {
    /// Does everything else.
    inner: Definition,
    nodes: ScriptNodes,
}

impl SortType {
    pub(super) fn new(inner: Definition, nodes: ScriptNodes) -> Self {
        Self { inner, nodes }
    }
}

/// Whether a node sorts by code. Item Lists sorts only as one of its operations.
fn sorts_by_code(spec: &NodeSpec) -> bool {
    spec.text("type") == "code" && matches!(spec.text("operation").as_str(), "" | "sort")
}

impl NodeType for SortType {
    fn schema(&self) -> &NodeSchema {
        self.inner.schema()
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        if !sorts_by_code(spec) {
            return self.inner.compile(spec);
        }
        let code = source(spec, "code");
        let program = mentions_return(&code).then(|| self.nodes.engine.compile_code(&program_of(&code)));
        Ok(Arc::new(SortByCode { nodes: self.nodes.clone(), program }))
    }

    fn effect(&self, spec: &NodeSpec) -> Effect {
        if sorts_by_code(spec) { effect_of(&source(spec, "code")) } else { self.inner.effect(spec) }
    }
}

/// The program around the code, which begins on its first line so that errors name the code's own lines. Items go out with their places.
fn program_of(code: &str) -> String {
    format!(
        "return ((compare) => {{ const list = $input.all(), places = new Map(list.map((item, place) => [item, place])); \
         return list.sort(compare).map((item) => ({{ json: item.json, binary: item.binary, pairedItem: places.get(item) }})); }})((a, b) => {{ {code}\n}})"
    )
}

struct SortByCode {
    nodes: ScriptNodes,
    /// `None` when the code returns nothing.
    program: Option<Result<Arc<CodeProgram>, CodeError>>,
}

#[async_trait]
impl Node for SortByCode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let context = Arc::new(context);
        self.sorted(&context).await.map(NodeOutput::from)
    }
}

impl SortByCode {
    async fn sorted(&self, context: &Arc<NodeContext>) -> Result<Vec<Item>, NodeError> {
        let program = match &self.program {
            None => return Err(NodeError::fatal("Sort code doesn't return. Please add a 'return' statement to your code")),
            Some(Err(error)) => return Err(node_error(error, None)),
            Some(Ok(program)) => program,
        };
        // Code sees the whole input, of which a node that runs only once has the first item.
        if let [only] = context.items().as_slice() {
            return Ok(vec![only.clone().paired_with(0)]);
        }
        let manner = Manner { mode: CodeMode::AllItems, legacy: false };
        let outcome = run(&self.nodes, program, manner, context).await.map_err(|error| node_error(&error, None))?;
        let value = outcome.values.into_iter().next().unwrap_or(Ok(None)).map_err(|error| node_error(&error, None))?;
        items::all(value, &outcome.binaries)
    }
}
