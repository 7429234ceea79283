-- Customers, taxes, shipping, stock and payment methods.

CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    user_id BIGINT,
    title TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    phone_number TEXT,
    email_address TEXT NOT NULL,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, user_id),
    FOREIGN KEY (channel_id, user_id) REFERENCES user_account (channel_id, id)
);

CREATE UNIQUE INDEX customer_email ON customer (channel_id, email_address) WHERE deleted_at IS NULL;

CREATE TABLE customer_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, name)
);

CREATE TABLE customer_group_member (
    channel_id BIGINT NOT NULL,
    customer_group_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, customer_group_id, customer_id),
    FOREIGN KEY (channel_id, customer_group_id) REFERENCES customer_group (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, customer_id) REFERENCES customer (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX customer_group_member_customer ON customer_group_member (channel_id, customer_id);

CREATE TABLE address (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    customer_id BIGINT NOT NULL,
    full_name TEXT NOT NULL,
    company TEXT NOT NULL,
    street_line1 TEXT NOT NULL,
    street_line2 TEXT NOT NULL,
    city TEXT NOT NULL,
    province TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    country_code TEXT NOT NULL,
    phone_number TEXT NOT NULL,
    default_shipping BOOLEAN NOT NULL DEFAULT FALSE,
    default_billing BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    FOREIGN KEY (channel_id, customer_id) REFERENCES customer (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX address_customer ON address (channel_id, customer_id);
CREATE INDEX address_country ON address (channel_id, country_code);

-- Countries that the channel serves.
CREATE TABLE country (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, code)
);

CREATE TABLE country_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    country_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, country_id, language),
    FOREIGN KEY (channel_id, country_id) REFERENCES country (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE zone (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, name)
);

CREATE TABLE zone_country (
    channel_id BIGINT NOT NULL,
    zone_id BIGINT NOT NULL,
    country_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, zone_id, country_id),
    FOREIGN KEY (channel_id, zone_id) REFERENCES zone (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, country_id) REFERENCES country (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE tax_category (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    name TEXT NOT NULL,
    is_default BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, name)
);

CREATE UNIQUE INDEX tax_category_one_default ON tax_category (channel_id) WHERE is_default;

CREATE TABLE tax_rate (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    rate_ppm BIGINT NOT NULL CHECK (rate_ppm >= 0),
    tax_category_id BIGINT NOT NULL,
    zone_id BIGINT NOT NULL,
    customer_group_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    FOREIGN KEY (channel_id, tax_category_id) REFERENCES tax_category (channel_id, id),
    FOREIGN KEY (channel_id, zone_id) REFERENCES zone (channel_id, id),
    FOREIGN KEY (channel_id, customer_group_id) REFERENCES customer_group (channel_id, id)
);

CREATE INDEX tax_rate_channel ON tax_rate (channel_id, id);

-- Checker and calculator are JSON: {code, args: [{name, value}]}.
CREATE TABLE shipping_method (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    fulfillment_handler TEXT NOT NULL,
    checker TEXT NOT NULL,
    calculator TEXT NOT NULL,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id)
);

CREATE UNIQUE INDEX shipping_method_code ON shipping_method (channel_id, code) WHERE deleted_at IS NULL;

CREATE TABLE shipping_method_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    shipping_method_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, shipping_method_id, language),
    FOREIGN KEY (channel_id, shipping_method_id) REFERENCES shipping_method (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE payment_method (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    checker TEXT,
    handler TEXT NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, code)
);

CREATE TABLE payment_method_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    payment_method_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, payment_method_id, language),
    FOREIGN KEY (channel_id, payment_method_id) REFERENCES payment_method (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE stock_location (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, name)
);

-- Units at a location: on the shelf, and of those how many are sold but not handed over.
CREATE TABLE stock_level (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    variant_id BIGINT NOT NULL,
    stock_location_id BIGINT NOT NULL,
    on_hand BIGINT NOT NULL DEFAULT 0,
    allocated BIGINT NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, variant_id, stock_location_id),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id),
    FOREIGN KEY (channel_id, stock_location_id) REFERENCES stock_location (channel_id, id)
);

CREATE INDEX stock_level_location ON stock_level (channel_id, stock_location_id);

-- Units kept for an order between ArrangingPayment and its payment. One row per order and variant.
CREATE TABLE stock_hold (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    order_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, order_id, variant_id),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id)
);

CREATE INDEX stock_hold_variant ON stock_hold (channel_id, variant_id, expires_at);
CREATE INDEX stock_hold_expiry ON stock_hold (expires_at);

-- Every change of a level, with its reason. Sales are negative; what an order line has allocated at a location is
-- its allocations less its releases and sales.
CREATE TABLE stock_movement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    variant_id BIGINT NOT NULL,
    stock_location_id BIGINT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('ADJUSTMENT', 'ALLOCATION', 'RELEASE', 'SALE', 'CANCELLATION', 'RETURN')),
    quantity BIGINT NOT NULL,
    order_line_id BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX stock_movement_variant ON stock_movement (channel_id, variant_id, id);
CREATE INDEX stock_movement_line ON stock_movement (channel_id, order_line_id) WHERE order_line_id IS NOT NULL;
