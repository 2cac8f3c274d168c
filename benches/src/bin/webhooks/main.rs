//! Webhook workload A (webhook, set two fields, if, answer) beside a bare axum handler that parses and answers the same JSON. Needs `wrk`.
//!
//! First as much as `wrk` can get, then at half of that rate, sent at fixed times by a process of its own (`pace.rs`), for how long an answer takes.
//!
//! In memory; and durable, where the floor's handler has one row on the disk before it answers, written with those of all who came meanwhile. Postgres is where
//! `ENGINE_TEST_POSTGRES` points, otherwise on 127.0.0.1:5432; everything lies in a schema of its own that is dropped at the end.
//!
//! `cargo run --release -p engine-benches --bin webhooks [connections] [seconds]`

mod pace;
mod rows;
#[path = "../../schema.rs"]
mod schema;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use engine_core::runtime::TokioRuntime;
use engine_core::store::{SaveWorkflow, Stores, TenantId};
use engine_core::{Engine, Workflow};
use engine_http::{Config, Service};
use engine_store_sqlx::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const WORKFLOW: &str = include_str!("webhook_a.json");
const BODY: &str = r#"{"price": 3, "count": 5, "name": "Ada"}"#;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The allocator of the example server.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "pace").is_some() {
        return keep_pace(&arguments.collect::<Vec<_>>());
    }
    let connections = arguments.next().unwrap_or_else(|| "32".to_owned());
    let seconds = arguments.next().unwrap_or_else(|| "5".to_owned());
    let script = std::env::temp_dir().join("webhooks.lua");
    std::fs::write(&script, format!("wrk.method = 'POST'\nwrk.body = '{BODY}'\nwrk.headers['content-type'] = 'application/json'\n"))?;
    let load = Load { connections, seconds, script };

    let service = Service::new(engine(), Config::default());
    service.activate(Workflow::from_json(WORKFLOW)?)?;
    load.compare("in memory", Router::new().route("/webhook/a", post(floor)), service.router()).await?;

    let directory = tempfile::tempdir()?;
    let store = SqliteStore::open(SqliteOptions::new(directory.path().join("store.sqlite"))).await?;
    let service = stored(Stores::of(&Arc::new(store.clone()))).await?;
    let rows = rows::sqlite(&directory.path().join("floor.sqlite"))?;
    load.compare("SQLite", rows.router(), service.router()).await?;
    service.drain(Duration::from_secs(5)).await;
    store.close().await;

    let schema = schema::Schema::new("engine_bench_webhooks").await?;
    let store = PostgresStore::open(PostgresOptions::new(schema::url()).schema(schema.name())).await?;
    let service = stored(Stores::of(&Arc::new(store.clone()))).await?;
    let rows = rows::postgres(&schema).await?;
    load.compare("Postgres", rows.router(), service.router()).await?;
    service.drain(Duration::from_secs(5)).await;
    store.close().await;
    schema.drop().await
}

fn engine() -> Engine {
    Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry()).build()
}

/// A service on these stores, with the workflow saved and active.
async fn stored(stores: Stores) -> Result<Service, Failure> {
    let mut config = Config::default();
    config.stores = Some(stores.clone());
    let service = Service::new(engine(), config);
    let save = SaveWorkflow {
        id: "a".into(),
        tenant: TenantId::default(),
        expected: None,
        name: "A".to_owned(),
        definition: Workflow::from_json(WORKFLOW)?.to_json(),
        author: None,
        labels: None,
    };
    let saved = stores.workflows.save_workflow(save).await?;
    service.worker().activate(&saved.tenant, &saved.id, saved.version).await?;
    service.restore().await?;
    Ok(service)
}

/// How to call.
struct Load {
    connections: String,
    seconds: String,
    script: PathBuf,
}

impl Load {
    /// Lets a floor and a subject take turns.
    async fn compare(&self, name: &str, floor: Router, subject: Router) -> Result<(), Failure> {
        let (floor, subject) = (listen(floor).await?, listen(subject).await?);
        let (mut ratios, mut own) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let mut rates = Vec::new();
            for address in [floor, subject] {
                rates.push(measure(address, &self.connections, &self.seconds, &self.script).await?);
            }
            let ratio = rates[1] / rates[0];
            eprintln!("{name}: floor {:.0}/s, webhook {:.0}/s, ratio {ratio:.2}", rates[0], rates[1]);
            ratios.push(ratio);
            own.push(rates[1]);
        }
        ratios.sort_by(f64::total_cmp);
        own.sort_by(f64::total_cmp);
        eprintln!("{name}, {} connections: median ratio {:.2}", self.connections, ratios[1]);
        let half = format!("{:.0}", own[1] / 2.0);
        for (who, address) in [("floor", floor), ("webhook", subject), ("floor", floor), ("webhook", subject)] {
            let mut pace = Command::new(std::env::current_exe()?);
            pace.args(["pace", &address.to_string(), &half, &self.connections, &self.seconds]);
            let output = tokio::task::spawn_blocking(move || pace.output()).await??;
            let (told, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            eprintln!("{name}, half of the webhook's rate, {who}: {}{}", told.trim(), failed.trim());
        }
        Ok(())
    }
}

/// `pace ADDRESS RATE CONNECTIONS SECONDS`
fn keep_pace(arguments: &[String]) -> Result<(), Failure> {
    let [address, rate, connections, seconds] = arguments else { return Err("pace ADDRESS RATE CONNECTIONS SECONDS".into()) };
    let pace = pace::Pace { address: address.parse()?, rate: rate.parse()?, connections: connections.parse()?, seconds: seconds.parse()? };
    let request =
        format!("POST /webhook/a HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len());
    let latency = pace.keep(&request)?;
    std::io::Write::write_all(&mut std::io::stdout(), format!("{latency}\n").as_bytes())?;
    Ok(())
}

async fn listen(router: Router) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    drop(tokio::spawn(axum::serve(listener, router).into_future()));
    Ok(address)
}

/// What nobody can do without: parse, compute, answer.
async fn floor(body: Bytes) -> Response {
    reply(&body)
}

fn reply(body: &Bytes) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let total = body["price"].as_f64().unwrap_or_default() * body["count"].as_f64().unwrap_or_default();
    let answer = json!({"total": total, "name": body["name"]});
    ([("content-type", "application/json")], answer.to_string()).into_response()
}

async fn measure(address: SocketAddr, connections: &str, seconds: &str, script: &Path) -> Result<f64, Failure> {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c", connections, "-d", seconds, "--latency", "-s"]).arg(script).arg(format!("http://{address}/webhook/a"));
    let output = tokio::task::spawn_blocking(move || wrk.output()).await??;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |name: &str| text.lines().find(|line| line.trim().starts_with(name)).unwrap_or_default().trim().to_owned();
    eprintln!("  {} | {} | {}", line("50%"), line("99%"), line("Non-2xx"));
    let rate = line("Requests/sec:");
    Ok(rate.split_whitespace().last().and_then(|rate| rate.parse().ok()).ok_or("wrk gave no rate")?)
}
