//! SQL of countries, zones, tax categories and rates.

use soko_infra::db::{Bound, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CountryId, TaxCategoryId, TaxRateId, Timestamp, ZoneId};
use sqlx::AssertSqlSafe;

use super::entity::{Country, CountryName, NewCountry, NewTaxRate, TaxCategory, TaxRate, TaxSetup, Zone};
use super::error::TaxError;
use crate::channels::Channels;

#[derive(sqlx::FromRow)]
struct CountryRow {
    id: CountryId,
    code: String,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct ZoneRow {
    id: ZoneId,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Everything about the channel's taxes. Seven statements, whatever there is.
pub(super) async fn setup(reader: &mut Reader, scope: ChannelScope) -> Result<TaxSetup, TaxError> {
    let channel = (scope.channel_id(),);
    let countries: Vec<CountryRow> =
        reader.fetch_all("SELECT * FROM country WHERE channel_id = $1 ORDER BY code", channel).await?;
    let names: Vec<CountryName> = reader
        .fetch_all("SELECT * FROM country_translation WHERE channel_id = $1 ORDER BY id", channel)
        .await?;
    let zones: Vec<ZoneRow> =
        reader.fetch_all("SELECT * FROM zone WHERE channel_id = $1 ORDER BY id", channel).await?;
    let members: Vec<(ZoneId, CountryId)> = reader
        .fetch_all(
            "SELECT zone_id, country_id FROM zone_country WHERE channel_id = $1 ORDER BY country_id",
            channel,
        )
        .await?;
    let categories: Vec<TaxCategory> =
        reader.fetch_all("SELECT * FROM tax_category WHERE channel_id = $1 ORDER BY id", channel).await?;
    let rates: Vec<TaxRate> =
        reader.fetch_all("SELECT * FROM tax_rate WHERE channel_id = $1 ORDER BY id", channel).await?;
    let default_zone = Channels::default_tax_zone_in(reader, scope).await?;
    let country = |row: CountryRow| Country {
        names: names.iter().filter(|name| name.country_id == row.id).cloned().collect(),
        id: row.id,
        code: row.code,
        enabled: row.enabled,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    let zone = |row: ZoneRow| Zone {
        members: members.iter().filter(|(zone, _)| *zone == row.id).map(|(_, country)| *country).collect(),
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Ok(TaxSetup {
        countries: countries.into_iter().map(country).collect(),
        zones: zones.into_iter().map(zone).collect(),
        categories,
        rates,
        default_zone,
    })
}

pub(super) async fn insert_countries(
    tx: &mut Tx,
    scope: ChannelScope,
    new: &[NewCountry],
    now: Timestamp,
) -> Result<Vec<CountryId>, TaxError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO country (channel_id, code, enabled, created_at, updated_at)",
        5,
        "RETURNING id, code",
    );
    const INSERT_NAMES: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO country_translation (channel_id, country_id, language, name, created_at, updated_at)",
        6,
        "",
    );
    let channel = scope.channel_id().0;
    let row = |country: &NewCountry| {
        vec![channel.into(), country.code.as_str().into(), country.enabled.into(), now.into(), now.into()]
    };
    let ids: Vec<(CountryId, String)> = INSERT.fetch(tx, new.iter().map(row).collect()).await?;
    let mut names = Vec::new();
    for country in new {
        let Some((id, _)) = ids.iter().find(|(_, code)| *code == country.code) else { continue };
        for (language, name) in &country.names {
            names.push(vec![
                channel.into(),
                id.0.into(),
                language.code().into(),
                name.as_str().into(),
                now.into(),
                now.into(),
            ]);
        }
    }
    INSERT_NAMES.execute(tx, names).await?;
    let id_of = |country: &NewCountry| ids.iter().find(|(_, code)| *code == country.code).map(|(id, _)| *id);
    Ok(new.iter().filter_map(id_of).collect())
}

pub(super) async fn set_country_enabled(
    tx: &mut Tx,
    scope: ChannelScope,
    id: CountryId,
    enabled: bool,
    now: Timestamp,
) -> Result<bool, TaxError> {
    let sql = "UPDATE country SET enabled = $1, updated_at = $2 WHERE id = $3 AND channel_id = $4";
    Ok(tx.execute(sql, (enabled, now, id, scope.channel_id())).await? == 1)
}

/// The kinds of rows that are deleted by their id.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row {
    Country,
    Zone,
    Category,
    Rate,
}

pub(super) async fn delete(tx: &mut Tx, scope: ChannelScope, row: Row, id: i64) -> Result<bool, TaxError> {
    let sql = match row {
        Row::Country => "DELETE FROM country WHERE id = $1 AND channel_id = $2",
        Row::Zone => "DELETE FROM zone WHERE id = $1 AND channel_id = $2",
        Row::Category => "DELETE FROM tax_category WHERE id = $1 AND channel_id = $2",
        Row::Rate => "DELETE FROM tax_rate WHERE id = $1 AND channel_id = $2",
    };
    Ok(tx.execute(sql, (id, scope.channel_id())).await? == 1)
}

pub(super) async fn insert_zone(
    tx: &mut Tx,
    scope: ChannelScope,
    name: &str,
    now: Timestamp,
) -> Result<ZoneId, TaxError> {
    let sql =
        "INSERT INTO zone (channel_id, name, created_at, updated_at) VALUES ($1, $2, $3, $3) RETURNING id";
    let (id,) = tx.fetch_one(sql, (scope.channel_id(), name, now)).await?;
    Ok(id)
}

pub(super) async fn rename_zone(
    tx: &mut Tx,
    scope: ChannelScope,
    id: ZoneId,
    name: Option<&str>,
    now: Timestamp,
) -> Result<bool, TaxError> {
    let sql = "UPDATE zone SET name = COALESCE($1, name), updated_at = $2 WHERE id = $3 AND channel_id = $4";
    Ok(tx.execute(sql, (name, now, id, scope.channel_id())).await? == 1)
}

pub(super) async fn clear_members(
    tx: &mut Tx,
    scope: ChannelScope,
    zone: ZoneId,
) -> Result<(), DatabaseError> {
    let sql = "DELETE FROM zone_country WHERE zone_id = $1 AND channel_id = $2";
    tx.execute(sql, (zone, scope.channel_id())).await.map(|_| ())
}

/// Adds countries of the channel to a zone of the channel.
pub(super) async fn add_members(
    tx: &mut Tx,
    scope: ChannelScope,
    zone: ZoneId,
    members: &[CountryId],
) -> Result<(), TaxError> {
    const INSERT: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO zone_country (channel_id, zone_id, country_id)",
        3,
        "ON CONFLICT DO NOTHING",
    );
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, members.iter().copied());
    let sql = format!("SELECT id FROM country WHERE channel_id = $1 AND id IN ({ids})");
    let known: Vec<(CountryId,)> = tx.fetch_all(AssertSqlSafe(sql), values).await?;
    if let Some(unknown) = members.iter().find(|id| !known.contains(&(**id,))) {
        return Err(TaxError::NotFound("country", unknown.to_string()));
    }
    let row = |country: &CountryId| vec![scope.channel_id().0.into(), zone.0.into(), country.0.into()];
    INSERT.execute(tx, members.iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn clear_default_category(tx: &mut Tx, scope: ChannelScope) -> Result<(), DatabaseError> {
    let sql = "UPDATE tax_category SET is_default = FALSE WHERE channel_id = $1 AND is_default";
    tx.execute(sql, (scope.channel_id(),)).await.map(|_| ())
}

pub(super) async fn insert_category(
    tx: &mut Tx,
    scope: ChannelScope,
    name: &str,
    is_default: bool,
    now: Timestamp,
) -> Result<TaxCategoryId, TaxError> {
    let sql = "INSERT INTO tax_category (channel_id, name, is_default, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $4) RETURNING id";
    let (id,) = tx.fetch_one(sql, (scope.channel_id(), name, is_default, now)).await?;
    Ok(id)
}

pub(super) async fn update_category(
    tx: &mut Tx,
    scope: ChannelScope,
    id: TaxCategoryId,
    name: Option<&str>,
    is_default: Option<bool>,
    now: Timestamp,
) -> Result<bool, TaxError> {
    let sql = "UPDATE tax_category SET name = COALESCE($1, name), is_default = COALESCE($2, is_default), \
               updated_at = $3 WHERE id = $4 AND channel_id = $5";
    Ok(tx.execute(sql, (name, is_default, now, id, scope.channel_id())).await? == 1)
}

/// Refuses a rate whose category, zone or group is not the channel's.
pub(super) async fn check_references(
    reader: &mut Reader,
    scope: ChannelScope,
    rate: &NewTaxRate,
) -> Result<(), TaxError> {
    let channel = scope.channel_id();
    let sql = "SELECT (SELECT COUNT(*) FROM tax_category WHERE id = $2 AND channel_id = $1), \
               (SELECT COUNT(*) FROM zone WHERE id = $3 AND channel_id = $1), \
               (SELECT COUNT(*) FROM customer_group WHERE id = $4 AND channel_id = $1)";
    let binds = (channel, rate.category_id, rate.zone_id, rate.customer_group_id);
    let (categories, zones, groups): (i64, i64, i64) = reader.fetch_one(sql, binds).await?;
    match (categories, zones, rate.customer_group_id) {
        (0, ..) => Err(TaxError::NotFound("tax category", rate.category_id.to_string())),
        (_, 0, _) => Err(TaxError::NotFound("zone", rate.zone_id.to_string())),
        (_, _, Some(group)) if groups == 0 => Err(TaxError::NotFound("customer group", group.to_string())),
        _ => Ok(()),
    }
}

pub(super) async fn insert_rate(
    tx: &mut Tx,
    scope: ChannelScope,
    rate: &NewTaxRate,
    now: Timestamp,
) -> Result<TaxRateId, TaxError> {
    let (id,) = tx
        .fetch_one(
            "INSERT INTO tax_rate (channel_id, name, enabled, rate_ppm, tax_category_id, zone_id, \
             customer_group_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id",
            (
                scope.channel_id(),
                rate.name.as_str(),
                rate.enabled,
                rate.rate,
                rate.category_id,
                rate.zone_id,
                rate.customer_group_id,
                now,
            ),
        )
        .await?;
    Ok(id)
}

pub(super) async fn update_rate(
    tx: &mut Tx,
    scope: ChannelScope,
    id: TaxRateId,
    rate: &NewTaxRate,
    now: Timestamp,
) -> Result<bool, TaxError> {
    let changed = tx
        .execute(
            "UPDATE tax_rate SET name = $1, enabled = $2, rate_ppm = $3, tax_category_id = $4, zone_id = $5, \
             customer_group_id = $6, updated_at = $7 WHERE id = $8 AND channel_id = $9",
            (
                rate.name.as_str(),
                rate.enabled,
                rate.rate,
                rate.category_id,
                rate.zone_id,
                rate.customer_group_id,
                now,
                id,
                scope.channel_id(),
            ),
        )
        .await?;
    Ok(changed == 1)
}
