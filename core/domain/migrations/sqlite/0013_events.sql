-- Who is told of facts, how, and what came of it.

-- What a shop wants done about an event; where there is no row, what the event's type says.
CREATE TABLE event_setting (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    event TEXT NOT NULL,
    action TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- For those who have not said otherwise.
    default_for_users BOOLEAN NOT NULL,
    -- Whether it waits until the shop's quiet hours are over.
    respects_quiet_hours BOOLEAN NOT NULL,
    -- What is sent first of what a shop has to send.
    priority BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, event, action)
);

-- What somebody wants to be told, where the event lets them choose.
CREATE TABLE event_preference (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    user_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    action TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, user_id, event, action)
);

-- A shop's own words for an event: templates.
CREATE TABLE event_template (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    event TEXT NOT NULL,
    language TEXT NOT NULL,
    -- For one kind of action, or an empty text: for all that have none of their own.
    action TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, event, language, action)
);

-- What was done about an event for one recipient: each kind of action once, however often the event is handed on.
CREATE TABLE event_action (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    event_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    action TEXT NOT NULL,
    recipient_type TEXT NOT NULL CHECK (recipient_type IN ('administrator', 'customer', 'webhook', 'handler')),
    -- A user's, a customer's, a webhook endpoint's or a handler's.
    recipient_id BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('Pending', 'Done', 'Skipped', 'Failed')),
    priority BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Why it failed or was left out: a name that clients know, and a sentence.
    reason TEXT,
    message TEXT,
    -- When it is to be tried, or tried again should whoever tries it now not end.
    due_at BIGINT,
    -- How long the last try took.
    duration_ms BIGINT,
    -- Of text messages: their segments, what they cost in millionths of a unit, and the provider's reference.
    segments BIGINT NOT NULL DEFAULT 0,
    cost_micros BIGINT,
    cost_currency TEXT,
    reference TEXT,
    event_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, event_id, action, recipient_type, recipient_id)
);

CREATE INDEX event_action_channel ON event_action (channel_id, created_at);
CREATE INDEX event_action_created ON event_action (created_at) WHERE state <> 'Pending';
CREATE INDEX event_action_due ON event_action (due_at) WHERE due_at IS NOT NULL;

-- What people have been told within the system.
CREATE TABLE inbox_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    user_id BIGINT NOT NULL,
    -- As what the user was told.
    recipient_type TEXT NOT NULL CHECK (recipient_type IN ('administrator', 'customer')),
    event_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    -- The event's JSON.
    data TEXT NOT NULL,
    read_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (channel_id, user_id, recipient_type, event_id)
);

CREATE INDEX inbox_message_user ON inbox_message (channel_id, user_id, recipient_type, id);
CREATE INDEX inbox_message_unread ON inbox_message (channel_id, user_id, recipient_type, id) WHERE read_at IS NULL;
CREATE INDEX inbox_message_created ON inbox_message (created_at);

-- Where a shop wants events sent.
CREATE TABLE webhook_endpoint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Names between blanks; all where there is none.
    events TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- Sealed; the previous one signs, too, for a while after it was changed.
    secret BLOB NOT NULL,
    previous_secret BLOB,
    previous_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX webhook_endpoint_channel ON webhook_endpoint (channel_id, id);

-- Facts that nobody has looked at yet, and when somebody did.
ALTER TABLE outbox ADD COLUMN routed_at BIGINT;

CREATE INDEX outbox_unrouted ON outbox (channel_id, id) WHERE routed_at IS NULL;
CREATE INDEX outbox_created ON outbox (created_at) WHERE routed_at IS NOT NULL;
