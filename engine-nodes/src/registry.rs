//! The registry of all built-in nodes.

use engine_core::model::NodeKind;
use engine_core::node::{NodeRegistry, RegistryError};

/// All node types of the groups whose features are on.
///
/// # Panics
/// When two of them claim one name and version: that is a mistake in this crate, which its tests find.
#[must_use]
pub fn registry() -> NodeRegistry {
    registry_with(&NodeSettings::default())
}

/// The same, with settings for the nodes that need permission.
///
/// # Panics
/// When two of them claim one name and version: that is a mistake in this crate, which its tests find.
#[must_use]
pub fn registry_with(settings: &NodeSettings) -> NodeRegistry {
    let mut registry = NodeRegistry::new();
    for (_, register) in GROUPS {
        if let Err(error) = register(&mut registry, settings) {
            panic!("{error}");
        }
    }
    registry
}

/// The features whose nodes are there, each with the kinds of its own nodes. For lists and tables of what is built in.
///
/// # Panics
/// When two types claim one name and version: that is a mistake in this crate, which its tests find.
#[must_use]
pub fn kinds_by_feature() -> Vec<(&'static str, Vec<NodeKind>)> {
    let kinds = |register: &Register| {
        let mut registry = NodeRegistry::new();
        if let Err(error) = register(&mut registry, &NodeSettings::default()) {
            panic!("{error}");
        }
        registry.schemas().map(|schema| schema.kind.clone()).collect()
    };
    GROUPS.iter().map(|(feature, register)| (*feature, kinds(register))).collect()
}

/// What the built-in nodes may do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NodeSettings {
    /// Files on disk.
    #[cfg(feature = "disk")]
    pub files: crate::FilePolicy,
    /// The network.
    #[cfg(feature = "http")]
    pub network: crate::network::NetworkNodes,
    /// The nodes that run code; by default they send requests as the nodes for the network do.
    #[cfg(feature = "js")]
    pub scripts: Option<crate::js::ScriptNodes>,
}

impl NodeSettings {
    /// The settings with these nodes for code.
    #[cfg(feature = "js")]
    #[must_use]
    pub fn scripts(mut self, nodes: crate::js::ScriptNodes) -> Self {
        self.scripts = Some(nodes);
        self
    }

    #[cfg(feature = "js")]
    fn script_nodes(&self) -> crate::js::ScriptNodes {
        let usual = || {
            let nodes = crate::js::ScriptNodes::default();
            #[cfg(feature = "http")]
            let nodes = nodes.client(self.network.client().clone());
            nodes
        };
        self.scripts.clone().unwrap_or_else(usual)
    }

    /// The settings with this policy for files on disk.
    #[cfg(feature = "disk")]
    #[must_use]
    pub fn files(mut self, policy: crate::FilePolicy) -> Self {
        self.files = policy;
        self
    }

    /// The settings with these nodes for the network.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn network(mut self, nodes: crate::network::NetworkNodes) -> Self {
        self.network = nodes;
        self
    }
}

type Register = fn(&mut NodeRegistry, &NodeSettings) -> Result<(), RegistryError>;

/// The groups, by the features that turn them on.
const GROUPS: &[(&str, Register)] = &[
    #[cfg(feature = "flow")]
    ("flow", |registry, _| crate::trigger::register(registry)),
    #[cfg(feature = "flow")]
    ("flow", |registry, _| crate::flow::register(registry)),
    #[cfg(feature = "transform")]
    ("transform", |registry, _| crate::transform::register(registry)),
    #[cfg(feature = "markup")]
    ("markup", |registry, _| crate::markup::register(registry)),
    #[cfg(feature = "crypto")]
    ("crypto", |registry, _| crate::crypto::register(registry)),
    #[cfg(feature = "files")]
    ("files", |registry, _| crate::files::register(registry)),
    #[cfg(feature = "disk")]
    ("disk", |registry, settings| crate::files::disk::register(registry, &settings.files)),
    #[cfg(feature = "image")]
    ("image", |registry, _| crate::edit_image::register(registry)),
    #[cfg(feature = "http")]
    ("network", |registry, settings| settings.network.register(registry)),
    #[cfg(feature = "js")]
    ("js", |registry, settings| settings.script_nodes().register(registry).and_then(|()| crate::ai_transform::register(registry))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_types_claim_one_name() {
        assert!(registry().types().len() < 1000);
    }

    #[test]
    fn every_kind_belongs_to_a_feature() {
        let mut grouped: Vec<NodeKind> = kinds_by_feature().into_iter().flat_map(|(_, kinds)| kinds).collect();
        let mut all: Vec<NodeKind> = registry().schemas().map(|schema| schema.kind.clone()).collect();
        grouped.sort();
        all.sort();
        assert_eq!(grouped, all);
    }
}
