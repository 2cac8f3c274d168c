//! `engine`: the workflow engine as a program.
//!
//! [`settings`] reads the configuration, [`storage`] opens the stores that it names, [`engine`] puts engine and service together; the other modules are commands, and
//! what several of them need.

#![forbid(unsafe_code)]

mod backup;
#[cfg(feature = "object-store")]
mod bucket;
mod configuration;
mod data;
mod engine;
mod eval;
mod export;
mod files;
mod health;
mod import;
mod keys;
mod listeners;
mod log;
mod migrate;
mod nodes;
mod open_files;
mod permissions;
mod progress;
mod run;
mod serve;
mod session;
mod settings;
mod setup;
mod storage;
mod telemetry;
mod users;
mod validate;
mod worker;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::session::Session;

/// The workflow engine: serves, runs and checks workflows.
///
/// Settings come from the environment, from `.env` and `engine.toml` in the working directory, and are listed in docs/CONFIGURATION.md; `engine config check` shows
/// what is in effect. Exit codes: 0 done, 1 it failed, 2 the input or the configuration cannot be used.
#[derive(Debug, Parser)]
#[command(name = "engine", version, about, arg_required_else_help = true)]
struct Cli {
    /// Configuration file, instead of ./engine.toml or what `ENGINE_CONFIG` names.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Worker(worker::Work),
    Migrate(migrate::Migrate),
    Import(import::Import),
    Export(export::Export),
    Workflow(workflows::Workflows),
    User(users::Users),
    Key(keys::Keys),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Config(configuration::Configuration),
    Health(health::Health),
    Run(run::Run),
    Validate(validate::Validate),
    Nodes(nodes::Nodes),
    Eval(eval::Eval),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs; nothing else is printed on standard output.
    Json,
}

/// The exit code for input that cannot be used; 1 is for what was tried and failed.
const BAD_INPUT: u8 = 2;

/// Executions are many small pieces of memory that live briefly and often end on another thread than where they began: this allocator is made for that.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let session = Session { file: cli.config };
    let result = match cli.command {
        Command::Serve(serve) => serve.execute(&session),
        Command::Worker(work) => work.execute(&session),
        Command::Migrate(migrate) => migrate.execute(&session),
        Command::Import(import) => import.execute(&session),
        Command::Export(export) => export.execute(&session),
        Command::Workflow(workflows) => workflows.execute(&session),
        Command::User(users) => users.execute(&session),
        Command::Key(keys) => keys.execute(&session),
        Command::Backup(backup) => backup.execute(&session),
        Command::Restore(restore) => restore.execute(&session),
        Command::Config(configuration) => configuration.execute(&session),
        Command::Health(health) => health.execute(&session),
        Command::Run(run) => run.execute(&session),
        Command::Validate(validate) => validate.execute(&session),
        Command::Nodes(nodes) => nodes.execute(),
        Command::Eval(eval) => eval.execute(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("engine: {error:#}");
        ExitCode::from(BAD_INPUT)
    })
}
