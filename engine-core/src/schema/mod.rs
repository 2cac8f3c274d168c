//! Node schemas as data: what a node type is called, what it takes and what it gives.
//!
//! A schema is written once, by the node's author, and serves four readers: validation, the filling in of defaults,
//! editors, and the generated documentation.

mod check;
mod derive;
mod fill;
mod property;
mod show;

pub use property::{Choice, Property, PropertyGroup, PropertyKind};
pub use show::{Condition, ShowRule};

use serde::Serialize;

use crate::model::{NodeKind, NodeVersion};

/// Everything about a node type that is data.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSchema {
    /// The type's own name, such as `http_request`.
    pub kind: NodeKind,
    /// Other names under which workflows may know it, such as `n8n-nodes-base.httpRequest`.
    pub aliases: Vec<NodeKind>,
    /// The versions that exist, ascending.
    pub versions: Vec<NodeVersion>,
    /// What an editor shows, such as "HTTP Request".
    pub display_name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Where an editor files it.
    pub group: NodeGroup,
    /// Its inputs; a node type may have others for some parameters.
    pub inputs: Vec<Port>,
    /// Its outputs; a node type may have others for some parameters.
    pub outputs: Vec<Port>,
    /// Its parameters.
    pub properties: Vec<Property>,
    /// The credentials that it can use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<CredentialUse>,
    /// What running it does to the world.
    pub effect: Effect,
}

/// Where an editor files a node type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NodeGroup {
    /// Starts workflows.
    Trigger,
    /// Decides where items go.
    Flow,
    /// Changes items.
    Transform,
    /// Reads and writes files.
    Files,
    /// Talks to the outside.
    Network,
    /// All else.
    Other,
}

/// What running a node does to the world; decides what must be durable before it starts, and what happens to it after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Same input, same output, nothing outside: recomputed after a crash.
    Pure,
    /// Doing it again does no harm.
    Idempotent,
    /// Changes something outside.
    Effectful,
}

/// An input or output of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// What an editor shows; empty for an only port.
    pub name: String,
    /// n8n's type gives items out of this output and does not declare it: in n8n's orders the error output takes its place.
    #[serde(skip)]
    pub undeclared: bool,
}

impl Port {
    /// A port with this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), undeclared: false }
    }

    /// A port with this name that n8n's type does not declare.
    pub fn undeclared(name: impl Into<String>) -> Self {
        Self { undeclared: true, ..Self::named(name) }
    }

    /// One port without a name.
    pub fn one() -> Vec<Self> {
        vec![Self::named("")]
    }

    /// Several ports with these names.
    pub fn all<const N: usize>(names: [&str; N]) -> Vec<Self> {
        names.into_iter().map(Self::named).collect()
    }
}

/// A kind of credential that a node can use.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialUse {
    /// Credential type, such as `httpBasicAuth`.
    pub kind: String,
    /// Whether the node does not run without it.
    pub required: bool,
    /// When it is asked for.
    #[serde(flatten)]
    pub show: ShowRule,
}

impl NodeSchema {
    /// A schema for version 1 with one input, one output, no parameters and no effect.
    pub fn new(kind: impl Into<NodeKind>, display_name: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            aliases: Vec::new(),
            versions: vec![NodeVersion::ONE],
            display_name: display_name.into(),
            description: String::new(),
            group: NodeGroup::Other,
            inputs: Port::one(),
            outputs: Port::one(),
            properties: Vec::new(),
            credentials: Vec::new(),
            effect: Effect::Pure,
        }
    }

    /// Adds a name under which workflows may know the type.
    #[must_use]
    pub fn alias(mut self, kind: impl Into<NodeKind>) -> Self {
        self.aliases.push(kind.into());
        self
    }

    /// Sets the versions: `[(1, 0), (1, 1)]` are 1 and 1.1.
    #[must_use]
    pub fn versions(mut self, versions: impl IntoIterator<Item = (u32, u32)>) -> Self {
        self.versions = versions.into_iter().map(|(major, minor)| NodeVersion::new(major, minor)).collect();
        self.versions.sort_unstable();
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn group(mut self, group: NodeGroup) -> Self {
        self.group = group;
        self
    }

    /// Sets the inputs.
    #[must_use]
    pub fn inputs(mut self, inputs: Vec<Port>) -> Self {
        self.inputs = inputs;
        self
    }

    /// Sets the outputs.
    #[must_use]
    pub fn outputs(mut self, outputs: Vec<Port>) -> Self {
        self.outputs = outputs;
        self
    }

    /// Makes it a trigger: group trigger, no input.
    #[must_use]
    pub fn trigger(mut self) -> Self {
        self.group = NodeGroup::Trigger;
        self.inputs = Vec::new();
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn property(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }

    /// Adds parameters.
    #[must_use]
    pub fn properties(mut self, properties: impl IntoIterator<Item = Property>) -> Self {
        self.properties.extend(properties);
        self
    }

    /// Adds a credential that the node can use.
    #[must_use]
    pub fn credential(mut self, credential: CredentialUse) -> Self {
        self.credentials.push(credential);
        self
    }

    /// Says what running it does to the world.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// The newest version.
    pub fn newest(&self) -> NodeVersion {
        self.versions.last().copied().unwrap_or(NodeVersion::ONE)
    }
}
