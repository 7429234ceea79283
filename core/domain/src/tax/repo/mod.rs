//! SQL of countries, zones, tax categories and rates.

pub(super) mod places;
pub(super) mod rates;

use soko_infra::db::{Bound, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CountryId, ZoneId};
use sqlx::AssertSqlSafe;

use super::entity::{CountryName, TaxCategory, TaxRate, TaxSetup};
use super::error::TaxError;
use crate::channels::Channels;
use places::{CountryRow, ZoneRow};

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
    let default_zone = Channels::default_zones_in(reader, scope).await?.tax;
    Ok(TaxSetup {
        countries: countries.into_iter().map(|row| row.with(&names)).collect(),
        zones: zones.into_iter().map(|row| row.with(&members)).collect(),
        categories,
        rates,
        default_zone,
    })
}

/// The kinds of rows that are deleted by their ids.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row {
    Country,
    Zone,
    Category,
    Rate,
}

/// Deletes these rows, all of which the transaction has seen.
pub(super) async fn delete(tx: &mut Tx, scope: ChannelScope, row: Row, ids: &[i64]) -> Result<(), TaxError> {
    let table = match row {
        Row::Country => "country",
        Row::Zone => "zone",
        Row::Category => "tax_category",
        Row::Rate => "tax_rate",
    };
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!("DELETE FROM {table} WHERE channel_id = $1 AND id IN ({listed})");
    let (changed, expected) = (tx.execute(AssertSqlSafe(sql), values).await?, ids.len() as u64);
    if changed == expected { Ok(()) } else { Err(DatabaseError::RowCount { changed, expected }.into()) }
}
