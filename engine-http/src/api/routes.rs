//! All routes of the API.

use axum::extract::State;
use axum::http::HeaderMap;
use std::sync::Arc;

use super::answers::{
    self, ApiKey, AuditEntry, Checked, Credential, Difference, Done, Execution, File, Health, Page, Program, Saved, Schedule, Session, SignedIn,
    User, Webhook, Workflow,
};
use super::documents::{self, Collection, Entry};
use super::input::{Ask, Caller, PageQuery, Place, Read};
#[cfg(feature = "webhooks")]
use super::rehearsals;
use super::table::{Route, delete, get, patch, post, put};
use super::{audit, credentials, difference, executions, recovery, sign_in, system, trials, users, workflows};
use crate::access::Permission as May;
use crate::service::Inner;

type Object = serde_json::Map<String, serde_json::Value>;

/// The table.
pub(super) fn all() -> Vec<Route> {
    let mut table = of_workflows();
    table.extend(of_executions());
    table.extend(of_credentials());
    table.extend(of_accounts());
    table.extend(of_users());
    table.extend(of_system());
    #[cfg(feature = "events")]
    table.extend(of_events());
    #[cfg(feature = "swagger-ui")]
    table.extend(of_viewer());
    for (collection, paths, permissions) in COLLECTIONS {
        table.extend(of_collection(*collection, *paths, *permissions));
    }
    table
}

fn of_workflows() -> Vec<Route> {
    let mut table = vec![
        get("/api/v1/workflows", May::WorkflowRead, "Lists workflows", workflows::list).query::<workflows::ListQuery>().gives::<Page<Workflow>>(),
        post("/api/v1/workflows", May::WorkflowWrite, "Makes a workflow", workflows::create).body::<Object>().gives::<Workflow>().made(),
        post("/api/v1/workflows/import", May::WorkflowWrite, "Imports a workflow file", workflows::import)
            .body::<Object>()
            .gives::<Workflow>()
            .made(),
        post("/api/v1/workflows/validate", May::WorkflowRead, "Checks a workflow", workflows::validate)
            .body::<serde_json::Value>()
            .gives::<Checked>(),
        get("/api/v1/workflows/{id}", May::WorkflowRead, "Reads a workflow", workflows::read).gives::<Workflow>().tagged(),
        put("/api/v1/workflows/{id}", May::WorkflowWrite, "Saves a new version", workflows::replace)
            .body::<Object>()
            .gives::<Workflow>()
            .conditional(),
        delete("/api/v1/workflows/{id}", May::WorkflowWrite, "Removes a workflow", workflows::remove).status(204),
        post("/api/v1/workflows/{id}/duplicate", May::WorkflowWrite, "Copies a workflow", workflows::duplicate).gives::<Workflow>().made(),
        get("/api/v1/workflows/{id}/export", May::WorkflowRead, "Gives a workflow as a file", workflows::export).gives::<File>(),
        post("/api/v1/workflows/{id}/activate", May::WorkflowWrite, "Activates a version", workflows::activate)
            .maybe::<workflows::Activate>()
            .gives::<Workflow>()
            .tagged(),
        post("/api/v1/workflows/{id}/deactivate", May::WorkflowWrite, "Deactivates a workflow", workflows::deactivate).gives::<Workflow>().tagged(),
        put("/api/v1/workflows/{id}/share", May::WorkflowWrite, "Says who may see and change it", workflows::share)
            .body::<workflows::Share>()
            .gives::<Workflow>()
            .tagged(),
        get("/api/v1/workflows/{id}/versions", May::WorkflowRead, "Lists versions", workflows::versions).query::<PageQuery>().gives::<Page<Saved>>(),
        get("/api/v1/workflows/{id}/versions/{version}", May::WorkflowRead, "Reads a version", workflows::version).gives::<Saved>(),
        post("/api/v1/workflows/{id}/versions/{version}/restore", May::WorkflowWrite, "Makes an old version the newest", workflows::restore)
            .gives::<Workflow>()
            .tagged(),
        get("/api/v1/workflows/{id}/diff", May::WorkflowRead, "Tells what changed between two versions", difference::difference)
            .query::<difference::Between>()
            .gives::<Difference>(),
    ];
    #[cfg(feature = "webhooks")]
    table.extend(of_rehearsals());
    table.shrink_to_fit();
    table
}

#[cfg(feature = "webhooks")]
fn of_rehearsals() -> [Route; 2] {
    const PATH: &str = "/api/v1/workflows/{id}/test-webhook";
    [
        post(PATH, May::WorkflowWrite, "Opens the webhooks of the newest version under /webhook-test/, for one call", rehearsals::open)
            .gives::<answers::Rehearsal>(),
        delete(PATH, May::WorkflowWrite, "Closes them again", rehearsals::close).status(204),
    ]
}

fn of_executions() -> Vec<Route> {
    vec![
        post("/api/v1/workflows/{id}/executions", May::WorkflowExecute, "Starts an execution", executions::start)
            .query::<executions::StartQuery>()
            .maybe::<executions::NewExecution>()
            .gives::<Execution>()
            .status(202)
            .long()
            .repeatable(),
        get("/api/v1/executions", May::ExecutionRead, "Lists executions, the newest first", executions::list)
            .query::<executions::ListQuery>()
            .gives::<Page<Execution>>(),
        several("/api/v1/executions/cancel", "Cancels several", executions::cancel_all),
        several("/api/v1/executions/pause", "Pauses several", executions::pause_all),
        several("/api/v1/executions/resume", "Resumes several", executions::resume_all),
        several("/api/v1/executions/delete", "Removes several", executions::delete_all),
        several("/api/v1/executions/retry", "Retries several", executions::retry_all),
        get("/api/v1/executions/{id}", May::ExecutionRead, "Reads an execution with its data", executions::show).gives::<Execution>(),
        delete("/api/v1/executions/{id}", May::ExecutionWrite, "Removes an ended execution", executions::delete).status(204),
        steers("/api/v1/executions/{id}/cancel", "Cancels it", executions::cancel),
        steers("/api/v1/executions/{id}/pause", "Starts no more nodes", executions::pause),
        steers("/api/v1/executions/{id}/resume", "Goes on after a pause", executions::resume),
        post("/api/v1/executions/{id}/retry", May::ExecutionWrite, "Runs it again from where it failed", executions::retry)
            .gives::<Execution>()
            .status(202)
            .long()
            .repeatable(),
        post("/api/v1/executions/{id}/rerun", May::ExecutionWrite, "Runs it again from a node on", executions::rerun)
            .body::<executions::From>()
            .gives::<Execution>()
            .status(202)
            .long()
            .repeatable(),
    ]
}

/// The same done to several executions; tells of each whether it was.
fn several<H, T>(path: &'static str, summary: &'static str, handler: H) -> Route
where
    H: axum::handler::Handler<T, Arc<Inner>>,
    T: 'static,
{
    post(path, May::ExecutionWrite, summary, handler).body::<executions::Several>().gives::<Page<Done>>()
}

/// A signal to an execution: 202 while it runs, 200 when it has ended.
fn steers<H, T>(path: &'static str, summary: &'static str, handler: H) -> Route
where
    H: axum::handler::Handler<T, Arc<Inner>>,
    T: 'static,
{
    post(path, May::ExecutionWrite, summary, handler).gives::<Execution>().status(202).long()
}

#[cfg(feature = "events")]
fn of_events() -> [Route; 2] {
    use crate::events;

    [
        get("/api/v1/executions/{id}/events", May::ExecutionRead, "Follows an execution (server-sent events or WebSocket)", events::one)
            .query::<events::OverviewQuery>()
            .long(),
        get("/api/v1/events", May::ExecutionRead, "Follows all executions (server-sent events or WebSocket)", events::all)
            .query::<events::OverviewQuery>()
            .long(),
    ]
}

fn of_credentials() -> Vec<Route> {
    vec![
        get("/api/v1/credentials", May::CredentialRead, "Lists credentials, without secrets", credentials::list)
            .query::<PageQuery>()
            .gives::<Page<Credential>>(),
        post("/api/v1/credentials", May::CredentialWrite, "Adds a credential", credentials::add)
            .body::<credentials::AddCredential>()
            .gives::<Credential>()
            .made(),
        get("/api/v1/credentials/{id}", May::CredentialRead, "Reads a credential, without secrets", credentials::read).gives::<Credential>().tagged(),
        patch("/api/v1/credentials/{id}", May::CredentialWrite, "Changes a credential", credentials::change)
            .body::<credentials::ChangeCredential>()
            .gives::<Credential>()
            .conditional(),
        put("/api/v1/credentials/{id}/share", May::CredentialWrite, "Says whose workflows may use it", credentials::share)
            .body::<credentials::ShareCredential>()
            .gives::<Credential>()
            .tagged(),
        post("/api/v1/credentials/{id}/test", May::CredentialWrite, "Tries a credential out, where `url` says or its type does", trials::try_out)
            .maybe::<trials::Trial>()
            .gives::<answers::Tried>(),
        delete("/api/v1/credentials/{id}", May::CredentialWrite, "Removes a credential", credentials::remove).status(204),
    ]
}

fn of_accounts() -> Vec<Route> {
    vec![
        post("/api/v1/auth/register", May::Public, "Registers; the first one becomes administrator", sign_in::register)
            .body::<sign_in::Register>()
            .gives::<SignedIn>()
            .status(201),
        post("/api/v1/auth/login", May::Public, "Signs in", sign_in::login).body::<sign_in::Login>().gives::<SignedIn>(),
        post("/api/v1/auth/refresh", May::Public, "Exchanges a refresh token", sign_in::refresh).body::<sign_in::Refresh>().gives::<SignedIn>(),
        post("/api/v1/auth/forgot-password", May::Public, "Sends a letter to choose a new password with", recovery::forgot)
            .body::<recovery::Forgot>()
            .status(202),
        post("/api/v1/auth/reset-password", May::Public, "Sets a new password and ends all sessions", recovery::reset)
            .body::<recovery::Reset>()
            .status(204),
        post("/api/v1/auth/confirm", May::Public, "Confirms an address", recovery::confirm).body::<recovery::Confirm>().status(204),
        post("/api/v1/auth/confirm/send", May::Own, "Sends the letter to confirm the address with once more", recovery::send_confirmation)
            .status(202),
        post("/api/v1/auth/logout", May::Own, "Signs out, at once", sign_in::logout).status(204),
        get("/api/v1/auth/me", May::Own, "Says who is signed in", sign_in::me).gives::<User>(),
        put("/api/v1/auth/password", May::Own, "Changes the password and ends all sessions", sign_in::change_password)
            .body::<sign_in::ChangePassword>()
            .status(204),
        get("/api/v1/auth/sessions", May::Own, "Lists the own sessions", sign_in::sessions).gives::<Page<Session>>(),
        delete("/api/v1/auth/sessions/{id}", May::Own, "Ends one of the own sessions", sign_in::end_session).status(204),
        get("/api/v1/api-keys", May::Own, "Lists the own API keys", users::keys).gives::<Page<ApiKey>>(),
        post("/api/v1/api-keys", May::Own, "Makes an API key; it is shown once", users::add_key)
            .body::<users::AddKey>()
            .gives::<ApiKey>()
            .status(201),
        delete("/api/v1/api-keys/{id}", May::Own, "Removes an API key", users::remove_key).status(204),
    ]
}

fn of_users() -> Vec<Route> {
    vec![
        get("/api/v1/users", May::UserRead, "Lists users", users::list).query::<PageQuery>().gives::<Page<User>>(),
        post("/api/v1/users", May::UserWrite, "Adds a user", users::add).body::<users::AddUser>().gives::<User>().status(201),
        get("/api/v1/users/{id}", May::UserRead, "Reads a user", users::read).gives::<User>(),
        patch("/api/v1/users/{id}", May::UserWrite, "Changes a user", users::change).body::<users::ChangeUser>().gives::<User>(),
        delete("/api/v1/users/{id}", May::UserWrite, "Removes a user with all sessions and keys", users::remove).status(204),
        get("/api/v1/audit", May::AuditRead, "Lists who changed what, the newest first", audit::list)
            .query::<PageQuery>()
            .gives::<Page<AuditEntry>>(),
    ]
}

fn of_system() -> Vec<Route> {
    vec![
        get("/api/v1/node-types", May::NodeRead, "Lists node types with their schemas", system::node_types).gives::<Page<Object>>(),
        get("/api/v1/schedules", May::WorkflowRead, "Lists schedules of active workflows", system::schedules).gives::<Page<Schedule>>(),
        get("/api/v1/webhooks", May::WorkflowRead, "Lists webhooks of active workflows", system::webhooks).gives::<Page<Webhook>>(),
        get("/api/v1/version", May::Public, "Says which version runs", system::version).gives::<Program>(),
        get("/api/v1/openapi.json", May::Public, "This document", system::openapi),
        get("/health", May::Public, "Whether the process lives", system::health).gives::<Health>(),
        get("/healthz", May::Public, "Whether the process lives", system::health).gives::<Health>(),
        get("/ready", May::Public, "Whether requests are served", system::ready).gives::<Health>(),
        get("/readyz", May::Public, "Whether requests are served", system::ready).gives::<Health>(),
        get("/metrics", May::Public, "Metrics for Prometheus", system::metrics),
    ]
}

#[cfg(feature = "swagger-ui")]
fn of_viewer() -> [Route; 2] {
    use super::viewer;

    [
        get("/api/v1/docs", May::Public, "The viewer of this document", viewer::index).status(308),
        get("/api/v1/docs/{file}", May::Public, "A file of the viewer", viewer::file),
    ]
}

type Paths = (&'static str, &'static str);

const COLLECTIONS: &[(Collection, Paths, (May, May))] = &[
    (Collection("tag"), ("/api/v1/tags", "/api/v1/tags/{name}"), (May::TagRead, May::TagWrite)),
    (Collection("template"), ("/api/v1/templates", "/api/v1/templates/{name}"), (May::TagRead, May::TagWrite)),
    (Collection("variable"), ("/api/v1/variables", "/api/v1/variables/{name}"), (May::VariableRead, May::VariableWrite)),
    (Collection("setting"), ("/api/v1/settings", "/api/v1/settings/{name}"), (May::SettingRead, May::SettingWrite)),
];

fn of_collection(collection: Collection, (all, one): Paths, (reads, writes): (May, May)) -> Vec<Route> {
    type Shared = State<Arc<Inner>>;
    let list = move |state: Shared, caller: Caller, query: Ask<PageQuery>| collection.list(state, caller, query);
    let read = move |state: Shared, caller: Caller, name: Place<String>| collection.read(state, caller, name);
    let write = move |state: Shared, caller: Caller, name: Place<String>, headers: HeaderMap, body: Read<Entry>| {
        collection.write(state, caller, documents::entry(name, headers, body))
    };
    let remove = move |state: Shared, caller: Caller, name: Place<String>| collection.remove(state, caller, name);
    vec![
        get(all, reads, "Lists entries", list).query::<PageQuery>().gives::<Page<answers::Entry>>(),
        get(one, reads, "Reads an entry", read).gives::<answers::Entry>().tagged(),
        put(one, writes, "Makes or replaces an entry", write).body::<Entry>().gives::<answers::Entry>().tagged(),
        delete(one, writes, "Removes an entry", remove).status(204),
    ]
}
