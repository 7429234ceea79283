-- What payment providers sent, as it came, before anything was made of it; the same bytes once, however often they came.
CREATE TABLE payment_callback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    method TEXT NOT NULL,
    -- SHA-256 of what came.
    digest TEXT NOT NULL,
    -- JSON list of pairs, and what followed the question mark; both without what authorises.
    headers TEXT NOT NULL,
    query TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('Received', 'Applied', 'Ignored', 'Refused')),
    -- What was made of it.
    message TEXT,
    times BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, method, digest)
);

CREATE INDEX payment_callback_received ON payment_callback (received_at);

-- When a provider is asked again what has become of an attempt, how often it was, and why people have to look at it.
ALTER TABLE payment ADD COLUMN ask_at BIGINT;
ALTER TABLE payment ADD COLUMN asked_times BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN review TEXT;

CREATE INDEX payment_ask ON payment (ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX payment_review ON payment (channel_id, id) WHERE review IS NOT NULL;
CREATE INDEX payment_transaction ON payment (channel_id, method, transaction_id);

-- What somebody has yet to hear or to find out.
CREATE INDEX refund_pending ON refund (channel_id, id) WHERE state = 'Pending';
