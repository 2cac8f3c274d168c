//! `engine nodes`.

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Args;
use engine_core::model::NodeKind;
use engine_core::node::NodeRegistry;
use engine_core::schema::{Effect, NodeSchema};
use serde_json::{Value, json};

use crate::setup;

/// Lists the node types.
#[derive(Debug, Args)]
pub(crate) struct Nodes {
    /// How the list is printed; JSON holds the whole schemas, Markdown is docs/NODES.md.
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

/// How the list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs: the whole schemas.
    Json,
    /// The table of docs/NODES.md.
    Markdown,
}

impl Nodes {
    #[expect(clippy::unnecessary_wraps, reason = "all commands have one shape")]
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        let registry = engine_nodes::registry();
        match self.output {
            Form::Json => setup::print_json(&json!(registry.schemas().collect::<Vec<_>>())),
            Form::Markdown => setup::print_line(markdown(&registry).trim_end()),
            Form::Text => {
                for schema in registry.schemas() {
                    setup::print_line(&format!("{:<26} {:<20} {}", schema.kind.as_str(), versions(schema), aliases(schema).join(" ")));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn versions(schema: &NodeSchema) -> String {
    schema.versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn aliases(schema: &NodeSchema) -> Vec<&str> {
    schema.aliases.iter().map(NodeKind::as_str).collect()
}

const HEAD: &str = "\
# Node types

Made by `engine nodes --output markdown` from the registry of the server, which has all built-in nodes; a test holds this page to it. *Feature* is the feature of `engine-nodes` that a program needs for the node. *Effect* decides what is durable before the node runs and what happens to it after a crash: a pure node is run again, an idempotent one too, an effectful one counts as interrupted where it may run at most once.

| type | what it does | n8n's name | versions | group | effect | feature |
|---|---|---|---|---|---|---|
";

/// The page about the node types.
fn markdown(registry: &NodeRegistry) -> String {
    let features: HashMap<NodeKind, &str> =
        engine_nodes::kinds_by_feature().into_iter().flat_map(|(feature, kinds)| kinds.into_iter().map(move |kind| (kind, feature))).collect();
    let mut schemas: Vec<&NodeSchema> = registry.schemas().collect();
    schemas.sort_by(|a, b| (a.kind.as_str(), a.versions.first()).cmp(&(b.kind.as_str(), b.versions.first())));
    let row = |schema: &&NodeSchema| {
        let names: Vec<String> = aliases(schema).iter().map(|name| format!("`{name}`")).collect();
        let feature = features.get(&schema.kind).copied().unwrap_or_default();
        format!(
            "| `{}` | {} | {} | {} | {} | {} | `{feature}` |\n",
            schema.kind.as_str(),
            schema.description.replace('|', "\\|"),
            names.join(" "),
            versions(schema),
            word(&json!(schema.group)),
            effect(schema.effect),
        )
    };
    HEAD.to_owned() + &schemas.iter().map(row).collect::<String>()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::Idempotent => "idempotent",
        Effect::Effectful => "effectful",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let page = include_str!("../../../docs/NODES.md");
        let hint = "cargo run -p engine-server -- nodes --output markdown > docs/NODES.md";
        assert_eq!(markdown(&engine_nodes::registry()).trim_end(), page.trim_end(), "the page is out of date: {hint}");
    }
}
