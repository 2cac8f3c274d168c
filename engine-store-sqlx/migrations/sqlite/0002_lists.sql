-- Indexes for lists and for pruning: the status before the id, so that rare statuses are found among many executions; and the end, by which they go.
DROP INDEX executions_workflow;
DROP INDEX executions_tenant;
CREATE INDEX executions_workflow ON executions (workflow, status, id);
CREATE INDEX executions_tenant ON executions (tenant, status, id);
CREATE INDEX executions_finished ON executions (status, finished);
