//! Nodes that change items.

use engine_core::node::{NodeRegistry, RegistryError};

mod aggregate;
mod compare_datasets;
mod date_time;
mod edit_fields;
mod item_lists;
mod limit;
mod remove_duplicates;
mod rename_keys;
mod sort;
mod split_out;
mod summarize;

mod batch_node;
mod order;
mod parameters;

use crate::node_type::Definition;
#[cfg(feature = "js")]
pub(crate) use sort::mentions_return;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    #[cfg(not(feature = "js"))]
    for sorting in sorting() {
        registry.register(sorting)?;
    }
    registry.register(edit_fields::definition())?;
    registry.register(edit_fields::first_versions())?;
    registry.register(Definition::new(split_out::schema(), split_out::compile))?;
    registry.register(Definition::new(aggregate::schema(), aggregate::compile))?;
    registry.register(Definition::new(summarize::schema(), summarize::compile))?;
    registry.register(Definition::new(limit::schema(), limit::compile))?;
    registry.register(Definition::new(remove_duplicates::schema(), remove_duplicates::compile))?;
    registry.register(Definition::new(compare_datasets::schema(), compare_datasets::compile))?;
    registry.register(Definition::new(date_time::schema(), date_time::compile))?;
    registry.register(Definition::new(rename_keys::schema(), rename_keys::compile))
}

/// The nodes that sort. With a script engine they can also sort by code, so that then its nodes are registered in their place.
pub(crate) fn sorting() -> [Definition; 2] {
    [Definition::new(sort::schema(), sort::compile), Definition::new(item_lists::schema(), item_lists::compile)]
}
