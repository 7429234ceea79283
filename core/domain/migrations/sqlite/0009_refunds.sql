-- Money given back. What is asked for counts in `payment.refunded` until it has failed for certain.

CREATE TABLE refund (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
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
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, payment_id) REFERENCES payment (channel_id, id),
    FOREIGN KEY (channel_id, order_id) REFERENCES customer_order (channel_id, id)
);

CREATE INDEX refund_payment ON refund (channel_id, payment_id, id);
CREATE INDEX refund_order ON refund (channel_id, order_id, id);

-- One receipt of a provider gives back once.
CREATE UNIQUE INDEX refund_reference ON refund (channel_id, method, transaction_id)
    WHERE transaction_id IS NOT NULL AND state = 'Settled';

CREATE TABLE refund_line (
    channel_id BIGINT NOT NULL,
    refund_id BIGINT NOT NULL,
    order_line_id BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (channel_id, refund_id, order_line_id),
    FOREIGN KEY (channel_id, refund_id) REFERENCES refund (channel_id, id),
    FOREIGN KEY (channel_id, order_line_id) REFERENCES order_line (channel_id, id)
);

CREATE INDEX refund_line_order_line ON refund_line (channel_id, order_line_id);
