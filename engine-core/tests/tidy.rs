//! House rules that no lint can hold: file length, module names, sleeps in tests, doc examples, error pages.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// All Rust files of the workspace, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> =
        ["engine-core", "engine-nodes", "engine-store-sqlx", "engine-http", "examples", "benches"].iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = pending.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 50, "the workspace has more files than {}", found.len());
    found
}

/// The files for which `broken` says why, one line each.
fn check(broken: impl Fn(&Path, &str) -> Option<String>) {
    let lines: Vec<String> = sources().iter().filter_map(|(path, text)| Some(format!("{}: {}", path.display(), broken(path, text)?))).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn files_have_at_most_500_lines() {
    check(|_, text| Some(text.lines().count()).filter(|lines| *lines > 500).map(|lines| format!("{lines} lines")));
}

#[test]
fn no_module_is_a_drawer() {
    check(|path, _| {
        let drawer = path
            .iter()
            .find(|part| ["util", "utils", "helper", "helpers", "common", "misc"].contains(&part.to_string_lossy().trim_end_matches(".rs")))?;
        Some(format!("{} says nothing about what is in it", drawer.to_string_lossy()))
    });
}

#[test]
fn no_doc_example_is_ignored() {
    check(|_, text| {
        let ignored = |line: &&str| line.trim_start().starts_with("//") && line.contains("```") && line.contains("ignore");
        text.lines().find(ignored).map(str::to_owned)
    });
}

#[test]
fn no_test_sleeps() {
    check(|path, text| {
        let is_test = path.iter().any(|part| part == "tests") && !path.ends_with("tidy.rs");
        is_test
            .then(|| text.lines().find(|line| line.contains("thread::sleep(") || line.contains("tokio::time::sleep(")))
            .flatten()
            .map(str::to_owned)
    });
}

#[test]
fn no_sql_is_put_together_from_text() {
    check(|path, text| {
        // Merge by SQL asks a database of its own, in memory, and the workflow writes the question.
        if path.ends_with("tidy.rs") || path.components().any(|part| part.as_os_str() == "merge") {
            return None;
        }
        let put_together =
            |line: &&str| ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|verb| line.contains(&format!("format!(\"{verb}")));
        text.lines().find(put_together).map(str::to_owned)
    });
}
