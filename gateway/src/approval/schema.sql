-- One question to one person. State, tries and expiry are the approval's, whoever answers (push-v1 §10).
CREATE TABLE approval (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    number      INTEGER NOT NULL UNIQUE,     -- goes up: which of two of one second is the newer
    person      BLOB NOT NULL,
    client      TEXT NOT NULL,               -- who began it; only that one consumes
    binding     BLOB NOT NULL,               -- hash of the cookie secret of the browser that began it
    state       TEXT NOT NULL CHECK (state IN
    ('pending','approved','consumed','denied','reported','failed','expired','lapsed','cancelled')),
    rev         INTEGER NOT NULL DEFAULT 1,  -- up by one with each change that a page shows
    push        TEXT NOT NULL,               -- 'sent', or why no phone was asked
    shown       BLOB NOT NULL,               -- sealed: the digits and the QR's secret
    tries       INTEGER NOT NULL CHECK (tries >= 0),
    begun       INTEGER NOT NULL,
    exp         INTEGER NOT NULL,
    ends        INTEGER NOT NULL,            -- last second of this state, by the wall clock
    run         INTEGER NOT NULL,            -- the run of the gateway that mono_end belongs to
    mono_end    INTEGER NOT NULL,            -- last millisecond of this state, by that run's monotonic clock
    network     TEXT NOT NULL,               -- source network, IPv4 /24 or IPv6 /48
    next        TEXT NOT NULL,               -- where the page goes on afterwards
    resends     INTEGER NOT NULL DEFAULT 0,
    rung        INTEGER NOT NULL,            -- when the bell rang last
    delivered   INTEGER NOT NULL DEFAULT 0,
    decided     INTEGER,
    decided_by  BLOB,
    means       TEXT,
    consumed    INTEGER,
    reported    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_person ON approval (person, state);
CREATE INDEX approval_binding ON approval (binding);
CREATE INDEX approval_begun ON approval (begun);

-- What one device was asked for one approval. The text is what travels, byte for byte, each time.
CREATE TABLE challenge (
    jti      BLOB PRIMARY KEY CHECK (length(jti) = 16),
    did      BLOB NOT NULL,
    approval BLOB NOT NULL REFERENCES approval (id) ON DELETE CASCADE,
    ch       BLOB NOT NULL,
    jws      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_did ON challenge (did);
CREATE INDEX challenge_approval ON challenge (approval);

-- Answers and the results they got, for repeats (push-v1 §4, §7).
CREATE TABLE answer (
    did    BLOB NOT NULL,
    h      BLOB NOT NULL,
    aj     BLOB NOT NULL,
    result TEXT NOT NULL,
    until  INTEGER NOT NULL,
  PRIMARY KEY (did, h)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_aj ON answer (did, aj);
CREATE INDEX answer_until ON answer (until);

-- What a person's earlier approvals leave behind (push-v1 §10, limits).
CREATE TABLE standing (
    person      BLOB PRIMARY KEY,
    pushes      INTEGER NOT NULL DEFAULT 0,  -- since the last success
    wrong       INTEGER NOT NULL DEFAULT 0,  -- wrong digits in a row
    wrong_at    INTEGER NOT NULL DEFAULT 0,
    wrong_codes INTEGER NOT NULL DEFAULT 0   -- wrong one-time codes in a row
) STRICT, WITHOUT ROWID;

-- After a denial: the same client from the same network asks for a code first.
CREATE TABLE push_pause (
    person  BLOB NOT NULL,
    client  TEXT NOT NULL,
    network TEXT NOT NULL,
    until   INTEGER NOT NULL,
  PRIMARY KEY (person, client, network)
) STRICT, WITHOUT ROWID;
