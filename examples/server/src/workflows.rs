//! `engine workflow list | activate | deactivate`.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use engine_core::model::WorkflowId;
use engine_core::store::{PageRequest, StoreError, StoredWorkflow, Stores, TenantId, VersionNumber, WorkflowFilter};
use engine_core::{Engine, Workflow};
use engine_http::SealingKeys;
use serde_json::json;

use crate::session::Session;
use crate::{BAD_INPUT, Output, engine, setup};

/// Lists workflows, and switches their triggers on and off.
#[derive(Debug, Args)]
pub(crate) struct Workflows {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists workflows.
    List {
        /// How the list is printed.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// Switches the triggers of the newest version on.
    Activate(Which),
    /// Switches triggers off. Executions that run go on.
    Deactivate(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// Ids of workflows.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// All workflows.
    #[arg(long)]
    all: bool,
}

impl Workflows {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let settings = session.settings()?;
        session.on_database(async |storage| {
            let stores = &storage.stores;
            match self.command {
                Command::List { output } => list(stores, output).await,
                Command::Activate(which) => {
                    let engine = engine::engine(&settings, stores, &SealingKeys::new([]));
                    activate(&engine, stores, &which.read(stores).await?).await
                }
                Command::Deactivate(which) => {
                    for stored in which.read(stores).await? {
                        switch(stores, &stored, None).await?;
                    }
                    Ok(ExitCode::SUCCESS)
                }
            }
        })
    }
}

impl Which {
    async fn read(&self, stores: &Stores) -> anyhow::Result<Vec<StoredWorkflow>> {
        let ids: Vec<WorkflowId> = if self.all {
            all(stores).await?.into_iter().map(|stored| stored.id).collect()
        } else {
            self.ids.iter().map(|id| id.as_str().into()).collect()
        };
        let mut found = Vec::new();
        for id in &ids {
            found.push(find(stores, id).await?);
        }
        Ok(found)
    }
}

async fn list(stores: &Stores, output: Output) -> anyhow::Result<ExitCode> {
    for stored in all(stores).await? {
        let active = stored.active.map(|version| version.0);
        match output {
            Output::Json => setup::print_json(&json!({"id": stored.id, "name": stored.name, "version": stored.version.0, "active": active})),
            Output::Text => {
                let active = active.map_or_else(|| "-".to_owned(), |version| format!("version {version} active"));
                setup::print_line(&format!("{:<40} {:<18} {}", stored.id.as_str(), active, stored.name));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Activates those that can run; the others are told.
async fn activate(engine: &Engine, stores: &Stores, workflows: &[StoredWorkflow]) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for workflow in workflows {
        let text = workflow.definition.as_ref().map(ToString::to_string).unwrap_or_default();
        match Workflow::from_json(&text).and_then(|read| engine.compile(read)) {
            Ok(_) => switch(stores, workflow, Some(workflow.version)).await?,
            Err(problems) => {
                eprintln!("engine: workflow {:?} cannot be activated: {problems}", workflow.id.as_str());
                code = ExitCode::from(BAD_INPUT);
            }
        }
    }
    Ok(code)
}

async fn switch(stores: &Stores, workflow: &StoredWorkflow, version: Option<VersionNumber>) -> anyhow::Result<()> {
    stores.workflows.activate_workflow(&TenantId::default(), &workflow.id, version).await?;
    let state = version.map_or_else(|| "inactive".to_owned(), |version| format!("version {} active", version.0));
    setup::print_line(&format!("{}: {state}", workflow.id.as_str()));
    Ok(())
}

/// Switches all triggers off; gives the ids of those that were on.
pub(crate) async fn deactivate_all(stores: &Stores) -> anyhow::Result<Vec<WorkflowId>> {
    let mut were_active = Vec::new();
    for stored in all(stores).await?.into_iter().filter(|stored| stored.active.is_some()) {
        stores.workflows.activate_workflow(&TenantId::default(), &stored.id, None).await?;
        were_active.push(stored.id);
    }
    Ok(were_active)
}

/// All workflows, without their definitions.
pub(crate) async fn all(stores: &Stores) -> anyhow::Result<Vec<StoredWorkflow>> {
    let filter = WorkflowFilter { tenant: Some(TenantId::default()), ..WorkflowFilter::default() };
    let (mut found, mut page) = (Vec::new(), PageRequest::first(250));
    loop {
        let part = stores.workflows.workflows(&filter, page).await?;
        found.extend(part.items);
        match part.next {
            Some(next) => page = PageRequest::after(next, 250),
            None => return Ok(found),
        }
    }
}

/// One workflow with its definition.
pub(crate) async fn find(stores: &Stores, id: &WorkflowId) -> anyhow::Result<StoredWorkflow> {
    match stores.workflows.workflow(&TenantId::default(), id).await {
        Err(StoreError::NotFound { .. }) => Err(anyhow::anyhow!("there is no workflow {:?}; `engine workflow list` shows all", id.as_str())),
        other => other.context("the workflow could not be read"),
    }
}
