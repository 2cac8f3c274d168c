//! Where the database is, and how it is used.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::problem::Reason;
use super::reader::Reader;

/// Where everything is kept.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// In memory: nothing outlives the process.
    Memory,
    /// In a file.
    Sqlite(PathBuf),
    /// On a Postgres server.
    Postgres(SecretString),
}

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseSettings {
    pub(crate) target: Target,
    pub(crate) schema: String,
    pub(crate) connections: u32,
    pub(crate) writers: u32,
    pub(crate) statement_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_lifetime: Duration,
}

impl DatabaseSettings {
    pub(super) fn read(reader: &mut Reader<'_>, data: &Path) -> Self {
        Self {
            target: target(reader, data),
            schema: reader.text("ENGINE_DATABASE_SCHEMA").unwrap_or_default(),
            connections: reader.number("ENGINE_DATABASE_CONNECTIONS", 2..=1000),
            writers: reader.number("ENGINE_DATABASE_WRITERS", 1..=100),
            statement_timeout: reader.duration("ENGINE_DATABASE_STATEMENT_TIMEOUT"),
            idle_timeout: reader.duration("ENGINE_DATABASE_IDLE_TIMEOUT"),
            max_lifetime: reader.duration("ENGINE_DATABASE_MAX_LIFETIME"),
        }
    }
}

fn target(reader: &mut Reader<'_>, data: &Path) -> Target {
    let usual = || Target::Sqlite(data.join("engine.sqlite"));
    let parts = parts(reader);
    let url = reader.parse("DATABASE_URL", from_url);
    match (url, parts) {
        (Some(_), Some(_)) => {
            reader.refuse("ENGINE_DATABASE_HOST", Reason::new("DATABASE_URL is set as well", "Set one of them."));
            usual()
        }
        (Some(target), None) => target,
        (None, Some(url)) => Target::Postgres(SecretString::from(url)),
        (None, None) => usual(),
    }
}

fn from_url(text: &str) -> Result<Target, Reason> {
    if text == "memory:" {
        return Ok(Target::Memory);
    }
    if let Some(rest) = text.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let named = !path.is_empty() && !path.starts_with(':');
        return if named {
            Ok(Target::Sqlite(PathBuf::from(path)))
        } else {
            Err(Reason::new("it names no file", "Write it as sqlite:./data/engine.sqlite."))
        };
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
    match url {
        Some(url) if url.path().len() > 1 => Ok(Target::Postgres(SecretString::from(text))),
        Some(_) => Err(Reason::new("it names no database", "Write it as postgres://user:password@host:5432/database.")),
        None => Err(Reason::new(
            "this is no address of a database that the engine can use",
            "Write it as postgres://user:password@host:5432/database, with %-escapes for special characters of the password, or as sqlite:PATH.",
        )),
    }
}

/// The address that the single settings make, where there is a host.
fn parts(reader: &mut Reader<'_>) -> Option<String> {
    let port = reader.number::<u16>("ENGINE_DATABASE_PORT", 1..=u16::MAX);
    let user = reader.text("ENGINE_DATABASE_USER").unwrap_or_default();
    let password = reader.secret("ENGINE_DATABASE_PASSWORD");
    let name = reader.text("ENGINE_DATABASE_NAME").unwrap_or_default();
    let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"].map(|mode| (mode, mode));
    let mode = reader.choice("ENGINE_DATABASE_SSL_MODE", &modes).unwrap_or_default().to_owned();
    reader.parse("ENGINE_DATABASE_HOST", |host| {
        let broken = |()| Reason::new("this is no name or address of a host", "Name the host alone, such as db.example.com.");
        let mut url = Url::parse("postgres://localhost").map_err(|_| broken(()))?;
        url.set_host(Some(host)).map_err(|_| broken(()))?;
        url.set_port(Some(port)).map_err(broken)?;
        url.set_username(&user).map_err(broken)?;
        url.set_password(password.as_ref().map(ExposeSecret::expose_secret)).map_err(broken)?;
        url.set_path(&name);
        url.query_pairs_mut().append_pair("sslmode", &mode);
        Ok(url.to_string())
    })
}
