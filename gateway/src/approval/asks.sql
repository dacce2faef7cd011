-- What is asked, how long a yes counts, and whether the yes itself takes it.
ALTER TABLE approval ADD COLUMN op TEXT NOT NULL DEFAULT 'login' CHECK (op IN ('login', 'sign', 'enrol'));
ALTER TABLE approval ADD COLUMN hold INTEGER NOT NULL DEFAULT 30;
ALTER TABLE approval ADD COLUMN at_once INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approval ADD COLUMN question TEXT NOT NULL DEFAULT '';  -- claims of a challenge for nobody yet

-- What the page shows to the one phone without a network that was picked (push-v1 section 12). It takes no online answer.
CREATE TABLE offline_challenge (
    approval BLOB PRIMARY KEY REFERENCES approval (id) ON DELETE CASCADE,
    did      BLOB NOT NULL,
    jti      BLOB NOT NULL CHECK (length(jti) = 16),
    ch       BLOB NOT NULL,
    jws      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
