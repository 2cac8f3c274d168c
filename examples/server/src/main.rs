//! `engine`: the workflow engine as a program.
//!
//! `run` executes a workflow file, `serve` serves a folder of them over HTTP, `validate` checks files, `nodes` lists node types, `eval` evaluates expressions.

mod eval;
mod nodes;
mod permissions;
mod progress;
mod run;
mod serve;
mod setup;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs, checks and serves workflows.
#[derive(Debug, Parser)]
#[command(name = "engine", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a workflow file to its end and prints what each node gave.
    Run(run::Run),
    /// Serves webhooks and the API.
    Serve(serve::Serve),
    /// Checks workflow files or folders and prints every problem.
    Validate(validate::Validate),
    /// Lists the node types.
    Nodes(nodes::Nodes),
    /// Evaluates an expression, or one for each line of standard input.
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

/// The exit code for input that cannot be used; 1 is for an execution that failed.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Run(run) => run.execute(),
        Command::Serve(serve) => serve.execute(),
        Command::Validate(validate) => validate.execute(),
        Command::Nodes(nodes) => nodes.execute(),
        Command::Eval(eval) => eval.execute(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("engine: {error:#}");
        ExitCode::from(BAD_INPUT)
    })
}
