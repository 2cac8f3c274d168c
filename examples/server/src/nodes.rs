//! `engine nodes`.

use std::process::ExitCode;

use clap::Args;
use engine_core::model::NodeKind;
use serde_json::json;

use crate::{Output, setup};

/// Lists the node types.
#[derive(Debug, Args)]
pub(crate) struct Nodes {
    /// How the list is printed; JSON holds the whole schemas.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Nodes {
    #[expect(clippy::unnecessary_wraps, reason = "all commands have one shape")]
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        let registry = engine_nodes::registry();
        if self.output == Output::Json {
            setup::print_json(&json!(registry.schemas().collect::<Vec<_>>()));
            return Ok(ExitCode::SUCCESS);
        }
        for schema in registry.schemas() {
            let versions: Vec<String> = schema.versions.iter().map(ToString::to_string).collect();
            let aliases: Vec<&str> = schema.aliases.iter().map(NodeKind::as_str).collect();
            setup::print_line(&format!("{:<26} {:<20} {}", schema.kind.as_str(), versions.join(" "), aliases.join(" ")));
        }
        Ok(ExitCode::SUCCESS)
    }
}
