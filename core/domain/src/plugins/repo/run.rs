//! SQL of runs and receipts.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelScope, ListQuery, OrderId, Page, PluginId, PluginRunId, PluginVersionId, PriceReceiptId, Timestamp,
};

use super::{json_of, list_of_texts, page};
use crate::plugins::error::PluginError;
use crate::plugins::receipt::{NewReceipt, PriceReceipt};
use crate::plugins::run::{NewRun, OUTCOME_OK, PluginRun};

#[derive(sqlx::FromRow)]
struct RunRow {
    id: PluginRunId,
    plugin_id: PluginId,
    plugin_name: String,
    version_id: PluginVersionId,
    version: String,
    order_id: Option<OrderId>,
    outcome: String,
    message: Option<String>,
    log: String,
    host_calls: String,
    micros: i64,
    fuel: i64,
    created_at: Timestamp,
}

impl TryFrom<RunRow> for PluginRun {
    type Error = DatabaseError;

    fn try_from(row: RunRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            plugin_id: row.plugin_id,
            plugin_name: row.plugin_name,
            version_id: row.version_id,
            version: row.version,
            order_id: row.order_id,
            outcome: row.outcome,
            message: row.message,
            log: list_of_texts("run's log", &row.log)?,
            host_calls: serde_json::from_str(&row.host_calls)
                .map_err(|error| DatabaseError::corrupt("run's host calls", error))?,
            micros: row.micros,
            fuel: row.fuel,
            created_at: row.created_at,
        })
    }
}

const RUN_COLUMNS: &[Column] = &[
    Column::integer("id", "r.id"),
    Column::integer("pluginId", "r.plugin_id"),
    Column::text("pluginName", "p.name"),
    Column::integer("versionId", "r.version_id"),
    Column::integer("orderId", "r.order_id"),
    Column::text("outcome", "r.outcome"),
    Column::text("message", "r.message"),
    Column::integer("micros", "r.micros"),
    Column::integer("fuel", "r.fuel"),
    Column::time("createdAt", "r.created_at"),
];

pub(in crate::plugins) async fn list_runs(
    reader: &mut Reader,
    scope: ChannelScope,
    plugin: Option<PluginId>,
    query: &ListQuery,
) -> Result<Page<PluginRun>, PluginError> {
    let mut values: Vec<Bound> = vec![scope.channel_id().0.into()];
    values.extend(plugin.map(|plugin| Bound::from(plugin.0)));
    let condition =
        if plugin.is_some() { "r.channel_id = $1 AND r.plugin_id = $2" } else { "r.channel_id = $1" };
    let list = ListSql {
        select: "r.id, r.plugin_id, p.name AS plugin_name, r.version_id, v.version, r.order_id, r.outcome, \
                 r.message, r.log, r.host_calls, r.micros, r.fuel, r.created_at",
        from: "FROM plugin_run r JOIN plugin p ON p.channel_id = r.channel_id AND p.id = r.plugin_id \
               JOIN plugin_version v ON v.channel_id = r.channel_id AND v.id = r.version_id",
        condition: condition.to_owned(),
        values,
        columns: RUN_COLUMNS,
        tie_break: "r.id DESC",
    };
    page::<RunRow, _>(list, reader, query).await
}

pub(in crate::plugins) async fn insert_runs(
    tx: &mut Tx,
    scope: ChannelScope,
    runs: &[NewRun],
) -> Result<(), DatabaseError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO plugin_run (channel_id, plugin_id, version_id, order_id, outcome, message, log, host_calls, \
         micros, fuel, created_at)",
        11,
        "",
    );
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let row = |run: &NewRun| {
        let failure = run.failure.as_ref();
        Ok(vec![
            scope.channel_id().0.into(),
            run.plugin.0.into(),
            run.version.0.into(),
            run.order.map(|order| order.0).into(),
            failure.map_or(OUTCOME_OK, |failure| failure.kind.as_str()).into(),
            failure.map(|failure| failure.message.as_str()).into(),
            json_of("run's log", &run.log)?.into(),
            json_of("run's host calls", &run.host_calls)?.into(),
            number(run.cost.micros).into(),
            number(run.cost.fuel).into(),
            run.at.into(),
        ])
    };
    let rows = runs.iter().map(row).collect::<Result<_, DatabaseError>>()?;
    INSERT.execute(tx, rows).await.map(|_| ())
}

/// Deletes the oldest runs beyond the number that is kept, `deleted_max` at most.
pub(in crate::plugins) async fn delete_old_runs(
    tx: &mut Tx,
    scope: ChannelScope,
    kept: i64,
    deleted_max: i64,
) -> Result<(), DatabaseError> {
    tx.execute(
        "DELETE FROM plugin_run WHERE channel_id = $1 AND id IN (\
             SELECT id FROM plugin_run WHERE channel_id = $1 AND id <= (\
                 SELECT id FROM plugin_run WHERE channel_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2) \
             ORDER BY id LIMIT $3)",
        (scope.channel_id(), kept, deleted_max),
    )
    .await
    .map(|_| ())
}

const RECEIPT_COLUMNS: &[Column] = &[
    Column::integer("id", "id"),
    Column::integer("orderVersion", "order_version"),
    Column::text("engineVersion", "engine_version"),
    Column::integer("roundingVersion", "rounding_version"),
    Column::time("createdAt", "created_at"),
];

pub(in crate::plugins) async fn insert_receipt(
    tx: &mut Tx,
    scope: ChannelScope,
    receipt: &NewReceipt,
    now: Timestamp,
) -> Result<PriceReceiptId, DatabaseError> {
    let row = tx.fetch_one(
        "INSERT INTO price_receipt (channel_id, order_id, order_version, engine_version, rounding_version, input, \
         steps, output, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        (
            scope.channel_id(),
            receipt.order,
            receipt.order_version,
            receipt.engine_version.as_str(),
            receipt.rounding_version,
            receipt.input.as_str(),
            receipt.steps.as_str(),
            receipt.output.as_str(),
            now,
        ),
    );
    row.await.map(|(id,)| id)
}

pub(in crate::plugins) async fn find_latest_receipt(
    reader: &mut Reader,
    scope: ChannelScope,
    order: OrderId,
) -> Result<Option<PriceReceipt>, DatabaseError> {
    reader
        .fetch_optional(
            "SELECT * FROM price_receipt WHERE channel_id = $1 AND order_id = $2 ORDER BY id DESC LIMIT 1",
            (scope.channel_id(), order),
        )
        .await
}

pub(in crate::plugins) async fn list_receipts(
    reader: &mut Reader,
    scope: ChannelScope,
    order: OrderId,
    query: &ListQuery,
) -> Result<Page<PriceReceipt>, PluginError> {
    let list = ListSql {
        select: "*",
        from: "FROM price_receipt",
        condition: "channel_id = $1 AND order_id = $2".to_owned(),
        values: vec![scope.channel_id().0.into(), order.0.into()],
        columns: RECEIPT_COLUMNS,
        tie_break: "id DESC",
    };
    Ok(list.fetch(reader, query).await?)
}
