-- What the tests of the store write to.

CREATE TABLE note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    amount BIGINT,
    remark TEXT,
    done BOOLEAN NOT NULL DEFAULT FALSE,
    at BIGINT,
    UNIQUE (amount, at)
);

-- Checked with the statement.
CREATE TABLE label (
    note_id BIGINT NOT NULL REFERENCES note (id),
    name TEXT NOT NULL
);
