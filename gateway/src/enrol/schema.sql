-- One-time codes of enrolment, by their public id. The code itself is sealed (push-v1 §5).
CREATE TABLE enrol_code (
    e        BLOB PRIMARY KEY CHECK (length(e) = 16),
    person   BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    session  BLOB NOT NULL,               -- hash of the cookie of the browser that shows it
    name     TEXT NOT NULL,               -- what the person calls the new device
    code     BLOB NOT NULL,               -- sealed
    made     INTEGER NOT NULL,
    x        INTEGER NOT NULL,            -- last second
    run      INTEGER NOT NULL,
    mono_end INTEGER NOT NULL,
    state    TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'ended')),
    h        BLOB,                        -- h of the request that took it
    did      BLOB,
    receipt  TEXT                         -- as it travelled
) STRICT, WITHOUT ROWID;
CREATE INDEX enrol_code_person ON enrol_code (person);

-- Phones and authenticator apps of people. What is gone keeps its id, keys and reason for 400 days.
CREATE TABLE device (
    did       BLOB PRIMARY KEY CHECK (length(did) = 16),
    person    BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL CHECK (kind IN ('phone', 'app')),
    name      TEXT NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('pending', 'active', 'suspended', 'gone')),
    why       TEXT,                       -- of gone
    os        TEXT,
    model     TEXT,
    app       TEXT,
    level     TEXT,
    uv        TEXT,
    ak        BLOB,
    pk        BLOB,
    seal      BLOB,
    auth      BLOB,
    endpoint  TEXT,
    eh        BLOB,
    added     INTEGER NOT NULL,
    until     INTEGER NOT NULL,           -- while pending: last second for its digits or first code
    run       INTEGER NOT NULL,
    mono_end  INTEGER NOT NULL,
    tries     INTEGER NOT NULL,
    activated INTEGER,
    used      INTEGER,
    suspended INTEGER,                    -- since when
    gone      INTEGER,
    ok        BLOB,                       -- sealed key of answer codes
    totp      BLOB,                       -- sealed seed
    totp_step INTEGER NOT NULL DEFAULT -1 -- the newest step whose code was taken
) STRICT, WITHOUT ROWID;
CREATE INDEX device_person ON device (person, state);
CREATE UNIQUE INDEX device_ak ON device (ak) WHERE ak IS NOT NULL;
CREATE UNIQUE INDEX device_pk ON device (pk) WHERE pk IS NOT NULL;

-- Thumbprints of every key that was ever registered, of removed and refused devices too.
CREATE TABLE device_key (
    thumbprint BLOB PRIMARY KEY CHECK (length(thumbprint) = 32),
    did        BLOB NOT NULL,
    class      TEXT NOT NULL CHECK (class IN ('ak', 'pk', 'seal'))
) STRICT, WITHOUT ROWID;
