PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE engine_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied TEXT NOT NULL) STRICT;
INSERT INTO engine_migrations VALUES(1,'first',X'0cd7b605b394344e9931479d273d9f57de927c6ddb870f9c905455cbaca9c905','2026-11-28 21:36:59');
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
INSERT INTO active VALUES(X'01a21e05660272028202020202020202','t','w',1,2,NULL,NULL,0,NULL,2,4102444800000000,NULL,1,0,0,1,1795901819534000,1795901819534000);
INSERT INTO active VALUES(X'01a21e05660373038303030303030303','t','w',1,2,NULL,NULL,0,NULL,0,NULL,NULL,0,0,0,0,1795901819536000,NULL);
INSERT INTO active VALUES(X'01a21e05660474048404040404040404','t','w',1,2,NULL,NULL,0,NULL,1,NULL,X'01a21e0566c878c888c8c8c8c8c8c8c8',1,1,1,1,1795901819537000,1795901819537000);
INSERT INTO active VALUES(X'01a21e05660575058505050505050505','t','w',1,2,NULL,NULL,0,NULL,2,4102444800000000,NULL,0,0,0,0,1795901819517000,NULL);
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
INSERT INTO executions VALUES(X'01a21e05660171018101010101010101','t','w',1,2,NULL,NULL,5,1795901819525000,1795901819525000,1790000000000000,'{"message":"no"}','"n"','{"order":"4711"}',1);
CREATE TABLE journal (
    execution BLOB NOT NULL,
    seq INTEGER NOT NULL,
    records BLOB NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO journal VALUES(X'01a21e05660171018101010101010101',0,X'6669727374');
INSERT INTO journal VALUES(X'01a21e05660171018101010101010101',1,X'6368756e6b20312000');
INSERT INTO journal VALUES(X'01a21e05660171018101010101010101',2,X'6368756e6b20322000');
INSERT INTO journal VALUES(X'01a21e05660272028202020202020202',0,X'6669727374');
INSERT INTO journal VALUES(X'01a21e05660373038303030303030303',0,X'6669727374');
INSERT INTO journal VALUES(X'01a21e05660474048404040404040404',0,X'6669727374');
INSERT INTO journal VALUES(X'01a21e05660474048404040404040404',1,X'6368756e6b20312000');
INSERT INTO journal VALUES(X'01a21e05660575058505050505050505',0,X'6669727374');
CREATE TABLE custom_entries (
    execution BLOB NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (execution, key)
) STRICT, WITHOUT ROWID;
INSERT INTO custom_entries VALUES(X'01a21e05660171018101010101010101','"order"','"4711"');
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
INSERT INTO signals VALUES(1,X'01a21e05660474048404040404040404','r',1,NULL,NULL,0);
CREATE TABLE resume_points (
    execution BLOB NOT NULL,
    token TEXT NOT NULL,
    node TEXT NOT NULL,
    run INTEGER NOT NULL,
    options TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution, token)
) STRICT, WITHOUT ROWID;
INSERT INTO resume_points VALUES(X'01a21e05660272028202020202020202','t','"wait"',0,'{"method":"POST"}',0);
CREATE TABLE workers (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    started INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO workers VALUES(X'01a21e0566c878c888c8c8c8c8c8c8c8','w',1795901819521000,1795901819542000,1795901819542000);
CREATE TABLE limits (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    maximum INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO limits VALUES(0,'t',100);
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
INSERT INTO idempotency_keys VALUES('t','k',X'0101010101010101010101010101010101010101010101010101010101010101',X'01a21e05660373038303030303030303',4102444800000000);
CREATE TABLE requests (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT,
    expires INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
INSERT INTO requests VALUES('t','q',X'0202020202020202020202020202020202020202020202020202020202020202','{"id":1}',4102444800000000);
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
INSERT INTO workflows VALUES('w','t','Orders',2,1,'{"tags":["x"]}',1795901819509000,1795901819513000);
CREATE TABLE workflow_versions (
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    author TEXT,
    created INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (workflow, version)
) STRICT;
INSERT INTO workflow_versions VALUES('w',1,'a',1795901819509000,'{"v":1}');
INSERT INTO workflow_versions VALUES('w',2,'a',1795901819510000,'{"v":2}');
CREATE TABLE static_data (
    workflow TEXT NOT NULL PRIMARY KEY,
    data TEXT NOT NULL
) STRICT;
INSERT INTO static_data VALUES('w','{"global":1}');
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
INSERT INTO webhooks VALUES('w','"hook"',0,'t',1,'orders/:id','["GET"]','{"methods":["GET"],"path":"orders/:id","responseMode":"lastNode","outputPerMethod":false,"parameters":{},"version":2.0}');
CREATE TABLE webhook_routes (
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    workflow TEXT NOT NULL,
    PRIMARY KEY (method, path)
) STRICT, WITHOUT ROWID;
INSERT INTO webhook_routes VALUES('GET','orders/:id','w');
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES('webhooks',1);
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
INSERT INTO schedules VALUES('w','"s"',0,'t',1,'{"cron":"0 * * * * *"}','Europe/Berlin',4102444800000000,1790000000000000);
CREATE TABLE schedule_slots (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    rule INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    execution BLOB,
    PRIMARY KEY (workflow, node, rule, slot)
) STRICT, WITHOUT ROWID;
INSERT INTO schedule_slots VALUES('w','"s"',0,1790000000000000,X'01a21e05660575058505050505050505');
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
INSERT INTO documents VALUES('t','tags','d','[1]',1,1795901819545000,1795901819545000);
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
INSERT INTO credentials VALUES('c','t','mail','smtp','{}','k1',X'030303030303030303030303',X'010203',1,1795901819545000,1795901819545000);
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
INSERT INTO users VALUES(X'01a21e05660a7a0a8a0a0a0a0a0a0a0a','t','Anna@example.org','anna@example.org','A','admin','$x$',0,0,0,NULL,'{}',1795901819542000,1795901819542000);
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    previous_hash BLOB,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    attributes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sessions VALUES(X'01a21e05660b7b0b8b0b0b0b0b0b0b0b',X'01a21e05660a7a0a8a0a0a0a0a0a0a0a',X'746f6b656e',NULL,1790000000000000,4102444800000000,'{}');
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
INSERT INTO api_keys VALUES(X'01a21e05660c7c0c8c0c0c0c0c0c0c0c',X'01a21e05660a7a0a8a0a0a0a0a0a0a0a','ci','eng_',X'6b6579','["x"]','{}',1790000000000000,NULL,NULL);
CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
INSERT INTO audit_log VALUES(X'01a21e05660d7d0d8d0d0d0d0d0d0d0d','t',1790000000000000,'a','b','c','{}');
CREATE TABLE blobs (
    id TEXT NOT NULL PRIMARY KEY,
    upload BLOB NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO blobs VALUES('sha256:5570a3cf02207f1d352d2cfea385be4bc0b2b9414f606baa6f55db60b232f221',X'01a224170a9a71298cf964bca0903a70',6,1795901819547000);
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
INSERT INTO blob_pieces VALUES(X'01a224170a9a71298cf964bca0903a70',0,X'6120626c6f62');
CREATE TABLE blob_uses (
    execution BLOB NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (execution, blob)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('signals',1);
CREATE INDEX active_ready ON active (tenant, workflow, (coalesce(concurrency_key, '')), priority DESC, id) WHERE state = 0;
CREATE INDEX active_leased ON active (worker, id) WHERE state = 1;
CREATE INDEX active_due ON active (due) WHERE state = 2 AND due IS NOT NULL;
CREATE INDEX active_parent ON active (parent) WHERE parent IS NOT NULL;
CREATE INDEX active_workflow ON active (workflow, id);
CREATE INDEX executions_workflow ON executions (workflow, id);
CREATE INDEX executions_tenant ON executions (tenant, id);
CREATE INDEX executions_failed ON executions (status, id) WHERE status <> 4;
CREATE INDEX executions_parent ON executions (parent) WHERE parent IS NOT NULL;
CREATE INDEX custom_entries_value ON custom_entries (key, value, execution);
CREATE INDEX signals_pending ON signals (execution, number) WHERE NOT handled;
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires);
CREATE INDEX requests_expires ON requests (expires);
CREATE INDEX workflows_tenant ON workflows (tenant, id);
CREATE INDEX webhook_routes_workflow ON webhook_routes (workflow);
CREATE INDEX schedules_next ON schedules (next) WHERE next IS NOT NULL;
CREATE INDEX schedule_slots_slot ON schedule_slots (slot);
CREATE INDEX credentials_tenant ON credentials (tenant, id);
CREATE INDEX credentials_name ON credentials (tenant, kind, name);
CREATE INDEX credentials_key ON credentials (key_id);
CREATE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_previous ON sessions (previous_hash);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires);
CREATE INDEX api_keys_user ON api_keys (user_id, id);
CREATE INDEX audit_log_tenant ON audit_log (tenant, id);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX blobs_created ON blobs (created);
CREATE INDEX blob_uses_blob ON blob_uses (blob);
COMMIT;
