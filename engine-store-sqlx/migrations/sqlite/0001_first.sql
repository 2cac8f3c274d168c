-- The first schema; docs and order as on Postgres. Times are microseconds since 1970, uuids their 16 bytes, booleans 0 and 1.

-- Executions that have not ended: queue, leases and timers in one small row each.
-- state: 0 ready, 1 leased, 2 waiting, 3 paused. signals: how many are there that no commit has handled.
-- extras: whether rows of this execution may be in signals or resume_points.
CREATE TABLE active (
    id BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    parent BLOB,
    retry_of BLOB,
    priority INTEGER NOT NULL,
    concurrency_key TEXT,
    state INTEGER NOT NULL,
    due INTEGER,
    worker BLOB,
    epoch INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    signals INTEGER NOT NULL DEFAULT 0,
    extras INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    started INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX active_ready ON active (tenant, workflow, (coalesce(concurrency_key, '')), priority DESC, id) WHERE state = 0;
CREATE INDEX active_leased ON active (worker, id) WHERE state = 1;
CREATE INDEX active_due ON active (due) WHERE state = 2 AND due IS NOT NULL;
CREATE INDEX active_parent ON active (parent) WHERE parent IS NOT NULL;
CREATE INDEX active_workflow ON active (workflow, id);

-- Executions that have ended. Only ever inserted and removed.
CREATE TABLE executions (
    id BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    parent BLOB,
    retry_of BLOB,
    status INTEGER NOT NULL,
    created INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER NOT NULL,
    error TEXT,
    last_node TEXT,
    custom TEXT,
    epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX executions_workflow ON executions (workflow, id);
CREATE INDEX executions_tenant ON executions (tenant, id);
CREATE INDEX executions_failed ON executions (status, id) WHERE status <> 4;
CREATE INDEX executions_parent ON executions (parent) WHERE parent IS NOT NULL;

-- The journal: chunks of records, in engine_core::store::record's format. Only ever inserted and removed.
CREATE TABLE journal (
    execution BLOB NOT NULL,
    seq INTEGER NOT NULL,
    records BLOB NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;

-- Entries of searchable data, as JSON texts.
CREATE TABLE custom_entries (
    execution BLOB NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (execution, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX custom_entries_value ON custom_entries (key, value, execution);

-- kind: 0 cancel, 1 pause, 2 resume, 3 wake.
CREATE TABLE signals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    execution BLOB NOT NULL,
    request TEXT NOT NULL,
    kind INTEGER NOT NULL,
    token TEXT,
    payload TEXT,
    handled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (execution, request)
) STRICT;
CREATE INDEX signals_pending ON signals (execution, number) WHERE NOT handled;

CREATE TABLE resume_points (
    execution BLOB NOT NULL,
    token TEXT NOT NULL,
    node TEXT NOT NULL,
    run INTEGER NOT NULL,
    options TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    started INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- kind: 0 tenant, 1 workflow, 2 concurrency key.
CREATE TABLE limits (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    maximum INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- When each tenant was last served by a claim.
CREATE TABLE turns (
    tenant TEXT NOT NULL PRIMARY KEY,
    turn INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    execution BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires);

CREATE TABLE requests (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT,
    expires INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_expires ON requests (expires);

CREATE TABLE workflows (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    active INTEGER,
    labels TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
CREATE INDEX workflows_tenant ON workflows (tenant, id);

CREATE TABLE workflow_versions (
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    author TEXT,
    created INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (workflow, version)
) STRICT;

CREATE TABLE static_data (
    workflow TEXT NOT NULL PRIMARY KEY,
    data TEXT NOT NULL
) STRICT;

CREATE TABLE webhooks (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    place INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    version INTEGER NOT NULL,
    path TEXT NOT NULL,
    methods TEXT NOT NULL,
    spec TEXT NOT NULL,
    PRIMARY KEY (workflow, place)
) STRICT;

CREATE TABLE webhook_routes (
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    workflow TEXT NOT NULL,
    PRIMARY KEY (method, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_routes_workflow ON webhook_routes (workflow);

-- Numbers that change with what they count.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schedules (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    rule INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    version INTEGER NOT NULL,
    spec TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    next INTEGER,
    last INTEGER,
    PRIMARY KEY (workflow, node, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_next ON schedules (next) WHERE next IS NOT NULL;

CREATE TABLE schedule_slots (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    rule INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    execution BLOB,
    PRIMARY KEY (workflow, node, rule, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_slots_slot ON schedule_slots (slot);

CREATE TABLE documents (
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, collection, id)
) STRICT;

CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    attributes TEXT NOT NULL,
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
CREATE INDEX credentials_tenant ON credentials (tenant, id);
CREATE INDEX credentials_name ON credentials (tenant, kind, name);
CREATE INDEX credentials_key ON credentials (key_id);

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    verified INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    failed_logins INTEGER NOT NULL,
    locked_until INTEGER,
    attributes TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    previous_hash BLOB,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    attributes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_previous ON sessions (previous_hash);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    attributes TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    used INTEGER
) STRICT;
CREATE INDEX api_keys_user ON api_keys (user_id, id);

CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_tenant ON audit_log (tenant, id);
CREATE INDEX audit_log_at ON audit_log (at);

-- Large data by the hash of its bytes. The bytes lie in pieces under the upload that brought them; an upload that is named by no blob was given up.
CREATE TABLE blobs (
    id TEXT NOT NULL PRIMARY KEY,
    upload BLOB NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_created ON blobs (created);

CREATE TABLE blob_uploads (
    id BLOB NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blob_pieces (
    upload BLOB NOT NULL,
    piece INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (upload, piece)
) STRICT;

CREATE TABLE blob_uses (
    execution BLOB NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (execution, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_uses_blob ON blob_uses (blob);

