//! The registry of all built-in nodes.

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
#[cfg_attr(
    not(any(feature = "disk", feature = "http", feature = "js")),
    expect(unused_variables, reason = "no node of the other groups has settings")
)]
pub fn registry_with(settings: &NodeSettings) -> NodeRegistry {
    let mut registry = NodeRegistry::new();
    for register in GROUPS {
        if let Err(error) = register(&mut registry) {
            panic!("{error}");
        }
    }
    #[cfg(feature = "disk")]
    if let Err(error) = crate::files::disk::register(&mut registry, &settings.files) {
        panic!("{error}");
    }
    #[cfg(feature = "http")]
    if let Err(error) = settings.network.register(&mut registry) {
        panic!("{error}");
    }
    #[cfg(feature = "js")]
    if let Err(error) = settings.script_nodes().register(&mut registry).and_then(|()| crate::ai_transform::register(&mut registry)) {
        panic!("{error}");
    }
    registry
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

type Register = fn(&mut NodeRegistry) -> Result<(), RegistryError>;

const GROUPS: &[Register] = &[
    #[cfg(feature = "flow")]
    crate::trigger::register,
    #[cfg(feature = "flow")]
    crate::flow::register,
    #[cfg(feature = "transform")]
    crate::transform::register,
    #[cfg(feature = "markup")]
    crate::markup::register,
    #[cfg(feature = "crypto")]
    crate::crypto::register,
    #[cfg(feature = "files")]
    crate::files::register,
    #[cfg(feature = "image")]
    crate::edit_image::register,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_types_claim_one_name() {
        assert!(registry().types().len() < 1000);
    }
}
