-- A browser that a person signed in with. `id` is the hash of what the cookie holds.
CREATE TABLE session (
    id        BLOB PRIMARY KEY CHECK (length(id) = 32),
    person    BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    began_at  INTEGER NOT NULL,
    seen_at   INTEGER NOT NULL,
    second_at INTEGER,
    voucher_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);
CREATE INDEX session_seen ON session (seen_at);

-- All approvals that a session came from: the first one, and each that it was raised by. A report of any ends it.
CREATE TABLE session_approval (
    session  BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    approval BLOB NOT NULL CHECK (length(approval) = 16),
  PRIMARY KEY (session, approval)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_approval_approval ON session_approval (approval);
