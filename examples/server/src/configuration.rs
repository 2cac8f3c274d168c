//! `engine config check | table`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::session::Session;
use crate::settings::show;
use crate::{Output, setup};

/// Shows the configuration.
#[derive(Debug, Args)]
pub(crate) struct Configuration {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the configuration and prints what is in effect, and where it comes from. Secrets are masked. Makes nothing.
    Check {
        /// How it is printed.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// Prints the table of all settings, as docs/CONFIGURATION.md has it.
    Table,
}

impl Configuration {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Check { output } => {
                let settings = session.settings()?;
                match output {
                    Output::Json => setup::print_json(&show::effective_json(&settings)),
                    Output::Text => setup::print_line(show::effective(&settings).trim_end()),
                }
            }
            Command::Table => setup::print_line(show::markdown().trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
