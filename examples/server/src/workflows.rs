//! `engine workflow list | activate | deactivate`.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use engine_core::model::WorkflowId;
use engine_core::store::{PageRequest, StoreError, StoredWorkflow, Stores, TenantId, WorkflowFilter};
use engine_core::worker::{PlanError, Worker};
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
                Command::Activate(which) => activate(&engine::idle_worker(&settings, stores), &which.read(stores).await?).await,
                Command::Deactivate(which) => deactivate(&engine::idle_worker(&settings, stores), &which.read(stores).await?).await,
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
async fn activate(worker: &Worker, workflows: &[StoredWorkflow]) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for workflow in workflows {
        let id = workflow.id.as_str();
        match activate_one(worker, workflow).await {
            Ok(()) => setup::print_line(&format!("{id}: version {} active", workflow.version.0)),
            Err(error) if is_passing(&error) => return Err(error),
            Err(error) => {
                eprintln!("engine: workflow {id:?} cannot be activated: {error:#}");
                code = ExitCode::from(BAD_INPUT);
            }
        }
    }
    Ok(code)
}

/// What keeps a workflow from being activated through the API keeps it here.
async fn activate_one(worker: &Worker, workflow: &StoredWorkflow) -> anyhow::Result<()> {
    engine_http::check_webhooks(&worker.plan(&workflow.id, workflow.version).await?)?;
    worker.activate(&TenantId::default(), &workflow.id, workflow.version).await?;
    Ok(())
}

fn is_passing(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<PlanError>(), Some(PlanError::Store(error)) if error.is_transient())
}

async fn deactivate(worker: &Worker, workflows: &[StoredWorkflow]) -> anyhow::Result<ExitCode> {
    for workflow in workflows {
        worker.deactivate(&TenantId::default(), &workflow.id).await?;
        setup::print_line(&format!("{}: inactive", workflow.id.as_str()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Switches all triggers off; gives the ids of those that were on.
pub(crate) async fn deactivate_all(worker: &Worker) -> anyhow::Result<Vec<WorkflowId>> {
    let mut were_active = Vec::new();
    for stored in all(worker.stores()).await?.into_iter().filter(|stored| stored.active.is_some()) {
        worker.deactivate(&TenantId::default(), &stored.id).await?;
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
