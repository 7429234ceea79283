-- What customers owe and suppliers are owed, and who may buy on account.

-- Of the accounts of what parties owe and are owed: debits less credits by party and order, kept with each posting.
CREATE TABLE ledger_party_balance (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    account_id BIGINT NOT NULL,
    party_type TEXT NOT NULL CHECK (party_type IN ('customer', 'supplier')),
    party_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- 0 for what no order takes up.
    order_id BIGINT NOT NULL,
    -- Minor units.
    amount BIGINT NOT NULL,
    -- The day since which it is not zero.
    since TEXT NOT NULL,
    PRIMARY KEY (channel_id, account_id, party_type, party_id, currency, order_id),
    FOREIGN KEY (channel_id, account_id) REFERENCES ledger_account (channel_id, id)
);

CREATE INDEX ledger_party_balance_open ON ledger_party_balance
    (channel_id, party_type, party_id, account_id, currency, order_id) WHERE amount <> 0;

INSERT INTO ledger_party_balance (channel_id, account_id, party_type, party_id, currency, order_id, amount, since)
SELECT s.channel_id, s.account_id, s.party_type, s.party_id, s.currency, s.order_id, SUM(s.amount), MIN(s.entry_date)
FROM (
    SELECT channel_id, debit_account_id AS account_id, party_type, party_id, currency,
        COALESCE(order_id, 0) AS order_id, amount, entry_date FROM journal_posting WHERE party_id IS NOT NULL
    UNION ALL
    SELECT channel_id, credit_account_id, party_type, party_id, currency, COALESCE(order_id, 0), -amount, entry_date
    FROM journal_posting WHERE party_id IS NOT NULL
) s
JOIN ledger_account a ON a.channel_id = s.channel_id AND a.id = s.account_id
    AND a.code IN ('ACCOUNTS_RECEIVABLE', 'ACCOUNTS_PAYABLE')
GROUP BY s.channel_id, s.account_id, s.party_type, s.party_id, s.currency, s.order_id;

-- Whether and how much a customer may buy on account, or the shop of a supplier. Its row is the lock of all that changes
-- what the party owes or is owed.
CREATE TABLE credit_account (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    party_id BIGINT NOT NULL,
    party_type TEXT NOT NULL CHECK (party_type IN ('customer', 'supplier')),
    approved BOOLEAN NOT NULL,
    -- Takes no more credit for a while; what is owed can be paid.
    frozen BOOLEAN NOT NULL,
    -- Minor units.
    credit_limit BIGINT NOT NULL CHECK (credit_limit >= 0),
    duration_days BIGINT NOT NULL CHECK (duration_days >= 1),
    approved_by BIGINT,
    last_payment_at BIGINT,
    last_payment_amount BIGINT,
    -- When somebody was last told that a sale on account was refused.
    refused_at BIGINT,
    -- Corrections of its balance by hand so far.
    corrections BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, party_id, party_type),
    FOREIGN KEY (channel_id, party_id) REFERENCES customer (channel_id, id)
);

-- Money of customers for what they owe, and for suppliers for what they are owed.
CREATE TABLE credit_payment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    party_id BIGINT NOT NULL,
    party_type TEXT NOT NULL CHECK (party_type IN ('customer', 'supplier')),
    -- Minor units, what was given back at once not counted.
    amount BIGINT NOT NULL CHECK (amount > 0),
    user_id BIGINT,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (channel_id, party_id) REFERENCES customer (channel_id, id)
);

CREATE INDEX credit_payment_party ON credit_payment (channel_id, party_id, party_type, id);

-- Goods bought of suppliers.
CREATE TABLE supplier_purchase (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    supplier_id BIGINT NOT NULL,
    -- The supplier's number of it.
    reference TEXT NOT NULL,
    -- Minor units.
    cost BIGINT NOT NULL CHECK (cost > 0),
    paid BIGINT NOT NULL CHECK (paid BETWEEN 0 AND cost),
    is_credit BOOLEAN NOT NULL,
    memo TEXT NOT NULL,
    -- YYYY-MM-DD.
    purchased_on TEXT NOT NULL,
    user_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, supplier_id, reference),
    FOREIGN KEY (channel_id, supplier_id) REFERENCES customer (channel_id, id)
);

CREATE INDEX supplier_purchase_unpaid ON supplier_purchase (channel_id, supplier_id, id) WHERE paid < cost;

-- What of the reminder ladder has been said, so that it is said once.
CREATE TABLE credit_reminder (
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    party_id BIGINT NOT NULL,
    party_type TEXT NOT NULL CHECK (party_type IN ('customer', 'supplier')),
    rung TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (channel_id, party_id, party_type, rung),
    FOREIGN KEY (channel_id, party_id) REFERENCES customer (channel_id, id)
);

-- When a channel's reminders were last looked at.
CREATE TABLE credit_reminded (
    channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
    reminded_at BIGINT NOT NULL
);
