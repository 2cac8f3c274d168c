//! `engine export ID...|--all`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use engine_core::model::WorkflowId;
use engine_core::store::{StoredWorkflow, Stores};
use serde_json::Value;

use crate::session::Session;
use crate::workflows::{all, find};
use crate::{files, setup};

/// Exports workflows as files that `engine import` and n8n read.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Ids of workflows; `engine workflow list` shows them.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// All workflows.
    #[arg(long)]
    all: bool,
    /// Folder to write to, a file for each; without it one workflow is printed.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

impl Export {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        session.on_database(async |storage| {
            let ids = if self.all {
                all(&storage.stores).await?.into_iter().map(|stored| stored.id).collect()
            } else {
                self.ids.iter().map(|id| id.as_str().into()).collect::<Vec<_>>()
            };
            match &self.to {
                Some(folder) => to_folder(&storage.stores, &ids, folder).await?,
                None => print(&storage.stores, &ids).await?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

async fn print(stores: &Stores, ids: &[WorkflowId]) -> anyhow::Result<()> {
    let [id] = ids else { bail!("several workflows do not fit into one file: name a folder with --to") };
    setup::print_line(&serde_json::to_string_pretty(&file(find(stores, id).await?)?)?);
    Ok(())
}

async fn to_folder(stores: &Stores, ids: &[WorkflowId], folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} could not be made", folder.display()))?;
    for id in ids {
        let path = folder.join(files::name_of(id.as_str()));
        let text = serde_json::to_string_pretty(&file(find(stores, id).await?)?)? + "\n";
        std::fs::write(&path, text).with_context(|| format!("{} could not be written", path.display()))?;
        setup::print_line(&path.display().to_string());
    }
    Ok(())
}

/// The newest definition, with the id under which an import finds it again.
fn file(stored: StoredWorkflow) -> anyhow::Result<Value> {
    let mut definition = stored.definition.with_context(|| format!("workflow {:?} has no definition", stored.id.as_str()))?;
    if let Some(fields) = definition.as_object_mut() {
        fields.insert("id".to_owned(), stored.id.as_str().into());
    }
    Ok(definition)
}
