//! What the API answers, for its description. Handlers write JSON of their own; a test holds what they write to what stands here.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub(super) struct $name { $($(#[$field_doc])* $field: $kind,)* }
        )*
    };
}

/// Part of a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    data: Vec<T>,
    /// For the part after this one; null when this was the last.
    next_cursor: Option<String>,
}

answers! {
    /// A workflow: its definition, and what the server knows of it.
    Workflow {
        id: String,
        name: String,
        active: bool,
        /// The newest version.
        version: u32,
        /// The version that its triggers start.
        active_version: Option<u32>,
        owner: Option<String>,
        created_at: String,
        updated_at: String,
        /// The nodes; absent in lists.
        nodes: Option<Vec<Map<String, Value>>>,
        connections: Option<Value>,
        settings: Option<Map<String, Value>>,
    }
    /// A saved version. Never changes.
    Saved { workflow_id: String, version: u32, author: Option<String>, created_at: String, definition: Option<Map<String, Value>>, }
    /// A workflow file.
    File { name: String, nodes: Vec<Map<String, Value>>, connections: Value, }
    /// What is wrong with a workflow.
    Checked { valid: bool, problems: Vec<Map<String, Value>>, }
    /// What changed between two versions.
    Difference { from: u32, to: u32, nodes: ChangedNodes, connections: Vec<Change>, other: Vec<Change>, }
    /// Nodes that are new, gone, or not what they were.
    ChangedNodes { added: Vec<Map<String, Value>>, removed: Vec<Map<String, Value>>, changed: Vec<Map<String, Value>>, }
    /// A place at which two versions differ.
    Change { path: String, before: Value, after: Value, }
    /// Webhooks that are open for one call.
    Rehearsal { webhooks: Vec<Webhook>, version: u32, expires_at: String, }
    /// An execution.
    Execution {
        id: String,
        workflow_id: String,
        /// `new`, `running`, `waiting`, `paused`, `success`, `error`, `canceled`, `crashed`.
        status: String,
        finished: bool,
        mode: String,
        started_at: Option<String>,
        stopped_at: Option<String>,
        error: Option<Value>,
        /// What its nodes gave; absent in lists and while it runs.
        data: Option<Value>,
    }
    /// What became of one of several.
    Done { id: String, ok: bool, code: Option<String>, }
    /// A credential, without its secret.
    Credential {
        id: String,
        name: String,
        #[serde(rename = "type")]
        kind: String,
        allowed_hosts: Option<Vec<String>>,
        owner: Option<String>,
        created_at: String,
        updated_at: String,
    }
    /// What came of trying a credential out.
    Tried {
        /// `ok`, `error`, or `unsupported` for types that cannot be tried out.
        status: String,
        message: String,
    }
    /// A named value.
    Entry { name: String, value: Value, revision: u32, created_at: String, updated_at: String, }
    /// Somebody who may sign in.
    User {
        id: Option<String>,
        email: Option<String>,
        name: String,
        role: String,
        disabled: Option<bool>,
        /// Whether the address was confirmed.
        verified: Option<bool>,
        locked_until: Option<String>,
        created_at: Option<String>,
        updated_at: Option<String>,
    }
    /// Somebody who is signed in. Whoever has to confirm an address first gets no tokens.
    SignedIn {
        access_token: Option<String>,
        token_type: Option<String>,
        /// Seconds.
        expires_in: Option<i64>,
        /// Good once.
        refresh_token: Option<String>,
        user: User,
    }
    /// A session.
    Session { id: String, created_at: String, expires_at: String, current: bool, }
    /// An API key.
    ApiKey {
        id: String,
        name: String,
        /// The beginning of the key.
        prefix: String,
        scopes: Vec<String>,
        addresses: Option<Vec<String>>,
        created_at: String,
        expires_at: Option<String>,
        used_at: Option<String>,
        /// The key itself; shown once, when it is made.
        key: Option<String>,
    }
    /// Something that somebody did.
    AuditEntry { id: String, at: String, actor: String, action: String, target: String, }
    /// A schedule of an active workflow.
    Schedule { workflow_id: String, node: String, rule: u32, spec: Value, time_zone: String, next: Option<String>, last: Option<String>, }
    /// A webhook of an active workflow.
    Webhook { workflow_id: Option<String>, methods: Vec<String>, path: String, node: String, }
    /// The program.
    Program { name: String, version: String, }
    /// How the server is.
    Health { status: String, checks: Option<Map<String, Value>>, }
}
