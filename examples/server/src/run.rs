//! `engine run FILE`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use engine_core::Start;
use engine_core::driver::{ExecutionResult, Outcome, Parking};
use engine_core::format::batch_from_json;
use engine_core::model::Batch;
use engine_core::observer::Observer;
use engine_core::problem::Problems;
use engine_core::state::ExecutionStatus;

use crate::progress::Progress;
use crate::session::Session;
use crate::{BAD_INPUT, Output, setup};

/// Runs a workflow file to its end and prints what each node gave.
///
/// Exit code 0 when it succeeded or waits, 1 when it failed, 2 when the input cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The workflow: the engine's own format or an n8n export.
    file: PathBuf,
    /// Items for the start node: a JSON file with a list of objects.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Node to start at instead of the first trigger.
    #[arg(long)]
    start: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// A wait for longer than this ends the command: the execution is reported as waiting. n8n's bound between waiting in memory and in the database.
const LONGEST_WAIT: Duration = Duration::from_secs(65);

impl Run {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        setup::runtime()?.block_on(self.run(session))
    }

    async fn run(self, session: &Session) -> anyhow::Result<ExitCode> {
        let workflow = setup::read_workflow(&self.file)?;
        let progress = Arc::new(Progress::new());
        let observer: Arc<dyn Observer> = Arc::<Progress>::clone(&progress);
        let engine = setup::engine(Some(observer), session)?;
        let compiled = match engine.compile_with_warnings(workflow) {
            Ok(compiled) => compiled,
            Err(problems) => {
                eprintln!("{}: the workflow cannot run\n{problems}", self.file.display());
                if self.output == Output::Json {
                    setup::print_json(&refused(&problems));
                }
                return Ok(ExitCode::from(BAD_INPUT));
            }
        };
        for warning in compiled.warnings.iter().filter(|_| self.output == Output::Text) {
            eprintln!("{warning}");
        }
        let mut start = match &self.input {
            Some(path) => Start::new(read_items(path)?),
            None => Start::default(),
        };
        if let Some(node) = &self.start {
            start = start.at(node);
        }
        let outcome = engine.run_until(&compiled.plan, start, Parking::After(LONGEST_WAIT)).await.map_err(|error| anyhow!(error))?;
        progress.finish();
        let result = match outcome {
            Outcome::Ended(result) => result,
            Outcome::Parked(parked) => parked.result,
        };
        match self.output {
            Output::Json => setup::print_json(&result.to_json()),
            Output::Text => print_text(&result),
        }
        let fine = matches!(result.status(), ExecutionStatus::Success | ExecutionStatus::Waiting);
        Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What is printed of a workflow that does not run: the form of an execution that failed before its first node.
fn refused(problems: &Problems) -> serde_json::Value {
    let message = format!("the workflow cannot run\n{problems}");
    serde_json::json!({"status": "error", "error": {"message": message, "problems": problems.as_slice()}, "order": [], "nodes": {}})
}

fn read_items(path: &Path) -> anyhow::Result<Batch> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    let value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    batch_from_json(value).with_context(|| format!("{} holds no items", path.display()))
}

fn print_text(result: &ExecutionResult) {
    for node in result.nodes() {
        for (number, run) in node.runs.iter().enumerate() {
            let counts: Vec<String> = run.outputs.iter().map(|output| output.items.len().to_string()).collect();
            let run_number = if node.runs.len() > 1 { format!(" (run {number})") } else { String::new() };
            let took = run.finished.since(run.started);
            setup::print_line(&format!("{}{run_number}: {:?}, items {}, {took:?}", node.name, run.status, counts.join("/")));
        }
    }
    for item in result.last_outputs().iter().flat_map(|items| items.iter()) {
        setup::print_line(&serde_json::Value::Object(item.json().clone()).to_string());
    }
    match result.error() {
        Some(error) => setup::print_line(&format!("{}: {error}", result.status().as_str())),
        None => setup::print_line(result.status().as_str()),
    }
}
