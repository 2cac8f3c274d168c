//! Reading the files, and those that stand alone.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{check_command, check_variables};

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("deploy/{name}: {error}"))
}

/// The documents of a YAML file, with merged keys in their places.
pub(crate) fn yaml(name: &str) -> Vec<Value> {
    let text = text(name);
    let documents = serde_norway::Deserializer::from_str(&text).map(|document| {
        let mut value = serde_norway::Value::deserialize(document).unwrap_or_else(|error| panic!("deploy/{name}: {error}"));
        value.apply_merge().unwrap_or_else(|error| panic!("deploy/{name}: {error}"));
        serde_json::to_value(value).unwrap_or_else(|error| panic!("deploy/{name}: {error}"))
    });
    documents.collect()
}

/// All files below a folder of deploy/, by their paths within deploy/.
fn all(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path(folder)).unwrap().map(Result::unwrap) {
        let name = format!("{folder}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(all(&format!("{name}/")));
        } else {
            found.push(name);
        }
    }
    found
}

#[test]
fn every_file_of_yaml_and_json_can_be_read() {
    let files = all("");
    let of_kind = |kinds: &'static [&str]| files.iter().filter(move |file| file.rsplit('.').next().is_some_and(|kind| kinds.contains(&kind)));
    for file in of_kind(&["yaml", "yml"]) {
        assert!(yaml(file).iter().all(Value::is_object), "{file} holds something that is no mapping");
    }
    for file in of_kind(&["json"]) {
        serde_json::from_str::<Value>(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    assert!(files.len() > 10, "{files:?}");
}

/// Breaks when a pattern that is meant for data, such as `**/data`, leaves sources out: the image cannot be built then.
#[test]
fn the_build_of_the_image_sees_all_sources() {
    fn names(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            found.push(entry.file_name().to_string_lossy().into_owned());
            if entry.path().is_dir() {
                names(&entry.path(), found);
            }
        }
    }
    let root = path("..");
    let mut sources = Vec::new();
    for package in ["engine-core", "engine-http", "engine-nodes", "engine-store-sqlx", "examples/server"] {
        names(&root.join(package).join("src"), &mut sources);
        sources.push(package.to_owned());
    }
    names(&root.join("engine-store-sqlx/migrations"), &mut sources);
    for name in text("Dockerfile.dockerignore").lines().filter_map(|line| line.strip_prefix("**/")) {
        let fits = |source: &&String| *source == name || name.contains('*') && name.split('*').all(|part| source.contains(part));
        assert_eq!(sources.iter().find(fits), None, "**/{name} leaves it out");
    }
    assert!(sources.len() > 100, "{sources:?}");
}

#[test]
fn the_image_runs_commands_and_variables_that_exist() {
    let file = text("Dockerfile");
    let instruction = |word: &str| {
        let joined = file.replace("\\\n", " ");
        let lines: Vec<String> = joined.lines().filter_map(|line| line.strip_prefix(word)).map(|line| line.trim().to_owned()).collect();
        lines.last().cloned().unwrap_or_else(|| panic!("the Dockerfile has no {word}"))
    };
    let settings = instruction("ENV ");
    let settings: Vec<(&str, &str)> = settings.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
    check_variables("Dockerfile", settings.iter().map(|(name, _)| *name));
    let listen = settings.iter().find(|(name, _)| *name == "ENGINE_LISTEN").unwrap().1;
    assert_eq!(crate::port(&json!(listen)).to_string(), instruction("EXPOSE "));
    check_command("Dockerfile", &serde_json::from_str(&instruction("CMD ")).unwrap());
    let health = instruction("HEALTHCHECK ");
    let health: Vec<Value> = serde_json::from_str(health.split_once("CMD ").unwrap().1).unwrap();
    let entry: Vec<Value> = serde_json::from_str(&instruction("ENTRYPOINT ")).unwrap();
    assert_eq!(health[0], entry[0]);
    check_command("Dockerfile", &json!(health[1..]));
    assert!(instruction("FROM ").ends_with(":nonroot"), "the image runs as a user without rights");
    let features = file.split_once("--features ").unwrap().1.split_whitespace().next().unwrap();
    let manifest = include_str!("../../Cargo.toml");
    assert!(features.split(',').all(|feature| manifest.contains(&format!("\n{feature} = ["))), "{features}");
}
