-- Indexes for lists and for pruning: the status before the id, so that rare statuses are found among many executions; and the end, by which they go.
DROP INDEX executions_workflow;
DROP INDEX executions_tenant;
CREATE INDEX executions_workflow ON executions (workflow, status, id);
CREATE INDEX executions_tenant ON executions (tenant, status, id);
CREATE INDEX executions_finished ON executions (status, finished);

-- Makes the partitions for the months from this one to `ahead` later. Gives how many were made.
-- Rows that came before their partition lie in the default one, and move: otherwise no partition could be made for them any more.
CREATE OR REPLACE FUNCTION make_partitions(ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    key    text;
    other  text;
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
            CONTINUE WHEN to_regclass(quote_ident(name)) IS NOT NULL;
            key := CASE parent WHEN 'journal' THEN 'execution' ELSE 'id' END;
            other := parent || '_other';
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent);
            EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', other);
            EXECUTE format('WITH early AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM early', other, key, low, key, high, name);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, low, high);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Drops the partitions of months that were over before `cutoff` (microseconds) and in which nothing still runs. Gives how many months went.
CREATE OR REPLACE FUNCTION drop_partitions(cutoff bigint) RETURNS integer LANGUAGE plpgsql AS $$
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
        CONTINUE WHEN EXISTS (SELECT FROM executions WHERE status IN (4, 5, 6, 7) AND finished >= cutoff AND id >= low AND id < high);
        DELETE FROM blob_uses WHERE execution >= low AND execution < high;
        DELETE FROM custom_entries WHERE execution >= low AND execution < high;
        EXECUTE format('DROP TABLE IF EXISTS %I', 'journal_' || month_text);
        EXECUTE format('DROP TABLE IF EXISTS %I', 'executions_' || month_text);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
