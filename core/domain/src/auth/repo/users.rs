//! SQL of users and sessions.

use soko_infra::db::{Bound, in_list};
use soko_infra::{Database, DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelId, ChannelScope, OrderId, Permission, PermissionSet, SessionId, Timestamp, UserId,
};
use sqlx::AssertSqlSafe;

use crate::auth::entity::{CurrentUser, CurrentUserChannel, UserAccount};
use crate::auth::error::AuthError;
use crate::auth::session::{Api, RequestRow};

/// The channel of a request and its session: of this channel for whoever shops, of none for administrators.
pub(in crate::auth) async fn request(
    database: &Database,
    channel_token: Option<&str>,
    token_hash: &[u8],
    api: Api,
    now: Timestamp,
) -> Result<Option<RequestRow>, DatabaseError> {
    let session_channel = match api {
        Api::Shop => "s.channel_id = c.id",
        Api::Admin => "s.channel_id IS NULL",
    };
    let channel = if channel_token.is_some() { "c.token = $3" } else { "c.is_default AND $3 = ''" };
    let sql = format!(
        "SELECT c.id, c.code, c.status, c.revision, c.default_language, c.currency, c.prices_include_tax, \
         c.time_zone, s.id AS session_id, u.id AS user_id, s.active_order_id, \
         (SELECT o.version FROM customer_order o WHERE o.channel_id = c.id AND o.id = s.active_order_id) \
         AS active_order_version, s.expires_at, s.lifetime_ms FROM channel c LEFT JOIN session s ON s.token_hash = $1 AND s.expires_at > $2 AND {session_channel} \
         LEFT JOIN user_account u ON u.id = s.user_id AND u.deleted_at IS NULL WHERE {channel}"
    );
    let values = vec![token_hash.to_vec().into(), now.into(), channel_token.unwrap_or_default().into()];
    Ok(database.look_up(&sql, values).await?.pop())
}

/// What the user's roles allow in a channel.
pub(in crate::auth) async fn permissions(
    database: &Database,
    user: UserId,
    channel: ChannelId,
) -> Result<PermissionSet, DatabaseError> {
    let sql = "SELECT r.permissions FROM user_role ur JOIN role r ON r.id = ur.role_id \
               LEFT JOIN role_channel rc ON rc.role_id = r.id AND rc.channel_id = $2 \
               WHERE ur.user_id = $1 AND (rc.channel_id IS NOT NULL OR r.code = $3)";
    let values = vec![user.0.into(), channel.0.into(), crate::auth::SUPERADMIN_ROLE.into()];
    let rows: Vec<(String,)> = database.look_up(sql, values).await?;
    Ok(rows.iter().map(|(names,)| parse(names)).fold(PermissionSet::NONE, PermissionSet::union))
}

/// Names of permissions, separated by spaces. Names that are no longer known grant nothing.
pub(super) fn parse(names: &str) -> PermissionSet {
    names.split(' ').filter_map(Permission::parse).collect()
}

/// Who would log in by this identifier, and the hash of their password.
pub(in crate::auth) async fn find_login(
    reader: &mut Reader,
    channel: Option<ChannelId>,
    identifier: &str,
) -> Result<Option<(UserId, Option<String>)>, DatabaseError> {
    let sql = match channel {
        Some(_) => {
            "SELECT id, password_hash FROM user_account \
             WHERE identifier = $1 AND channel_id = $2 AND deleted_at IS NULL"
        }
        None => {
            "SELECT id, password_hash FROM user_account \
             WHERE identifier = $1 AND channel_id IS NULL AND CAST($2 AS BIGINT) IS NULL AND deleted_at IS NULL"
        }
    };
    reader.fetch_optional(sql, (identifier, channel)).await
}

#[derive(sqlx::FromRow)]
struct UserChannelRow {
    identifier: String,
    id: Option<ChannelId>,
    token: Option<String>,
    code: Option<String>,
    permissions: Option<String>,
}

pub(in crate::auth) async fn current_user(
    reader: &mut Reader,
    user: UserId,
) -> Result<Option<CurrentUser>, DatabaseError> {
    let rows: Vec<UserChannelRow> = reader
        .fetch_all(
            "SELECT u.identifier, c.id, c.token, c.code, r.permissions FROM user_account u \
             LEFT JOIN user_role ur ON ur.user_id = u.id LEFT JOIN role r ON r.id = ur.role_id \
             LEFT JOIN role_channel rc ON rc.role_id = r.id \
             LEFT JOIN channel c ON c.id = rc.channel_id OR r.code = $2 OR c.id = u.channel_id \
             WHERE u.id = $1 AND u.deleted_at IS NULL ORDER BY c.id",
            (user, crate::auth::SUPERADMIN_ROLE),
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut current = CurrentUser { id: user, identifier: first.identifier.clone(), channels: Vec::new() };
    for row in rows {
        let (Some(id), Some(token), Some(code)) = (row.id, row.token, row.code) else { continue };
        let permissions = row.permissions.as_deref().map(parse).unwrap_or_default();
        match current.channels.last_mut().filter(|last| last.id == id) {
            Some(last) => last.permissions = last.permissions.union(permissions),
            None => current.channels.push(CurrentUserChannel { id, token, code, permissions }),
        }
    }
    Ok(Some(current))
}

pub(in crate::auth) async fn insert_user(
    tx: &mut Tx,
    channel: Option<ChannelId>,
    identifier: &str,
    password_hash: Option<&str>,
    now: Timestamp,
) -> Result<UserId, AuthError> {
    let inserted = tx.fetch_one(
        "INSERT INTO user_account (channel_id, identifier, password_hash, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $4) RETURNING id",
        (channel, identifier, password_hash, now),
    );
    let (id,) = inserted.await.map_err(|error| identifier_in_use(error, identifier))?;
    Ok(id)
}

fn identifier_in_use(error: DatabaseError, identifier: &str) -> AuthError {
    let taken = error.is_unique_violation("user_account", &["identifier"])
        || error.is_unique_violation("user_account", &["channel_id", "identifier"]);
    if taken { AuthError::IdentifierInUse(identifier.to_owned()) } else { error.into() }
}

pub(in crate::auth) async fn set_identifier(
    tx: &mut Tx,
    user: UserId,
    identifier: &str,
    now: Timestamp,
) -> Result<(), AuthError> {
    let sql = "UPDATE user_account SET identifier = $1, updated_at = $2 WHERE id = $3";
    tx.execute_one(sql, (identifier, now, user)).await.map_err(|error| identifier_in_use(error, identifier))
}

pub(in crate::auth) async fn set_password(
    tx: &mut Tx,
    user: UserId,
    hash: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE user_account SET password_hash = $1, updated_at = $2 WHERE id = $3";
    tx.execute_one(sql, (hash, now, user)).await
}

pub(in crate::auth) async fn note_login(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one("UPDATE user_account SET last_login_at = $1 WHERE id = $2", (now, user)).await
}

pub(in crate::auth) async fn insert_session(
    tx: &mut Tx,
    token_hash: &[u8],
    channel: Option<ChannelId>,
    user: Option<UserId>,
    active_order: Option<OrderId>,
    lifetime_ms: i64,
    now: Timestamp,
) -> Result<SessionId, DatabaseError> {
    let expires_at = Timestamp(now.0.saturating_add(lifetime_ms));
    let (id,) = tx
        .fetch_one(
            "INSERT INTO session (token_hash, channel_id, user_id, active_order_id, lifetime_ms, created_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            (token_hash.to_vec(), channel, user, active_order, lifetime_ms, now, expires_at),
        )
        .await?;
    Ok(id)
}

pub(in crate::auth) async fn extend_session(
    tx: &mut Tx,
    session: SessionId,
    until: Timestamp,
) -> Result<(), DatabaseError> {
    // A session that has been logged out meanwhile stays so.
    tx.execute("UPDATE session SET expires_at = $1 WHERE id = $2", (until, session)).await.map(|_| ())
}

pub(in crate::auth) async fn delete_session(tx: &mut Tx, session: SessionId) -> Result<(), DatabaseError> {
    tx.execute("DELETE FROM session WHERE id = $1", (session,)).await.map(|_| ())
}

pub(in crate::auth) const DELETE_EXPIRED_SESSIONS: &str = "DELETE FROM session WHERE id IN \
     (SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

/// Ends the sessions of a user, except perhaps one.
pub(in crate::auth) async fn delete_sessions_of_user(
    tx: &mut Tx,
    user: UserId,
    except: Option<SessionId>,
) -> Result<(), DatabaseError> {
    let sql = "DELETE FROM session WHERE user_id = $1 AND id <> $2";
    // Ids are positive: no session has 0.
    tx.execute(sql, (user, except.map_or(0, |session| session.0))).await.map(|_| ())
}

/// Deletes an account of a channel and ends its sessions; its identifier is free again.
pub(in crate::auth) async fn delete_user(
    tx: &mut Tx,
    scope: ChannelScope,
    user: UserId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql =
        "UPDATE user_account SET deleted_at = $1 WHERE id = $2 AND channel_id = $3 AND deleted_at IS NULL";
    tx.execute_one(sql, (now, user, scope.channel_id())).await?;
    delete_sessions_of_user(tx, user, None).await
}

/// Accounts of a channel by id. One statement.
pub(in crate::auth) async fn accounts(
    reader: &mut Reader,
    scope: ChannelScope,
    users: &[UserId],
) -> Result<Vec<UserAccount>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, users.iter().copied());
    let sql = format!(
        "SELECT id, identifier, verified, password_hash IS NOT NULL AS has_password, last_login_at, created_at, \
         updated_at FROM user_account WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})"
    );
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

pub(in crate::auth) async fn set_active_order(
    tx: &mut Tx,
    session: SessionId,
    order: Option<OrderId>,
) -> Result<(), DatabaseError> {
    tx.execute_one("UPDATE session SET active_order_id = $1 WHERE id = $2", (order, session)).await
}

pub(in crate::auth) async fn clear_active_order(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE session SET active_order_id = NULL WHERE active_order_id = $1 AND channel_id = $2";
    tx.execute(sql, (order, scope.channel_id())).await.map(|_| ())
}
