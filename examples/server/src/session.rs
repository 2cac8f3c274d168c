//! What the commands on a database have in common: settings, a runtime, open stores.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::settings::{Settings, Sources};
use crate::storage::Storage;
use crate::{data, setup};

/// How this process was called.
#[derive(Debug)]
pub(crate) struct Session {
    /// The configuration file, where one was named.
    pub(crate) file: Option<PathBuf>,
}

impl Session {
    /// Where settings come from.
    pub(crate) fn sources(&self) -> Sources {
        Sources::of_process(self.file.as_deref())
    }

    /// The settings, as they are.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings::load(&self.sources())?)
    }

    /// The settings; secrets that are missing are made.
    pub(crate) fn settings_with_secrets(&self) -> anyhow::Result<Settings> {
        data::settings_with_secrets(&self.sources())
    }

    /// Runs a command on the database of the settings.
    pub(crate) fn on_database(&self, command: impl AsyncFnOnce(&Storage) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
        let settings = self.settings()?;
        setup::runtime()?.block_on(async {
            let storage = Storage::open(&settings).await?;
            storage.database.must_last()?;
            let code = command(&storage).await;
            storage.close().await;
            code
        })
    }
}
