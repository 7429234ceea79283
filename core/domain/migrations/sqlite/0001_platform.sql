-- Channels, people and their sessions. Times are milliseconds since the Unix epoch, money is minor units.

CREATE TABLE seller (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A shop: the tenant. Every other table with a channel_id belongs to exactly one.
CREATE TABLE channel (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    token TEXT NOT NULL UNIQUE,
    is_default BOOLEAN NOT NULL DEFAULT FALSE,
    status TEXT NOT NULL CHECK (status IN ('UNAPPROVED', 'APPROVED', 'DISABLED', 'BANNED')),
    seller_id BIGINT REFERENCES seller (id),
    default_language TEXT NOT NULL,
    available_languages TEXT NOT NULL,
    currency TEXT NOT NULL,
    prices_include_tax BOOLEAN NOT NULL,
    track_inventory BOOLEAN NOT NULL,
    out_of_stock_threshold BIGINT NOT NULL DEFAULT 0,
    default_tax_zone_id BIGINT,
    default_shipping_zone_id BIGINT,
    time_zone TEXT NOT NULL,
    -- Raised with every change of the channel's configuration; caches are keyed by it.
    revision BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX channel_one_default ON channel (is_default) WHERE is_default;

-- Somebody who can log in. Administrators belong to the platform (channel_id NULL), customers to one channel.
CREATE TABLE user_account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT REFERENCES channel (id),
    identifier TEXT NOT NULL,
    password_hash TEXT,
    verified BOOLEAN NOT NULL DEFAULT TRUE,
    last_login_at BIGINT,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id)
);

CREATE UNIQUE INDEX user_account_administrator ON user_account (identifier)
    WHERE channel_id IS NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX user_account_customer ON user_account (channel_id, identifier)
    WHERE channel_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE administrator (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL UNIQUE REFERENCES user_account (id),
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email_address TEXT NOT NULL,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Permissions is a space-separated list of names.
CREATE TABLE role (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Where a role holds. The super admin's role holds everywhere and has no rows here.
CREATE TABLE role_channel (
    role_id BIGINT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    PRIMARY KEY (role_id, channel_id)
);

CREATE TABLE user_role (
    user_id BIGINT NOT NULL REFERENCES user_account (id),
    role_id BIGINT NOT NULL REFERENCES role (id),
    PRIMARY KEY (user_id, role_id)
);

-- A visit. Guests' and customers' sessions belong to the channel where they began; administrators' to none.
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB NOT NULL UNIQUE,
    channel_id BIGINT REFERENCES channel (id),
    user_id BIGINT REFERENCES user_account (id),
    active_order_id BIGINT,
    -- How long the session lives after its last use.
    lifetime_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_active_order ON session (active_order_id) WHERE active_order_id IS NOT NULL;

-- Passwords that were tried in vain lately, by a hash of whose they would have been: of anybody, known or not.
CREATE TABLE login_failure (
    account_hash BLOB NOT NULL PRIMARY KEY,
    guesses BIGINT NOT NULL CHECK (guesses >= 0),
    expires_at BIGINT NOT NULL
);

CREATE INDEX login_failure_expiry ON login_failure (expires_at);

-- What operators of the platform did in or to a channel.
CREATE TABLE audit_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT,
    user_id BIGINT,
    operation TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Facts on their way out, in order of id within a channel.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX outbox_channel ON outbox (channel_id, id);
