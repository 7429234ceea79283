//! SQL of codes to log in with.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, Timestamp, UserId};

/// The administrator with a telephone number.
pub(in crate::auth) async fn find_by_phone(
    reader: &mut Reader,
    phone_number: &str,
) -> Result<Option<UserId>, DatabaseError> {
    let sql = "SELECT user_id FROM administrator WHERE phone_number = $1 AND deleted_at IS NULL";
    let found: Option<(UserId,)> = reader.fetch_optional(sql, (phone_number,)).await?;
    Ok(found.map(|(user,)| user))
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

/// Keeps a code, in place of an earlier one.
pub(in crate::auth) async fn put_login_code(
    tx: &mut Tx,
    user: UserId,
    hash: &str,
    (tries, expires_at): (i64, Timestamp),
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO login_code (user_id, code_hash, tries_left, expires_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (user_id) DO UPDATE SET code_hash = $2, tries_left = $3, expires_at = $4";
    tx.execute_one(sql, (user, hash, tries, expires_at)).await
}

/// Takes one of the tries of a code that is good: its hash.
pub(in crate::auth) async fn take_code_try(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<Option<String>, DatabaseError> {
    let sql = "UPDATE login_code SET tries_left = tries_left - 1 \
               WHERE user_id = $1 AND tries_left > 0 AND expires_at > $2 RETURNING code_hash";
    let taken: Option<(String,)> = tx.fetch_optional(sql, (user, now)).await?;
    Ok(taken.map(|(hash,)| hash))
}

/// Uses a code up. False when it has been, or there is another.
pub(in crate::auth) async fn use_login_code(
    tx: &mut Tx,
    user: UserId,
    hash: &str,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM login_code WHERE user_id = $1 AND code_hash = $2";
    Ok(tx.execute(sql, (user, hash)).await? == 1)
}
