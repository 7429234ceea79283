-- Checked with the commit, which a batch shares.
CREATE TABLE promise (
    note_id BIGINT NOT NULL REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED
);
