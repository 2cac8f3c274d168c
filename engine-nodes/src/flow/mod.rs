//! Nodes that decide where items go.

use engine_core::node::{NodeRegistry, RegistryError};

/// Adds the nodes of this group.
#[expect(clippy::unnecessary_wraps, reason = "the group has no node yet")]
pub(crate) fn register(_registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    Ok(())
}
