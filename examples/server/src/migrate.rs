//! `engine migrate`.

use std::process::ExitCode;

use clap::Args;

use crate::session::Session;
use crate::setup;

/// Brings the schema of the database up to date, and ends. Servers and workers do the same when they start; this is for those who want it done before.
///
/// Several at the same time wait for each other. A schema that is newer than this program is refused.
#[derive(Debug, Args)]
pub(crate) struct Migrate {}

impl Migrate {
    #[expect(clippy::unused_self, reason = "all commands have one shape")]
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        session.on_database(async |storage| {
            setup::print_line(&format!("the schema on {} is up to date", storage.database.name()));
            Ok(ExitCode::SUCCESS)
        })
    }
}
