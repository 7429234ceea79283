//! SQL of codes to log in with, and of the telephone numbers that they are sent to.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, Timestamp, UserId};

use crate::auth::codes::{KeptCode, Purpose};
use crate::auth::error::AuthError;

/// The administrator with a telephone number.
pub(in crate::auth) async fn find_by_phone(
    reader: &mut Reader,
    phone_number: &str,
) -> Result<Option<UserId>, DatabaseError> {
    let sql = "SELECT user_id FROM administrator WHERE phone_number = $1 AND deleted_at IS NULL";
    let found: Option<(UserId,)> = reader.fetch_optional(sql, (phone_number,)).await?;
    Ok(found.map(|(user,)| user))
}

/// An administrator's telephone number.
pub(in crate::auth) async fn phone_number_of(
    reader: &mut Reader,
    user: UserId,
) -> Result<Option<String>, DatabaseError> {
    let sql = "SELECT phone_number FROM administrator WHERE user_id = $1 AND deleted_at IS NULL";
    let found: Option<(Option<String>,)> = reader.fetch_optional(sql, (user,)).await?;
    Ok(found.and_then(|(phone_number,)| phone_number))
}

/// Makes a telephone number somebody's and nobody else's. False where they are no administrator.
pub(in crate::auth) async fn put_phone_number(
    tx: &mut Tx,
    user: UserId,
    phone_number: &str,
) -> Result<bool, AuthError> {
    let take = "UPDATE administrator SET phone_number = NULL WHERE phone_number = $1 AND user_id <> $2";
    tx.execute(take, (phone_number, user)).await?;
    let put = "UPDATE administrator SET phone_number = $1 WHERE user_id = $2 AND deleted_at IS NULL";
    let put = tx.execute(put, (phone_number, user)).await.map_err(|error| {
        if error.is_unique_violation("administrator", &["phone_number"]) {
            // Two have shown it to be theirs at once.
            AuthError::PhoneNumberInUse
        } else {
            error.into()
        }
    });
    Ok(put? == 1)
}

/// Forgets an administrator's telephone number, and what was sent there. False where there is none.
pub(in crate::auth) async fn remove_phone_number(tx: &mut Tx, user: UserId) -> Result<bool, DatabaseError> {
    delete_login_codes(tx, user).await?;
    let sql = "UPDATE administrator SET phone_number = NULL WHERE user_id = $1 AND phone_number IS NOT NULL";
    Ok(tx.execute(sql, (user,)).await? == 1)
}

/// The channels where an administrator has a role.
pub(in crate::auth) async fn channels_of(
    reader: &mut Reader,
    user: UserId,
) -> Result<Vec<ChannelId>, DatabaseError> {
    let sql = "SELECT DISTINCT rc.channel_id FROM user_role ur JOIN role_channel rc ON rc.role_id = ur.role_id \
               WHERE ur.user_id = $1 ORDER BY rc.channel_id";
    let rows: Vec<(ChannelId,)> = reader.fetch_all(sql, (user,)).await?;
    Ok(rows.into_iter().map(|(channel,)| channel).collect())
}

/// Keeps a code, in place of an earlier one for the same purpose.
pub(in crate::auth) async fn put_login_code(
    tx: &mut Tx,
    code: &KeptCode,
    tries: i64,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO login_code (user_id, purpose, phone_number, code_hash, tries_left, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, purpose) DO UPDATE SET \
               phone_number = $3, code_hash = $4, tries_left = $5, expires_at = $6";
    let KeptCode { user, purpose, phone_number, hash, expires_at } = code;
    let values = (*user, purpose.as_str(), phone_number.as_str(), hash.as_str(), tries, *expires_at);
    tx.execute_one(sql, values).await
}

/// Takes one of the tries of a code that is good and was sent to this number, or to whichever.
pub(in crate::auth) async fn take_code_try(
    tx: &mut Tx,
    (user, purpose): (UserId, Purpose),
    phone_number: Option<&str>,
    now: Timestamp,
) -> Result<Option<KeptCode>, DatabaseError> {
    let sql = "UPDATE login_code SET tries_left = tries_left - 1 WHERE user_id = $1 AND purpose = $2 \
               AND phone_number = COALESCE($3, phone_number) AND tries_left > 0 AND expires_at > $4 \
               RETURNING phone_number, code_hash, expires_at";
    let taken: Option<(String, String, Timestamp)> =
        tx.fetch_optional(sql, (user, purpose.as_str(), phone_number, now)).await?;
    Ok(taken.map(|(phone_number, hash, expires_at)| KeptCode {
        user,
        purpose,
        phone_number,
        hash,
        expires_at,
    }))
}

/// Gives a try back at which nobody looked.
pub(in crate::auth) async fn give_back_code_try(tx: &mut Tx, code: &KeptCode) -> Result<(), DatabaseError> {
    let sql = "UPDATE login_code SET tries_left = tries_left + 1 \
               WHERE user_id = $1 AND purpose = $2 AND code_hash = $3";
    tx.execute(sql, (code.user, code.purpose.as_str(), code.hash.as_str())).await.map(|_| ())
}

/// Uses a code up. False when it has been, or there is another.
pub(in crate::auth) async fn use_login_code(tx: &mut Tx, code: &KeptCode) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM login_code WHERE user_id = $1 AND purpose = $2 AND code_hash = $3";
    Ok(tx.execute(sql, (code.user, code.purpose.as_str(), code.hash.as_str())).await? == 1)
}

/// Makes whichever codes somebody was sent good no more.
async fn delete_login_codes(tx: &mut Tx, user: UserId) -> Result<(), DatabaseError> {
    tx.execute("DELETE FROM login_code WHERE user_id = $1", (user,)).await.map(|_| ())
}
