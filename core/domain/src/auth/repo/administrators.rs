//! SQL of administrators.

use soko_infra::db::{Bound, Column, ListSql, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{AdministratorId, ChannelScope, ListQuery, Page, RoleId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::roles::roles;
use crate::auth::administrators::Administrator;
use crate::auth::entity::UserAccount;
use crate::auth::error::AuthError;

#[derive(sqlx::FromRow)]
struct AdministratorRow {
    id: AdministratorId,
    first_name: String,
    last_name: String,
    email_address: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    user_id: UserId,
    identifier: String,
    verified: bool,
    has_password: bool,
    last_login_at: Option<Timestamp>,
    user_created_at: Timestamp,
    user_updated_at: Timestamp,
}

const SELECT: &str = "a.id, a.first_name, a.last_name, a.email_address, a.created_at, a.updated_at, a.user_id, \
    u.identifier, u.verified, u.password_hash IS NOT NULL AS has_password, u.last_login_at, \
    u.created_at AS user_created_at, u.updated_at AS user_updated_at";
const FROM: &str = "FROM administrator a JOIN user_account u ON u.id = a.user_id";

impl AdministratorRow {
    fn with(self, roles: Vec<crate::auth::Role>) -> Administrator {
        Administrator {
            id: self.id,
            first_name: self.first_name,
            last_name: self.last_name,
            email_address: self.email_address,
            created_at: self.created_at,
            updated_at: self.updated_at,
            user: UserAccount {
                id: self.user_id,
                identifier: self.identifier,
                verified: self.verified,
                has_password: self.has_password,
                last_login_at: self.last_login_at,
                created_at: self.user_created_at,
                updated_at: self.user_updated_at,
            },
            roles,
        }
    }
}

pub(in crate::auth) async fn find_administrator(
    reader: &mut Reader,
    id: AdministratorId,
) -> Result<Option<Administrator>, AuthError> {
    let sql = format!("SELECT {SELECT} {FROM} WHERE a.id = $1 AND a.deleted_at IS NULL");
    let rows = reader.fetch_all(AssertSqlSafe(sql), (id,)).await?;
    Ok(with_roles(reader, rows).await?.pop())
}

pub(in crate::auth) async fn find_administrator_of_user(
    reader: &mut Reader,
    user: UserId,
) -> Result<Option<Administrator>, AuthError> {
    let sql = format!("SELECT {SELECT} {FROM} WHERE a.user_id = $1 AND a.deleted_at IS NULL");
    let rows = reader.fetch_all(AssertSqlSafe(sql), (user,)).await?;
    Ok(with_roles(reader, rows).await?.pop())
}

/// The administrators behind these users, deleted ones included: what they did still names them.
pub(in crate::auth) async fn administrators_of_users(
    reader: &mut Reader,
    users: &[UserId],
) -> Result<Vec<Administrator>, AuthError> {
    let mut values = Vec::new();
    let list = in_list(&mut values, users.iter().copied());
    let sql = format!("SELECT {SELECT} {FROM} WHERE a.user_id IN ({list})");
    let rows = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    with_roles(reader, rows).await
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
        select: SELECT,
        from: FROM,
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
        row.with(roles)
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
    super::codes::remove_phone_number(tx, user).await?;
    super::users::delete_sessions_of_user(tx, user, None).await
}
