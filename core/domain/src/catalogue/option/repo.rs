//! SQL of option groups and options.

use std::collections::HashMap;

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, ListQuery, OptionGroupId, OptionId, Page, ProductId, Timestamp, VariantId};

use super::entity::{OptionGroup, ProductOption};
use crate::catalogue::batch;
use crate::catalogue::error::CatalogueError;
use crate::catalogue::translation::Languages;
use crate::catalogue::translation::repo::shown_translation;

macro_rules! product_count {
    () => {
        "(SELECT COUNT(*) FROM product_option_group pg \
         JOIN product p ON p.channel_id = pg.channel_id AND p.id = pg.product_id \
         WHERE pg.channel_id = g.channel_id AND pg.option_group_id = g.id AND p.deleted_at IS NULL)"
    };
}

macro_rules! group_select {
    () => {
        concat!(
            "g.id, t.language, g.code, t.name, ",
            product_count!(),
            " AS product_count, g.created_at, g.updated_at"
        )
    };
}

macro_rules! group_from {
    () => {
        concat!(
            "FROM option_group g JOIN option_group_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("option_group_translation", "option_group_id", "g.id")
        )
    };
}

macro_rules! option_select {
    () => {
        "o.id, o.option_group_id AS group_id, t.language, o.code, t.name, o.created_at, o.updated_at"
    };
}

macro_rules! option_from {
    () => {
        concat!(
            "FROM product_option o JOIN product_option_translation t ON t.channel_id = $1 AND t.id = ",
            shown_translation!("product_option_translation", "product_option_id", "o.id")
        )
    };
}

const GROUPS: &str =
    concat!("SELECT ", group_select!(), " ", group_from!(), " WHERE g.channel_id = $1 AND g.id IN ({ids})");

pub(super) async fn groups(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[OptionGroupId],
) -> Result<Vec<OptionGroup>, DatabaseError> {
    batch::fetch(reader, GROUPS, batch::in_languages(scope, languages), batch::raw(ids)).await
}

#[derive(sqlx::FromRow)]
struct OwnedGroup {
    product_id: ProductId,
    #[sqlx(flatten)]
    group: OptionGroup,
}

const GROUPS_OF_PRODUCTS: &str = concat!(
    "SELECT own.product_id, ",
    group_select!(),
    " ",
    group_from!(),
    " JOIN product_option_group own ON own.channel_id = g.channel_id AND own.option_group_id = g.id \
     WHERE g.channel_id = $1 AND own.product_id IN ({ids}) ORDER BY own.product_id, own.position, g.id"
);

pub(super) async fn groups_of_products(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[ProductId],
) -> Result<Vec<(ProductId, OptionGroup)>, DatabaseError> {
    let binds = batch::in_languages(scope, languages);
    let rows: Vec<OwnedGroup> = batch::fetch(reader, GROUPS_OF_PRODUCTS, binds, batch::raw(ids)).await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.group)).collect())
}

const OPTIONS: &str =
    concat!("SELECT ", option_select!(), " ", option_from!(), " WHERE o.channel_id = $1 AND o.id IN ({ids})");

pub(super) async fn options(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[OptionId],
) -> Result<Vec<ProductOption>, DatabaseError> {
    batch::fetch(reader, OPTIONS, batch::in_languages(scope, languages), batch::raw(ids)).await
}

const OPTIONS_OF_GROUPS: &str = concat!(
    "SELECT ",
    option_select!(),
    " ",
    option_from!(),
    " WHERE o.channel_id = $1 AND o.option_group_id IN ({ids}) ORDER BY o.option_group_id, o.id"
);

pub(super) async fn options_of_groups(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[OptionGroupId],
) -> Result<Vec<ProductOption>, DatabaseError> {
    batch::fetch(reader, OPTIONS_OF_GROUPS, batch::in_languages(scope, languages), batch::raw(ids)).await
}

#[derive(sqlx::FromRow)]
struct OwnedOption {
    variant_id: VariantId,
    #[sqlx(flatten)]
    option: ProductOption,
}

const OPTIONS_OF_VARIANTS: &str = concat!(
    "SELECT own.variant_id, ",
    option_select!(),
    " ",
    option_from!(),
    " JOIN variant_option own ON own.channel_id = o.channel_id AND own.product_option_id = o.id \
     WHERE o.channel_id = $1 AND own.variant_id IN ({ids}) ORDER BY own.variant_id, o.option_group_id, o.id"
);

pub(super) async fn options_of_variants(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    ids: &[VariantId],
) -> Result<Vec<(VariantId, ProductOption)>, DatabaseError> {
    let binds = batch::in_languages(scope, languages);
    let rows: Vec<OwnedOption> = batch::fetch(reader, OPTIONS_OF_VARIANTS, binds, batch::raw(ids)).await?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row.option)).collect())
}

const GROUP_COLUMNS: &[Column] = &[
    Column::integer("id", "g.id"),
    Column::time("createdAt", "g.created_at"),
    Column::time("updatedAt", "g.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("code", "g.code"),
    Column::text("name", "t.name"),
    Column::integer("productCount", product_count!()),
];

pub(super) async fn list_groups(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    query: &ListQuery,
) -> Result<Page<OptionGroup>, CatalogueError> {
    let list = ListSql {
        select: group_select!(),
        from: group_from!(),
        condition: "g.channel_id = $1".to_owned(),
        values: batch::in_languages(scope, languages),
        columns: GROUP_COLUMNS,
        tie_break: "g.id",
    };
    Ok(list.fetch(reader, query).await?)
}

const OPTION_COLUMNS: &[Column] = &[
    Column::integer("id", "o.id"),
    Column::time("createdAt", "o.created_at"),
    Column::time("updatedAt", "o.updated_at"),
    Column::text("languageCode", "t.language"),
    Column::text("code", "o.code"),
    Column::text("name", "t.name"),
    Column::integer("groupId", "o.option_group_id"),
];

pub(super) async fn list_options(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    group: Option<OptionGroupId>,
    query: &ListQuery,
) -> Result<Page<ProductOption>, CatalogueError> {
    let mut values = batch::in_languages(scope, languages);
    let mut condition = "o.channel_id = $1".to_owned();
    if let Some(group) = group {
        values.push(group.0.into());
        condition.push_str(" AND o.option_group_id = $4");
    }
    let list = ListSql {
        select: option_select!(),
        from: option_from!(),
        condition,
        values,
        columns: OPTION_COLUMNS,
        tie_break: "o.id",
    };
    Ok(list.fetch(reader, query).await?)
}

const INSERT_GROUPS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO option_group (channel_id, code, created_at, updated_at)",
    4,
    "RETURNING id",
);

/// Inserts groups without names, and returns their ids in the given order.
pub(in crate::catalogue) async fn insert_groups(
    tx: &mut Tx,
    scope: ChannelScope,
    codes: &[String],
    now: Timestamp,
) -> Result<Vec<OptionGroupId>, DatabaseError> {
    let row = |code: &String| -> Vec<Bound> {
        vec![scope.channel_id().0.into(), code.as_str().into(), now.into(), now.into()]
    };
    let mut ids: Vec<(OptionGroupId,)> = INSERT_GROUPS.fetch(tx, codes.iter().map(row).collect()).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

const INSERT_OPTIONS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO product_option (channel_id, option_group_id, code, created_at, updated_at)",
    5,
    "RETURNING id",
);

/// Inserts options without names, and returns their ids in the given order.
pub(in crate::catalogue) async fn insert_options(
    tx: &mut Tx,
    scope: ChannelScope,
    options: &[(OptionGroupId, String)],
    now: Timestamp,
) -> Result<Vec<OptionId>, DatabaseError> {
    let row = |(group, code): &(OptionGroupId, String)| -> Vec<Bound> {
        vec![scope.channel_id().0.into(), group.0.into(), code.as_str().into(), now.into(), now.into()]
    };
    let mut ids: Vec<(OptionId,)> = INSERT_OPTIONS.fetch(tx, options.iter().map(row).collect()).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Sets the code where there is one. False when the channel has no such group.
pub(super) async fn update_group(
    tx: &mut Tx,
    scope: ChannelScope,
    id: OptionGroupId,
    code: Option<String>,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE option_group SET code = COALESCE($1, code), updated_at = $2 \
               WHERE channel_id = $3 AND id = $4";
    Ok(tx.execute(sql, (code, now, scope.channel_id(), id)).await? == 1)
}

/// Sets the code where there is one. False when the channel has no such option.
pub(super) async fn update_option(
    tx: &mut Tx,
    scope: ChannelScope,
    id: OptionId,
    code: Option<String>,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE product_option SET code = COALESCE($1, code), updated_at = $2 \
               WHERE channel_id = $3 AND id = $4";
    Ok(tx.execute(sql, (code, now, scope.channel_id(), id)).await? == 1)
}

/// What uses an option group.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct GroupUse {
    id: OptionGroupId,
    pub(super) code: String,
    pub(super) products: i64,
    pub(super) variants: i64,
}

const USES_OF_GROUPS: &str = concat!(
    "SELECT g.id, g.code, ",
    product_count!(),
    " AS products, (SELECT COUNT(DISTINCT v.id) FROM product_option o \
     JOIN variant_option vo ON vo.channel_id = o.channel_id AND vo.product_option_id = o.id \
     JOIN product_variant v ON v.channel_id = vo.channel_id AND v.id = vo.variant_id \
     WHERE o.channel_id = g.channel_id AND o.option_group_id = g.id AND v.deleted_at IS NULL) AS variants \
     FROM option_group g WHERE g.channel_id = $1 AND g.id IN ({ids})"
);

/// How many products and variants use each group. Groups that the channel does not have are absent.
pub(super) async fn uses_of_groups(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[OptionGroupId],
) -> Result<HashMap<OptionGroupId, GroupUse>, DatabaseError> {
    let rows: Vec<GroupUse> =
        batch::fetch(reader, USES_OF_GROUPS, batch::of_channel(scope), batch::raw(ids)).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// How many variants of a product have an option of a group.
pub(super) async fn variants_with_option_of(
    reader: &mut Reader,
    scope: ChannelScope,
    product: ProductId,
    group: OptionGroupId,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(DISTINCT v.id) FROM variant_option vo \
               JOIN product_variant v ON v.channel_id = vo.channel_id AND v.id = vo.variant_id \
               JOIN product_option o ON o.channel_id = vo.channel_id AND o.id = vo.product_option_id \
               WHERE vo.channel_id = $1 AND o.option_group_id = $2 AND v.product_id = $3 AND v.deleted_at IS NULL";
    let (count,): (i64,) = reader.fetch_one(sql, (scope.channel_id(), group, product)).await?;
    Ok(count)
}

/// How many variants use an option.
pub(super) async fn option_use(
    reader: &mut Reader,
    scope: ChannelScope,
    id: OptionId,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM variant_option vo \
               JOIN product_variant v ON v.channel_id = vo.channel_id AND v.id = vo.variant_id \
               WHERE vo.channel_id = $1 AND vo.product_option_id = $2 AND v.deleted_at IS NULL";
    let (count,): (i64,) = reader.fetch_one(sql, (scope.channel_id(), id)).await?;
    Ok(count)
}

/// Deletes groups with their options, which variants lose.
pub(super) async fn delete_groups(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[OptionGroupId],
) -> Result<(), DatabaseError> {
    for sql in [
        "DELETE FROM variant_option WHERE channel_id = $1 \
         AND product_option_id IN \
         (SELECT id FROM product_option WHERE channel_id = $1 AND option_group_id IN ({ids}))",
        "DELETE FROM option_group WHERE channel_id = $1 AND id IN ({ids})",
    ] {
        batch::execute(tx, sql, batch::of_channel(scope), batch::raw(ids)).await?;
    }
    Ok(())
}

/// Deletes an option, also of deleted variants.
pub(super) async fn delete_option(
    tx: &mut Tx,
    scope: ChannelScope,
    id: OptionId,
) -> Result<(), DatabaseError> {
    let values = (scope.channel_id(), id);
    tx.execute("DELETE FROM variant_option WHERE channel_id = $1 AND product_option_id = $2", values).await?;
    tx.execute_one("DELETE FROM product_option WHERE channel_id = $1 AND id = $2", values).await
}

const ADD_TO_PRODUCTS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO product_option_group (channel_id, product_id, option_group_id, position)",
    4,
    "ON CONFLICT (channel_id, product_id, option_group_id) DO NOTHING",
);

/// Gives products groups, each with its position, and says how many they did not have.
pub(in crate::catalogue) async fn add_to_products(
    tx: &mut Tx,
    scope: ChannelScope,
    groups: &[(ProductId, OptionGroupId, i64)],
) -> Result<u64, DatabaseError> {
    let row = |(product, group, position): &(ProductId, OptionGroupId, i64)| -> Vec<Bound> {
        vec![scope.channel_id().0.into(), product.0.into(), group.0.into(), (*position).into()]
    };
    ADD_TO_PRODUCTS.execute(tx, groups.iter().map(row).collect()).await
}

/// The position after those of the product's groups.
pub(super) async fn next_position(
    reader: &mut Reader,
    scope: ChannelScope,
    product: ProductId,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT COALESCE(MAX(position) + 1, 0) FROM product_option_group \
               WHERE channel_id = $1 AND product_id = $2";
    let (position,): (i64,) = reader.fetch_one(sql, (scope.channel_id(), product)).await?;
    Ok(position)
}

/// Takes a group from a product, and its options from the product's variants. False when it does not have it.
pub(super) async fn remove_from_product(
    tx: &mut Tx,
    scope: ChannelScope,
    product: ProductId,
    group: OptionGroupId,
) -> Result<bool, DatabaseError> {
    let values = (scope.channel_id(), product, group);
    let options = "DELETE FROM variant_option WHERE channel_id = $1 \
                   AND variant_id IN (SELECT id FROM product_variant WHERE channel_id = $1 AND product_id = $2) \
                   AND product_option_id IN \
                   (SELECT id FROM product_option WHERE channel_id = $1 AND option_group_id = $3)";
    tx.execute(options, values).await?;
    let sql =
        "DELETE FROM product_option_group WHERE channel_id = $1 AND product_id = $2 AND option_group_id = $3";
    Ok(tx.execute(sql, values).await? == 1)
}

/// Every group of the channel with its code, newest first.
pub(in crate::catalogue) async fn group_codes(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<(OptionGroupId, String)>, DatabaseError> {
    let sql = "SELECT id, code FROM option_group WHERE channel_id = $1 ORDER BY id DESC";
    reader.fetch_all(sql, (scope.channel_id(),)).await
}

const CODES_OF_GROUPS: &str = "SELECT option_group_id, id, code FROM product_option \
     WHERE channel_id = $1 AND option_group_id IN ({ids})";

/// The options of groups by their codes.
pub(in crate::catalogue) async fn option_codes(
    reader: &mut Reader,
    scope: ChannelScope,
    groups: &[OptionGroupId],
) -> Result<Vec<(OptionGroupId, OptionId, String)>, DatabaseError> {
    batch::fetch(reader, CODES_OF_GROUPS, batch::of_channel(scope), batch::raw(groups)).await
}
