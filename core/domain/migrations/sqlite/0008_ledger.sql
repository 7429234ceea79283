-- The books of each channel. A posting takes one amount from one account (credit) to another (debit), so that no entry can
-- be out of balance. What is written is neither changed nor deleted: another entry reverses it.

CREATE TABLE ledger_account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'income', 'expense')),
    parent_id BIGINT,
    -- Gathers its children's balances and takes no postings.
    is_parent BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, code),
    FOREIGN KEY (channel_id, parent_id) REFERENCES ledger_account (channel_id, id)
);

CREATE INDEX ledger_account_parent ON ledger_account (channel_id, parent_id);

CREATE TABLE journal_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    -- The day to which it counts, in the channel's time zone: YYYY-MM-DD.
    entry_date TEXT NOT NULL,
    -- What it is the record of. A source is booked once.
    source_type TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- The entry that this one takes back.
    reversal_of BIGINT,
    currency TEXT NOT NULL,
    memo TEXT NOT NULL,
    user_id BIGINT,
    posted_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, source_type, source_id),
    FOREIGN KEY (channel_id, reversal_of) REFERENCES journal_entry (channel_id, id)
);

CREATE UNIQUE INDEX journal_entry_reversal ON journal_entry (channel_id, reversal_of);
CREATE INDEX journal_entry_date ON journal_entry (channel_id, entry_date, id);

CREATE TABLE journal_posting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    entry_id BIGINT NOT NULL,
    debit_account_id BIGINT NOT NULL,
    credit_account_id BIGINT NOT NULL,
    -- Minor units.
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- Of the entry, for the balances.
    currency TEXT NOT NULL,
    entry_date TEXT NOT NULL,
    -- Who owes or is owed.
    party_type TEXT CHECK (party_type IN ('customer', 'supplier')),
    party_id BIGINT,
    order_id BIGINT,
    -- The cashier's session.
    session_id BIGINT,
    CHECK (debit_account_id <> credit_account_id),
    CHECK ((party_type IS NULL) = (party_id IS NULL)),
    FOREIGN KEY (channel_id, entry_id) REFERENCES journal_entry (channel_id, id),
    FOREIGN KEY (channel_id, debit_account_id) REFERENCES ledger_account (channel_id, id),
    FOREIGN KEY (channel_id, credit_account_id) REFERENCES ledger_account (channel_id, id)
);

CREATE INDEX journal_posting_channel ON journal_posting (channel_id, id);
CREATE INDEX journal_posting_entry ON journal_posting (channel_id, entry_id);
CREATE INDEX journal_posting_debit ON journal_posting (channel_id, debit_account_id, entry_date, id);
CREATE INDEX journal_posting_credit ON journal_posting (channel_id, credit_account_id, entry_date, id);
CREATE INDEX journal_posting_party ON journal_posting (channel_id, party_type, party_id, id)
    WHERE party_id IS NOT NULL;
CREATE INDEX journal_posting_order ON journal_posting (channel_id, order_id, id) WHERE order_id IS NOT NULL;

-- The sums of all postings up to one, so that a balance need add the later ones only.
CREATE TABLE ledger_checkpoint (
    channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
    through_posting_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE ledger_checkpoint_balance (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    account_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    debits BIGINT NOT NULL,
    credits BIGINT NOT NULL,
    PRIMARY KEY (channel_id, account_id, currency),
    FOREIGN KEY (channel_id, account_id) REFERENCES ledger_account (channel_id, id)
);

-- Days that are closed take no more entries.
CREATE TABLE ledger_period_lock (
    channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
    locked_through TEXT NOT NULL,
    locked_by BIGINT,
    updated_at BIGINT NOT NULL
);

CREATE TRIGGER journal_entry_update BEFORE UPDATE ON journal_entry BEGIN
    SELECT RAISE(ABORT, 'what is booked is not changed: reverse it');
END;

CREATE TRIGGER journal_entry_delete BEFORE DELETE ON journal_entry BEGIN
    SELECT RAISE(ABORT, 'what is booked is not changed: reverse it');
END;

CREATE TRIGGER journal_posting_update BEFORE UPDATE ON journal_posting BEGIN
    SELECT RAISE(ABORT, 'what is booked is not changed: reverse it');
END;

CREATE TRIGGER journal_posting_delete BEFORE DELETE ON journal_posting BEGIN
    SELECT RAISE(ABORT, 'what is booked is not changed: reverse it');
END;
