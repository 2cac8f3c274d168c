//! The registry of all built-in nodes.

use engine_core::node::{NodeRegistry, RegistryError};

/// All node types of the groups whose features are on.
///
/// # Panics
/// When two of them claim one name and version: that is a mistake in this crate, which its tests find.
#[must_use]
pub fn registry() -> NodeRegistry {
    let mut registry = NodeRegistry::new();
    for register in GROUPS {
        if let Err(error) = register(&mut registry) {
            panic!("{error}");
        }
    }
    registry
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
    #[cfg(feature = "files")]
    crate::files::register,
    #[cfg(feature = "http")]
    crate::network::register,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_types_claim_one_name() {
        assert!(registry().types().len() < 1000);
    }
}
