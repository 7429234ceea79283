-- How shops tell people: text messages, how much at most and when not, and plugins that act on events.

-- A shop's account with whoever sends text messages on.
CREATE TABLE sms_account (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    provider TEXT NOT NULL CHECK (provider IN ('africastalking', 'textsms')),
    username TEXT NOT NULL,
    sender_id TEXT,
    -- Of the country that local numbers are in.
    calling_code TEXT NOT NULL,
    -- Sealed.
    api_key BLOB NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id)
);

-- Segments that a shop may send in a month, where the platform's operator bounds them.
CREATE TABLE sms_quota (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    segments_max BIGINT NOT NULL CHECK (segments_max >= 0),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id)
);

-- Segments that were sent in a month, are being sent, or may have been.
CREATE TABLE sms_usage (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    -- When it began, by the clock of the shop's time zone.
    month BIGINT NOT NULL,
    segments BIGINT NOT NULL CHECK (segments >= 0),
    PRIMARY KEY (channel_id, month)
);

-- Browsers in which people want to be told.
CREATE TABLE push_subscription (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    endpoint TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    -- As what the user is told.
    recipient_type TEXT NOT NULL CHECK (recipient_type IN ('administrator', 'customer')),
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, endpoint)
);

CREATE INDEX push_subscription_user ON push_subscription (channel_id, user_id, recipient_type);

-- So many actions of a kind in a period, counted together by scope.
CREATE TABLE rate_limit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    action TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('channel', 'category', 'event', 'recipient')),
    -- Only of this event or category, if any is named.
    event TEXT,
    category TEXT,
    actions_max BIGINT NOT NULL,
    period_s BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX rate_limit_channel ON rate_limit (channel_id, id);

-- What was counted in a limit's present period.
CREATE TABLE rate_limit_counter (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    limit_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    period_start BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (channel_id, limit_id, subject)
);

CREATE INDEX rate_limit_counter_start ON rate_limit_counter (period_start);

-- When a shop leaves people alone, every day: minutes after midnight.
CREATE TABLE quiet_hours (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    from_minute BIGINT NOT NULL,
    until_minute BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id)
);

-- A plugin that acts on events: on its own, or before, instead of or after a built-in action.
CREATE TABLE event_handler (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    binding_id BIGINT NOT NULL,
    -- Of one event, of a category, or of all.
    event TEXT,
    category TEXT,
    -- The built-in action; none for one that is called by itself.
    action TEXT,
    placement TEXT NOT NULL CHECK (placement IN ('before', 'instead', 'after', 'alone')),
    created_at BIGINT NOT NULL,
    CHECK ((action IS NULL) = (placement = 'alone')),
    FOREIGN KEY (channel_id, binding_id) REFERENCES plugin_binding (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX event_handler_channel ON event_handler (channel_id, id);

CREATE INDEX event_handler_binding ON event_handler (channel_id, binding_id);

-- What was done of an action that has several parts: each part once. Step 0 is the whole of a handler, or of the built-in action
-- (handler 0); the others are messages that a handler had sent, in their order.
CREATE TABLE event_step (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    action_id BIGINT NOT NULL,
    handler_id BIGINT NOT NULL,
    step BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'failed')),
    reference TEXT,
    segments BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, action_id, handler_id, step)
);

CREATE INDEX event_step_created ON event_step (created_at);

-- At so many units that can be sold, or fewer, those who run the shop are told.
ALTER TABLE channel ADD COLUMN low_stock_threshold BIGINT NOT NULL DEFAULT 10;
