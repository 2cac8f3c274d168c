//! `engine eval`.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use engine_core::expression::{ExecutionFacts, Facts, FixedScope, NodeFacts, ScriptEngine, Template, WorkflowFacts};
use engine_core::format::batch_from_json;
use engine_core::model::{Batch, Item, Json, NodeVersion};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::setup;

/// Evaluates an expression, or one for each line of standard input.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// The expression, with or without a leading `=`; a text without `{{` is taken as code.
    #[arg(required_unless_present = "batch")]
    expression: Option<String>,
    /// The items that it sees, as a JSON list of objects; the first is at hand.
    #[arg(long, default_value = "[{}]")]
    items: String,
    /// Reads JSON lines `{"id", "expression", "items", "item_index", "timezone"?, "node"?, "execution"?, "vars"?, "workflow"?}` and prints `{"id", "value"}` or `{"id", "error"}`.
    #[arg(long, conflicts_with = "expression")]
    batch: bool,
}

/// A line of a batch.
#[derive(Debug, Deserialize)]
struct Line {
    id: Value,
    expression: String,
    #[serde(default)]
    items: Value,
    #[serde(default)]
    item_index: usize,
    timezone: Option<String>,
    #[serde(default)]
    node: NodeLine,
    #[serde(default)]
    execution: ExecutionLine,
    #[serde(default)]
    vars: Json,
    #[serde(default)]
    workflow: WorkflowLine,
}

#[derive(Debug, Default, Deserialize)]
struct NodeLine {
    #[serde(default)]
    name: String,
    #[serde(default)]
    parameters: Json,
}

#[derive(Debug, Default, Deserialize)]
struct ExecutionLine {
    #[serde(default)]
    id: String,
    #[serde(default)]
    mode: String,
}

#[derive(Debug, Default, Deserialize)]
struct WorkflowLine {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    active: bool,
}

impl Eval {
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        let runtime = setup::runtime()?;
        let engine = setup::showing_script_engine();
        if self.batch {
            return runtime.block_on(batch(&engine));
        }
        let text = self.expression.unwrap_or_default();
        let source = if text.contains("{{") { text.strip_prefix('=').unwrap_or(&text).to_owned() } else { format!("{{{{ {text} }}}}") };
        let items = serde_json::from_str(&self.items).context("--items is no JSON")?;
        let scope = FixedScope::new(batch_from_json(items).context("--items holds no items")?).at_time(setup::now());
        let template = match Template::compile(&source, Some(&engine)) {
            Ok(template) => template,
            Err(error) => bail!("{error}"),
        };
        match runtime.block_on(template.evaluate(&scope)) {
            Ok(value) => {
                setup::print_line(&value.map_or_else(|| "undefined".to_owned(), |value| value.to_string()));
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                eprintln!("engine: {error}");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

async fn batch(engine: &dyn ScriptEngine) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, text) in std::io::stdin().lock().lines().enumerate() {
        let text = text.context("standard input could not be read")?;
        if text.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&text).with_context(|| format!("line {} is no JSON of the form that --help shows", number + 1))?;
        writeln!(stdout, "{}", evaluate(line, engine).await).context("standard output could not be written")?;
    }
    stdout.flush().context("standard output could not be written")?;
    Ok(ExitCode::SUCCESS)
}

async fn evaluate(line: Line, engine: &dyn ScriptEngine) -> Value {
    let id = line.id.clone();
    let Some(source) = line.expression.strip_prefix('=').map(str::to_owned) else {
        return json!({"id": id, "value": line.expression});
    };
    let scope = match scope(line) {
        Ok(scope) => scope,
        Err(error) => return json!({"id": id, "error": error.to_string()}),
    };
    let value = match Template::compile(&source, Some(engine)) {
        Ok(template) => template.evaluate(&scope).await,
        Err(error) => Err(error),
    };
    match value {
        Ok(Some(value)) => json!({"id": id, "value": value}),
        Ok(None) => json!({"id": id, "value": {"$undefined": true}}),
        Err(error) => json!({"id": id, "error": error.to_string()}),
    }
}

fn scope(line: Line) -> anyhow::Result<FixedScope> {
    let items: Batch = match line.items {
        Value::Null => Batch::EMPTY,
        Value::Array(values) => values.into_iter().map(Item::from_value).collect(),
        single => batch_from_json(single)?,
    };
    let text = |text: &str, default: &str| -> Arc<str> { if text.is_empty() { default.into() } else { text.into() } };
    let mode = text(&line.execution.mode, "test");
    let facts = Facts {
        workflow: WorkflowFacts { id: line.workflow.id.as_str().into(), name: line.workflow.name.as_str().into(), active: line.workflow.active },
        execution: ExecutionFacts { id: text(&line.execution.id, "1"), mode, ..ExecutionFacts::default() },
        node: NodeFacts {
            name: text(&line.node.name, "node"),
            version: Some(NodeVersion::ONE),
            parameters: Arc::new(line.node.parameters),
            ..NodeFacts::default()
        },
        variables: Arc::new(line.vars),
        time_zone: line.timezone.as_deref().unwrap_or("America/New_York").into(),
    };
    // The items are taken to come from a node called `Prev`, so that `$('Prev')` and `$node["Prev"]` can be tried out.
    Ok(FixedScope::new(items).coming_from("Prev").at(line.item_index).with_facts(facts).at_time(setup::now()))
}
