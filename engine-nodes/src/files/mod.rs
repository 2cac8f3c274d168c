//! Nodes that read and write files and file formats.

mod archive;
pub(crate) mod binary;
mod calendar;
mod charset;
mod compression;
mod convert_to_file;
pub(crate) mod csv;
#[cfg(feature = "disk")]
pub(crate) mod disk;
mod encoding_options;
mod extract_from_file;
mod json_file;
mod media;
mod move_binary_data;
mod pdf;
pub(crate) mod sheet;
mod sheet_file;
mod sheet_schema;
mod spreadsheet_file;

use engine_core::node::{NodeRegistry, RegistryError};

use crate::node_type::Definition;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(Definition::new(compression::schema(), compression::compile))?;
    registry.register(Definition::new(convert_to_file::schema(), convert_to_file::compile))?;
    registry.register(Definition::new(extract_from_file::schema(), extract_from_file::compile))?;
    registry.register(Definition::new(spreadsheet_file::schema(), spreadsheet_file::compile))?;
    registry.register(Definition::new(move_binary_data::schema(), move_binary_data::compile))
}
