//! SQL of customers.

use std::collections::HashMap;

use soko_infra::db::{Bound, Column, ListSql, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CustomerGroupId, CustomerId, ListQuery, Page, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use crate::customers::entity::{Customer, GuestCustomer, ShoppingCustomer};
use crate::customers::error::CustomerError;

const SELECT: &str = "c.id, c.user_id, c.title, c.first_name, c.last_name, c.phone_number, c.email_address, \
    c.created_at, c.updated_at";

/// The customer with the guest's address; `None` when it has an account.
pub(in crate::customers) async fn upsert_guest(
    tx: &mut Tx,
    scope: ChannelScope,
    guest: &GuestCustomer,
    now: Timestamp,
) -> Result<Option<CustomerId>, DatabaseError> {
    let row: Option<(CustomerId,)> = tx
        .fetch_optional(
            "INSERT INTO customer (channel_id, title, first_name, last_name, phone_number, email_address, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
             ON CONFLICT (channel_id, email_address) WHERE deleted_at IS NULL DO UPDATE SET \
             title = excluded.title, first_name = excluded.first_name, last_name = excluded.last_name, \
             phone_number = excluded.phone_number, updated_at = excluded.updated_at \
             WHERE customer.user_id IS NULL RETURNING id",
            (
                scope.channel_id(),
                guest.title.as_deref(),
                guest.first_name.as_str(),
                guest.last_name.as_str(),
                guest.phone_number.as_deref(),
                guest.normal_email(),
                now,
            ),
        )
        .await?;
    Ok(row.map(|(id,)| id))
}

pub(in crate::customers) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    facts: &GuestCustomer,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<CustomerId, DatabaseError> {
    let (id,) = tx
        .fetch_one(
            "INSERT INTO customer (channel_id, user_id, title, first_name, last_name, phone_number, email_address, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id",
            (
                scope.channel_id(),
                user,
                facts.title.as_deref(),
                facts.first_name.as_str(),
                facts.last_name.as_str(),
                facts.phone_number.as_deref(),
                facts.normal_email(),
                now,
            ),
        )
        .await?;
    Ok(id)
}

pub(in crate::customers) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    customer: &Customer,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE customer SET title = $1, first_name = $2, last_name = $3, phone_number = $4, email_address = $5, \
         updated_at = $6 WHERE id = $7 AND channel_id = $8 AND deleted_at IS NULL",
        (
            customer.title.as_deref(),
            customer.first_name.as_str(),
            customer.last_name.as_str(),
            customer.phone_number.as_deref(),
            customer.email_address.as_str(),
            now,
            customer.id,
            scope.channel_id(),
        ),
    )
    .await
}

pub(in crate::customers) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    id: CustomerId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE customer SET deleted_at = $1 WHERE id = $2 AND channel_id = $3 AND deleted_at IS NULL";
    tx.execute_one(sql, (now, id, scope.channel_id())).await
}

pub(in crate::customers) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: CustomerId,
) -> Result<Option<Customer>, DatabaseError> {
    let sql = format!(
        "SELECT {SELECT} FROM customer c WHERE c.channel_id = $1 AND c.id = $2 AND c.deleted_at IS NULL"
    );
    reader.fetch_optional(AssertSqlSafe(sql), (scope.channel_id(), id)).await
}

/// These customers, deleted ones included: orders still name them.
pub(in crate::customers) async fn by_ids(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[CustomerId],
) -> Result<Vec<Customer>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT {SELECT} FROM customer c WHERE c.channel_id = $1 AND c.id IN ({ids})");
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

/// As whom these customers log in; those who cannot are not there.
pub(in crate::customers) async fn users_of(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, UserId>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, ids);
    let sql = format!(
        "SELECT id, user_id FROM customer WHERE channel_id = $1 AND id IN ({ids}) AND user_id IS NOT NULL \
         AND deleted_at IS NULL"
    );
    let rows: Vec<(CustomerId, UserId)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().collect())
}

const SELECT_SHOPPING: &str = "SELECT c.id, g.id, g.name FROM customer c \
    LEFT JOIN customer_group_member m ON m.channel_id = c.channel_id AND m.customer_id = c.id \
    LEFT JOIN customer_group g ON g.channel_id = m.channel_id AND g.id = m.customer_group_id \
    WHERE c.channel_id = $1 AND c.deleted_at IS NULL";

type ShoppingRow = (CustomerId, Option<CustomerGroupId>, Option<String>);

pub(in crate::customers) async fn find_of_user(
    reader: &mut Reader,
    scope: ChannelScope,
    user: UserId,
) -> Result<Option<ShoppingCustomer>, DatabaseError> {
    let sql = format!("{SELECT_SHOPPING} AND c.user_id = $2 ORDER BY g.name");
    Ok(shopping(reader.fetch_all(AssertSqlSafe(sql), (scope.channel_id(), user)).await?))
}

pub(in crate::customers) async fn find_shopping(
    reader: &mut Reader,
    scope: ChannelScope,
    id: CustomerId,
) -> Result<Option<ShoppingCustomer>, DatabaseError> {
    let sql = format!("{SELECT_SHOPPING} AND c.id = $2 ORDER BY g.name");
    Ok(shopping(reader.fetch_all(AssertSqlSafe(sql), (scope.channel_id(), id)).await?))
}

fn shopping(rows: Vec<ShoppingRow>) -> Option<ShoppingCustomer> {
    let id = rows.first()?.0;
    let groups = rows.into_iter().filter_map(|(_, group, name)| Some((group?, name?)));
    let (group_ids, group_names) = groups.unzip();
    Some(ShoppingCustomer { id, group_ids, group_names })
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "c.id"),
    Column::time("createdAt", "c.created_at"),
    Column::time("updatedAt", "c.updated_at"),
    Column::text("title", "c.title"),
    Column::text("firstName", "c.first_name"),
    Column::text("lastName", "c.last_name"),
    Column::text("phoneNumber", "c.phone_number"),
    Column::text("emailAddress", "c.email_address"),
];

/// A page of customers: of one group, or of the channel.
pub(in crate::customers) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    group: Option<CustomerGroupId>,
    query: &ListQuery,
) -> Result<Page<Customer>, CustomerError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let mut condition = "c.channel_id = $1 AND c.deleted_at IS NULL".to_owned();
    if let Some(group) = group {
        values.push(group.0.into());
        condition.push_str(
            " AND EXISTS (SELECT 1 FROM customer_group_member m \
             WHERE m.channel_id = $1 AND m.customer_id = c.id AND m.customer_group_id = $2)",
        );
    }
    let list = ListSql {
        select: SELECT,
        from: "FROM customer c",
        condition,
        values,
        columns: COLUMNS,
        tie_break: "c.id",
    };
    Ok(list.fetch(reader, query).await?)
}
