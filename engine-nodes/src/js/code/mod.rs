//! The code of Code nodes: whole programs with `await`, a console, timers, and the helpers that their host grants.
//!
//! A program runs on the threads of the engine, in a realm of its own for as long as it runs. What takes time (timers, requests, files) is done
//! outside: the program stops at its `await`, gives its thread back, and goes on when the host is done.

mod drive;
mod host;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use engine_core::expression::{ExpressionErrorKind, Scope};
use engine_core::model::{Binary, Json};
use serde_json::Value;

pub(super) use drive::{CodeRealm, line_of, run};
pub use host::{HostError, NoHost, ScriptHost};
pub(super) use state::{Operation, RunState};

/// The compiled code of a node.
#[derive(Debug)]
pub struct CodeProgram {
    /// The code in the function that it is the body of; the code begins on the second line.
    pub(super) source: String,
}

impl CodeProgram {
    /// The names are those that the code assigns without declaring them; they are declared for it.
    pub(super) fn new(code: &str, undeclared: BTreeSet<String>) -> Self {
        let names: Vec<String> = undeclared.into_iter().filter(|name| !KNOWN_NAMES.contains(&name.as_str()) && !name.starts_with('$')).collect();
        let variables = if names.is_empty() { String::new() } else { format!("var {};", names.join(",")) };
        Self { source: format!("(async function(){{{variables}\n{code}\n}})") }
    }
}

/// Global names of the surroundings that code may assign to.
const KNOWN_NAMES: &[&str] = &[
    "items",
    "item",
    "luxon",
    "DateTime",
    "Duration",
    "Interval",
    "getWorkflowStaticData",
    "getNodeStaticData",
    "helpers",
    "console",
    "require",
    "process",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "clearTimeout",
    "clearInterval",
    "clearImmediate",
    "queueMicrotask",
    "Buffer",
    "URL",
    "URLSearchParams",
    "TextEncoder",
    "TextDecoder",
    "atob",
    "btoa",
    "structuredClone",
    "crypto",
    "globalThis",
];

/// How often the code is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeMode {
    /// Once, for all items together.
    AllItems,
    /// Once for each item, one after the other.
    EachItem,
}

/// A run of a program.
pub struct CodeRun {
    /// What the code can ask of the execution; its item index is only the first.
    pub scope: Arc<dyn Scope>,
    /// How often it is run.
    pub mode: CodeMode,
    /// `item` is the JSON of the item, as in the Function nodes of old.
    pub legacy: bool,
    /// In [`CodeMode::EachItem`], the items after one that failed are run as well.
    pub continues_on_error: bool,
    /// In [`CodeMode::EachItem`], how many items it is run for at most: one with `executeOnce`, though the code sees them all.
    pub most_items: usize,
    /// The static data of the workflow and of the node.
    pub static_data: StaticData,
    /// What does the work that takes time.
    pub host: Arc<dyn ScriptHost>,
}

/// Static data: what outlives executions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StaticData<T = Json> {
    /// The workflow's.
    pub global: T,
    /// The node's own.
    pub node: T,
}

/// What a run gave.
#[derive(Debug)]
pub struct CodeOutcome {
    /// What each call of the code returned: one value, or one for each item.
    pub values: Vec<Result<Option<Value>, CodeError>>,
    /// Lines that were written on the console.
    pub logs: Vec<LogLine>,
    /// Static data that was changed.
    pub static_data: StaticData<Option<Json>>,
    /// Files that items of the result may name by `id`: those that the code was shown, and those that it made.
    pub binaries: Vec<(String, Binary)>,
}

/// A line of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How serious it is: `debug`, `info`, `warn` or `error`.
    pub level: LogSeverity,
    /// The text.
    pub text: String,
}

/// How serious a line of the console is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSeverity {
    /// `console.debug`.
    Debug,
    /// `console.log`.
    Info,
    /// `console.warn`.
    Warn,
    /// `console.error`.
    Error,
}

/// Why code failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", line.map(|line| format!(" [line {line}]")).unwrap_or_default())]
pub struct CodeError {
    /// What went wrong.
    pub message: String,
    /// The line of the code, from 1, where it is known.
    pub line: Option<u32>,
    /// A longer explanation, where the error has one.
    pub description: Option<String>,
    /// The kind of the error, when the engine made it: a limit, or a question to the execution that has no answer.
    pub kind: Option<ExpressionErrorKind>,
}

impl CodeError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), line: None, description: None, kind: None }
    }

    pub(super) fn limit(message: impl Into<String>) -> Self {
        Self { kind: Some(ExpressionErrorKind::Limit), ..Self::new(message) }
    }
}

impl std::fmt::Debug for CodeRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeRun").field("mode", &self.mode).field("legacy", &self.legacy).finish_non_exhaustive()
    }
}
