//! Nodes that start workflows. While a workflow is active they say what starts it; when it runs they pass on what they were given.

mod cron;
mod error_trigger;
mod execute_workflow_trigger;
mod form_trigger;
mod manual_trigger;
mod pass_on;
#[cfg(feature = "rss")]
pub(crate) mod polling;
mod schedule;
mod schedule_trigger;
#[cfg(test)]
mod tests;
mod webhook;

use engine_core::node::{NodeRegistry, RegistryError};

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(manual_trigger::definition())?;
    registry.register(webhook::definition())?;
    registry.register(schedule_trigger::definition())?;
    registry.register(execute_workflow_trigger::definition())?;
    registry.register(error_trigger::definition())?;
    registry.register(form_trigger::definition())?;
    registry.register(cron::cron())?;
    registry.register(cron::interval())
}
