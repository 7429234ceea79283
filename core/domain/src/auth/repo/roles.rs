//! SQL of roles and administrators.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    AdministratorId, ChannelId, ChannelScope, ListQuery, Page, PermissionSet, RoleId, Timestamp, UserId,
};
use sqlx::AssertSqlSafe;

use super::users::parse;
use crate::auth::administrators::Administrator;
use crate::auth::error::AuthError;
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
    permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(" ")
}

pub(in crate::auth) async fn set_role_channels(
    tx: &mut Tx,
    role: RoleId,
    channels: &[ChannelId],
) -> Result<(), DatabaseError> {
    const INSERT: MultiRowInsert =
        MultiRowInsert::new("INSERT INTO role_channel (role_id, channel_id)", 2, "ON CONFLICT DO NOTHING");
    tx.execute("DELETE FROM role_channel WHERE role_id = $1", (role,)).await?;
    let rows = channels.iter().map(|channel| vec![role.0.into(), channel.0.into()]).collect();
    INSERT.execute(tx, rows).await.map(|_| ())
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

/// How many live users hold the super administrator's role.
pub(in crate::auth) async fn superadmin_count(reader: &mut Reader) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM user_role ur JOIN role r ON r.id = ur.role_id \
               JOIN user_account u ON u.id = ur.user_id WHERE r.code = $1 AND u.deleted_at IS NULL";
    let (count,): (i64,) = reader.fetch_one(sql, (SUPERADMIN_ROLE,)).await?;
    Ok(count)
}

#[derive(sqlx::FromRow)]
struct AdministratorRow {
    id: AdministratorId,
    user_id: UserId,
    first_name: String,
    last_name: String,
    email_address: String,
    last_login_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

const SELECT_ADMINISTRATOR: &str = "a.id, a.user_id, a.first_name, a.last_name, a.email_address, u.last_login_at, \
    a.created_at, a.updated_at";
const FROM_ADMINISTRATOR: &str = "FROM administrator a JOIN user_account u ON u.id = a.user_id";

pub(in crate::auth) async fn find_administrator(
    reader: &mut Reader,
    id: AdministratorId,
) -> Result<Option<Administrator>, AuthError> {
    let sql = format!(
        "SELECT {SELECT_ADMINISTRATOR} {FROM_ADMINISTRATOR} WHERE a.id = $1 AND a.deleted_at IS NULL"
    );
    let rows = reader.fetch_all(AssertSqlSafe(sql), (id,)).await?;
    Ok(with_roles(reader, rows).await?.pop())
}

pub(in crate::auth) async fn find_administrator_of_user(
    reader: &mut Reader,
    user: UserId,
) -> Result<Option<Administrator>, AuthError> {
    let sql = format!(
        "SELECT {SELECT_ADMINISTRATOR} {FROM_ADMINISTRATOR} WHERE a.user_id = $1 AND a.deleted_at IS NULL"
    );
    let rows = reader.fetch_all(AssertSqlSafe(sql), (user,)).await?;
    Ok(with_roles(reader, rows).await?.pop())
}

/// A page of administrators: those with a role in one channel, or all of the platform.
pub(in crate::auth) async fn list_administrators(
    reader: &mut Reader,
    scope: Option<ChannelScope>,
    query: &ListQuery,
) -> Result<Page<Administrator>, AuthError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "a.id"),
        Column::text("firstName", "a.first_name"),
        Column::text("lastName", "a.last_name"),
        Column::text("emailAddress", "a.email_address"),
        Column::time("createdAt", "a.created_at"),
        Column::time("updatedAt", "a.updated_at"),
    ];
    let (condition, values) = match scope {
        Some(scope) => (
            "a.deleted_at IS NULL AND EXISTS (SELECT 1 FROM user_role ur JOIN role_channel rc \
             ON rc.role_id = ur.role_id WHERE ur.user_id = a.user_id AND rc.channel_id = $1)",
            vec![Bound::from(scope.channel_id().0)],
        ),
        None => ("a.deleted_at IS NULL", Vec::new()),
    };
    let list = ListSql {
        select: SELECT_ADMINISTRATOR,
        from: FROM_ADMINISTRATOR,
        condition: condition.to_owned(),
        values,
        columns: COLUMNS,
        tie_break: "a.id",
    };
    let page = list.fetch::<AdministratorRow>(reader, query).await?;
    Ok(Page { items: with_roles(reader, page.items).await?, total: page.total })
}

async fn with_roles(
    reader: &mut Reader,
    rows: Vec<AdministratorRow>,
) -> Result<Vec<Administrator>, AuthError> {
    let mut values = Vec::new();
    let list = in_list(&mut values, rows.iter().map(|row| row.user_id));
    let sql = format!("SELECT user_id, role_id FROM user_role WHERE user_id IN ({list}) ORDER BY role_id");
    let held: Vec<(UserId, RoleId)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let ids: Vec<RoleId> = held.iter().map(|(_, role)| *role).collect();
    let known = roles(reader, &ids).await?;
    let administrator = |row: AdministratorRow| {
        let own = held.iter().filter(|(user, _)| *user == row.user_id);
        let roles = own.filter_map(|(_, id)| known.iter().find(|role| role.id == *id).cloned()).collect();
        let AdministratorRow { id, user_id, first_name, last_name, email_address, .. } = row;
        let (last_login_at, created_at, updated_at) = (row.last_login_at, row.created_at, row.updated_at);
        Administrator {
            id,
            user_id,
            first_name,
            last_name,
            email_address,
            roles,
            last_login_at,
            created_at,
            updated_at,
        }
    };
    Ok(rows.into_iter().map(administrator).collect())
}

/// `names`: first name, last name, e-mail address.
pub(in crate::auth) async fn insert_administrator(
    tx: &mut Tx,
    user: UserId,
    names: [&str; 3],
    now: Timestamp,
) -> Result<AdministratorId, DatabaseError> {
    let [first, last, email] = names;
    let (id,) = tx
        .fetch_one(
            "INSERT INTO administrator (user_id, first_name, last_name, email_address, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
            (user, first, last, email, now),
        )
        .await?;
    Ok(id)
}

/// `names`: first name, last name, e-mail address.
pub(in crate::auth) async fn update_administrator(
    tx: &mut Tx,
    id: AdministratorId,
    names: [&str; 3],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let [first, last, email] = names;
    tx.execute_one(
        "UPDATE administrator SET first_name = $1, last_name = $2, email_address = $3, updated_at = $4 \
         WHERE id = $5 AND deleted_at IS NULL",
        (first, last, email, now, id),
    )
    .await
}

pub(in crate::auth) async fn delete_administrator(
    tx: &mut Tx,
    id: AdministratorId,
    user: UserId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE administrator SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL",
        (now, id),
    )
    .await?;
    tx.execute_one("UPDATE user_account SET deleted_at = $1 WHERE id = $2", (now, user)).await?;
    tx.execute("DELETE FROM session WHERE user_id = $1", (user,)).await.map(|_| ())
}
