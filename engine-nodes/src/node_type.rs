//! Node types as data: a schema and a function that compiles. Called by the groups' `register`.

use std::sync::Arc;

use engine_core::model::Json;
use engine_core::node::{Activation, Node, NodeSpec, NodeType, RequiredInputs};
use engine_core::problem::Problem;
use engine_core::schema::{NodeSchema, Port};

/// What compiling a node gives.
pub(crate) type Compiled = Result<Arc<dyn Node>, Vec<Problem>>;

/// What starts a trigger's workflow.
pub(crate) type Activations = Result<Vec<Activation>, Vec<Problem>>;

/// A node type made of a schema and functions. What is not set is as the schema says.
pub(crate) struct Definition {
    pub(crate) schema: NodeSchema,
    pub(crate) compile: fn(&NodeSpec) -> Compiled,
    /// Rewrites the parameters before the expressions in them are compiled.
    pub(crate) prepare: Option<fn(&mut Json)>,
    pub(crate) inputs: Option<fn(&NodeSpec) -> Vec<Port>>,
    pub(crate) outputs: Option<fn(&NodeSpec) -> Vec<Port>>,
    pub(crate) required_inputs: Option<fn(&NodeSpec) -> RequiredInputs>,
    pub(crate) activations: Option<fn(&NodeSpec) -> Activations>,
    pub(crate) role: Role,
}

/// What a node is besides a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Step,
    /// It ends loops.
    Loop,
    /// It never runs.
    Annotation,
}

/// A node that is compiled without anything to complain of.
#[expect(clippy::unnecessary_wraps, reason = "the form in which all compile functions answer")]
pub(crate) fn ready(node: impl Node) -> Compiled {
    Ok(Arc::new(node))
}

impl Definition {
    /// A type that is all that its schema says.
    pub(crate) fn new(schema: NodeSchema, compile: fn(&NodeSpec) -> Compiled) -> Self {
        Self { schema, compile, prepare: None, inputs: None, outputs: None, required_inputs: None, activations: None, role: Role::Step }
    }
}

impl NodeType for Definition {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn compile(&self, spec: &NodeSpec) -> Compiled {
        (self.compile)(spec)
    }

    fn prepare(&self, parameters: &mut Json) {
        if let Some(prepare) = self.prepare {
            prepare(parameters);
        }
    }

    fn inputs(&self, spec: &NodeSpec) -> Vec<Port> {
        self.inputs.map_or_else(|| self.schema.inputs.clone(), |inputs| inputs(spec))
    }

    fn outputs(&self, spec: &NodeSpec) -> Vec<Port> {
        self.outputs.map_or_else(|| self.schema.outputs.clone(), |outputs| outputs(spec))
    }

    fn required_inputs(&self, spec: &NodeSpec) -> RequiredInputs {
        self.required_inputs.map_or(RequiredInputs::AtLeast(1), |required| required(spec))
    }

    fn is_loop(&self) -> bool {
        self.role == Role::Loop
    }

    fn activations(&self, spec: &NodeSpec) -> Activations {
        self.activations.map_or_else(|| Ok(Vec::new()), |activations| activations(spec))
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        self.schema.kind.as_str() == "remove_duplicates"
    }

    fn is_annotation(&self) -> bool {
        self.role == Role::Annotation
    }
}
