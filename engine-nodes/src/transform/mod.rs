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

mod node_type;
mod order;
mod parameters;

use node_type::SimpleType;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(edit_fields::definition())?;
    registry.register(edit_fields::first_versions())?;
    registry.register(SimpleType::new(split_out::schema(), split_out::compile))?;
    registry.register(SimpleType::new(aggregate::schema(), aggregate::compile))?;
    registry.register(SimpleType::new(summarize::schema(), summarize::compile))?;
    registry.register(SimpleType::new(sort::schema(), sort::compile))?;
    registry.register(SimpleType::new(limit::schema(), limit::compile))?;
    registry.register(SimpleType::new(remove_duplicates::schema(), remove_duplicates::compile))?;
    registry.register(SimpleType::new(item_lists::schema(), item_lists::compile))?;
    registry.register(SimpleType::new(compare_datasets::schema(), compare_datasets::compile))?;
    registry.register(SimpleType::new(date_time::schema(), date_time::compile))?;
    registry.register(SimpleType::new(rename_keys::schema(), rename_keys::compile))
}
