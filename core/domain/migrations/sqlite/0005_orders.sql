-- Orders and what hangs on them.

CREATE TABLE customer_order (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    state TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    customer_id BIGINT,
    currency TEXT NOT NULL,
    -- JSON documents of an address, or NULL.
    shipping_address TEXT,
    billing_address TEXT,
    -- JSON list of codes.
    coupon_codes TEXT NOT NULL DEFAULT '[]',
    total_quantity BIGINT NOT NULL DEFAULT 0,
    sub_total BIGINT NOT NULL DEFAULT 0,
    sub_total_with_tax BIGINT NOT NULL DEFAULT 0,
    shipping BIGINT NOT NULL DEFAULT 0,
    shipping_with_tax BIGINT NOT NULL DEFAULT 0,
    placed_at BIGINT,
    -- Raised with every change; a change is refused when it has moved since it was read.
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, code),
    FOREIGN KEY (channel_id, customer_id) REFERENCES customer (channel_id, id)
);

CREATE INDEX customer_order_customer ON customer_order (channel_id, customer_id, id);

CREATE TABLE order_line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    placed_quantity BIGINT NOT NULL DEFAULT 0,
    -- One unit, from the price list, with tax where list_price_includes_tax.
    unit_list_price BIGINT NOT NULL CHECK (unit_list_price >= 0),
    initial_unit_list_price BIGINT NOT NULL,
    list_price_includes_tax BOOLEAN NOT NULL,
    tax_rate_ppm BIGINT NOT NULL,
    tax_description TEXT NOT NULL,
    -- JSON list of adjustments: the waterfall.
    adjustments TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, order_id, variant_id),
    FOREIGN KEY (channel_id, order_id) REFERENCES customer_order (channel_id, id),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id)
);

CREATE TABLE order_shipping_line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    shipping_method_id BIGINT NOT NULL,
    list_price BIGINT NOT NULL CHECK (list_price >= 0),
    list_price_includes_tax BOOLEAN NOT NULL,
    tax_rate_ppm BIGINT NOT NULL,
    tax_description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, order_id),
    FOREIGN KEY (channel_id, order_id) REFERENCES customer_order (channel_id, id),
    FOREIGN KEY (channel_id, shipping_method_id) REFERENCES shipping_method (channel_id, id)
);

CREATE TABLE payment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    method TEXT NOT NULL,
    handler TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    -- What has been given back of it or is being given back.
    refunded BIGINT NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
    state TEXT NOT NULL
        CHECK (state IN ('Created', 'Authorized', 'Settled', 'Declined', 'Error', 'Cancelled')),
    -- What its handler was asked to do with what is reserved, while the answer is not known.
    asked TEXT CHECK (asked IS NULL OR (asked IN ('settle', 'cancel') AND state = 'Authorized')),
    transaction_id TEXT,
    error_message TEXT,
    -- JSON document.
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, order_id) REFERENCES customer_order (channel_id, id)
);

CREATE INDEX payment_order ON payment (channel_id, order_id, id);

CREATE TABLE fulfillment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('Created', 'Pending', 'Shipped', 'Delivered', 'Cancelled')),
    method TEXT NOT NULL,
    tracking_code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, order_id) REFERENCES customer_order (channel_id, id)
);

CREATE INDEX fulfillment_order ON fulfillment (channel_id, order_id, id);

CREATE TABLE fulfillment_line (
    channel_id BIGINT NOT NULL,
    fulfillment_id BIGINT NOT NULL,
    order_line_id BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (channel_id, fulfillment_id, order_line_id),
    FOREIGN KEY (channel_id, fulfillment_id) REFERENCES fulfillment (channel_id, id),
    FOREIGN KEY (channel_id, order_line_id) REFERENCES order_line (channel_id, id)
);

CREATE TABLE order_history_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    is_public BOOLEAN NOT NULL,
    -- JSON document.
    data TEXT NOT NULL,
    user_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    FOREIGN KEY (channel_id, order_id) REFERENCES customer_order (channel_id, id)
);

CREATE INDEX order_history_order ON order_history_entry (channel_id, order_id, id);
