//! All routes of the API.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use std::sync::Arc;

use super::documents::{self, Collection, Entry};
use super::input::{Ask, Caller, PageQuery, Read};
use super::table::{Route, delete, get, patch, post, put};
use super::{audit, credentials, executions, sign_in, system, users, workflows};
use crate::access::Permission as May;
use crate::service::Inner;

/// The table.
pub(super) fn all() -> Vec<Route> {
    let mut table = of_workflows();
    table.extend(of_executions());
    table.extend(of_credentials());
    table.extend(of_accounts());
    table.extend(of_users());
    table.extend(of_system());
    for (collection, paths, permissions) in COLLECTIONS {
        table.extend(of_collection(*collection, *paths, *permissions));
    }
    table
}

fn of_workflows() -> Vec<Route> {
    vec![
        get("/api/v1/workflows", May::WorkflowRead, "Lists workflows", workflows::list).query::<workflows::ListQuery>(),
        post("/api/v1/workflows", May::WorkflowWrite, "Makes a workflow", workflows::create).body::<serde_json::Value>().status(201).repeatable(),
        post("/api/v1/workflows/import", May::WorkflowWrite, "Imports a workflow file", workflows::import)
            .body::<serde_json::Value>()
            .status(201)
            .repeatable(),
        post("/api/v1/workflows/validate", May::WorkflowRead, "Checks a workflow", workflows::validate).body::<serde_json::Value>(),
        get("/api/v1/workflows/{id}", May::WorkflowRead, "Reads a workflow", workflows::read),
        put("/api/v1/workflows/{id}", May::WorkflowWrite, "Saves a new version", workflows::replace).body::<serde_json::Value>(),
        delete("/api/v1/workflows/{id}", May::WorkflowWrite, "Removes a workflow", workflows::remove).status(204),
        post("/api/v1/workflows/{id}/duplicate", May::WorkflowWrite, "Copies a workflow", workflows::duplicate).status(201).repeatable(),
        get("/api/v1/workflows/{id}/export", May::WorkflowRead, "Gives a workflow as a file", workflows::export),
        post("/api/v1/workflows/{id}/activate", May::WorkflowWrite, "Activates a version", workflows::activate).body::<workflows::Activate>(),
        post("/api/v1/workflows/{id}/deactivate", May::WorkflowWrite, "Deactivates a workflow", workflows::deactivate),
        put("/api/v1/workflows/{id}/share", May::WorkflowWrite, "Says who may see and change it", workflows::share).body::<workflows::Share>(),
        get("/api/v1/workflows/{id}/versions", May::WorkflowRead, "Lists versions", workflows::versions).query::<PageQuery>(),
        get("/api/v1/workflows/{id}/versions/{version}", May::WorkflowRead, "Reads a version", workflows::version),
        post("/api/v1/workflows/{id}/versions/{version}/restore", May::WorkflowWrite, "Makes an old version the newest", workflows::restore),
    ]
}

fn of_executions() -> Vec<Route> {
    vec![
        post("/api/v1/workflows/{id}/executions", May::WorkflowExecute, "Starts an execution", executions::start)
            .query::<executions::StartQuery>()
            .body::<executions::NewExecution>()
            .status(202)
            .repeatable(),
        get("/api/v1/executions", May::ExecutionRead, "Lists executions, the newest first", executions::list).query::<executions::ListQuery>(),
        post("/api/v1/executions/cancel", May::ExecutionWrite, "Cancels several", executions::cancel_all).body::<executions::Ids>(),
        post("/api/v1/executions/delete", May::ExecutionWrite, "Removes several", executions::delete_all).body::<executions::Ids>(),
        get("/api/v1/executions/{id}", May::ExecutionRead, "Reads an execution with its data", executions::show),
        delete("/api/v1/executions/{id}", May::ExecutionWrite, "Removes an ended execution", executions::delete).status(204),
        post("/api/v1/executions/{id}/cancel", May::ExecutionWrite, "Cancels it", executions::cancel),
        post("/api/v1/executions/{id}/pause", May::ExecutionWrite, "Starts no more nodes", executions::pause),
        post("/api/v1/executions/{id}/resume", May::ExecutionWrite, "Goes on after a pause", executions::resume),
        post("/api/v1/executions/{id}/retry", May::ExecutionWrite, "Runs it again from its start", executions::retry).status(202).repeatable(),
    ]
}

fn of_credentials() -> Vec<Route> {
    vec![
        get("/api/v1/credentials", May::CredentialRead, "Lists credentials, without secrets", credentials::list).query::<PageQuery>(),
        post("/api/v1/credentials", May::CredentialWrite, "Adds a credential", credentials::add).body::<credentials::AddCredential>().status(201),
        get("/api/v1/credentials/{id}", May::CredentialRead, "Reads a credential, without secrets", credentials::read),
        patch("/api/v1/credentials/{id}", May::CredentialWrite, "Changes a credential", credentials::change).body::<credentials::ChangeCredential>(),
        put("/api/v1/credentials/{id}/share", May::CredentialWrite, "Says whose workflows may use it", credentials::share)
            .body::<credentials::ShareCredential>(),
        delete("/api/v1/credentials/{id}", May::CredentialWrite, "Removes a credential", credentials::remove).status(204),
    ]
}

fn of_accounts() -> Vec<Route> {
    vec![
        post("/api/v1/auth/register", May::Public, "Registers; the first one becomes administrator", sign_in::register)
            .body::<sign_in::Register>()
            .status(201),
        post("/api/v1/auth/login", May::Public, "Signs in", sign_in::login).body::<sign_in::Login>(),
        post("/api/v1/auth/refresh", May::Public, "Exchanges a refresh token", sign_in::refresh).body::<sign_in::Refresh>(),
        post("/api/v1/auth/logout", May::Own, "Signs out, at once", sign_in::logout).status(204),
        get("/api/v1/auth/me", May::Own, "Says who is signed in", sign_in::me),
        put("/api/v1/auth/password", May::Own, "Changes the password and ends all sessions", sign_in::change_password)
            .body::<sign_in::ChangePassword>()
            .status(204),
        get("/api/v1/auth/sessions", May::Own, "Lists the own sessions", sign_in::sessions),
        delete("/api/v1/auth/sessions/{id}", May::Own, "Ends one of the own sessions", sign_in::end_session).status(204),
        get("/api/v1/api-keys", May::Own, "Lists the own API keys", users::keys),
        post("/api/v1/api-keys", May::Own, "Makes an API key; it is shown once", users::add_key).body::<users::AddKey>().status(201),
        delete("/api/v1/api-keys/{id}", May::Own, "Removes an API key", users::remove_key).status(204),
    ]
}

fn of_users() -> Vec<Route> {
    vec![
        get("/api/v1/users", May::UserRead, "Lists users", users::list).query::<PageQuery>(),
        post("/api/v1/users", May::UserWrite, "Adds a user", users::add).body::<users::AddUser>().status(201),
        get("/api/v1/users/{id}", May::UserRead, "Reads a user", users::read),
        patch("/api/v1/users/{id}", May::UserWrite, "Changes a user", users::change).body::<users::ChangeUser>(),
        delete("/api/v1/users/{id}", May::UserWrite, "Removes a user with all sessions and keys", users::remove).status(204),
        get("/api/v1/audit", May::AuditRead, "Lists who changed what, the newest first", audit::list).query::<PageQuery>(),
    ]
}

fn of_system() -> Vec<Route> {
    vec![
        get("/api/v1/node-types", May::NodeRead, "Lists node types with their schemas", system::node_types),
        get("/api/v1/schedules", May::WorkflowRead, "Lists schedules of active workflows", system::schedules),
        get("/api/v1/webhooks", May::WorkflowRead, "Lists webhooks of active workflows", system::webhooks),
        get("/api/v1/version", May::Public, "Says which version runs", system::version),
        get("/api/v1/openapi.json", May::Public, "This document", system::openapi),
        get("/health", May::Public, "Whether the process lives", system::health),
        get("/healthz", May::Public, "Whether the process lives", system::health),
        get("/ready", May::Public, "Whether requests are served", system::ready),
        get("/readyz", May::Public, "Whether requests are served", system::ready),
        get("/metrics", May::Public, "Metrics for Prometheus", system::metrics),
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
    let read = move |state: Shared, caller: Caller, name: Path<String>| collection.read(state, caller, name);
    let write = move |state: Shared, caller: Caller, name: Path<String>, headers: HeaderMap, body: Read<Entry>| {
        collection.write(state, caller, documents::entry(name, headers, body))
    };
    let remove = move |state: Shared, caller: Caller, name: Path<String>| collection.remove(state, caller, name);
    vec![
        get(all, reads, "Lists entries", list).query::<PageQuery>(),
        get(one, reads, "Reads an entry", read),
        put(one, writes, "Makes or replaces an entry", write).body::<Entry>(),
        delete(one, writes, "Removes an entry", remove).status(204),
    ]
}
