-- The first schema. Times are microseconds since 1970, by the clock of the database unless a comment says otherwise.

CREATE FUNCTION now_micros() RETURNS bigint LANGUAGE sql VOLATILE
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- The smallest UUIDv7 of a millisecond.
CREATE FUNCTION uuid_floor(millis bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT (lpad(to_hex(millis), 12, '0') || repeat('0', 20))::uuid $$;

-- Executions that have not ended: queue, leases and timers in one small row each.
-- state: 0 ready, 1 leased, 2 waiting, 3 paused. signals: how many are there that no commit has handled.
-- extras: whether rows of this execution may be in signals or resume_points.
CREATE TABLE active (
    id              uuid     PRIMARY KEY,
    tenant          text COLLATE "C"     NOT NULL,
    workflow        text COLLATE "C"     NOT NULL,
    version         integer  NOT NULL,
    mode            smallint NOT NULL,
    parent          uuid,
    retry_of        uuid,
    priority        smallint NOT NULL,
    concurrency_key text COLLATE "C",
    state           smallint NOT NULL,
    due             bigint,
    worker          uuid,
    epoch           integer  NOT NULL,
    claims          integer  NOT NULL,
    signals         integer  NOT NULL DEFAULT 0,
    extras          boolean  NOT NULL DEFAULT false,
    created         bigint   NOT NULL,
    started         bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX active_ready ON active (tenant, workflow, (coalesce(concurrency_key, '')), priority DESC, id) WHERE state = 0;
CREATE INDEX active_leased ON active (worker, id) WHERE state = 1;
CREATE INDEX active_due ON active (due) WHERE state = 2 AND due IS NOT NULL;
CREATE INDEX active_parent ON active (parent) WHERE parent IS NOT NULL;
CREATE INDEX active_workflow ON active (workflow, id);

-- Executions that have ended. Only ever inserted and removed.
CREATE TABLE executions (
    id        uuid     PRIMARY KEY,
    tenant    text COLLATE "C"     NOT NULL,
    workflow  text COLLATE "C"     NOT NULL,
    version   integer  NOT NULL,
    mode      smallint NOT NULL,
    parent    uuid,
    retry_of  uuid,
    status    smallint NOT NULL,
    created   bigint   NOT NULL,
    started   bigint,
    finished  bigint   NOT NULL,
    error     text COLLATE "C",
    last_node text COLLATE "C",
    custom    text COLLATE "C",
    epoch     integer  NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX executions_workflow ON executions (workflow, id);
CREATE INDEX executions_tenant ON executions (tenant, id);
CREATE INDEX executions_failed ON executions (status, id) WHERE status <> 4;
CREATE INDEX executions_parent ON executions (parent) WHERE parent IS NOT NULL;

-- The journal: chunks of records, in engine_core::store::record's format. Only ever inserted and removed.
CREATE TABLE journal (
    execution uuid    NOT NULL,
    seq       integer NOT NULL,
    records   bytea   NOT NULL,
    PRIMARY KEY (execution, seq)
) PARTITION BY RANGE (execution);

-- Entries of searchable data, as JSON texts.
CREATE TABLE custom_entries (
    execution uuid NOT NULL,
    key       text COLLATE "C" NOT NULL,
    value     text COLLATE "C" NOT NULL,
    PRIMARY KEY (execution, key)
);
CREATE INDEX custom_entries_value ON custom_entries (key, value, execution);

-- kind: 0 cancel, 1 pause, 2 resume, 3 wake.
CREATE TABLE signals (
    execution uuid     NOT NULL,
    request   text COLLATE "C"     NOT NULL,
    number    bigint   NOT NULL GENERATED ALWAYS AS IDENTITY,
    kind      smallint NOT NULL,
    token     text COLLATE "C",
    payload   text COLLATE "C",
    handled   boolean  NOT NULL DEFAULT false,
    PRIMARY KEY (execution, request)
);
CREATE INDEX signals_pending ON signals (execution, number) WHERE NOT handled;

CREATE TABLE resume_points (
    execution uuid    NOT NULL,
    token     text COLLATE "C"    NOT NULL,
    node      text COLLATE "C"    NOT NULL,
    run       integer NOT NULL,
    options   text COLLATE "C"    NOT NULL,
    taken     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (execution, token)
);

CREATE TABLE workers (
    id      uuid   PRIMARY KEY,
    name    text COLLATE "C"   NOT NULL,
    started bigint NOT NULL,
    seen    bigint NOT NULL,
    expires bigint NOT NULL
);

-- kind: 0 tenant, 1 workflow, 2 concurrency key.
CREATE TABLE limits (
    kind    smallint NOT NULL,
    name    text COLLATE "C"     NOT NULL,
    maximum integer  NOT NULL,
    PRIMARY KEY (kind, name)
);

-- When each tenant was last served by a claim.
CREATE TABLE turns (
    tenant text COLLATE "C"   PRIMARY KEY,
    turn   bigint NOT NULL
);

CREATE TABLE idempotency_keys (
    tenant      text COLLATE "C"   NOT NULL,
    key         text COLLATE "C"   NOT NULL,
    fingerprint bytea  NOT NULL,
    execution   uuid   NOT NULL,
    expires     bigint NOT NULL,
    PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires);

CREATE TABLE requests (
    tenant      text COLLATE "C"   NOT NULL,
    key         text COLLATE "C"   NOT NULL,
    fingerprint bytea  NOT NULL,
    answer      text COLLATE "C",
    expires     bigint NOT NULL,
    PRIMARY KEY (tenant, key)
);
CREATE INDEX requests_expires ON requests (expires);

CREATE TABLE workflows (
    id      text COLLATE "C"    PRIMARY KEY,
    tenant  text COLLATE "C"    NOT NULL,
    name    text COLLATE "C"    NOT NULL,
    version integer NOT NULL,
    active  integer,
    labels  text COLLATE "C"    NOT NULL,
    created bigint  NOT NULL,
    updated bigint  NOT NULL
);
CREATE INDEX workflows_tenant ON workflows (tenant, id);

CREATE TABLE workflow_versions (
    workflow   text COLLATE "C"    NOT NULL,
    version    integer NOT NULL,
    author     text COLLATE "C",
    created    bigint  NOT NULL,
    definition text COLLATE "C"    NOT NULL,
    PRIMARY KEY (workflow, version)
);

CREATE TABLE static_data (
    workflow text COLLATE "C" PRIMARY KEY,
    data     text COLLATE "C" NOT NULL
);

CREATE TABLE webhooks (
    workflow text COLLATE "C"    NOT NULL,
    node     text COLLATE "C"    NOT NULL,
    place    integer NOT NULL,
    tenant   text COLLATE "C"    NOT NULL,
    version  integer NOT NULL,
    path     text COLLATE "C"    NOT NULL,
    methods  text COLLATE "C"    NOT NULL,
    spec     text COLLATE "C"    NOT NULL,
    PRIMARY KEY (workflow, place)
);

CREATE TABLE webhook_routes (
    method   text COLLATE "C" NOT NULL,
    path     text COLLATE "C" NOT NULL,
    workflow text COLLATE "C" NOT NULL,
    PRIMARY KEY (method, path)
);
CREATE INDEX webhook_routes_workflow ON webhook_routes (workflow);

-- Numbers that change with what they count.
CREATE TABLE counters (
    name  text COLLATE "C"   PRIMARY KEY,
    value bigint NOT NULL
);

CREATE TABLE schedules (
    workflow  text COLLATE "C"    NOT NULL,
    node      text COLLATE "C"    NOT NULL,
    rule      integer NOT NULL,
    tenant    text COLLATE "C"    NOT NULL,
    version   integer NOT NULL,
    spec      text COLLATE "C"    NOT NULL,
    time_zone text COLLATE "C"    NOT NULL,
    next      bigint,
    last      bigint,
    PRIMARY KEY (workflow, node, rule)
);
CREATE INDEX schedules_next ON schedules (next) WHERE next IS NOT NULL;

CREATE TABLE schedule_slots (
    workflow  text COLLATE "C"    NOT NULL,
    node      text COLLATE "C"    NOT NULL,
    rule      integer NOT NULL,
    slot      bigint  NOT NULL,
    execution uuid,
    PRIMARY KEY (workflow, node, rule, slot)
);
CREATE INDEX schedule_slots_slot ON schedule_slots (slot);

CREATE TABLE documents (
    tenant     text COLLATE "C"    NOT NULL,
    collection text COLLATE "C"    NOT NULL,
    id         text COLLATE "C"    NOT NULL,
    body       text COLLATE "C"    NOT NULL,
    revision   integer NOT NULL,
    created    bigint  NOT NULL,
    updated    bigint  NOT NULL,
    PRIMARY KEY (tenant, collection, id)
);

CREATE TABLE credentials (
    id         text COLLATE "C"    PRIMARY KEY,
    tenant     text COLLATE "C"    NOT NULL,
    name       text COLLATE "C"    NOT NULL,
    kind       text COLLATE "C"    NOT NULL,
    attributes text COLLATE "C"    NOT NULL,
    key_id     text COLLATE "C"    NOT NULL,
    nonce      bytea   NOT NULL,
    ciphertext bytea   NOT NULL,
    revision   integer NOT NULL,
    created    bigint  NOT NULL,
    updated    bigint  NOT NULL
);
CREATE INDEX credentials_tenant ON credentials (tenant, id);
CREATE INDEX credentials_name ON credentials (tenant, kind, name);
CREATE INDEX credentials_key ON credentials (key_id);

CREATE TABLE users (
    id            uuid    PRIMARY KEY,
    tenant        text COLLATE "C"    NOT NULL,
    email         text COLLATE "C"    NOT NULL,
    email_folded  text COLLATE "C"    NOT NULL UNIQUE,
    name          text COLLATE "C"    NOT NULL,
    role          text COLLATE "C"    NOT NULL,
    password_hash text COLLATE "C",
    verified      boolean NOT NULL,
    disabled      boolean NOT NULL,
    failed_logins integer NOT NULL,
    locked_until  bigint,
    attributes    text COLLATE "C"    NOT NULL,
    created       bigint  NOT NULL,
    updated       bigint  NOT NULL
);

CREATE TABLE sessions (
    id            uuid   PRIMARY KEY,
    user_id       uuid   NOT NULL,
    token_hash    bytea  NOT NULL,
    previous_hash bytea,
    created       bigint NOT NULL,
    expires       bigint NOT NULL,
    attributes    text COLLATE "C"   NOT NULL
);
CREATE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_previous ON sessions (previous_hash);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE api_keys (
    id         uuid   PRIMARY KEY,
    user_id    uuid   NOT NULL,
    name       text COLLATE "C"   NOT NULL,
    prefix     text COLLATE "C"   NOT NULL,
    hash       bytea  NOT NULL UNIQUE,
    scopes     text COLLATE "C"   NOT NULL,
    attributes text COLLATE "C"   NOT NULL,
    created    bigint NOT NULL,
    expires    bigint,
    used       bigint
);
CREATE INDEX api_keys_user ON api_keys (user_id, id);

CREATE TABLE audit_log (
    id      uuid   PRIMARY KEY,
    tenant  text COLLATE "C"   NOT NULL,
    at      bigint NOT NULL,
    actor   text COLLATE "C"   NOT NULL,
    action  text COLLATE "C"   NOT NULL,
    target  text COLLATE "C"   NOT NULL,
    details text COLLATE "C"   NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX audit_log_tenant ON audit_log (tenant, id);
CREATE INDEX audit_log_at ON audit_log (at);

-- Large data by the hash of its bytes. The bytes lie in pieces under the upload that brought them; an upload that is named by no blob was given up.
CREATE TABLE blobs (
    id      text COLLATE "C"   PRIMARY KEY,
    upload  uuid   NOT NULL,
    size    bigint NOT NULL,
    created bigint NOT NULL
);
CREATE INDEX blobs_created ON blobs (created);

CREATE TABLE blob_uploads (
    id      uuid   PRIMARY KEY,
    created bigint NOT NULL
);

CREATE TABLE blob_pieces (
    upload uuid    NOT NULL,
    piece  integer NOT NULL,
    bytes  bytea   NOT NULL,
    PRIMARY KEY (upload, piece)
);
ALTER TABLE blob_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE blob_uses (
    execution uuid NOT NULL,
    blob      text COLLATE "C" NOT NULL,
    PRIMARY KEY (execution, blob)
);
CREATE INDEX blob_uses_blob ON blob_uses (blob);

-- What has no partition of its own goes here; with partitions made ahead, nothing does.
CREATE TABLE executions_other PARTITION OF executions DEFAULT;
CREATE TABLE journal_other PARTITION OF journal DEFAULT;
CREATE TABLE audit_log_other PARTITION OF audit_log DEFAULT;

-- Makes the partitions for the months from this one to `ahead` later. Gives how many were made.
CREATE FUNCTION make_partitions(ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    month  timestamptz;
    name   text;
    low    uuid;
    high   uuid;
    made   integer := 0;
BEGIN
    FOR offset_months IN 0..ahead LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
        month := (month AT TIME ZONE 'UTC' + make_interval(months => offset_months)) AT TIME ZONE 'UTC';
        low := uuid_floor((extract(epoch FROM month) * 1000)::bigint);
        high := uuid_floor((extract(epoch FROM (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC') * 1000)::bigint);
        FOREACH parent IN ARRAY ARRAY['executions', 'journal', 'audit_log'] LOOP
            name := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
            IF to_regclass(quote_ident(name)) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent, low, high);
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Drops the partitions of months that were over before `cutoff` (microseconds) and in which nothing still runs. Gives how many months went.
CREATE FUNCTION drop_partitions(cutoff bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month_text text;
    month      timestamptz;
    low        uuid;
    high       uuid;
    dropped    integer := 0;
BEGIN
    FOR month_text IN
        SELECT substring(c.relname FROM 'executions_(\d{4}_\d{2})$')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('executions') AND c.relname ~ '_\d{4}_\d{2}$'
        ORDER BY 1
    LOOP
        month := to_timestamp(month_text, 'YYYY_MM')::timestamp AT TIME ZONE 'UTC';
        low := uuid_floor((extract(epoch FROM month) * 1000)::bigint);
        high := uuid_floor((extract(epoch FROM (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC') * 1000)::bigint);
        CONTINUE WHEN extract(epoch FROM (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC') * 1000000 > cutoff;
        CONTINUE WHEN EXISTS (SELECT FROM active WHERE id >= low AND id < high);
        CONTINUE WHEN EXISTS (SELECT FROM active WHERE parent >= low AND parent < high);
        CONTINUE WHEN EXISTS (SELECT FROM executions WHERE id >= low AND id < high AND finished >= cutoff);
        DELETE FROM blob_uses WHERE execution >= low AND execution < high;
        DELETE FROM custom_entries WHERE execution >= low AND execution < high;
        EXECUTE format('DROP TABLE IF EXISTS %I', 'journal_' || month_text);
        EXECUTE format('DROP TABLE IF EXISTS %I', 'executions_' || month_text);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- Drops the partitions of the audit log for months that were over before `cutoff` (microseconds).
CREATE FUNCTION drop_audit_partitions(cutoff bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month_text text;
    dropped    integer := 0;
BEGIN
    FOR month_text IN
        SELECT substring(c.relname FROM 'audit_log_(\d{4}_\d{2})$')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('audit_log') AND c.relname ~ '_\d{4}_\d{2}$'
    LOOP
        CONTINUE WHEN extract(epoch FROM (to_timestamp(month_text, 'YYYY_MM')::timestamp + interval '1 month') AT TIME ZONE 'UTC') * 1000000 > cutoff;
        EXECUTE format('DROP TABLE %I', 'audit_log_' || month_text);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

SELECT make_partitions(2);
