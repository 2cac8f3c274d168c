//! `engine backup FILE` and `engine restore FILE`.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use engine_store_sqlx::PostgresStore;

use crate::session::Session;
use crate::settings::{DatabaseSettings, SECRETS_FILE, Settings, Target};
use crate::storage::{Database, Storage};
use crate::{data, engine, health, setup, workflows};

/// Copies the database to a file while the server runs; for Postgres, prints the command that does.
///
/// The copy holds no keys: keep those beside it, in another place.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write. It must not be there yet.
    file: PathBuf,
}

/// Puts a backup of SQLite in place of the database; for Postgres, prints the command that does.
///
/// The server must not run. Triggers are switched off: what was done since the backup would be done again. `engine workflow activate` switches them on.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The file that `engine backup` wrote.
    file: PathBuf,
    /// Replaces a database that is there. It stays beside the new one, with `.before-restore` at the end of its name.
    #[arg(long)]
    replace: bool,
    /// Leaves triggers as they were.
    #[arg(long)]
    keep_active: bool,
}

impl Backup {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let settings = session.settings()?;
        session.on_database(async |storage| match &storage.database {
            Database::Sqlite(store) => {
                data::make_file(&self.file)?;
                // Written into a file that is there and empty, for its rights.
                let written = store.back_up(&self.file).await;
                written.with_context(|| format!("{} could not be written: name a file that is not there yet", self.file.display()))?;
                setup::print_line(&format!("{} holds everything but the keys", self.file.display()));
                setup::print_line(&format!("keep {} as well, in another place", settings.server.data.join(SECRETS_FILE).display()));
                Ok(ExitCode::SUCCESS)
            }
            Database::Postgres(store) => postgres(store, &settings.database, &self.file).await,
            Database::Memory => bail!("nothing is kept in memory"),
        })
    }
}

async fn postgres(store: &PostgresStore, settings: &DatabaseSettings, file: &Path) -> anyhow::Result<ExitCode> {
    let server = store.server_version().await? / 10_000;
    setup::print_line(&format!("pg_dump --format=custom --schema={} --file={} \"$DATABASE_URL\"", settings.schema, file.display()));
    match client_version() {
        Some(client) if client < server => {
            eprintln!("engine: pg_dump here is of version {client}, the server of version {server}: use one that is not older");
        }
        Some(_) => {}
        None => eprintln!("engine: there is no pg_dump here; take one of version {server} or newer"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The version of the `pg_dump` on this machine.
fn client_version() -> Option<u32> {
    let output = std::process::Command::new("pg_dump").arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// The major version in `pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn major(text: &str) -> Option<u32> {
    let digits = text.split_once(") ")?.1;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl Restore {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let settings = session.settings()?;
        let path = match &settings.database.target {
            Target::Sqlite(path) => path.clone(),
            Target::Memory => bail!("DATABASE_URL says memory: there is nothing to restore to"),
            Target::Postgres(_) => {
                setup::print_line(&format!("pg_restore --clean --if-exists --dbname=\"$DATABASE_URL\" {}", self.file.display()));
                setup::print_line("engine workflow deactivate --all   # until you know what was done since the backup");
                return Ok(ExitCode::SUCCESS);
            }
        };
        self.check(&settings, &path)?;
        // What is restored is looked at and brought up to date before it takes its place.
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            data::make_folder(folder)?;
        }
        let draft = path.with_extension("restoring");
        drop(std::fs::remove_file(&draft));
        data::make_file(&draft)?;
        std::fs::copy(&self.file, &draft).with_context(|| format!("{} could not be copied", self.file.display()))?;
        let were_active = setup::runtime()?.block_on(self.prepare(&settings, &draft))?;
        put_in_place(&draft, &path)?;
        setup::print_line(&format!("{} is restored", path.display()));
        for id in were_active {
            setup::print_line(&format!("its triggers are off: {}   # engine workflow activate {}", id.as_str(), id.as_str()));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self, settings: &Settings, path: &Path) -> anyhow::Result<()> {
        let head = std::fs::read(&self.file).with_context(|| format!("{} could not be read", self.file.display()))?;
        if !head.starts_with(b"SQLite format 3\0") {
            bail!("{} is no backup of SQLite", self.file.display());
        }
        if path.exists() && !self.replace {
            bail!("{} is there already: --replace puts the backup in its place and keeps it beside", path.display());
        }
        let address = health::reachable(settings.server.listen);
        // Where there is no database yet nobody uses it: a restore is practised beside a server that runs.
        if path.exists() && answers(address) {
            bail!("a server answers at {address}: stop it first");
        }
        Ok(())
    }

    async fn prepare(&self, settings: &Settings, draft: &Path) -> anyhow::Result<Vec<engine_core::model::WorkflowId>> {
        let database = DatabaseSettings { target: Target::Sqlite(draft.to_owned()), ..settings.database.clone() };
        let storage = Storage::on(&database).await?;
        let were_active =
            if self.keep_active { Vec::new() } else { workflows::deactivate_all(&engine::idle_worker(settings, &storage.stores)).await? };
        storage.close().await;
        Ok(were_active)
    }
}

/// The log of a database belongs to it and moves with it. What was kept by an earlier restore stays.
fn put_in_place(draft: &Path, path: &Path) -> anyhow::Result<()> {
    let mut names = std::iter::once(".before-restore".to_owned()).chain((2..).map(|number| format!(".before-restore-{number}")));
    let free = names.find(|name| !with_suffix(path, name).exists()).unwrap_or_default();
    for suffix in ["", "-wal", "-shm"] {
        let (new, own) = (with_suffix(draft, suffix), with_suffix(path, suffix));
        if own.exists() {
            let kept = with_suffix(path, &format!("{free}{suffix}"));
            std::fs::rename(&own, &kept).with_context(|| format!("{} could not be moved", own.display()))?;
        }
        if new.exists() {
            std::fs::rename(&new, &own).with_context(|| format!("{} could not be moved", new.display()))?;
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn answers(address: SocketAddr) -> bool {
    address.port() != 0 && TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_pg_dump_are_read() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major("pg_dump (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(major("nothing"), None);
    }
}
