//! The files in deploy/: that they can be read, name only what exists, and fit together.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod compose;
mod dashboard;
mod files;
mod kubernetes;

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The program's output for arguments that make nothing.
fn engine(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_engine")).args(arguments).env_clear().output().unwrap();
    assert!(output.status.success(), "engine {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// All variables that the program knows.
fn variables() -> BTreeSet<String> {
    let table = engine(&["config", "table"]);
    let names = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    names.flat_map(|name| [name.to_owned(), format!("{name}_FILE")]).collect()
}

/// Fails when a file sets a variable that the program does not know.
fn check_variables<'a>(file: &str, names: impl IntoIterator<Item = &'a str>) {
    let known = variables();
    let unknown: Vec<_> = names.into_iter().filter(|name| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "{file} sets {unknown:?}, which docs/CONFIGURATION.md does not list");
}

/// Fails when the program has no such command.
fn check_command(file: &str, arguments: &Value) {
    let words: Vec<&str> = arguments.as_array().unwrap_or_else(|| panic!("{file}: {arguments}")).iter().filter_map(Value::as_str).collect();
    engine(&[words.as_slice(), &["--help"]].concat());
}

/// The port at the end of an address.
fn port(address: &Value) -> u64 {
    let text = address.as_str().unwrap_or_else(|| panic!("{address} is no address"));
    text.rsplit(':').next().unwrap().parse().unwrap_or_else(|_| panic!("{text} has no port"))
}

/// A span such as `30s`.
fn seconds(span: &Value) -> u64 {
    span.as_str().and_then(|text| text.strip_suffix('s')).unwrap_or_else(|| panic!("{span}")).parse().unwrap()
}
