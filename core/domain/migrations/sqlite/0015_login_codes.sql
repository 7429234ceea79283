-- How an administrator is sent a code to log in with: E.164, such as +254712345678.
ALTER TABLE administrator ADD COLUMN phone_number TEXT;

CREATE UNIQUE INDEX administrator_phone ON administrator (phone_number) WHERE phone_number IS NOT NULL AND deleted_at IS NULL;

-- Codes that were sent to administrators, one a person: the last.
CREATE TABLE login_code (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES user_account (id),
    -- argon2id: six digits are soon guessed by whoever reads the store.
    code_hash TEXT NOT NULL,
    tries_left BIGINT NOT NULL CHECK (tries_left >= 0),
    expires_at BIGINT NOT NULL
);
