//! `engine import FILE|FOLDER...`: workflow files into the store. Importing the same file again changes nothing; a changed one becomes a new version.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use engine_core::Workflow;
use engine_core::model::{Json, WorkflowId};
use engine_core::node::Activation;
use engine_core::plan::Plan;
use engine_core::store::{SaveWorkflow, StoreError, StoredWorkflow, Stores, TenantId};
use engine_core::worker::Worker;
use serde_json::Value;

use crate::session::Session;
use crate::{BAD_INPUT, engine, files, setup, users};

/// Imports workflow files or folders of them, the engine's own and n8n's.
///
/// The id in the file, or the file's name, says which workflow it is. A file that cannot be imported keeps no other from it. Exit code 0 when all were imported, 2 otherwise.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Workflow files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Activates them: their webhooks and schedules start executions.
    #[arg(long)]
    activate: bool,
    /// E-mail address of the user who owns them; the first administrator where none is named.
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
}

impl Import {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let files = files::workflows(&self.paths)?;
        let settings = session.settings()?;
        session.on_database(async |storage| {
            let worker = engine::idle_worker(&settings, &storage.stores);
            let importer = Importer { worker: &worker, owner: owner(&storage.stores, self.owner.as_deref()).await?, print: &setup::print_line };
            let refused = importer.import(&files, self.activate).await;
            Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_INPUT) })
        })
    }
}

/// Puts files into the store.
pub(crate) struct Importer<'a> {
    pub(crate) worker: &'a Worker,
    /// As labels name it.
    pub(crate) owner: String,
    /// Tells what became of a file.
    pub(crate) print: &'a (dyn Fn(&str) + Sync),
}

/// Who owns what comes from files.
pub(crate) async fn owner(stores: &Stores, email: Option<&str>) -> anyhow::Result<String> {
    let user = match email {
        Some(email) => match stores.accounts.user_by_email(email).await? {
            Some(user) => Some(user),
            None => bail!("no user has the address {email:?}; `engine user list` shows all"),
        },
        None => users::first_administrator(&*stores.accounts).await?,
    };
    Ok(user.map_or_else(|| "owner".to_owned(), |user| user.id.to_string()))
}

impl Importer<'_> {
    /// Imports files, and prints what became of each. Gives how many could not be imported.
    pub(crate) async fn import(&self, files: &[PathBuf], activate: bool) -> usize {
        let mut refused = 0;
        for file in files {
            match self.import_one(file, activate).await {
                Ok(()) => {}
                Err(error) => {
                    refused += 1;
                    setup::complain(&format!("engine: {} was not imported: {error:#}", file.display()));
                }
            }
        }
        refused
    }

    async fn import_one(&self, file: &Path, activate: bool) -> anyhow::Result<()> {
        let workflow = setup::read_workflow(file)?;
        let id = workflow.id.clone().unwrap_or_else(|| file.file_stem().unwrap_or_default().to_string_lossy().into_owned().into());
        let plan = activate.then(|| self.check(&workflow)).transpose().context("it cannot be activated")?;
        let stored = self.save(&id, &workflow).await?;
        let Some(plan) = plan else {
            (self.print)(&format!("{}: workflow {:?}, version {}", file.display(), id.as_str(), stored.version.0));
            return Ok(());
        };
        self.worker.activate(&TenantId::default(), &id, stored.version).await.context("it was stored, but not activated")?;
        (self.print)(&format!("{}: workflow {:?}, version {}, active", file.display(), id.as_str(), stored.version.0));
        for line in webhooks(&plan) {
            (self.print)(&format!("  {line}"));
        }
        Ok(())
    }

    /// What keeps a workflow from being activated through the API keeps it here.
    fn check(&self, workflow: &Workflow) -> anyhow::Result<Arc<Plan>> {
        let plan = self.worker.engine().compile(workflow.clone())?;
        engine_http::check_webhooks(&plan)?;
        Ok(plan)
    }

    async fn save(&self, id: &WorkflowId, workflow: &Workflow) -> Result<StoredWorkflow, StoreError> {
        let tenant = TenantId::default();
        let definition = without_id(workflow.to_json());
        let workflows = &self.worker.stores().workflows;
        let before = match workflows.workflow(&tenant, id).await {
            Ok(before) if before.definition.clone().map(without_id).as_ref() == Some(&definition) => return Ok(before),
            Ok(before) => Some(before.version),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let save = SaveWorkflow {
            id: id.clone(),
            tenant,
            expected: before,
            name: workflow.name.clone(),
            definition,
            author: Some("import".to_owned()),
            labels: before.is_none().then(|| self.labels()),
        };
        workflows.save_workflow(save).await
    }

    fn labels(&self) -> Json {
        let owner = &self.owner;
        Json::from_iter([("owner".to_owned(), owner.as_str().into()), ("access".to_owned(), vec![owner.as_str()].into())])
    }
}

/// A definition as it is stored: its id stands beside it.
fn without_id(mut definition: Value) -> Value {
    if let Some(fields) = definition.as_object_mut() {
        fields.shift_remove("id");
    }
    definition
}

/// The webhooks of a plan, for people.
fn webhooks(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, node) in plan.triggers() {
        for activation in node.activations() {
            if let Activation::Webhook(spec) = activation {
                let place = if spec.form.is_some() { "form" } else { "webhook" };
                lines.push(format!("{} /{place}/{}", spec.methods.join(","), spec.path.trim_matches('/')));
            }
        }
    }
    lines
}
