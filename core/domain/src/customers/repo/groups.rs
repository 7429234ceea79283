//! SQL of customer groups.

use std::collections::HashSet;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CustomerGroupId, CustomerId, ListQuery, Page, Timestamp};
use sqlx::AssertSqlSafe;

use crate::customers::entity::CustomerGroup;
use crate::customers::error::CustomerError;

pub(in crate::customers) async fn list_groups(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<CustomerGroup>, CustomerError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "id"),
        Column::time("createdAt", "created_at"),
        Column::time("updatedAt", "updated_at"),
        Column::text("name", "name"),
    ];
    let list = ListSql {
        select: "id, name, created_at, updated_at",
        from: "FROM customer_group",
        condition: "channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    Ok(list.fetch(reader, query).await?)
}

pub(in crate::customers) async fn find_group(
    reader: &mut Reader,
    scope: ChannelScope,
    id: CustomerGroupId,
) -> Result<Option<CustomerGroup>, DatabaseError> {
    let sql = "SELECT id, name, created_at, updated_at FROM customer_group WHERE channel_id = $1 AND id = $2";
    reader.fetch_optional(sql, (scope.channel_id(), id)).await
}

pub(in crate::customers) async fn insert_group(
    tx: &mut Tx,
    scope: ChannelScope,
    name: &str,
    now: Timestamp,
) -> Result<CustomerGroup, CustomerError> {
    let inserted = tx.fetch_one(
        "INSERT INTO customer_group (channel_id, name, created_at, updated_at) VALUES ($1, $2, $3, $3) \
         RETURNING id, name, created_at, updated_at",
        (scope.channel_id(), name, now),
    );
    inserted.await.map_err(|error| name_in_use(error, name))
}

fn name_in_use(error: DatabaseError, name: &str) -> CustomerError {
    if error.is_unique_violation("customer_group", &["channel_id", "name"]) {
        CustomerError::GroupNameInUse(name.to_owned())
    } else {
        error.into()
    }
}

pub(in crate::customers) async fn rename_group(
    tx: &mut Tx,
    scope: ChannelScope,
    id: CustomerGroupId,
    name: &str,
    now: Timestamp,
) -> Result<(), CustomerError> {
    let sql = "UPDATE customer_group SET name = $1, updated_at = $2 WHERE id = $3 AND channel_id = $4";
    let renamed = tx.execute_one(sql, (name, now, id, scope.channel_id())).await;
    renamed.map_err(|error| name_in_use(error, name))
}

#[derive(sqlx::FromRow)]
struct MembershipRow {
    customer_id: CustomerId,
    #[sqlx(flatten)]
    group: CustomerGroup,
}

/// The groups of these customers, in order of name.
pub(in crate::customers) async fn groups_of(
    reader: &mut Reader,
    scope: ChannelScope,
    customers: &[CustomerId],
) -> Result<Vec<(CustomerId, CustomerGroup)>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, customers.iter().copied());
    let sql = format!(
        "SELECT m.customer_id, g.id, g.name, g.created_at, g.updated_at FROM customer_group_member m \
         JOIN customer_group g ON g.channel_id = m.channel_id AND g.id = m.customer_group_id \
         WHERE g.channel_id = $1 AND m.customer_id IN ({ids}) ORDER BY g.name"
    );
    let rows: Vec<MembershipRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|row| (row.customer_id, row.group)).collect())
}

/// Adds customers of the channel to a group of the channel, which the caller has found.
pub(in crate::customers) async fn add_members(
    tx: &mut Tx,
    scope: ChannelScope,
    group: CustomerGroupId,
    members: &[CustomerId],
) -> Result<(), CustomerError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO customer_group_member (channel_id, customer_group_id, customer_id)",
        3,
        "ON CONFLICT DO NOTHING",
    );
    let known = living(tx, scope, members).await?;
    if let Some(unknown) = members.iter().find(|id| !known.contains(id)) {
        return Err(CustomerError::NotFound(*unknown));
    }
    let row = |customer: &CustomerId| vec![scope.channel_id().0.into(), group.0.into(), customer.0.into()];
    INSERT.execute(tx, members.iter().map(row).collect()).await?;
    Ok(())
}

/// Those of the customers that the channel has and that are not deleted.
async fn living(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[CustomerId],
) -> Result<HashSet<CustomerId>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, ids.iter().copied());
    let sql =
        format!("SELECT id FROM customer WHERE channel_id = $1 AND deleted_at IS NULL AND id IN ({ids})");
    let rows: Vec<(CustomerId,)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(in crate::customers) async fn remove_members(
    tx: &mut Tx,
    scope: ChannelScope,
    group: CustomerGroupId,
    members: &[CustomerId],
) -> Result<(), DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0), Bound::from(group.0)];
    let ids = in_list(&mut values, members.iter().copied());
    let sql = format!(
        "DELETE FROM customer_group_member \
         WHERE channel_id = $1 AND customer_group_id = $2 AND customer_id IN ({ids})"
    );
    tx.execute(AssertSqlSafe(sql), values).await.map(|_| ())
}

/// Whether a tax rate names the group.
pub(in crate::customers) async fn group_is_used(
    reader: &mut Reader,
    scope: ChannelScope,
    id: CustomerGroupId,
) -> Result<bool, DatabaseError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tax_rate WHERE channel_id = $1 AND customer_group_id = $2)";
    let (used,): (bool,) = reader.fetch_one(sql, (scope.channel_id(), id)).await?;
    Ok(used)
}

pub(in crate::customers) async fn delete_group(
    tx: &mut Tx,
    scope: ChannelScope,
    id: CustomerGroupId,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM customer_group WHERE channel_id = $1 AND id = $2";
    Ok(tx.execute(sql, (scope.channel_id(), id)).await? == 1)
}
