-- Where an administrator is sent codes to log in with: E.164, such as +254712345678. They have shown that it is theirs.
ALTER TABLE administrator ADD COLUMN phone_number TEXT COLLATE "C";

CREATE UNIQUE INDEX administrator_phone ON administrator (phone_number) WHERE phone_number IS NOT NULL AND deleted_at IS NULL;

-- The last code that an administrator was sent, to log in with or to show that a telephone number is theirs.
CREATE TABLE login_code (
    user_id BIGINT NOT NULL REFERENCES user_account (id),
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('log_in', 'number')),
    -- Where it was sent.
    phone_number TEXT COLLATE "C" NOT NULL,
    -- argon2id: six digits are soon guessed by whoever reads the store.
    code_hash TEXT COLLATE "C" NOT NULL,
    tries_left BIGINT NOT NULL CHECK (tries_left >= 0),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, purpose)
);
