-- Where the chain of keys stands. `version` goes up with every change: a running gateway looks at it (push-v1 §11).
CREATE TABLE chain (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    u       TEXT,                 -- base URL that phones know; NULL before the gateway first served
    epoch   INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    content BLOB,                 -- hash of what was published under this `seq`; NULL: nothing yet
    gr      BLOB                  -- thumbprint of the recovery key; its private half is never here
) STRICT;

-- Keys that sign, or signed, for this gateway. The private half is sealed, and gone when the key signs nothing any more.
CREATE TABLE chain_key (
    number     INTEGER PRIMARY KEY,
    epoch      INTEGER NOT NULL,
    thumbprint BLOB NOT NULL UNIQUE CHECK (length(thumbprint) = 32),
    point      BLOB NOT NULL CHECK (length(point) = 65),
    private    BLOB,
    made       INTEGER NOT NULL,
    retired    INTEGER,           -- since when another signs in its place
    removed    INTEGER,           -- since when it is not listed
    link       TEXT,              -- signed by the key before it; NULL for the first of an epoch
    CHECK ((private IS NULL) = (removed IS NOT NULL))
) STRICT;

-- What the recovery keys vouched for, one an epoch.
CREATE TABLE chain_recovery (
    epoch INTEGER PRIMARY KEY,
    jws   TEXT NOT NULL
) STRICT;

-- Since when the certificate's keys are listed: a new one is used 14 days later (push-v1 §4).
CREATE TABLE chain_pin (
    pin    BLOB PRIMARY KEY CHECK (length(pin) = 32),
    listed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A code that a change of keys ended; its page shows a new one.
ALTER TABLE enrol_code ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
