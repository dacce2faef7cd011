-- Values of the gateway itself, by name; secret ones are sealed by the master key.
CREATE TABLE house (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
