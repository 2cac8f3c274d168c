//! Every setting: its variable, its key in the file, its default, what it means. Reading, `engine config check` and docs/CONFIGURATION.md go by this table.

/// A setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The environment variable.
    pub(crate) name: &'static str,
    /// The key in the configuration file.
    pub(crate) key: &'static str,
    /// What it is where nothing is said, as it would be written; empty for nothing.
    pub(crate) default: &'static str,
    /// What may be shown of it.
    pub(crate) shown: Shown,
    /// What it means, in one line.
    pub(crate) help: &'static str,
}

/// What may be shown of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All of it.
    Plain,
    /// Nothing; `<NAME>_FILE` may name a file that holds it.
    Secret,
    /// An address, without the password in it; `<NAME>_FILE` may name a file that holds it.
    Address,
}

/// Settings that belong together.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its title in the documentation.
    pub(crate) title: &'static str,
    /// Its settings.
    pub(crate) settings: &'static [Setting],
}

macro_rules! groups {
    ($($title:literal { $($shown:ident $name:ident / $key:literal = $default:literal, $help:literal;)* })*) => {
        /// All settings.
        pub(crate) const GROUPS: &[Group] = &[$(Group {
            title: $title,
            settings: &[$(Setting { name: stringify!($name), key: $key, default: $default, shown: Shown::$shown, help: $help },)*],
        },)*];
    };
}

groups! {
    "Server" {
        Plain ENGINE_ENVIRONMENT / "environment" = "development", "`development` makes secrets that are missing; `production` refuses to start without them, and logs JSON.";
        Plain ENGINE_DATA / "data" = "./data", "Folder for the SQLite file and for secrets that the engine makes itself. Made with mode 0700.";
        Plain ENGINE_LISTEN / "listen" = "127.0.0.1:5678", "Address and port to listen on. Port 0 takes a free one.";
        Plain ENGINE_PORT / "port" = "", "The port alone, on 127.0.0.1; instead of `ENGINE_LISTEN`.";
        Plain ENGINE_PUBLIC_URL / "public_url" = "", "Address under which callers reach the server, where it is another one: it stands in resume addresses.";
        Plain ENGINE_TRUSTED_PROXIES / "trusted_proxies" = "0", "How many proxies in front append to `X-Forwarded-For`.";
    }
    "Database" {
        Address DATABASE_URL / "database.url" = "", "`postgres://...`, `postgresql://...`, `sqlite:PATH`, or `memory:` to keep nothing. Without it `engine.sqlite` in the data folder.";
        Plain ENGINE_DATABASE_HOST / "database.host" = "", "Host of Postgres, instead of `DATABASE_URL`; the next five go with it.";
        Plain ENGINE_DATABASE_PORT / "database.port" = "5432", "Its port.";
        Plain ENGINE_DATABASE_USER / "database.user" = "engine", "The user.";
        Secret ENGINE_DATABASE_PASSWORD / "database.password" = "", "The user's password.";
        Plain ENGINE_DATABASE_NAME / "database.name" = "engine", "The database.";
        Plain ENGINE_DATABASE_SSL_MODE / "database.ssl_mode" = "prefer", "`disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`.";
        Plain ENGINE_DATABASE_SCHEMA / "database.schema" = "engine", "Schema of Postgres in which everything lies; made when it is not there.";
        Plain ENGINE_DATABASE_CONNECTIONS / "database.connections" = "10", "Connections for everything but journals; on SQLite, connections that read.";
        Plain ENGINE_DATABASE_WRITERS / "database.writers" = "2", "Connections that write journals to Postgres; more than two only where the way to it is long.";
        Plain ENGINE_DATABASE_STATEMENT_TIMEOUT / "database.statement_timeout" = "30s", "How long one statement may take.";
        Plain ENGINE_DATABASE_IDLE_TIMEOUT / "database.idle_timeout" = "10m", "An idle connection to Postgres is closed after this time; those that write journals stay.";
        Plain ENGINE_DATABASE_MAX_LIFETIME / "database.max_lifetime" = "30m", "A connection to Postgres is replaced after this time.";
    }
    "Sign-in and secrets" {
        Secret ENGINE_JWT_SECRET / "sign_in.jwt_secret" = "", "Signs access tokens: at least 32 characters, the same on every server of a fleet.";
        Plain ENGINE_JWT_ISSUER / "sign_in.issuer" = "engine", "Names this installation in its tokens.";
        Plain ENGINE_ACCESS_LIFETIME / "sign_in.access_lifetime" = "15m", "How long an access token is good.";
        Plain ENGINE_REFRESH_LIFETIME / "sign_in.refresh_lifetime" = "30d", "How long somebody stays signed in without coming back.";
        Plain ENGINE_OPEN_REGISTRATION / "sign_in.open_registration" = "false", "Whether anybody may register.";
        Plain ENGINE_LOGIN_FAILURES / "sign_in.login_failures" = "5", "So many failures in a row lock an account.";
        Plain ENGINE_LOGIN_LOCK_OUT / "sign_in.lock_out" = "30m", "For how long.";
        Plain ENGINE_ADMIN_EMAIL / "sign_in.admin_email" = "", "Address of the first administrator; used once, while there are no users.";
        Secret ENGINE_ADMIN_PASSWORD / "sign_in.admin_password" = "", "The first administrator's password.";
        Secret ENGINE_ENCRYPTION_KEYS / "secrets.encryption_keys" = "", "Keys that seal credentials, as `id:key` with 32 bytes in base64 or hexadecimal digits, separated by commas. The first one seals, all open. `engine key new` makes one.";
        Secret ENGINE_RESUME_KEY / "secrets.resume_key" = "", "Signs the addresses of waiting executions: at least 32 characters, the same on every server of a fleet.";
    }
    "HTTP" {
        Plain ENGINE_WEBHOOK_TIMEOUT / "http.webhook_timeout" = "2m", "How long a webhook's caller waits for an answer at most. The execution goes on after that.";
        Plain ENGINE_REQUEST_TIMEOUT / "http.request_timeout" = "30s", "How long the body of a request may take to arrive, and the API to answer.";
        Plain ENGINE_MAX_REQUESTS / "http.max_requests" = "16384", "How many requests are served at the same time. More are refused with 503.";
        Plain ENGINE_MAX_BODY / "http.max_body" = "16MiB", "Largest body of a webhook request.";
        Plain ENGINE_MAX_FORM / "http.max_form" = "200MiB", "Largest multipart body of a webhook request.";
        Plain ENGINE_BODY_BUDGET / "http.body_budget" = "512MiB", "How many bytes of bodies may be in memory at the same time, JSON with what it takes once it is read; an execution holds those of the request that started it.";
        Plain ENGINE_CORS_ORIGINS / "http.cors_origins" = "", "Origins of web pages that may call the API, separated by commas. Pages of the server's own origin always may.";
        Plain ENGINE_EVENT_LISTENERS / "http.event_listeners" = "256", "How many streams of live events there may be at the same time.";
        Plain ENGINE_HISTORY / "http.history" = "250", "How many ended executions of workflows that store nothing are kept in memory to be looked at.";
        Plain ENGINE_HISTORY_SIZE / "http.history_size" = "64MiB", "About how much memory they may take.";
    }
    "Rate limits" {
        Plain ENGINE_RATE_LIMIT_ADDRESS / "rate_limits.address" = "none", "Requests to the API from one address, as `600/1m`.";
        Plain ENGINE_RATE_LIMIT_USER / "rate_limits.user" = "none", "Requests to the API of one user.";
        Plain ENGINE_RATE_LIMIT_KEY / "rate_limits.key" = "none", "Requests to the API with one key.";
        Plain ENGINE_RATE_LIMIT_SIGN_IN / "rate_limits.sign_in" = "30/1m", "Attempts to sign in, to register or to reset a password, from one address.";
        Plain ENGINE_RATE_LIMIT_WEBHOOKS / "rate_limits.webhooks" = "none", "Calls of webhooks from one address.";
        Address REDIS_URL / "rate_limits.redis" = "", "`redis://user:password@host:port/database` (`rediss://` with TLS) of the server that counts for a whole fleet; without it each process counts for itself.";
    }
    "Letters" {
        Address ENGINE_SMTP_URL / "mail.url" = "", "Mail server for confirmations and password resets: `smtps://user:password@host`, or `smtp://host:587?tls=required`. Without it they are logged on loopback, and not sent elsewhere.";
        Plain ENGINE_MAIL_FROM / "mail.from" = "", "Who they come from, such as `Workflows <flows@example.com>`.";
    }
    "Executions" {
        Plain ENGINE_CONCURRENCY / "executions.concurrency" = "1000", "How many executions one process drives at the same time. What is started beyond that is refused, or waits in the queue where nobody waits for its end.";
        Plain ENGINE_WORKER_NAME / "executions.worker_name" = "", "Name of this process in lists of workers; the host's name and the number of the process where nothing is said.";
        Plain ENGINE_LEASE_TIME / "executions.lease_time" = "30s", "Without a sign of life for so long a process counts as lost, and others take over its executions.";
        Plain ENGINE_POLL / "executions.poll" = "1s", "How often a process looks by itself for work, where no hint of the database makes it look earlier.";
        Plain ENGINE_DURABILITY / "executions.durability" = "journal", "What is stored of executions whose workflow does not say it: `journal` each step, `result` the end, `memory` nothing.";
        Plain ENGINE_MAX_CLAIMS / "executions.max_claims" = "5", "After so many processes in a row died while they drove an execution, it is given up as crashed.";
        Plain ENGINE_DEACTIVATE_AFTER / "executions.deactivate_after" = "", "After so many failures in a row a workflow is deactivated; never where nothing is said.";
        Plain ENGINE_EXECUTION_TIMEOUT / "executions.timeout" = "", "An execution takes no longer, whatever its workflow says.";
        Plain ENGINE_MAX_PARALLEL_NODES / "executions.max_parallel_nodes" = "", "No more nodes of an execution run at the same time, whatever its workflow says.";
        Plain ENGINE_MAX_TRIES / "executions.max_tries" = "", "A node is tried no more often, whatever its workflow says.";
        Plain ENGINE_MAX_RETRY_WAIT / "executions.max_retry_wait" = "", "The longest wait between two tries.";
        Plain ENGINE_TIME_ZONE / "executions.time_zone" = "UTC", "IANA time zone of workflows that name none.";
        Plain ENGINE_RETENTION / "executions.retention" = "14d", "Ended executions are removed after this time; `never` keeps them.";
        Plain ENGINE_RETENTION_COUNT / "executions.retention_count" = "", "Of each workflow, at most so many ended executions are kept.";
        Plain ENGINE_DRAIN_TIMEOUT / "executions.drain_timeout" = "30s", "How long the end may take after SIGTERM.";
    }
    "Storage of binary data" {
        Plain ENGINE_STORAGE / "storage.kind" = "database", "`database`, or, in a build with the feature `object-store`, `local`, `s3` or `gcs`.";
        Plain ENGINE_STORAGE_PATH / "storage.path" = "", "Folder of `local`; prefix within the bucket of `s3` and `gcs`.";
        Plain ENGINE_STORAGE_BUCKET / "storage.bucket" = "", "Bucket of `s3` and `gcs`.";
        Plain ENGINE_S3_REGION / "storage.s3_region" = "us-east-1", "Region of the bucket.";
        Plain ENGINE_S3_ENDPOINT / "storage.s3_endpoint" = "", "Address of a service that is compatible with S3.";
        Plain ENGINE_S3_ACCESS_KEY / "storage.s3_access_key" = "", "Access key; without one, what the machine's role gives.";
        Secret ENGINE_S3_SECRET_KEY / "storage.s3_secret_key" = "", "Secret of the access key.";
        Plain ENGINE_GCS_SERVICE_ACCOUNT / "storage.gcs_service_account" = "", "File with a service account's key; without one, what the machine's role gives.";
    }
    "What workflows may reach" {
        Plain ENGINE_NETWORK_ALLOW / "nodes.network_allow" = "", "Inside addresses, networks and hosts that workflows may reach, separated by commas. Without any only the public Internet.";
        Plain ENGINE_PROXIES / "nodes.proxies" = "", "Proxies that workflows may use, separated by commas.";
        Plain ENGINE_COMMANDS / "nodes.commands" = "refuse", "`allow` lets workflows run commands of the operating system, with all rights of this process.";
        Plain ENGINE_FILES_ROOT / "nodes.files_root" = "", "The one folder in which workflows may read and write files. Without it they may not.";
    }
    "Logs, metrics, traces" {
        Plain ENGINE_LOG / "log.level" = "info", "`error`, `warn`, `info`, `debug`, `trace`, also per module: `info,engine_http=debug`.";
        Plain ENGINE_LOG_FORMAT / "log.format" = "", "`text` or `json`; JSON in production where nothing is said.";
        Plain ENGINE_METRICS_LISTEN / "metrics.listen" = "", "Address and port for `/metrics`, `/health` and `/ready` alone. `/metrics` is then not served anywhere else.";
        Plain OTEL_EXPORTER_OTLP_ENDPOINT / "otel.endpoint" = "", "Where traces go, by OTLP over HTTP; in a build with the feature `otel`.";
        Plain OTEL_SERVICE_NAME / "otel.service_name" = "engine", "Name of this service in traces.";
    }
}

/// All settings, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_keys_are_unique() {
        let names: BTreeSet<_> = all().map(|setting| setting.name).collect();
        let keys: BTreeSet<_> = all().map(|setting| setting.key).collect();
        assert_eq!((names.len(), keys.len()), (all().count(), all().count()));
    }
}
