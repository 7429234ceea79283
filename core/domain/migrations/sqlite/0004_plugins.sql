-- Plugins, what they are bound to, what they did, and the proofs of how orders were priced.

-- Component bytes by their SHA-256, stored once whoever uploads them.
CREATE TABLE component (
    digest TEXT PRIMARY KEY,
    bytes BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE plugin (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, name)
);

CREATE TABLE plugin_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    plugin_id BIGINT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES component (digest),
    contract TEXT NOT NULL,
    description TEXT NOT NULL,
    config_schema TEXT NOT NULL,
    -- JSON list of interface names.
    imports TEXT NOT NULL,
    -- What it wants of the world: a JSON document.
    capabilities TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    compile_ms BIGINT NOT NULL,
    file_name TEXT,
    uploaded_by BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, plugin_id, version),
    UNIQUE (channel_id, plugin_id, digest),
    FOREIGN KEY (channel_id, plugin_id) REFERENCES plugin (channel_id, id)
);

CREATE INDEX plugin_version_channel ON plugin_version (channel_id, digest);

-- A version put to use. Rolling back swaps version and previous version, with the configuration of then.
CREATE TABLE plugin_binding (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    plugin_id BIGINT NOT NULL,
    version_id BIGINT NOT NULL,
    config TEXT NOT NULL,
    previous_version_id BIGINT,
    previous_config TEXT,
    -- What the channel grants of what the plugin wants: a JSON document.
    grants TEXT NOT NULL,
    priority BIGINT NOT NULL,
    failure_policy TEXT NOT NULL CHECK (failure_policy IN ('FAIL_CLOSED', 'SKIP')),
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, plugin_id),
    FOREIGN KEY (channel_id, plugin_id) REFERENCES plugin (channel_id, id),
    FOREIGN KEY (channel_id, version_id) REFERENCES plugin_version (channel_id, id),
    FOREIGN KEY (channel_id, previous_version_id) REFERENCES plugin_version (channel_id, id)
);

CREATE INDEX plugin_binding_channel ON plugin_binding (channel_id, priority, id);

CREATE TABLE plugin_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    plugin_id BIGINT NOT NULL,
    version_id BIGINT NOT NULL,
    order_id BIGINT,
    -- `ok`, or the kind of failure. The log is a JSON list of lines.
    outcome TEXT NOT NULL,
    message TEXT,
    log TEXT NOT NULL,
    -- JSON list of what it asked of the host.
    host_calls TEXT NOT NULL,
    micros BIGINT NOT NULL,
    fuel BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX plugin_run_channel ON plugin_run (channel_id, id);
CREATE INDEX plugin_run_plugin ON plugin_run (channel_id, plugin_id, id);

-- Components that are not called for a channel for a while, at no node, because they failed too often at one.
CREATE TABLE plugin_breaker (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    digest TEXT NOT NULL,
    open_until BIGINT NOT NULL,
    PRIMARY KEY (channel_id, digest)
);

CREATE INDEX plugin_breaker_until ON plugin_breaker (open_until);

-- Secrets that administrators set for a plugin, sealed under the platform's key.
CREATE TABLE plugin_secret (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    plugin_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, plugin_id, name),
    FOREIGN KEY (channel_id, plugin_id) REFERENCES plugin (channel_id, id)
);

-- What a plugin keeps between its calls.
CREATE TABLE plugin_kv (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    plugin_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (channel_id, plugin_id, name),
    FOREIGN KEY (channel_id, plugin_id) REFERENCES plugin (channel_id, id)
);

CREATE INDEX plugin_kv_expiry ON plugin_kv (expires_at);

-- Enough to price the order again from stored bytes. Documents are canonical JSON.
CREATE TABLE price_receipt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    order_id BIGINT NOT NULL,
    order_version BIGINT NOT NULL,
    engine_version TEXT NOT NULL,
    rounding_version BIGINT NOT NULL,
    input TEXT NOT NULL,
    steps TEXT NOT NULL,
    output TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX price_receipt_order ON price_receipt (channel_id, order_id, id);
