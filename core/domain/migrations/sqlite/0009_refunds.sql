-- Money given back. What is asked for counts in `payment.refunded` until it has failed for certain.

CREATE TABLE refund (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL REFERENCES payment (id),
    order_id BIGINT NOT NULL REFERENCES customer_order (id),
    method TEXT NOT NULL,
    items BIGINT NOT NULL,
    shipping BIGINT NOT NULL,
    adjustment BIGINT NOT NULL,
    total BIGINT NOT NULL CHECK (total > 0),
    state TEXT NOT NULL CHECK (state IN ('Pending', 'Settled', 'Failed')),
    -- Whether the handler was asked and its answer is not known.
    in_doubt BOOLEAN NOT NULL CHECK (state = 'Pending' OR NOT in_doubt),
    transaction_id TEXT,
    reason TEXT,
    error_message TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX refund_channel ON refund (channel_id, id);
CREATE INDEX refund_payment ON refund (payment_id, id);
CREATE INDEX refund_order ON refund (order_id, id);

-- One receipt of a provider gives back once.
CREATE UNIQUE INDEX refund_reference ON refund (channel_id, method, transaction_id)
    WHERE transaction_id IS NOT NULL AND state = 'Settled';

CREATE TABLE refund_line (
    channel_id BIGINT NOT NULL,
    refund_id BIGINT NOT NULL REFERENCES refund (id),
    order_line_id BIGINT NOT NULL REFERENCES order_line (id),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (refund_id, order_line_id)
);

CREATE INDEX refund_line_order_line ON refund_line (order_line_id);
