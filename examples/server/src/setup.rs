//! The engine that the commands use, and how they read and write.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use engine_core::model::Timestamp;
use engine_core::observer::Observer;
use engine_core::runtime::TokioRuntime;
use engine_core::{Engine, Workflow};
use engine_nodes::js::{JsEngine, JsLimits};
use serde_json::Value;

use crate::permissions::Permissions;
use crate::session::Session;

/// A tokio runtime for a command that runs one thing.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("the async runtime could not be started")
}

/// An engine in memory, with all built-in nodes. Must be called on the runtime.
pub(crate) fn engine(observer: Option<Arc<dyn Observer>>, session: &Session) -> anyhow::Result<Engine> {
    let nodes = engine_nodes::registry_with(&Permissions::load(&session.sources())?.node_settings());
    let builder = Engine::builder().runtime(TokioRuntime::current()).nodes(nodes);
    let builder = match observer {
        Some(observer) => builder.observer(observer),
        None => builder,
    };
    Ok(builder.script_engine(Arc::new(JsEngine::default())).build())
}

/// What evaluates expressions whose values are shown: what JSON cannot hold (`NaN`, dates) comes out marked.
pub(crate) fn showing_script_engine() -> JsEngine {
    JsEngine::with_marked_values(JsLimits::default())
}

/// Reads a workflow file; its problems are the error.
pub(crate) fn read_workflow(path: &Path) -> anyhow::Result<Workflow> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    Workflow::from_json(&text).with_context(|| format!("{} is no workflow", path.display()))
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    Timestamp::EPOCH.after(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// Prints a line on standard output. A reader who has gone is no error.
pub(crate) fn print_line(line: &str) {
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "{line}"));
}

/// Prints a line on standard error. A reader who has gone is no error.
pub(crate) fn complain(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Prints lines on a thread of its own: a server does not wait for whoever should read them.
pub(crate) fn printer() -> impl Fn(&str) + Sync {
    let (lines, printed) = std::sync::mpsc::channel::<String>();
    drop(std::thread::spawn(move || printed.iter().for_each(|line| print_line(&line))));
    move |line: &str| drop(lines.send(line.to_owned()))
}

/// Prints JSON in one line on standard output.
pub(crate) fn print_json(value: &Value) {
    print_line(&value.to_string());
}
