-- What the devices of a person are told beside sign-ins (push-v1 §6, `info`).
CREATE TABLE notice (
    number INTEGER PRIMARY KEY,          -- goes up: which is the newer
    aid    BLOB,                         -- drawn when the first device fetches it
    person BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    info   TEXT NOT NULL,
    about  BLOB,                         -- the device that it is about
    os     TEXT,                         -- what is said of that device
    model  TEXT,
    at     INTEGER NOT NULL,
    exp    INTEGER NOT NULL
) STRICT;
CREATE INDEX notice_exp ON notice (exp);

-- Which devices are told. One that reported it has closed it for itself.
CREATE TABLE notice_told (
    number   INTEGER NOT NULL REFERENCES notice (number) ON DELETE CASCADE,
    did      BLOB NOT NULL,
    reported INTEGER,
    PRIMARY KEY (number, did)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_told_did ON notice_told (did);

-- The signed texts: what travels, byte for byte, each time. One is replaced when its key is taken out of use.
CREATE TABLE notice_text (
    jti      BLOB PRIMARY KEY CHECK (length(jti) = 16),
    number   INTEGER NOT NULL REFERENCES notice (number) ON DELETE CASCADE,
    did      BLOB NOT NULL,
    kid      BLOB NOT NULL,              -- thumbprint of the key that signed it
    ch       BLOB NOT NULL,
    jws      TEXT NOT NULL,
    replaced INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX notice_text_now ON notice_text (number, did) WHERE replaced = 0;
