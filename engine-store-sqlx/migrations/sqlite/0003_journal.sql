-- Chunks lie in the order in which they came, and the index finds those of one execution. A table that lies in the order of its key would change a page for each
-- execution that a group writes for, and the log holds whole pages.
ALTER TABLE journal RENAME TO journal_by_key;
CREATE TABLE journal (
    execution BLOB NOT NULL,
    seq INTEGER NOT NULL,
    records BLOB NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT;
INSERT INTO journal (execution, seq, records) SELECT execution, seq, records FROM journal_by_key ORDER BY execution, seq;
DROP TABLE journal_by_key;
