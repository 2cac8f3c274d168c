//! Nodes for HTML, XML and Markdown.

mod dom;
mod html;
mod html_extract;
mod html_source;
mod markdown;
mod select;
pub(crate) mod xml;

use engine_core::node::{NodeRegistry, RegistryError};

use crate::node_type::Definition;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(html::Html::new())?;
    registry.register(Definition::new(html_extract::schema(), html_extract::compile))?;
    registry.register(Definition::new(markdown::schema(), markdown::compile))?;
    registry.register(Definition::new(xml::schema(), xml::compile))
}
