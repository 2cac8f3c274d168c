//! `engine validate FILE...`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use engine_core::problem::{Problem, ProblemCode, Severity};
use engine_core::{Engine, Workflow};
use serde_json::json;

use crate::session::Session;
use crate::{BAD_INPUT, Output, files, setup};

/// Checks workflow files or folders and prints every problem.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Workflow files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

struct Checked {
    file: PathBuf,
    problems: Vec<Problem>,
}

impl Checked {
    fn runs(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }
}

impl Validate {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let runtime = setup::runtime()?;
        let _context = runtime.enter();
        let engine = setup::engine(None, session)?;
        let checked = files::workflows(&self.paths)?.into_iter().map(|file| check(&engine, file)).collect::<anyhow::Result<Vec<_>>>()?;
        match self.output {
            Output::Json => print_json(&checked),
            Output::Text => print_text(&checked, self.paths.iter().any(|path| path.is_dir())),
        }
        Ok(if checked.iter().all(Checked::runs) { ExitCode::SUCCESS } else { ExitCode::from(BAD_INPUT) })
    }
}

fn check(engine: &Engine, file: PathBuf) -> anyhow::Result<Checked> {
    let text = std::fs::read_to_string(&file).with_context(|| format!("{} could not be read", file.display()))?;
    let problems = match Workflow::from_json(&text).map(|workflow| engine.compile_with_warnings(workflow)) {
        Ok(Ok(compiled)) => compiled.warnings,
        Ok(Err(problems)) | Err(problems) => problems.into_vec(),
    };
    Ok(Checked { file, problems })
}

fn print_json(checked: &[Checked]) {
    let files: Vec<_> = checked.iter().map(|each| json!({"file": each.file, "runs": each.runs(), "problems": each.problems})).collect();
    setup::print_json(&json!({"files": files}));
}

fn print_text(checked: &[Checked], summary: bool) {
    for each in checked {
        for problem in &each.problems {
            setup::print_line(&format!("{}: {problem}", each.file.display()));
        }
    }
    let running = checked.iter().filter(|each| each.runs()).count();
    setup::print_line(&format!("{running} of {} workflows run", checked.len()));
    if summary {
        print_missing(checked);
    }
}

/// What is missing, by kind of problem and message, most frequent first.
fn print_missing(checked: &[Checked]) {
    let mut missing: BTreeMap<(ProblemKind, &str), usize> = BTreeMap::new();
    for problem in checked.iter().flat_map(|each| &each.problems).filter(|problem| problem.severity == Severity::Error) {
        *missing.entry((ProblemKind(problem.code), &problem.message)).or_default() += 1;
    }
    let mut rows: Vec<_> = missing.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((kind, message), count) in rows {
        setup::print_line(&format!("{count:>6}  {:<22} {message}", kind.0.as_str()));
    }
}

/// A code, ordered by its text.
#[derive(PartialEq, Eq)]
struct ProblemKind(ProblemCode);

impl Ord for ProblemKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

impl PartialOrd for ProblemKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
