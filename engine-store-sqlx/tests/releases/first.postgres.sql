CREATE SCHEMA engine_fixture;
CREATE FUNCTION engine_fixture.drop_audit_partitions(cutoff bigint) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
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
END $_$;
CREATE FUNCTION engine_fixture.drop_partitions(cutoff bigint) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
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
END $_$;
CREATE FUNCTION engine_fixture.make_partitions(ahead integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION engine_fixture.now_micros() RETURNS bigint
    LANGUAGE sql
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;
CREATE FUNCTION engine_fixture.uuid_floor(millis bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT (lpad(to_hex(millis), 12, '0') || repeat('0', 20))::uuid $$;
CREATE TABLE engine_fixture.active (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    mode smallint NOT NULL,
    parent uuid,
    retry_of uuid,
    priority smallint NOT NULL,
    concurrency_key text COLLATE pg_catalog."C",
    state smallint NOT NULL,
    due bigint,
    worker uuid,
    epoch integer NOT NULL,
    claims integer NOT NULL,
    signals integer DEFAULT 0 NOT NULL,
    extras boolean DEFAULT false NOT NULL,
    created bigint NOT NULL,
    started bigint
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0', autovacuum_analyze_scale_factor='0.05');
CREATE TABLE engine_fixture.api_keys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    prefix text NOT NULL COLLATE pg_catalog."C",
    hash bytea NOT NULL,
    scopes text NOT NULL COLLATE pg_catalog."C",
    attributes text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    expires bigint,
    used bigint
);
CREATE TABLE engine_fixture.audit_log (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C"
)
PARTITION BY RANGE (id);
CREATE TABLE engine_fixture.audit_log_2026_11 (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.audit_log_2026_12 (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.audit_log_2027_01 (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.audit_log_other (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    target text NOT NULL COLLATE pg_catalog."C",
    details text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.blob_pieces (
    upload uuid NOT NULL,
    piece integer NOT NULL,
    bytes bytea NOT NULL
);
ALTER TABLE ONLY engine_fixture.blob_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE engine_fixture.blob_uploads (
    id uuid NOT NULL,
    created bigint NOT NULL
);
CREATE TABLE engine_fixture.blob_uses (
    execution uuid NOT NULL,
    blob text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.blobs (
    id text NOT NULL COLLATE pg_catalog."C",
    upload uuid NOT NULL,
    size bigint NOT NULL,
    created bigint NOT NULL
);
CREATE TABLE engine_fixture.counters (
    name text NOT NULL COLLATE pg_catalog."C",
    value bigint NOT NULL
);
CREATE TABLE engine_fixture.credentials (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    attributes text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    nonce bytea NOT NULL,
    ciphertext bytea NOT NULL,
    revision integer NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL
);
CREATE TABLE engine_fixture.custom_entries (
    execution uuid NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.documents (
    tenant text NOT NULL COLLATE pg_catalog."C",
    collection text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C",
    revision integer NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL
);
CREATE TABLE engine_fixture.engine_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied timestamp with time zone NOT NULL
);
CREATE TABLE engine_fixture.executions (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    mode smallint NOT NULL,
    parent uuid,
    retry_of uuid,
    status smallint NOT NULL,
    created bigint NOT NULL,
    started bigint,
    finished bigint NOT NULL,
    error text COLLATE pg_catalog."C",
    last_node text COLLATE pg_catalog."C",
    custom text COLLATE pg_catalog."C",
    epoch integer NOT NULL
)
PARTITION BY RANGE (id);
CREATE TABLE engine_fixture.executions_2026_11 (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    mode smallint NOT NULL,
    parent uuid,
    retry_of uuid,
    status smallint NOT NULL,
    created bigint NOT NULL,
    started bigint,
    finished bigint NOT NULL,
    error text COLLATE pg_catalog."C",
    last_node text COLLATE pg_catalog."C",
    custom text COLLATE pg_catalog."C",
    epoch integer NOT NULL
);
CREATE TABLE engine_fixture.executions_2026_12 (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    mode smallint NOT NULL,
    parent uuid,
    retry_of uuid,
    status smallint NOT NULL,
    created bigint NOT NULL,
    started bigint,
    finished bigint NOT NULL,
    error text COLLATE pg_catalog."C",
    last_node text COLLATE pg_catalog."C",
    custom text COLLATE pg_catalog."C",
    epoch integer NOT NULL
);
CREATE TABLE engine_fixture.executions_2027_01 (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    mode smallint NOT NULL,
    parent uuid,
    retry_of uuid,
    status smallint NOT NULL,
    created bigint NOT NULL,
    started bigint,
    finished bigint NOT NULL,
    error text COLLATE pg_catalog."C",
    last_node text COLLATE pg_catalog."C",
    custom text COLLATE pg_catalog."C",
    epoch integer NOT NULL
);
CREATE TABLE engine_fixture.executions_other (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    mode smallint NOT NULL,
    parent uuid,
    retry_of uuid,
    status smallint NOT NULL,
    created bigint NOT NULL,
    started bigint,
    finished bigint NOT NULL,
    error text COLLATE pg_catalog."C",
    last_node text COLLATE pg_catalog."C",
    custom text COLLATE pg_catalog."C",
    epoch integer NOT NULL
);
CREATE TABLE engine_fixture.idempotency_keys (
    tenant text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    execution uuid NOT NULL,
    expires bigint NOT NULL
);
CREATE TABLE engine_fixture.journal (
    execution uuid NOT NULL,
    seq integer NOT NULL,
    records bytea NOT NULL
)
PARTITION BY RANGE (execution);
CREATE TABLE engine_fixture.journal_2026_11 (
    execution uuid NOT NULL,
    seq integer NOT NULL,
    records bytea NOT NULL
);
CREATE TABLE engine_fixture.journal_2026_12 (
    execution uuid NOT NULL,
    seq integer NOT NULL,
    records bytea NOT NULL
);
CREATE TABLE engine_fixture.journal_2027_01 (
    execution uuid NOT NULL,
    seq integer NOT NULL,
    records bytea NOT NULL
);
CREATE TABLE engine_fixture.journal_other (
    execution uuid NOT NULL,
    seq integer NOT NULL,
    records bytea NOT NULL
);
CREATE TABLE engine_fixture.limits (
    kind smallint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    maximum integer NOT NULL
);
CREATE TABLE engine_fixture.requests (
    tenant text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    answer text COLLATE pg_catalog."C",
    expires bigint NOT NULL
);
CREATE TABLE engine_fixture.resume_points (
    execution uuid NOT NULL,
    token text NOT NULL COLLATE pg_catalog."C",
    node text NOT NULL COLLATE pg_catalog."C",
    run integer NOT NULL,
    options text NOT NULL COLLATE pg_catalog."C",
    taken boolean DEFAULT false NOT NULL
);
CREATE TABLE engine_fixture.schedule_slots (
    workflow text NOT NULL COLLATE pg_catalog."C",
    node text NOT NULL COLLATE pg_catalog."C",
    rule integer NOT NULL,
    slot bigint NOT NULL,
    execution uuid
);
CREATE TABLE engine_fixture.schedules (
    workflow text NOT NULL COLLATE pg_catalog."C",
    node text NOT NULL COLLATE pg_catalog."C",
    rule integer NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    spec text NOT NULL COLLATE pg_catalog."C",
    time_zone text NOT NULL COLLATE pg_catalog."C",
    next bigint,
    last bigint
);
CREATE TABLE engine_fixture.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    previous_hash bytea,
    created bigint NOT NULL,
    expires bigint NOT NULL,
    attributes text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.signals (
    execution uuid NOT NULL,
    request text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    kind smallint NOT NULL,
    token text COLLATE pg_catalog."C",
    payload text COLLATE pg_catalog."C",
    handled boolean DEFAULT false NOT NULL
);
ALTER TABLE engine_fixture.signals ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME engine_fixture.signals_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE engine_fixture.static_data (
    workflow text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.turns (
    tenant text NOT NULL COLLATE pg_catalog."C",
    turn bigint NOT NULL
);
CREATE TABLE engine_fixture.users (
    id uuid NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    email text NOT NULL COLLATE pg_catalog."C",
    email_folded text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C",
    password_hash text COLLATE pg_catalog."C",
    verified boolean NOT NULL,
    disabled boolean NOT NULL,
    failed_logins integer NOT NULL,
    locked_until bigint,
    attributes text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    updated bigint NOT NULL
);
CREATE TABLE engine_fixture.webhook_routes (
    method text NOT NULL COLLATE pg_catalog."C",
    path text NOT NULL COLLATE pg_catalog."C",
    workflow text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.webhooks (
    workflow text NOT NULL COLLATE pg_catalog."C",
    node text NOT NULL COLLATE pg_catalog."C",
    place integer NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    path text NOT NULL COLLATE pg_catalog."C",
    methods text NOT NULL COLLATE pg_catalog."C",
    spec text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.workers (
    id uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    started bigint NOT NULL,
    seen bigint NOT NULL,
    expires bigint NOT NULL
);
CREATE TABLE engine_fixture.workflow_versions (
    workflow text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    author text COLLATE pg_catalog."C",
    created bigint NOT NULL,
    definition text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE engine_fixture.workflows (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    active integer,
    labels text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    updated bigint NOT NULL
);
ALTER TABLE ONLY engine_fixture.audit_log ATTACH PARTITION engine_fixture.audit_log_2026_11 FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.audit_log ATTACH PARTITION engine_fixture.audit_log_2026_12 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.audit_log ATTACH PARTITION engine_fixture.audit_log_2027_01 FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01a36e30-f800-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.audit_log ATTACH PARTITION engine_fixture.audit_log_other DEFAULT;
ALTER TABLE ONLY engine_fixture.executions ATTACH PARTITION engine_fixture.executions_2026_11 FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.executions ATTACH PARTITION engine_fixture.executions_2026_12 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.executions ATTACH PARTITION engine_fixture.executions_2027_01 FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01a36e30-f800-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.executions ATTACH PARTITION engine_fixture.executions_other DEFAULT;
ALTER TABLE ONLY engine_fixture.journal ATTACH PARTITION engine_fixture.journal_2026_11 FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.journal ATTACH PARTITION engine_fixture.journal_2026_12 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.journal ATTACH PARTITION engine_fixture.journal_2027_01 FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01a36e30-f800-0000-0000-000000000000');
ALTER TABLE ONLY engine_fixture.journal ATTACH PARTITION engine_fixture.journal_other DEFAULT;
INSERT INTO engine_fixture.active VALUES ('01a21e05-6605-7505-8505-050505050505', 't', 'w', 1, 2, NULL, NULL, 0, NULL, 2, 4102444800000000, NULL, 0, 0, 0, false, 1795901819979547, NULL);
INSERT INTO engine_fixture.active VALUES ('01a21e05-6602-7202-8202-020202020202', 't', 'w', 1, 2, NULL, NULL, 0, NULL, 2, 4102444800000000, NULL, 1, 0, 0, true, 1795901820018234, 1795901820018235);
INSERT INTO engine_fixture.active VALUES ('01a21e05-6603-7303-8303-030303030303', 't', 'w', 1, 2, NULL, NULL, 0, NULL, 0, NULL, NULL, 0, 0, 0, false, 1795901820030490, NULL);
INSERT INTO engine_fixture.active VALUES ('01a21e05-6604-7404-8404-040404040404', 't', 'w', 1, 2, NULL, NULL, 0, NULL, 1, NULL, '01a21e05-66c8-78c8-88c8-c8c8c8c8c8c8', 1, 1, 1, true, 1795901820033838, 1795901820033839);
INSERT INTO engine_fixture.api_keys VALUES ('01a21e05-660c-7c0c-8c0c-0c0c0c0c0c0c', '01a21e05-660a-7a0a-8a0a-0a0a0a0a0a0a', 'ci', 'eng_', '\x6b6579', '["x"]', '{}', 1790000000000000, NULL, NULL);
INSERT INTO engine_fixture.audit_log_2026_11 VALUES ('01a21e05-660d-7d0d-8d0d-0d0d0d0d0d0d', 't', 1790000000000000, 'a', 'b', 'c', '{}');
INSERT INTO engine_fixture.blob_pieces VALUES ('01a22417-0ca3-774d-a1ce-77eb17f60b00', 0, '\x6120626c6f62');
INSERT INTO engine_fixture.blobs VALUES ('sha256:5570a3cf02207f1d352d2cfea385be4bc0b2b9414f606baa6f55db60b232f221', '01a22417-0ca3-774d-a1ce-77eb17f60b00', 6, 1795901820069554);
INSERT INTO engine_fixture.counters VALUES ('webhooks', 1);
INSERT INTO engine_fixture.credentials VALUES ('c', 't', 'mail', 'smtp', '{}', 'k1', '\x030303030303030303030303', '\x010203', 1, 1795901820064428, 1795901820064428);
INSERT INTO engine_fixture.custom_entries VALUES ('01a21e05-6601-7101-8101-010101010101', '"order"', '"4711"');
INSERT INTO engine_fixture.documents VALUES ('t', 'tags', 'd', '[1]', 1, 1795901820065746, 1795901820065746);
INSERT INTO engine_fixture.engine_migrations VALUES (1, 'first', '\x48a4d6dac93478b10a36fb59538c965b54f8dcb90c0f5899cda857c25fc5fe31', '2026-11-28 21:36:59.568298+00');
INSERT INTO engine_fixture.executions_2026_11 VALUES ('01a21e05-6601-7101-8101-010101010101', 't', 'w', 1, 2, NULL, NULL, 5, 1795901820006711, 1795901820006711, 1790000000000000, '{"message":"no"}', '"n"', '{"order":"4711"}', 1);
INSERT INTO engine_fixture.idempotency_keys VALUES ('t', 'k', '\x0101010101010101010101010101010101010101010101010101010101010101', '01a21e05-6603-7303-8303-030303030303', 4102444800000000);
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6605-7505-8505-050505050505', 0, '\x6669727374');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6601-7101-8101-010101010101', 0, '\x6669727374');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6601-7101-8101-010101010101', 1, '\x6368756e6b20312000');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6601-7101-8101-010101010101', 2, '\x6368756e6b20322000');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6602-7202-8202-020202020202', 0, '\x6669727374');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6603-7303-8303-030303030303', 0, '\x6669727374');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6604-7404-8404-040404040404', 0, '\x6669727374');
INSERT INTO engine_fixture.journal_2026_11 VALUES ('01a21e05-6604-7404-8404-040404040404', 1, '\x6368756e6b20312000');
INSERT INTO engine_fixture.limits VALUES (0, 't', 100);
INSERT INTO engine_fixture.requests VALUES ('t', 'q', '\x0202020202020202020202020202020202020202020202020202020202020202', '{"id":1}', 4102444800000000);
INSERT INTO engine_fixture.resume_points VALUES ('01a21e05-6602-7202-8202-020202020202', 't', '"wait"', 0, '{"method":"POST"}', false);
INSERT INTO engine_fixture.schedule_slots VALUES ('w', '"s"', 0, 1790000000000000, '01a21e05-6605-7505-8505-050505050505');
INSERT INTO engine_fixture.schedules VALUES ('w', '"s"', 0, 't', 1, '{"cron":"0 * * * * *"}', 'Europe/Berlin', 4102444800000000, 1790000000000000);
INSERT INTO engine_fixture.sessions VALUES ('01a21e05-660b-7b0b-8b0b-0b0b0b0b0b0b', '01a21e05-660a-7a0a-8a0a-0a0a0a0a0a0a', '\x746f6b656e', NULL, 1790000000000000, 4102444800000000, '{}');
INSERT INTO engine_fixture.signals OVERRIDING SYSTEM VALUE VALUES ('01a21e05-6604-7404-8404-040404040404', 'r', 1, 1, NULL, NULL, false);
INSERT INTO engine_fixture.static_data VALUES ('w', '{"global":1}');
INSERT INTO engine_fixture.users VALUES ('01a21e05-660a-7a0a-8a0a-0a0a0a0a0a0a', 't', 'Anna@example.org', 'anna@example.org', 'A', 'admin', '$x$', false, false, 0, NULL, '{}', 1795901820056441, 1795901820056441);
INSERT INTO engine_fixture.webhook_routes VALUES ('GET', 'orders/:id', 'w');
INSERT INTO engine_fixture.webhooks VALUES ('w', '"hook"', 0, 't', 1, 'orders/:id', '["GET"]', '{"methods":["GET"],"path":"orders/:id","responseMode":"lastNode","outputPerMethod":false,"parameters":{},"version":2.0}');
INSERT INTO engine_fixture.workers VALUES ('01a21e05-66c8-78c8-88c8-c8c8c8c8c8c8', 'w', 1795901819993911, 1795901820055277, 1795901820055277);
INSERT INTO engine_fixture.workflow_versions VALUES ('w', 1, 'a', 1795901819954940, '{"v":1}');
INSERT INTO engine_fixture.workflow_versions VALUES ('w', 2, 'a', 1795901819957931, '{"v":2}');
INSERT INTO engine_fixture.workflows VALUES ('w', 't', 'Orders', 2, 1, '{"tags":["x"]}', 1795901819954940, 1795901819962149);
ALTER TABLE ONLY engine_fixture.active
    ADD CONSTRAINT active_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);
ALTER TABLE ONLY engine_fixture.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.audit_log_2026_11
    ADD CONSTRAINT audit_log_2026_11_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.audit_log_2026_12
    ADD CONSTRAINT audit_log_2026_12_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.audit_log_2027_01
    ADD CONSTRAINT audit_log_2027_01_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.audit_log_other
    ADD CONSTRAINT audit_log_other_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.blob_pieces
    ADD CONSTRAINT blob_pieces_pkey PRIMARY KEY (upload, piece);
ALTER TABLE ONLY engine_fixture.blob_uploads
    ADD CONSTRAINT blob_uploads_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.blob_uses
    ADD CONSTRAINT blob_uses_pkey PRIMARY KEY (execution, blob);
ALTER TABLE ONLY engine_fixture.blobs
    ADD CONSTRAINT blobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (name);
ALTER TABLE ONLY engine_fixture.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.custom_entries
    ADD CONSTRAINT custom_entries_pkey PRIMARY KEY (execution, key);
ALTER TABLE ONLY engine_fixture.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (tenant, collection, id);
ALTER TABLE ONLY engine_fixture.engine_migrations
    ADD CONSTRAINT engine_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY engine_fixture.executions
    ADD CONSTRAINT executions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.executions_2026_11
    ADD CONSTRAINT executions_2026_11_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.executions_2026_12
    ADD CONSTRAINT executions_2026_12_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.executions_2027_01
    ADD CONSTRAINT executions_2027_01_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.executions_other
    ADD CONSTRAINT executions_other_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant, key);
ALTER TABLE ONLY engine_fixture.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (execution, seq);
ALTER TABLE ONLY engine_fixture.journal_2026_11
    ADD CONSTRAINT journal_2026_11_pkey PRIMARY KEY (execution, seq);
ALTER TABLE ONLY engine_fixture.journal_2026_12
    ADD CONSTRAINT journal_2026_12_pkey PRIMARY KEY (execution, seq);
ALTER TABLE ONLY engine_fixture.journal_2027_01
    ADD CONSTRAINT journal_2027_01_pkey PRIMARY KEY (execution, seq);
ALTER TABLE ONLY engine_fixture.journal_other
    ADD CONSTRAINT journal_other_pkey PRIMARY KEY (execution, seq);
ALTER TABLE ONLY engine_fixture.limits
    ADD CONSTRAINT limits_pkey PRIMARY KEY (kind, name);
ALTER TABLE ONLY engine_fixture.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (tenant, key);
ALTER TABLE ONLY engine_fixture.resume_points
    ADD CONSTRAINT resume_points_pkey PRIMARY KEY (execution, token);
ALTER TABLE ONLY engine_fixture.schedule_slots
    ADD CONSTRAINT schedule_slots_pkey PRIMARY KEY (workflow, node, rule, slot);
ALTER TABLE ONLY engine_fixture.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (workflow, node, rule);
ALTER TABLE ONLY engine_fixture.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.signals
    ADD CONSTRAINT signals_pkey PRIMARY KEY (execution, request);
ALTER TABLE ONLY engine_fixture.static_data
    ADD CONSTRAINT static_data_pkey PRIMARY KEY (workflow);
ALTER TABLE ONLY engine_fixture.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (tenant);
ALTER TABLE ONLY engine_fixture.users
    ADD CONSTRAINT users_email_folded_key UNIQUE (email_folded);
ALTER TABLE ONLY engine_fixture.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.webhook_routes
    ADD CONSTRAINT webhook_routes_pkey PRIMARY KEY (method, path);
ALTER TABLE ONLY engine_fixture.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (workflow, place);
ALTER TABLE ONLY engine_fixture.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY engine_fixture.workflow_versions
    ADD CONSTRAINT workflow_versions_pkey PRIMARY KEY (workflow, version);
ALTER TABLE ONLY engine_fixture.workflows
    ADD CONSTRAINT workflows_pkey PRIMARY KEY (id);
CREATE INDEX active_due ON engine_fixture.active USING btree (due) WHERE ((state = 2) AND (due IS NOT NULL));
CREATE INDEX active_leased ON engine_fixture.active USING btree (worker, id) WHERE (state = 1);
CREATE INDEX active_parent ON engine_fixture.active USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX active_ready ON engine_fixture.active USING btree (tenant, workflow, COALESCE(concurrency_key, ''::text), priority DESC, id) WHERE (state = 0);
CREATE INDEX active_workflow ON engine_fixture.active USING btree (workflow, id);
CREATE INDEX api_keys_user ON engine_fixture.api_keys USING btree (user_id, id);
CREATE INDEX audit_log_at ON ONLY engine_fixture.audit_log USING btree (at);
CREATE INDEX audit_log_2026_11_at_idx ON engine_fixture.audit_log_2026_11 USING btree (at);
CREATE INDEX audit_log_tenant ON ONLY engine_fixture.audit_log USING btree (tenant, id);
CREATE INDEX audit_log_2026_11_tenant_id_idx ON engine_fixture.audit_log_2026_11 USING btree (tenant, id);
CREATE INDEX audit_log_2026_12_at_idx ON engine_fixture.audit_log_2026_12 USING btree (at);
CREATE INDEX audit_log_2026_12_tenant_id_idx ON engine_fixture.audit_log_2026_12 USING btree (tenant, id);
CREATE INDEX audit_log_2027_01_at_idx ON engine_fixture.audit_log_2027_01 USING btree (at);
CREATE INDEX audit_log_2027_01_tenant_id_idx ON engine_fixture.audit_log_2027_01 USING btree (tenant, id);
CREATE INDEX audit_log_other_at_idx ON engine_fixture.audit_log_other USING btree (at);
CREATE INDEX audit_log_other_tenant_id_idx ON engine_fixture.audit_log_other USING btree (tenant, id);
CREATE INDEX blob_uses_blob ON engine_fixture.blob_uses USING btree (blob);
CREATE INDEX blobs_created ON engine_fixture.blobs USING btree (created);
CREATE INDEX credentials_key ON engine_fixture.credentials USING btree (key_id);
CREATE INDEX credentials_name ON engine_fixture.credentials USING btree (tenant, kind, name);
CREATE INDEX credentials_tenant ON engine_fixture.credentials USING btree (tenant, id);
CREATE INDEX custom_entries_value ON engine_fixture.custom_entries USING btree (key, value, execution);
CREATE INDEX executions_parent ON ONLY engine_fixture.executions USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX executions_2026_11_parent_idx ON engine_fixture.executions_2026_11 USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX executions_failed ON ONLY engine_fixture.executions USING btree (status, id) WHERE (status <> 4);
CREATE INDEX executions_2026_11_status_id_idx ON engine_fixture.executions_2026_11 USING btree (status, id) WHERE (status <> 4);
CREATE INDEX executions_tenant ON ONLY engine_fixture.executions USING btree (tenant, id);
CREATE INDEX executions_2026_11_tenant_id_idx ON engine_fixture.executions_2026_11 USING btree (tenant, id);
CREATE INDEX executions_workflow ON ONLY engine_fixture.executions USING btree (workflow, id);
CREATE INDEX executions_2026_11_workflow_id_idx ON engine_fixture.executions_2026_11 USING btree (workflow, id);
CREATE INDEX executions_2026_12_parent_idx ON engine_fixture.executions_2026_12 USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX executions_2026_12_status_id_idx ON engine_fixture.executions_2026_12 USING btree (status, id) WHERE (status <> 4);
CREATE INDEX executions_2026_12_tenant_id_idx ON engine_fixture.executions_2026_12 USING btree (tenant, id);
CREATE INDEX executions_2026_12_workflow_id_idx ON engine_fixture.executions_2026_12 USING btree (workflow, id);
CREATE INDEX executions_2027_01_parent_idx ON engine_fixture.executions_2027_01 USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX executions_2027_01_status_id_idx ON engine_fixture.executions_2027_01 USING btree (status, id) WHERE (status <> 4);
CREATE INDEX executions_2027_01_tenant_id_idx ON engine_fixture.executions_2027_01 USING btree (tenant, id);
CREATE INDEX executions_2027_01_workflow_id_idx ON engine_fixture.executions_2027_01 USING btree (workflow, id);
CREATE INDEX executions_other_parent_idx ON engine_fixture.executions_other USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX executions_other_status_id_idx ON engine_fixture.executions_other USING btree (status, id) WHERE (status <> 4);
CREATE INDEX executions_other_tenant_id_idx ON engine_fixture.executions_other USING btree (tenant, id);
CREATE INDEX executions_other_workflow_id_idx ON engine_fixture.executions_other USING btree (workflow, id);
CREATE INDEX idempotency_keys_expires ON engine_fixture.idempotency_keys USING btree (expires);
CREATE INDEX requests_expires ON engine_fixture.requests USING btree (expires);
CREATE INDEX schedule_slots_slot ON engine_fixture.schedule_slots USING btree (slot);
CREATE INDEX schedules_next ON engine_fixture.schedules USING btree (next) WHERE (next IS NOT NULL);
CREATE INDEX sessions_expires ON engine_fixture.sessions USING btree (expires);
CREATE INDEX sessions_previous ON engine_fixture.sessions USING btree (previous_hash);
CREATE INDEX sessions_token ON engine_fixture.sessions USING btree (token_hash);
CREATE INDEX sessions_user ON engine_fixture.sessions USING btree (user_id);
CREATE INDEX signals_pending ON engine_fixture.signals USING btree (execution, number) WHERE (NOT handled);
CREATE INDEX webhook_routes_workflow ON engine_fixture.webhook_routes USING btree (workflow);
CREATE INDEX workflows_tenant ON engine_fixture.workflows USING btree (tenant, id);
ALTER INDEX engine_fixture.audit_log_at ATTACH PARTITION engine_fixture.audit_log_2026_11_at_idx;
ALTER INDEX engine_fixture.audit_log_pkey ATTACH PARTITION engine_fixture.audit_log_2026_11_pkey;
ALTER INDEX engine_fixture.audit_log_tenant ATTACH PARTITION engine_fixture.audit_log_2026_11_tenant_id_idx;
ALTER INDEX engine_fixture.audit_log_at ATTACH PARTITION engine_fixture.audit_log_2026_12_at_idx;
ALTER INDEX engine_fixture.audit_log_pkey ATTACH PARTITION engine_fixture.audit_log_2026_12_pkey;
ALTER INDEX engine_fixture.audit_log_tenant ATTACH PARTITION engine_fixture.audit_log_2026_12_tenant_id_idx;
ALTER INDEX engine_fixture.audit_log_at ATTACH PARTITION engine_fixture.audit_log_2027_01_at_idx;
ALTER INDEX engine_fixture.audit_log_pkey ATTACH PARTITION engine_fixture.audit_log_2027_01_pkey;
ALTER INDEX engine_fixture.audit_log_tenant ATTACH PARTITION engine_fixture.audit_log_2027_01_tenant_id_idx;
ALTER INDEX engine_fixture.audit_log_at ATTACH PARTITION engine_fixture.audit_log_other_at_idx;
ALTER INDEX engine_fixture.audit_log_pkey ATTACH PARTITION engine_fixture.audit_log_other_pkey;
ALTER INDEX engine_fixture.audit_log_tenant ATTACH PARTITION engine_fixture.audit_log_other_tenant_id_idx;
ALTER INDEX engine_fixture.executions_parent ATTACH PARTITION engine_fixture.executions_2026_11_parent_idx;
ALTER INDEX engine_fixture.executions_pkey ATTACH PARTITION engine_fixture.executions_2026_11_pkey;
ALTER INDEX engine_fixture.executions_failed ATTACH PARTITION engine_fixture.executions_2026_11_status_id_idx;
ALTER INDEX engine_fixture.executions_tenant ATTACH PARTITION engine_fixture.executions_2026_11_tenant_id_idx;
ALTER INDEX engine_fixture.executions_workflow ATTACH PARTITION engine_fixture.executions_2026_11_workflow_id_idx;
ALTER INDEX engine_fixture.executions_parent ATTACH PARTITION engine_fixture.executions_2026_12_parent_idx;
ALTER INDEX engine_fixture.executions_pkey ATTACH PARTITION engine_fixture.executions_2026_12_pkey;
ALTER INDEX engine_fixture.executions_failed ATTACH PARTITION engine_fixture.executions_2026_12_status_id_idx;
ALTER INDEX engine_fixture.executions_tenant ATTACH PARTITION engine_fixture.executions_2026_12_tenant_id_idx;
ALTER INDEX engine_fixture.executions_workflow ATTACH PARTITION engine_fixture.executions_2026_12_workflow_id_idx;
ALTER INDEX engine_fixture.executions_parent ATTACH PARTITION engine_fixture.executions_2027_01_parent_idx;
ALTER INDEX engine_fixture.executions_pkey ATTACH PARTITION engine_fixture.executions_2027_01_pkey;
ALTER INDEX engine_fixture.executions_failed ATTACH PARTITION engine_fixture.executions_2027_01_status_id_idx;
ALTER INDEX engine_fixture.executions_tenant ATTACH PARTITION engine_fixture.executions_2027_01_tenant_id_idx;
ALTER INDEX engine_fixture.executions_workflow ATTACH PARTITION engine_fixture.executions_2027_01_workflow_id_idx;
ALTER INDEX engine_fixture.executions_parent ATTACH PARTITION engine_fixture.executions_other_parent_idx;
ALTER INDEX engine_fixture.executions_pkey ATTACH PARTITION engine_fixture.executions_other_pkey;
ALTER INDEX engine_fixture.executions_failed ATTACH PARTITION engine_fixture.executions_other_status_id_idx;
ALTER INDEX engine_fixture.executions_tenant ATTACH PARTITION engine_fixture.executions_other_tenant_id_idx;
ALTER INDEX engine_fixture.executions_workflow ATTACH PARTITION engine_fixture.executions_other_workflow_id_idx;
ALTER INDEX engine_fixture.journal_pkey ATTACH PARTITION engine_fixture.journal_2026_11_pkey;
ALTER INDEX engine_fixture.journal_pkey ATTACH PARTITION engine_fixture.journal_2026_12_pkey;
ALTER INDEX engine_fixture.journal_pkey ATTACH PARTITION engine_fixture.journal_2027_01_pkey;
ALTER INDEX engine_fixture.journal_pkey ATTACH PARTITION engine_fixture.journal_other_pkey;
