-- A browser that a person signed in with. `id` is the hash of what the cookie holds.
CREATE TABLE session (
    id        BLOB PRIMARY KEY CHECK (length(id) = 32),
    person    BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    began_at  INTEGER NOT NULL,
    seen_at   INTEGER NOT NULL,
    second_at INTEGER,
    voucher_at INTEGER,
    approval  BLOB CHECK (approval IS NULL OR length(approval) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);
CREATE INDEX session_approval ON session (approval) WHERE approval IS NOT NULL;
CREATE INDEX session_seen ON session (seen_at);
