//! SQL of shipping methods.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{ChannelScope, ListQuery, Page, ShippingMethodId, Timestamp};
use sqlx::AssertSqlSafe;

use super::entity::{NewShippingMethod, ShippingMethod, ShippingMethodText, ShippingMethodTranslation};
use super::error::ShippingError;

#[derive(sqlx::FromRow)]
struct MethodRow {
    id: ShippingMethodId,
    code: String,
    fulfillment_handler: String,
    checker: String,
    calculator: String,
    deleted_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl MethodRow {
    fn with(self, translations: &[ShippingMethodTranslation]) -> Result<ShippingMethod, DatabaseError> {
        let own = translations.iter().filter(|translation| translation.shipping_method_id == self.id);
        Ok(ShippingMethod {
            translations: own.cloned().collect(),
            checker: operation(&self.checker)?,
            calculator: operation(&self.calculator)?,
            id: self.id,
            code: self.code,
            fulfillment_handler: self.fulfillment_handler,
            deleted_at: self.deleted_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn operation(text: &str) -> Result<ConfigurableOperation, DatabaseError> {
    serde_json::from_str(text).map_err(|error| DatabaseError::corrupt("shipping method", error))
}

fn document(operation: &ConfigurableOperation) -> Result<String, DatabaseError> {
    serde_json::to_string(operation).map_err(|error| DatabaseError::corrupt("shipping method", error))
}

/// Every method of the channel that is not deleted, in order of id.
pub(super) async fn methods(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<ShippingMethod>, DatabaseError> {
    let sql = "SELECT * FROM shipping_method WHERE channel_id = $1 AND deleted_at IS NULL ORDER BY id";
    let rows: Vec<MethodRow> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    with_translations(reader, scope, rows).await
}

/// These methods, deleted ones included.
pub(super) async fn by_ids(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[ShippingMethodId],
) -> Result<Vec<ShippingMethod>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT * FROM shipping_method WHERE channel_id = $1 AND id IN ({ids}) ORDER BY id");
    let rows: Vec<MethodRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    with_translations(reader, scope, rows).await
}

pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: ShippingMethodId,
) -> Result<Option<ShippingMethod>, DatabaseError> {
    Ok(by_ids(reader, scope, &[id]).await?.pop().filter(|method| method.deleted_at.is_none()))
}

pub(super) async fn list(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<ShippingMethod>, ShippingError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "m.id"),
        Column::text("code", "m.code"),
        Column::text("name", "t.name"),
        Column::text("description", "t.description"),
        Column::text("languageCode", "t.language"),
        Column::text("fulfillmentHandlerCode", "m.fulfillment_handler"),
        Column::time("createdAt", "m.created_at"),
        Column::time("updatedAt", "m.updated_at"),
    ];
    let list = ListSql {
        select: "m.*",
        from: "FROM shipping_method m \
               LEFT JOIN shipping_method_translation t ON t.channel_id = $1 AND t.id = \
               (SELECT MIN(f.id) FROM shipping_method_translation f WHERE f.channel_id = $1 AND f.shipping_method_id = m.id)",
        condition: "m.channel_id = $1 AND m.deleted_at IS NULL".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "m.id",
    };
    let page = list.fetch::<MethodRow>(reader, query).await?;
    Ok(Page { items: with_translations(reader, scope, page.items).await?, total: page.total })
}

async fn with_translations(
    reader: &mut Reader,
    scope: ChannelScope,
    rows: Vec<MethodRow>,
) -> Result<Vec<ShippingMethod>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, rows.iter().map(|row| row.id));
    let sql = format!(
        "SELECT id, shipping_method_id, language, name, description, created_at, updated_at \
         FROM shipping_method_translation WHERE channel_id = $1 AND shipping_method_id IN ({ids}) ORDER BY id"
    );
    let translations: Vec<ShippingMethodTranslation> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(|row| row.with(&translations)).collect()
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    new: &NewShippingMethod,
    now: Timestamp,
) -> Result<ShippingMethodId, ShippingError> {
    let inserted = tx.fetch_one(
        "INSERT INTO shipping_method (channel_id, code, fulfillment_handler, checker, calculator, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        (
            scope.channel_id(),
            new.code.as_str(),
            new.fulfillment_handler.as_str(),
            document(&new.checker)?,
            document(&new.calculator)?,
            now,
        ),
    );
    let (id,) = inserted.await.map_err(|error| code_in_use(error, &new.code))?;
    write_texts(tx, scope, id, &new.texts, now).await?;
    Ok(id)
}

pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    method: &ShippingMethod,
    texts: &[ShippingMethodText],
    now: Timestamp,
) -> Result<(), ShippingError> {
    let updated = tx.execute_one(
        "UPDATE shipping_method SET code = $1, fulfillment_handler = $2, checker = $3, calculator = $4, \
         updated_at = $5 WHERE id = $6 AND channel_id = $7 AND deleted_at IS NULL",
        (
            method.code.as_str(),
            method.fulfillment_handler.as_str(),
            document(&method.checker)?,
            document(&method.calculator)?,
            now,
            method.id,
            scope.channel_id(),
        ),
    );
    updated.await.map_err(|error| code_in_use(error, &method.code))?;
    Ok(write_texts(tx, scope, method.id, texts, now).await?)
}

fn code_in_use(error: DatabaseError, code: &str) -> ShippingError {
    if error.is_unique_violation("shipping_method", &["channel_id", "code"]) {
        ShippingError::CodeInUse(code.to_owned())
    } else {
        error.into()
    }
}

async fn write_texts(
    tx: &mut Tx,
    scope: ChannelScope,
    method: ShippingMethodId,
    texts: &[ShippingMethodText],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    const WRITE: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO shipping_method_translation \
         (channel_id, shipping_method_id, language, name, description, created_at, updated_at)",
        7,
        "ON CONFLICT (channel_id, shipping_method_id, language) DO UPDATE SET name = excluded.name, \
         description = excluded.description, updated_at = excluded.updated_at",
    );
    let row = |text: &ShippingMethodText| {
        vec![
            scope.channel_id().0.into(),
            method.0.into(),
            text.language.code().into(),
            text.name.as_str().into(),
            text.description.as_str().into(),
            now.into(),
            now.into(),
        ]
    };
    WRITE.execute(tx, texts.iter().map(row).collect()).await.map(|_| ())
}

/// Deletes those of these methods that are there, and says which those are.
pub(super) async fn delete(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[ShippingMethodId],
    now: Timestamp,
) -> Result<Vec<ShippingMethodId>, DatabaseError> {
    let mut values = vec![now.into(), Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "UPDATE shipping_method SET deleted_at = $1 WHERE channel_id = $2 AND id IN ({listed}) \
         AND deleted_at IS NULL RETURNING id"
    );
    let deleted: Vec<(ShippingMethodId,)> = tx.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(deleted.into_iter().map(|(id,)| id).collect())
}
