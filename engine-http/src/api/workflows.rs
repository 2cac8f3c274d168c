//! Workflows: making, changing, looking, activating.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use engine_core::Workflow;
use engine_core::model::{Json, WorkflowId};
use engine_core::problem::Problem;
use engine_core::store::{PageRequest, SaveWorkflow, StoredWorkflow, TenantId, VersionNumber, WorkflowFilter, WorkflowVersion};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Ask, Caller, PageQuery, Place, Read, ReadOr, cursor, if_match, limit};
use super::{audit, entitled, output};
use crate::access::{Identity, Role};
use crate::problem::{ApiError, Detail};
use crate::service::Inner;

/// Which workflows.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListQuery {
    /// At most so many: 1 to 250.
    #[schemars(range(min = 1, max = 250))]
    limit: Option<u32>,
    /// `nextCursor` of the part before.
    cursor: Option<String>,
    /// Only active or only inactive ones.
    active: Option<bool>,
    /// Whose name contains this.
    name: Option<String>,
}

/// Which version is meant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Activate {
    /// Number of a version; the newest where none is named.
    version: Option<u32>,
}

/// With whom a workflow is shared.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Share {
    /// Ids of users who may look at it and run it.
    viewers: Vec<String>,
    /// Ids of users who may change it.
    editors: Vec<String>,
}

/// What the importer's own tools write into a workflow file, and nobody needs to be told of.
const KNOWN: [&str; 14] = [
    "meta",
    "versionId",
    "tags",
    "triggerCount",
    "shared",
    "homeProject",
    "createdAt",
    "updatedAt",
    "isArchived",
    "description",
    "version",
    "activeVersion",
    "versionCounter",
    "parentFolder",
];

pub(super) async fn list(State(service): State<Arc<Inner>>, Caller(identity): Caller, Ask(query): Ask<ListQuery>) -> Result<Response, ApiError> {
    let after: Option<WorkflowId> = query.cursor.as_deref().map(cursor).transpose()?;
    let label = (identity.role != Role::Admin).then(|| ("access".to_owned(), identity.name()));
    let filter = WorkflowFilter { tenant: Some(identity.tenant), active: query.active, name_contains: query.name, label };
    let page = service.stores.workflows.workflows(&filter, PageRequest { limit: limit(query.limit)?, after }).await?;
    Ok(output::page(&page.items.iter().map(show).collect::<Vec<_>>(), page.next.as_ref()))
}

pub(super) async fn create(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Read(body, _share): Read<Value>,
) -> Result<Response, ApiError> {
    add(&service, &identity, strict(&body)?).await
}

pub(super) async fn import(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Read(body, _share): Read<Value>,
) -> Result<Response, ApiError> {
    add(&service, &identity, Workflow::from_json(&body.to_string())?).await
}

async fn add(service: &Inner, identity: &Identity, workflow: Workflow) -> Result<Response, ApiError> {
    // The id of a file belongs to where it came from: a new one cannot be somebody else's.
    let id = WorkflowId::from(service.executions.new_id().to_string());
    let save = saving(identity, (id.clone(), None), &workflow, Some(identity.labels()));
    let stored = service.stores.workflows.save_workflow(save).await?;
    audit::note(service, identity, "workflow.create", id.as_str()).await?;
    Ok(output::tagged(output::created(&format!("/api/v1/workflows/{id}"), &show(&stored)), stored.version.0))
}

fn saving(identity: &Identity, (id, expected): (WorkflowId, Option<VersionNumber>), workflow: &Workflow, labels: Option<Json>) -> SaveWorkflow {
    let tenant = identity.tenant.clone();
    let author = Some(identity.name());
    SaveWorkflow { id, tenant, expected, name: workflow.name.clone(), definition: workflow.to_json(), author, labels }
}

/// Reads a workflow; fields that nobody knows are refused.
fn strict(body: &Value) -> Result<Workflow, ApiError> {
    let workflow = Workflow::from_json(&body.to_string())?;
    let unknown = workflow.extra.keys().filter(|key| !KNOWN.contains(&key.as_str()));
    let detail =
        |key: &String| Detail { pointer: format!("/{key}"), message: "this field is not known".to_owned(), code: Some("unknown-field".to_owned()) };
    let errors: Vec<Detail> = unknown.map(detail).collect();
    if errors.is_empty() { Ok(workflow) } else { Err(ApiError::invalid("the workflow has fields that are not known").with_errors(errors)) }
}

/// A workflow that the caller may see. One that it may not see is answered like one that is not there.
pub(super) async fn visible(service: &Inner, identity: &Identity, id: &str) -> Result<StoredWorkflow, ApiError> {
    let stored = service.stores.workflows.workflow(&identity.tenant, &WorkflowId::from(id)).await?;
    if identity.sees(&stored.labels) { Ok(stored) } else { Err(ApiError::not_found("workflow", id)) }
}

/// Whether the caller may see a workflow. One that is in no store was activated by the embedding program, or was removed: administrators see it.
pub(crate) async fn seen(service: &Inner, identity: &Identity, id: &str) -> bool {
    administers(service, identity, id) || visible(service, identity, id).await.is_ok()
}

/// Whether the caller is an administrator of a workflow, whatever the store knows of it. Other tenants have administrators of their own.
pub(super) fn administers(service: &Inner, identity: &Identity, id: &str) -> bool {
    let is_own = || service.active_plan(id).is_none_or(|active| active.tenant == identity.tenant);
    identity.role == Role::Admin && identity.tenant == TenantId::default() && is_own()
}

/// A workflow that the caller may change.
pub(super) async fn changeable(service: &Inner, identity: &Identity, id: &str) -> Result<StoredWorkflow, ApiError> {
    let stored = visible(service, identity, id).await?;
    if identity.changes(&stored.labels) { Ok(stored) } else { Err(ApiError::forbidden("workflow:write")) }
}

/// A workflow that is the caller's own. Whoever may change one neither removes it nor says who else may.
async fn owned(service: &Inner, identity: &Identity, id: &str) -> Result<StoredWorkflow, ApiError> {
    let stored = visible(service, identity, id).await?;
    if identity.owns(&stored.labels) { Ok(stored) } else { Err(ApiError::forbidden("workflow:write")) }
}

/// Whether the caller may change a workflow, also one that is in no store.
pub(super) async fn may_change(service: &Inner, identity: &Identity, id: &str) -> bool {
    administers(service, identity, id) || changeable(service, identity, id).await.is_ok()
}

pub(super) async fn read(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = visible(&service, &identity, &id).await?;
    if output::is_fresh(&headers, stored.version.0) {
        return Ok(output::tagged(StatusCode::NOT_MODIFIED.into_response(), stored.version.0));
    }
    Ok(output::tagged(output::ok(&show(&stored)), stored.version.0))
}

pub(super) async fn replace(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    headers: HeaderMap,
    Read(body, _share): Read<Value>,
) -> Result<Response, ApiError> {
    let before = changeable(&service, &identity, &id).await?;
    let expected = if_match(&headers)?.map_or(before.version, VersionNumber);
    if expected != before.version {
        return Err(ApiError::changed());
    }
    let workflow = strict(&body)?;
    entitled::check(&service, &identity, (&before, &workflow)).await?;
    let stored = service.stores.workflows.save_workflow(saving(&identity, (before.id, Some(expected)), &workflow, None)).await?;
    audit::note(&service, &identity, "workflow.update", &id).await?;
    Ok(output::tagged(output::ok(&show(&stored)), stored.version.0))
}

pub(super) async fn remove(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let stored = owned(&service, &identity, &id).await?;
    audit::note(&service, &identity, "workflow.delete", &id).await?;
    service.stores.workflows.delete_workflow(&identity.tenant, &stored.id).await?;
    service.deactivate(&stored.id);
    Ok(output::done())
}

pub(super) async fn duplicate(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let stored = visible(&service, &identity, &id).await?;
    let mut workflow = definition(&stored)?;
    workflow.name = format!("{} (copy)", workflow.name);
    add(&service, &identity, workflow).await
}

fn definition(stored: &StoredWorkflow) -> Result<Workflow, ApiError> {
    let definition = stored.definition.as_ref().ok_or_else(ApiError::internal)?;
    Ok(Workflow::from_json(&definition.to_string())?)
}

pub(super) async fn export(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let stored = visible(&service, &identity, &id).await?;
    Ok(output::ok(&definition(&stored)?.to_json()))
}

pub(super) async fn validate(State(service): State<Arc<Inner>>, Read(body, _share): Read<Value>) -> Result<Response, ApiError> {
    let problems: Vec<Problem> = match Workflow::from_json(&body.to_string()) {
        Err(problems) => problems.into_vec(),
        Ok(workflow) => match service.engine.compile_with_warnings(workflow) {
            Ok(compiled) => compiled.warnings,
            Err(problems) => problems.into_vec(),
        },
    };
    let valid = problems.iter().all(|problem| problem.severity == engine_core::problem::Severity::Warning);
    Ok(output::ok(&json!({"valid": valid, "problems": problems})))
}

pub(super) async fn activate(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    ReadOr(body, _share): ReadOr<Activate>,
) -> Result<Response, ApiError> {
    let stored = changeable(&service, &identity, &id).await?;
    let version = body.version.map_or(stored.version, VersionNumber);
    let stored = service.activate_stored(&identity.tenant, (&stored.id, version)).await??;
    audit::note(&service, &identity, "workflow.activate", &id).await?;
    Ok(output::tagged(output::ok(&show(&stored)), stored.version.0))
}

pub(super) async fn deactivate(State(service): State<Arc<Inner>>, Caller(identity): Caller, Place(id): Place<String>) -> Result<Response, ApiError> {
    let stored = changeable(&service, &identity, &id).await?;
    let stored = service.worker.deactivate(&identity.tenant, &stored.id).await?;
    service.deactivate(&stored.id);
    audit::note(&service, &identity, "workflow.deactivate", &id).await?;
    Ok(output::tagged(output::ok(&show(&stored)), stored.version.0))
}

pub(super) async fn share(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    Read(body, _share): Read<Share>,
) -> Result<Response, ApiError> {
    let stored = owned(&service, &identity, &id).await?;
    let mut labels = stored.labels.clone();
    let owner = labels.get("owner").and_then(Value::as_str).map(str::to_owned);
    let access: Vec<String> = owner.into_iter().chain(body.viewers).chain(body.editors.iter().cloned()).collect();
    labels.insert("access".to_owned(), access.into());
    labels.insert("editors".to_owned(), body.editors.into());
    let workflow = definition(&stored)?;
    let save = saving(&identity, (stored.id, Some(stored.version)), &workflow, Some(labels));
    let stored = service.stores.workflows.save_workflow(save).await?;
    audit::note(&service, &identity, "workflow.share", &id).await?;
    Ok(output::tagged(output::ok(&show(&stored)), stored.version.0))
}

pub(super) async fn versions(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place(id): Place<String>,
    Ask(query): Ask<PageQuery>,
) -> Result<Response, ApiError> {
    let stored = visible(&service, &identity, &id).await?;
    let (limit, after) = query.read()?;
    let page = service.stores.workflows.workflow_versions(&stored.id, PageRequest { limit, after }).await?;
    Ok(output::page(&page.items.iter().map(show_version).collect::<Vec<_>>(), page.next.as_ref()))
}

pub(super) async fn version(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place((id, version)): Place<(String, u32)>,
) -> Result<Response, ApiError> {
    let stored = visible(&service, &identity, &id).await?;
    let version = service.stores.workflows.workflow_version(&stored.id, VersionNumber(version)).await?;
    Ok(output::ok(&show_version(&version)))
}

pub(super) async fn restore(
    State(service): State<Arc<Inner>>,
    Caller(identity): Caller,
    Place((id, version)): Place<(String, u32)>,
) -> Result<Response, ApiError> {
    let stored = changeable(&service, &identity, &id).await?;
    let old = service.stores.workflows.workflow_version(&stored.id, VersionNumber(version)).await?;
    let text = old.definition.ok_or_else(ApiError::internal)?.to_string();
    let save = saving(&identity, (stored.id, Some(stored.version)), &Workflow::from_json(&text)?, None);
    let stored = service.stores.workflows.save_workflow(save).await?;
    audit::note(&service, &identity, "workflow.restore", &id).await?;
    Ok(output::tagged(output::ok(&show(&stored)), stored.version.0))
}

/// A workflow as the API shows it: its definition, with what the server knows of it.
fn show(stored: &StoredWorkflow) -> Value {
    let mut json = stored.definition.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let owner = stored.labels.get("owner").cloned().unwrap_or_default();
    let known = json!({
        "id": stored.id, "name": stored.name, "active": stored.active.is_some(), "version": stored.version.0, "activeVersion": stored.active,
        "owner": owner, "createdAt": stored.created, "updatedAt": stored.updated,
    });
    json.extend(known.as_object().cloned().unwrap_or_default());
    Value::Object(json)
}

fn show_version(version: &WorkflowVersion) -> Value {
    json!({"workflowId": version.workflow, "version": version.version, "author": version.author, "createdAt": version.created, "definition": version.definition})
}
