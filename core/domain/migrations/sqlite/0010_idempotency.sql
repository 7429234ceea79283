-- Operations that clients may send again: each takes effect once, and its answer is kept for a while.
CREATE TABLE idempotency_key (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    -- Of the key and who sent it.
    key_digest BLOB NOT NULL,
    request_digest BLOB NOT NULL,
    -- Counts the runs: only the last may commit.
    run BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    took_effect BOOLEAN NOT NULL,
    -- Sealed by the key.
    answer BLOB,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, key_digest)
);

CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);
