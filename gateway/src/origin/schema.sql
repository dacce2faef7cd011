-- Where a person's sign-ins came from that succeeded, so that another place can be told as new.
CREATE TABLE seen_trace (
    person BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL CHECK (kind IN ('ip', 'ua', 'cc')),
    trace  TEXT NOT NULL,                     -- a network, a browser's name, a country
    at     INTEGER NOT NULL,
  PRIMARY KEY (person, kind, trace)
) STRICT, WITHOUT ROWID;

-- The place of the last one, in degrees.
CREATE TABLE seen_place (
    person    BLOB PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    latitude  REAL NOT NULL,
    longitude REAL NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
