//! Configuration: read from the environment, `.env` and a file, checked as a whole, all that is wrong reported at once.

mod database;
mod http;
mod problem;
mod reader;
mod secrets;
pub(crate) mod show;
mod table;
mod values;

pub(crate) use database::{DatabaseSettings, Target};
pub(crate) use http::HttpSettings;
pub(crate) use problem::{Reason, SettingProblem, SettingProblems};
pub(crate) use reader::Reader;
pub(crate) use secrets::{SealingKey, SecretSettings};
pub(crate) use values::Sources;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use engine_core::ExecutionLimits;
use engine_core::model::Durability;
use secrecy::SecretString;

use self::values::Values;
use crate::permissions::Permissions;

/// The file in the data folder that holds the secrets that the engine made itself. Its keys are those of the configuration file.
pub(crate) const SECRETS_FILE: &str = "secrets.toml";

/// A whole configuration that can be used.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) server: ServerSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) secrets: SecretSettings,
    pub(crate) http: HttpSettings,
    pub(crate) executions: ExecutionSettings,
    pub(crate) storage: StorageSettings,
    pub(crate) permissions: Permissions,
    pub(crate) telemetry: TelemetrySettings,
    values: Values,
}

/// The process.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    pub(crate) production: bool,
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) trusted_proxies: usize,
}

/// Executions.
#[derive(Debug)]
pub(crate) struct ExecutionSettings {
    pub(crate) concurrency: usize,
    pub(crate) worker_name: Option<String>,
    pub(crate) lease_time: Duration,
    pub(crate) poll: Duration,
    pub(crate) durability: Durability,
    pub(crate) deactivate_after: Option<u32>,
    pub(crate) max_claims: u32,
    pub(crate) limits: ExecutionLimits,
    pub(crate) time_zone: String,
    /// Nothing keeps them for ever.
    pub(crate) retention: Option<Duration>,
    pub(crate) retention_count: Option<u32>,
    pub(crate) drain_timeout: Duration,
}

/// Where binary data lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StorageKind {
    Database,
    Local,
    S3,
    Gcs,
}

/// Binary data.
#[derive(Debug)]
#[cfg_attr(not(feature = "object-store"), expect(dead_code, reason = "checked in every build, used where there are buckets"))]
pub(crate) struct StorageSettings {
    pub(crate) kind: StorageKind,
    pub(crate) path: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) s3_region: String,
    pub(crate) s3_endpoint: Option<String>,
    pub(crate) s3_access_key: Option<String>,
    pub(crate) s3_secret_key: Option<SecretString>,
    pub(crate) gcs_service_account: Option<String>,
}

/// What is told to the outside.
#[derive(Debug)]
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "checked in every build, used where there are traces"))]
pub(crate) struct TelemetrySettings {
    pub(crate) level: String,
    pub(crate) json: bool,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) otel_endpoint: Option<String>,
    pub(crate) otel_service: String,
}

/// Reads some settings alone, for commands that need no others.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn read_part<T>(sources: &Sources, read: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, SettingProblems> {
    let values = Values::of(sources);
    let mut reader = Reader::new(&values);
    // Keys that nobody knows are told where the whole configuration is read.
    reader.problems.clear();
    let part = read(&mut reader);
    if reader.problems.is_empty() { Ok(part) } else { Err(SettingProblems(reader.problems)) }
}

impl Settings {
    /// Reads and checks everything. Makes nothing.
    ///
    /// # Errors
    /// All that is wrong.
    pub(crate) fn load(sources: &Sources) -> Result<Self, SettingProblems> {
        let mut values = Values::of(sources);
        let data = PathBuf::from(Reader::new(&values).text("ENGINE_DATA").unwrap_or_default());
        let secrets = data.join(SECRETS_FILE);
        if secrets.exists() {
            values.file(&secrets);
        }
        let mut reader = Reader::new(&values);
        let read = Self::read(&mut reader, data);
        let problems = reader.problems;
        if problems.is_empty() { Ok(Self { values, ..read }) } else { Err(SettingProblems(problems)) }
    }

    /// The secrets without which nothing is served, each as a problem.
    pub(crate) fn missing_secrets(&self) -> Vec<SettingProblem> {
        let secrets = &self.secrets;
        let present = [
            ("ENGINE_JWT_SECRET", secrets.jwt_secret.is_some()),
            ("ENGINE_RESUME_KEY", secrets.resume_key.is_some()),
            ("ENGINE_ENCRYPTION_KEYS", !secrets.sealing_keys.is_empty()),
        ];
        let reason = Reason::new(
            "production makes no secrets of its own",
            "Set it, or NAME_FILE to a file that holds it; `engine key new` and `openssl rand -base64 32` make them.",
        );
        let missing = present.iter().filter(|(_, is_there)| !is_there);
        missing
            .map(|(name, _)| SettingProblem { name: (*name).to_owned(), value: None, origin: "not set".to_owned(), reason: reason.clone() })
            .collect()
    }

    fn read(reader: &mut Reader<'_>, data: PathBuf) -> Self {
        let database = DatabaseSettings::read(reader, &data);
        let server = ServerSettings::read(reader, data);
        Self {
            secrets: SecretSettings::read(reader),
            http: HttpSettings::read(reader),
            executions: ExecutionSettings::read(reader),
            storage: StorageSettings::read(reader),
            permissions: Permissions::read(reader),
            telemetry: TelemetrySettings::read(reader, server.production),
            values: Values::default(),
            server,
            database,
        }
    }
}

impl ServerSettings {
    fn read(reader: &mut Reader<'_>, data: PathBuf) -> Self {
        let port = reader.optional_number::<u16>("ENGINE_PORT", 0..=u16::MAX);
        if port.is_some() && reader.is_set("ENGINE_LISTEN") {
            reader.refuse("ENGINE_PORT", Reason::new("ENGINE_LISTEN is set as well", "Set one of them."));
        }
        let listen = reader.parse("ENGINE_LISTEN", address);
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self {
            production: reader.choice("ENGINE_ENVIRONMENT", &[("development", false), ("production", true)]).unwrap_or_default(),
            listen: port.map(loopback).or(listen).unwrap_or_else(|| loopback(0)),
            public_url: reader.parse("ENGINE_PUBLIC_URL", web_address),
            trusted_proxies: reader.number("ENGINE_TRUSTED_PROXIES", 0..=16),
            data,
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, Reason> {
    text.parse().map_err(|_| Reason::new("this is no address with a port", "Write it as 127.0.0.1:5678, or 0.0.0.0:5678 for all addresses."))
}

fn web_address(text: &str) -> Result<String, Reason> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let way_out = "Write it as https://flows.example.com.";
    url.map(|_| text.trim_end_matches('/').to_owned()).ok_or_else(|| Reason::new("this is no web address", way_out))
}

impl ExecutionSettings {
    fn read(reader: &mut Reader<'_>) -> Self {
        let retention = reader.parse("ENGINE_RETENTION", |text| {
            if text == "never" {
                return Ok(None);
            }
            let way_out = "Write it as 12h or 14d, or `never`.";
            humantime::parse_duration(text).map(Some).map_err(|_| Reason::new("this is no time span", way_out))
        });
        let durabilities = [("memory", Durability::Memory), ("result", Durability::Result), ("journal", Durability::Journal)];
        Self {
            concurrency: reader.number("ENGINE_CONCURRENCY", 1..=100_000),
            worker_name: reader.text("ENGINE_WORKER_NAME"),
            lease_time: reader.duration_of("ENGINE_LEASE_TIME", Duration::from_secs(1)),
            poll: reader.duration_of("ENGINE_POLL", Duration::from_millis(10)),
            durability: reader.choice("ENGINE_DURABILITY", &durabilities).unwrap_or(Durability::Journal),
            deactivate_after: reader.optional_number("ENGINE_DEACTIVATE_AFTER", 1..=1_000_000),
            max_claims: reader.number("ENGINE_MAX_CLAIMS", 1..=1_000_000),
            limits: ExecutionLimits {
                timeout: reader.optional_duration("ENGINE_EXECUTION_TIMEOUT"),
                max_parallel_nodes: reader.optional_number("ENGINE_MAX_PARALLEL_NODES", 1..=10_000),
                max_tries: reader.optional_number("ENGINE_MAX_TRIES", 1..=1000),
                max_retry_wait: reader.optional_duration("ENGINE_MAX_RETRY_WAIT"),
            },
            time_zone: reader.text("ENGINE_TIME_ZONE").unwrap_or_default(),
            retention: retention.flatten(),
            retention_count: reader.optional_number("ENGINE_RETENTION_COUNT", 1..=u32::MAX),
            drain_timeout: reader.duration("ENGINE_DRAIN_TIMEOUT"),
        }
    }
}

impl StorageSettings {
    fn read(reader: &mut Reader<'_>) -> Self {
        let kinds = [("database", StorageKind::Database), ("local", StorageKind::Local), ("s3", StorageKind::S3), ("gcs", StorageKind::Gcs)];
        let kind = reader.choice("ENGINE_STORAGE", &kinds).unwrap_or(StorageKind::Database);
        if kind != StorageKind::Database && !cfg!(feature = "object-store") {
            reader.refuse("ENGINE_STORAGE", Reason::new("this build has only `database`", "Build the program with the feature `object-store`."));
        }
        let settings = Self {
            kind,
            path: reader.text("ENGINE_STORAGE_PATH"),
            bucket: reader.text("ENGINE_STORAGE_BUCKET"),
            s3_region: reader.text("ENGINE_S3_REGION").unwrap_or_default(),
            s3_endpoint: reader.parse("ENGINE_S3_ENDPOINT", web_address),
            s3_access_key: reader.text("ENGINE_S3_ACCESS_KEY"),
            s3_secret_key: reader.secret("ENGINE_S3_SECRET_KEY"),
            gcs_service_account: reader.text("ENGINE_GCS_SERVICE_ACCOUNT"),
        };
        if matches!(kind, StorageKind::S3 | StorageKind::Gcs) && settings.bucket.is_none() {
            reader.refuse("ENGINE_STORAGE_BUCKET", Reason::new("the storage needs a bucket", "Name one that exists."));
        }
        if settings.s3_access_key.is_some() != settings.s3_secret_key.is_some() {
            reader.refuse("ENGINE_S3_ACCESS_KEY", Reason::new("the access key and its secret go together", "Set both or neither."));
        }
        settings
    }
}

impl TelemetrySettings {
    fn read(reader: &mut Reader<'_>, production: bool) -> Self {
        let level = reader.parse("ENGINE_LOG", |text| {
            let filter = tracing_subscriber::EnvFilter::builder().parse(text);
            filter.map(|_| text.to_owned()).map_err(|error| Reason::new(error.to_string(), "Write it as info, or info,engine_http=debug."))
        });
        let otel_endpoint = reader.parse("OTEL_EXPORTER_OTLP_ENDPOINT", web_address);
        if otel_endpoint.is_some() && !cfg!(feature = "otel") {
            let way_out = "Build the program with the feature `otel`, or leave the variable out.";
            reader.refuse("OTEL_EXPORTER_OTLP_ENDPOINT", Reason::new("this build sends no traces", way_out));
        }
        Self {
            level: level.unwrap_or_default(),
            json: reader.choice("ENGINE_LOG_FORMAT", &[("text", false), ("json", true)]).unwrap_or(production),
            metrics_listen: reader.parse("ENGINE_METRICS_LISTEN", address),
            otel_endpoint,
            otel_service: reader.text("OTEL_SERVICE_NAME").unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
