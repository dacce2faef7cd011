-- What happened: who, what, when, from where, how it ended. Rows are added and never changed; no column holds a secret.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    person      TEXT,
    what        TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    address     TEXT,
    device      BLOB,
    approval    BLOB,
    transaction_id TEXT
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_person ON audit (person, at);
