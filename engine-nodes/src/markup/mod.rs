//! Nodes for HTML, XML and Markdown.

pub(crate) mod xml;

use engine_core::node::{NodeRegistry, RegistryError};

use crate::node_type::Definition;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(Definition::new(xml::schema(), xml::compile))
}
