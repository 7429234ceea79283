//! SQL of roles.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelId, ChannelScope, ListQuery, Page, PermissionSet, RoleId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::users::parse;
use crate::auth::error::AuthError;
use crate::auth::powers::Powers;
use crate::auth::roles::{Role, SUPERADMIN_ROLE};

#[derive(sqlx::FromRow)]
struct RoleRow {
    id: RoleId,
    code: String,
    description: String,
    permissions: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RoleRow {
    fn with(self, channels: &[(RoleId, ChannelId)]) -> Role {
        Role {
            channels: channels
                .iter()
                .filter(|(role, _)| *role == self.id)
                .map(|(_, channel)| *channel)
                .collect(),
            permissions: parse(&self.permissions),
            id: self.id,
            code: self.code,
            description: self.description,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// These roles with their channels. Two statements.
pub(in crate::auth) async fn roles(reader: &mut Reader, ids: &[RoleId]) -> Result<Vec<Role>, AuthError> {
    let mut values = Vec::new();
    let list = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT * FROM role WHERE id IN ({list}) ORDER BY id");
    let rows: Vec<RoleRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    with_channels(reader, rows).await
}

async fn with_channels(reader: &mut Reader, rows: Vec<RoleRow>) -> Result<Vec<Role>, AuthError> {
    let mut values = Vec::new();
    let list = in_list(&mut values, rows.iter().map(|row| row.id));
    let sql =
        format!("SELECT role_id, channel_id FROM role_channel WHERE role_id IN ({list}) ORDER BY channel_id");
    let channels: Vec<(RoleId, ChannelId)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|row| row.with(&channels)).collect())
}

pub(in crate::auth) async fn find_role(reader: &mut Reader, id: RoleId) -> Result<Option<Role>, AuthError> {
    Ok(roles(reader, &[id]).await?.pop())
}

/// A page of roles: of one channel, or of the platform.
pub(in crate::auth) async fn list_roles(
    reader: &mut Reader,
    scope: Option<ChannelScope>,
    query: &ListQuery,
) -> Result<Page<Role>, AuthError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "r.id"),
        Column::text("code", "r.code"),
        Column::text("description", "r.description"),
        Column::time("createdAt", "r.created_at"),
        Column::time("updatedAt", "r.updated_at"),
    ];
    let (condition, values) = match scope {
        Some(scope) => (
            "EXISTS (SELECT 1 FROM role_channel rc WHERE rc.role_id = r.id AND rc.channel_id = $1)",
            vec![Bound::from(scope.channel_id().0)],
        ),
        None => ("1 = 1", Vec::new()),
    };
    let list = ListSql {
        select: "r.*",
        from: "FROM role r",
        condition: condition.to_owned(),
        values,
        columns: COLUMNS,
        tie_break: "r.id",
    };
    let page = list.fetch::<RoleRow>(reader, query).await?;
    Ok(Page { items: with_channels(reader, page.items).await?, total: page.total })
}

pub(in crate::auth) async fn insert_role(
    tx: &mut Tx,
    code: &str,
    description: &str,
    permissions: PermissionSet,
    now: Timestamp,
) -> Result<RoleId, AuthError> {
    let inserted = tx.fetch_one(
        "INSERT INTO role (code, description, permissions, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $4) RETURNING id",
        (code, description, join(permissions), now),
    );
    let (id,) = inserted.await.map_err(|error| code_in_use(error, code))?;
    Ok(id)
}

pub(in crate::auth) async fn update_role(tx: &mut Tx, role: &Role, now: Timestamp) -> Result<(), AuthError> {
    let updated = tx.execute_one(
        "UPDATE role SET code = $1, description = $2, permissions = $3, updated_at = $4 WHERE id = $5",
        (role.code.as_str(), role.description.as_str(), join(role.permissions), now, role.id),
    );
    updated.await.map_err(|error| code_in_use(error, &role.code))
}

fn code_in_use(error: DatabaseError, code: &str) -> AuthError {
    if error.is_unique_violation("role", &["code"]) {
        AuthError::RoleCodeInUse(code.to_owned())
    } else {
        error.into()
    }
}

fn join(permissions: PermissionSet) -> String {
    permissions.iter().map(soko_kernel::Permission::as_str).collect::<Vec<_>>().join(" ")
}

pub(in crate::auth) async fn set_role_channels(
    tx: &mut Tx,
    role: RoleId,
    channels: &[ChannelId],
) -> Result<(), AuthError> {
    const INSERT: MultiRowInsert =
        MultiRowInsert::new("INSERT INTO role_channel (role_id, channel_id)", 2, "ON CONFLICT DO NOTHING");
    tx.execute("DELETE FROM role_channel WHERE role_id = $1", (role,)).await?;
    let rows = channels.iter().map(|channel| vec![role.0.into(), channel.0.into()]).collect();
    match INSERT.execute(tx, rows).await {
        Err(error) if error.is_foreign_key_violation() => Err(AuthError::ChannelNotFound),
        outcome => Ok(outcome.map(|_| ())?),
    }
}

pub(in crate::auth) async fn role_is_assigned(
    reader: &mut Reader,
    role: RoleId,
) -> Result<bool, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM user_role ur JOIN user_account u ON u.id = ur.user_id \
               WHERE ur.role_id = $1 AND u.deleted_at IS NULL";
    let (count,): (i64,) = reader.fetch_one(sql, (role,)).await?;
    Ok(count > 0)
}

pub(in crate::auth) async fn delete_role(tx: &mut Tx, role: RoleId) -> Result<(), DatabaseError> {
    tx.execute("DELETE FROM user_role WHERE role_id = $1", (role,)).await?;
    tx.execute_one("DELETE FROM role WHERE id = $1", (role,)).await
}

pub(in crate::auth) async fn set_roles(
    tx: &mut Tx,
    user: UserId,
    roles: &[RoleId],
) -> Result<(), DatabaseError> {
    const INSERT: MultiRowInsert =
        MultiRowInsert::new("INSERT INTO user_role (user_id, role_id)", 2, "ON CONFLICT DO NOTHING");
    tx.execute("DELETE FROM user_role WHERE user_id = $1", (user,)).await?;
    let rows = roles.iter().map(|role| vec![user.0.into(), role.0.into()]).collect();
    INSERT.execute(tx, rows).await.map(|_| ())
}

/// Gives a user one more role; nothing when they have it.
pub(in crate::auth) async fn add_role(tx: &mut Tx, user: UserId, role: RoleId) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO user_role (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, (user, role)).await.map(|_| ())
}

#[derive(sqlx::FromRow)]
struct PowerRow {
    is_superadmin: bool,
    channel_id: Option<ChannelId>,
    permissions: String,
}

/// What a user's roles allow, channel by channel. One statement.
pub(in crate::auth) async fn powers(reader: &mut Reader, user: UserId) -> Result<Powers, DatabaseError> {
    let rows: Vec<PowerRow> = reader
        .fetch_all(
            "SELECT r.code = $2 AS is_superadmin, rc.channel_id, r.permissions FROM user_account u \
             JOIN user_role ur ON ur.user_id = u.id JOIN role r ON r.id = ur.role_id \
             LEFT JOIN role_channel rc ON rc.role_id = r.id WHERE u.id = $1 AND u.deleted_at IS NULL",
            (user, SUPERADMIN_ROLE),
        )
        .await?;
    let mut powers = Powers::default();
    for row in rows {
        powers.everywhere |= row.is_superadmin;
        powers.channels.extend(row.channel_id.map(|channel| (channel, parse(&row.permissions))));
    }
    Ok(powers)
}

/// Who holds rights in a channel by a role that is given for channels, once for each such role. The platform's operators,
/// whose role holds everywhere, are not among them.
pub(in crate::auth) async fn administrators_in(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<(UserId, PermissionSet)>, DatabaseError> {
    let sql = "SELECT u.id, r.permissions FROM role_channel rc JOIN role r ON r.id = rc.role_id \
               JOIN user_role ur ON ur.role_id = r.id JOIN user_account u ON u.id = ur.user_id \
               WHERE rc.channel_id = $1 AND u.deleted_at IS NULL ORDER BY u.id, r.id";
    let rows: Vec<(UserId, String)> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    Ok(rows.into_iter().map(|(user, permissions)| (user, parse(&permissions))).collect())
}

/// Who one of those who may do something in a channel is, once for each role that says so: the identifier that they log in
/// with, their names and what the role permits.
pub(in crate::auth) async fn administrator_in(
    reader: &mut Reader,
    scope: ChannelScope,
    user: UserId,
) -> Result<Vec<(String, Option<String>, Option<String>, PermissionSet)>, DatabaseError> {
    let sql = "SELECT u.identifier, a.first_name, a.last_name, r.permissions FROM user_account u \
               JOIN user_role ur ON ur.user_id = u.id JOIN role r ON r.id = ur.role_id \
               JOIN role_channel rc ON rc.role_id = r.id LEFT JOIN administrator a ON a.user_id = u.id \
               WHERE u.id = $1 AND u.deleted_at IS NULL AND rc.channel_id = $2 ORDER BY r.id";
    let rows: Vec<(String, Option<String>, Option<String>, String)> =
        reader.fetch_all(sql, (user, scope.channel_id())).await?;
    Ok(rows.into_iter().map(|(login, first, last, held)| (login, first, last, parse(&held))).collect())
}

/// How many live users hold the super administrator's role.
pub(in crate::auth) async fn superadmin_count(reader: &mut Reader) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM user_role ur JOIN role r ON r.id = ur.role_id \
               JOIN user_account u ON u.id = ur.user_id WHERE r.code = $1 AND u.deleted_at IS NULL";
    let (count,): (i64,) = reader.fetch_one(sql, (SUPERADMIN_ROLE,)).await?;
    Ok(count)
}
