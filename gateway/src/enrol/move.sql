-- Keys that a device left: each counts until the first call with the new one, a day at most (push-v1 §11).
ALTER TABLE device ADD COLUMN old_ak BLOB;
ALTER TABLE device ADD COLUMN old_ak_until INTEGER;
ALTER TABLE device ADD COLUMN old_ak_run INTEGER;
ALTER TABLE device ADD COLUMN old_ak_mono INTEGER;
ALTER TABLE device ADD COLUMN old_pk BLOB;
ALTER TABLE device ADD COLUMN old_pk_until INTEGER;
ALTER TABLE device ADD COLUMN old_pk_run INTEGER;
ALTER TABLE device ADD COLUMN old_pk_mono INTEGER;

-- Why a device is suspended: 'reported', 'lost', 'admin', or 'disabled' with its person, and then it ends with that.
ALTER TABLE device ADD COLUMN suspended_why TEXT;
UPDATE device SET suspended_why = 'disabled' WHERE state = 'suspended';

-- The device that invited, for a code that no page shows (push-v1 §11, move).
ALTER TABLE enrol_code ADD COLUMN inviter BLOB;
ALTER TABLE enrol_code ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0;
CREATE INDEX enrol_code_inviter ON enrol_code (inviter) WHERE inviter IS NOT NULL;

-- Changes of keys. The newest of each class is answered again; the ids of all are used for good.
CREATE TABLE key_change (
    number  INTEGER PRIMARY KEY,
    did     BLOB NOT NULL REFERENCES device (did) ON DELETE CASCADE,
    class   TEXT NOT NULL CHECK (class IN ('ak', 'pk')),
    h       BLOB NOT NULL,               -- h of the request
    jti     BLOB NOT NULL,
    old     BLOB NOT NULL,               -- the key that signed it
    receipt TEXT NOT NULL,               -- as it travelled
    UNIQUE (did, h),
    UNIQUE (did, jti)
) STRICT;

-- Invitations that devices asked for. Ids are used for good, so that a recorded one invites nobody again.
CREATE TABLE invitation (
    did     BLOB NOT NULL REFERENCES device (did) ON DELETE CASCADE,
    h       BLOB NOT NULL,
    jti     BLOB NOT NULL,
    person  BLOB NOT NULL,
    made    INTEGER NOT NULL,
    x       INTEGER NOT NULL,            -- last second of its code
    receipt TEXT,                        -- as it travelled, until an hour past x
    PRIMARY KEY (did, h),
    UNIQUE (did, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_person ON invitation (person, made);

-- Digits typed on a device for one that it invited, kept as long as the code.
CREATE TABLE joined (
    did  BLOB NOT NULL,
    h    BLOB NOT NULL,
    jti  BLOB NOT NULL,
    e    BLOB NOT NULL REFERENCES enrol_code (e) ON DELETE CASCADE,
    tries INTEGER,                       -- those left, after wrong digits
    done INTEGER NOT NULL,               -- whether the new device became active
    PRIMARY KEY (did, h),
    UNIQUE (did, jti)
) STRICT, WITHOUT ROWID;
