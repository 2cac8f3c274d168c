//! Nodes that decide where items go, and when.

mod conditions;
mod debug_helper;
mod execute_workflow;
mod execution_data;
mod filter;
mod form;
mod if_node;
mod loop_over_items;
mod merge;
mod no_op;
mod respond_to_webhook;
mod sticky_note;
mod stop_and_error;
mod switch;
mod wait;

#[cfg(test)]
mod tests;

use engine_core::node::{NodeRegistry, RegistryError};

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(no_op::definition())?;
    registry.register(sticky_note::definition())?;
    registry.register(if_node::definition())?;
    registry.register(if_node::first_version())?;
    registry.register(filter::definition())?;
    registry.register(filter::first_version())?;
    registry.register(switch::definition())?;
    registry.register(switch::first_versions())?;
    registry.register(merge::definition())?;
    registry.register(merge::first_version())?;
    registry.register(loop_over_items::definition())?;
    registry.register(wait::definition())?;
    registry.register(stop_and_error::definition())?;
    registry.register(execute_workflow::definition())?;
    registry.register(respond_to_webhook::definition())?;
    registry.register(form::definition())?;
    registry.register(execution_data::definition())?;
    registry.register(debug_helper::definition())
}
