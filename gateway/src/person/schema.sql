-- Who may sign in. `password` is the Argon2id hash with its parameters and salt.
CREATE TABLE person (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT NOT NULL UNIQUE,
    password   TEXT NOT NULL,
    disabled   INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One voucher a person at most: a new one ends the older one. Only its salted hash is kept.
CREATE TABLE voucher (
    person     BLOB PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    salt       BLOB NOT NULL CHECK (length(salt) = 16),
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    until      INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
