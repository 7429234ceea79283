//! SQL of channels and sellers.

use soko_infra::db::{Bound, Column, ListSql, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{
    ChannelId, ChannelScope, Currency, Language, ListQuery, Page, SellerId, Timestamp, UserId, ZoneId,
};

use super::entity::{Channel, ChannelStatus, DefaultZones, NewChannel, Seller};
use super::error::ChannelError;

#[derive(sqlx::FromRow)]
struct ChannelRow {
    id: ChannelId,
    code: String,
    token: String,
    is_default: bool,
    status: String,
    seller_id: Option<SellerId>,
    default_language: Language,
    available_languages: String,
    currency: Currency,
    prices_include_tax: bool,
    track_inventory: bool,
    out_of_stock_threshold: i64,
    low_stock_threshold: i64,
    default_tax_zone_id: Option<ZoneId>,
    default_shipping_zone_id: Option<ZoneId>,
    time_zone: String,
    revision: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<ChannelRow> for Channel {
    type Error = DatabaseError;

    fn try_from(row: ChannelRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            code: row.code,
            token: row.token,
            is_default: row.is_default,
            status: ChannelStatus::parse(&row.status)?,
            seller_id: row.seller_id,
            default_language: row.default_language,
            available_languages: row.available_languages.split(' ').filter_map(Language::parse).collect(),
            currency: row.currency,
            prices_include_tax: row.prices_include_tax,
            track_inventory: row.track_inventory,
            out_of_stock_threshold: row.out_of_stock_threshold,
            low_stock_threshold: row.low_stock_threshold,
            default_tax_zone_id: row.default_tax_zone_id,
            default_shipping_zone_id: row.default_shipping_zone_id,
            time_zone: row.time_zone,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

const FIND: &str = "SELECT * FROM channel WHERE id = $1";
const FIND_BY_TOKEN: &str = "SELECT * FROM channel WHERE token = $1";
const FIND_BY_CODE: &str = "SELECT * FROM channel WHERE code = $1";
const FIND_DEFAULT: &str = "SELECT * FROM channel WHERE is_default";

pub(super) async fn find(reader: &mut Reader, id: ChannelId) -> Result<Option<Channel>, ChannelError> {
    channel(reader.fetch_optional(FIND, (id,)).await?)
}

pub(super) async fn find_by_token(reader: &mut Reader, token: &str) -> Result<Option<Channel>, ChannelError> {
    channel(reader.fetch_optional(FIND_BY_TOKEN, (token,)).await?)
}

pub(super) async fn find_by_code(reader: &mut Reader, code: &str) -> Result<Option<Channel>, ChannelError> {
    channel(reader.fetch_optional(FIND_BY_CODE, (code,)).await?)
}

pub(super) async fn find_default(reader: &mut Reader) -> Result<Option<Channel>, ChannelError> {
    channel(reader.fetch_optional(FIND_DEFAULT, ()).await?)
}

/// Every channel of the platform.
pub(super) async fn all(reader: &mut Reader) -> Result<Vec<Channel>, ChannelError> {
    let rows: Vec<ChannelRow> = reader.fetch_all("SELECT * FROM channel ORDER BY id", ()).await?;
    Ok(rows.into_iter().map(Channel::try_from).collect::<Result<_, _>>()?)
}

/// These channels, whatever their status.
pub(super) async fn by_ids(reader: &mut Reader, ids: &[ChannelId]) -> Result<Vec<Channel>, ChannelError> {
    let mut values = Vec::new();
    let list = in_list(&mut values, ids.iter().copied());
    let sql = format!("SELECT * FROM channel WHERE id IN ({list}) ORDER BY id");
    let rows: Vec<ChannelRow> = reader.fetch_all(sqlx::AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(Channel::try_from).collect::<Result<_, _>>()?)
}

fn channel(row: Option<ChannelRow>) -> Result<Option<Channel>, ChannelError> {
    Ok(row.map(Channel::try_from).transpose()?)
}

const COLUMNS: &[Column] = &[
    Column::integer("id", "id"),
    Column::text("code", "code"),
    Column::text("token", "token"),
    Column::text("defaultLanguageCode", "default_language"),
    Column::text("currencyCode", "currency"),
    Column::text("defaultCurrencyCode", "currency"),
    Column::boolean("trackInventory", "track_inventory"),
    Column::integer("outOfStockThreshold", "out_of_stock_threshold"),
    Column::boolean("pricesIncludeTax", "prices_include_tax"),
    Column::time("createdAt", "created_at"),
    Column::time("updatedAt", "updated_at"),
];

pub(super) async fn list(reader: &mut Reader, query: &ListQuery) -> Result<Page<Channel>, ChannelError> {
    let list = ListSql {
        select: "*",
        from: "FROM channel",
        condition: "1 = 1".to_owned(),
        values: Vec::<Bound>::new(),
        columns: COLUMNS,
        tie_break: "id",
    };
    let page = list.fetch::<ChannelRow>(reader, query).await?;
    let items = page.items.into_iter().map(Channel::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

pub(super) async fn insert(
    tx: &mut Tx,
    new: &NewChannel,
    seller: SellerId,
    now: Timestamp,
) -> Result<ChannelId, ChannelError> {
    let mut languages = new.available_languages.clone();
    if !languages.contains(&new.default_language) {
        languages.insert(0, new.default_language);
    }
    let (id,) = tx
        .fetch_one(
            "INSERT INTO channel (code, token, is_default, status, seller_id, default_language, available_languages, \
             currency, prices_include_tax, track_inventory, out_of_stock_threshold, time_zone, created_at, updated_at) \
             VALUES ($1, $2, $3, 'APPROVED', $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id",
            (
                new.code.as_str(),
                new.token.as_str(),
                new.is_default,
                seller,
                new.default_language,
                join(&languages),
                new.currency,
                new.prices_include_tax,
                new.track_inventory,
                new.out_of_stock_threshold,
                new.time_zone.as_str(),
                now,
            ),
        )
        .await?;
    Ok(id)
}

pub(super) async fn update(tx: &mut Tx, channel: &Channel, now: Timestamp) -> Result<(), ChannelError> {
    tx.execute_one(
        "UPDATE channel SET code = $1, token = $2, status = $3, seller_id = $4, default_language = $5, \
         available_languages = $6, currency = $7, prices_include_tax = $8, track_inventory = $9, \
         out_of_stock_threshold = $10, default_tax_zone_id = $11, default_shipping_zone_id = $12, time_zone = $13, \
         low_stock_threshold = $14, revision = revision + 1, updated_at = $15 WHERE id = $16",
        (
            channel.code.as_str(),
            channel.token.as_str(),
            channel.status.as_str(),
            channel.seller_id,
            channel.default_language,
            join(&channel.available_languages),
            channel.currency,
            channel.prices_include_tax,
            channel.track_inventory,
            channel.out_of_stock_threshold,
            channel.default_tax_zone_id,
            channel.default_shipping_zone_id,
            channel.time_zone.as_str(),
            channel.low_stock_threshold,
            now,
            channel.id,
        ),
    )
    .await?;
    Ok(())
}

pub(super) async fn touch(tx: &mut Tx, scope: ChannelScope, now: Timestamp) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE channel SET revision = revision + 1, updated_at = $1 WHERE id = $2",
        (now, scope.channel_id()),
    )
    .await
}

pub(super) async fn default_zones(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<DefaultZones, DatabaseError> {
    let sql = "SELECT default_tax_zone_id, default_shipping_zone_id FROM channel WHERE id = $1";
    let zones: Option<DefaultZones> = reader.fetch_optional(sql, (scope.channel_id(),)).await?;
    Ok(zones.unwrap_or_default())
}

/// Whether the channel has this zone.
pub(super) async fn has_zone(
    reader: &mut Reader,
    channel: ChannelId,
    zone: ZoneId,
) -> Result<bool, DatabaseError> {
    let sql = "SELECT id FROM zone WHERE id = $1 AND channel_id = $2";
    let found: Option<(ZoneId,)> = reader.fetch_optional(sql, (zone, channel)).await?;
    Ok(found.is_some())
}

pub(super) async fn insert_seller(tx: &mut Tx, name: &str, now: Timestamp) -> Result<SellerId, ChannelError> {
    let (id,) = tx
        .fetch_one(
            "INSERT INTO seller (name, created_at, updated_at) VALUES ($1, $2, $2) RETURNING id",
            (name, now),
        )
        .await?;
    Ok(id)
}

pub(super) async fn find_seller(
    reader: &mut Reader,
    scope: ChannelScope,
    id: SellerId,
) -> Result<Option<Seller>, ChannelError> {
    let seller = reader.fetch_optional(
        "SELECT s.id, s.name, s.created_at, s.updated_at FROM seller s \
         JOIN channel c ON c.seller_id = s.id WHERE c.id = $1 AND s.id = $2",
        (scope.channel_id(), id),
    );
    Ok(seller.await?)
}

pub(super) async fn insert_audit(
    tx: &mut Tx,
    channel: ChannelId,
    user: Option<UserId>,
    operation: &str,
    detail: &str,
    now: Timestamp,
) -> Result<(), ChannelError> {
    tx.execute_one(
        "INSERT INTO audit_entry (channel_id, user_id, operation, detail, created_at) VALUES ($1, $2, $3, $4, $5)",
        (channel, user, operation, detail, now),
    )
    .await?;
    Ok(())
}

fn join(languages: &[Language]) -> String {
    languages.iter().map(soko_kernel::Language::code).collect::<Vec<_>>().join(" ")
}
