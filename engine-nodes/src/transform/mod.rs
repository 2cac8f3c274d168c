//! Nodes that change items.

use engine_core::node::{NodeRegistry, RegistryError};

mod limit;
mod split_out;

mod node_type;
mod parameters;

use node_type::SimpleType;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(SimpleType::new(split_out::schema(), split_out::compile))?;
    registry.register(SimpleType::new(limit::schema(), limit::compile))
}
