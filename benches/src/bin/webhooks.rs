//! Webhook workload A (webhook, set two fields, if, answer) beside a bare axum handler that parses and answers the same JSON. Needs `wrk`.
//!
//! `cargo run --release -p engine-benches --bin webhooks [connections] [seconds]`

use std::net::SocketAddr;
use std::process::Command;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use engine_core::runtime::TokioRuntime;
use engine_core::{Engine, Workflow};
use engine_http::{Config, Service};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const WORKFLOW: &str = include_str!("webhook_a.json");
const BODY: &str = r#"{"price": 3, "count": 5, "name": "Ada"}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let connections = arguments.next().unwrap_or_else(|| "32".to_owned());
    let seconds = arguments.next().unwrap_or_else(|| "5".to_owned());
    let script = std::env::temp_dir().join("webhooks.lua");
    std::fs::write(&script, format!("wrk.method = 'POST'\nwrk.body = '{BODY}'\nwrk.headers['content-type'] = 'application/json'\n"))?;
    let engine = Engine::builder().runtime(TokioRuntime::current()).nodes(engine_nodes::registry()).build();
    let service = Service::new(engine, Config::default());
    service.activate(Workflow::from_json(WORKFLOW)?)?;
    let floor = listen(Router::new().route("/webhook/a", post(floor))).await?;
    let subject = listen(service.router()).await?;
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let mut rates = Vec::new();
        for address in [floor, subject] {
            rates.push(measure(address, &connections, &seconds, &script).await?);
        }
        let ratio = rates[1] / rates[0];
        eprintln!("floor {:.0}/s, webhook {:.0}/s, ratio {ratio:.2}", rates[0], rates[1]);
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    eprintln!("{connections} connections: median ratio {:.2}", ratios[1]);
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
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let total = body["price"].as_f64().unwrap_or_default() * body["count"].as_f64().unwrap_or_default();
    let answer = json!({"total": total, "name": body["name"]});
    ([("content-type", "application/json")], answer.to_string()).into_response()
}

async fn measure(address: SocketAddr, connections: &str, seconds: &str, script: &std::path::Path) -> Result<f64, Box<dyn std::error::Error>> {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c", connections, "-d", seconds, "--latency", "-s"]).arg(script).arg(format!("http://{address}/webhook/a"));
    let output = tokio::task::spawn_blocking(move || wrk.output()).await??;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |name: &str| text.lines().find(|line| line.trim().starts_with(name)).unwrap_or_default().trim().to_owned();
    eprintln!("  {} | {} | {}", line("50%"), line("99%"), line("Non-2xx"));
    let rate = line("Requests/sec:");
    Ok(rate.split_whitespace().last().and_then(|rate| rate.parse().ok()).ok_or("wrk gave no rate")?)
}
