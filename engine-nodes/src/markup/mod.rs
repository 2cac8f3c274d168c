//! Nodes for HTML, XML and Markdown.

mod xml;

use engine_core::node::{NodeRegistry, RegistryError};

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(xml::Xml::new())
}
