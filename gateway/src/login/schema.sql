-- Browsers that signed in before, by the hash of a cookie that stays. What a phone does is told to them alone.
CREATE TABLE known_browser (
    cookie BLOB NOT NULL CHECK (length(cookie) = 32),
    person BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    PRIMARY KEY (cookie, person)
) STRICT, WITHOUT ROWID;
