//! SQL of countries and zones.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, CountryId, Language, ListQuery, Page, Timestamp, ZoneId};
use sqlx::AssertSqlSafe;

use crate::channels::Channels;
use crate::tax::entity::{Country, CountryChanges, CountryName, NewCountry, Zone};
use crate::tax::error::TaxError;

#[derive(sqlx::FromRow)]
pub(super) struct CountryRow {
    id: CountryId,
    code: String,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl CountryRow {
    pub(super) fn with(self, names: &[CountryName]) -> Country {
        Country {
            names: names.iter().filter(|name| name.country_id == self.id).cloned().collect(),
            id: self.id,
            code: self.code,
            enabled: self.enabled,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct ZoneRow {
    id: ZoneId,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ZoneRow {
    pub(super) fn with(self, members: &[(ZoneId, CountryId)]) -> Zone {
        let own = members.iter().filter(|(zone, _)| *zone == self.id);
        Zone {
            members: own.map(|(_, country)| *country).collect(),
            id: self.id,
            name: self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// A page of countries; names are compared in this language, else in a country's first.
pub(in crate::tax) async fn list_countries(
    reader: &mut Reader,
    scope: ChannelScope,
    language: Language,
    query: &ListQuery,
) -> Result<Page<Country>, TaxError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "c.id"),
        Column::text("code", "c.code"),
        Column::text("type", "CAST('country' AS TEXT)"),
        Column::text("name", "t.name"),
        Column::text("languageCode", "t.language"),
        Column::boolean("enabled", "c.enabled"),
        Column::integer("parentId", "CAST(NULL AS BIGINT)"),
        Column::time("createdAt", "c.created_at"),
        Column::time("updatedAt", "c.updated_at"),
    ];
    let list = ListSql {
        select: "c.id, c.code, c.enabled, c.created_at, c.updated_at",
        from: "FROM country c LEFT JOIN country_translation t ON t.channel_id = $1 AND t.id = COALESCE(\
               (SELECT f.id FROM country_translation f \
               WHERE f.channel_id = $1 AND f.country_id = c.id AND f.language = $2), \
               (SELECT MIN(f.id) FROM country_translation f WHERE f.channel_id = $1 AND f.country_id = c.id))",
        condition: "c.channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into(), language.code().into()],
        columns: COLUMNS,
        tie_break: "c.id",
    };
    let page = list.fetch::<CountryRow>(reader, query).await?;
    Ok(Page { items: with_names(reader, scope, page.items).await?, total: page.total })
}

pub(in crate::tax) async fn find_country(
    reader: &mut Reader,
    scope: ChannelScope,
    id: CountryId,
) -> Result<Option<Country>, DatabaseError> {
    let sql =
        "SELECT id, code, enabled, created_at, updated_at FROM country WHERE id = $1 AND channel_id = $2";
    let row: Option<CountryRow> = reader.fetch_optional(sql, (id, scope.channel_id())).await?;
    let rows = row.into_iter().collect();
    Ok(with_names(reader, scope, rows).await?.pop())
}

async fn with_names(
    reader: &mut Reader,
    scope: ChannelScope,
    rows: Vec<CountryRow>,
) -> Result<Vec<Country>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, rows.iter().map(|row| row.id));
    let sql = format!(
        "SELECT id, country_id, language, name, created_at, updated_at FROM country_translation \
         WHERE channel_id = $1 AND country_id IN ({ids}) ORDER BY id"
    );
    let names: Vec<CountryName> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|row| row.with(&names)).collect())
}

pub(in crate::tax) async fn insert_countries(
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

/// Writes what the changes name, and names by language.
pub(in crate::tax) async fn update_country(
    tx: &mut Tx,
    scope: ChannelScope,
    id: CountryId,
    changes: &CountryChanges,
    now: Timestamp,
) -> Result<(), TaxError> {
    const WRITE_NAMES: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO country_translation (channel_id, country_id, language, name, created_at, updated_at)",
        6,
        "ON CONFLICT (channel_id, country_id, language) DO UPDATE SET name = excluded.name, \
         updated_at = excluded.updated_at",
    );
    tx.execute_one(
        "UPDATE country SET code = COALESCE($1, code), enabled = COALESCE($2, enabled), updated_at = $3 \
         WHERE id = $4 AND channel_id = $5",
        (changes.code.as_deref(), changes.enabled, now, id, scope.channel_id()),
    )
    .await?;
    let row = |(language, name): &(Language, String)| {
        vec![
            scope.channel_id().0.into(),
            id.0.into(),
            language.code().into(),
            name.as_str().into(),
            now.into(),
            now.into(),
        ]
    };
    WRITE_NAMES.execute(tx, changes.names.iter().map(row).collect()).await?;
    Ok(())
}

/// Those of these countries that the channel has, each with the number of addresses there.
pub(in crate::tax) async fn country_uses(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[CountryId],
) -> Result<Vec<(CountryId, i64)>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "SELECT c.id, (SELECT COUNT(*) FROM address a WHERE a.channel_id = $1 AND a.country_code = c.code) \
         FROM country c WHERE c.channel_id = $1 AND c.id IN ({listed})"
    );
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

pub(in crate::tax) async fn list_zones(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Zone>, TaxError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "id"),
        Column::text("name", "name"),
        Column::time("createdAt", "created_at"),
        Column::time("updatedAt", "updated_at"),
    ];
    let list = ListSql {
        select: "id, name, created_at, updated_at",
        from: "FROM zone",
        condition: "channel_id = $1".to_owned(),
        values: vec![scope.channel_id().0.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    let page = list.fetch::<ZoneRow>(reader, query).await?;
    Ok(Page { items: with_members(reader, scope, page.items).await?, total: page.total })
}

pub(in crate::tax) async fn find_zone(
    reader: &mut Reader,
    scope: ChannelScope,
    id: ZoneId,
) -> Result<Option<Zone>, DatabaseError> {
    let sql = "SELECT id, name, created_at, updated_at FROM zone WHERE id = $1 AND channel_id = $2";
    let row: Option<ZoneRow> = reader.fetch_optional(sql, (id, scope.channel_id())).await?;
    let rows = row.into_iter().collect();
    Ok(with_members(reader, scope, rows).await?.pop())
}

async fn with_members(
    reader: &mut Reader,
    scope: ChannelScope,
    rows: Vec<ZoneRow>,
) -> Result<Vec<Zone>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let ids = in_list(&mut values, rows.iter().map(|row| row.id));
    let sql = format!(
        "SELECT zone_id, country_id FROM zone_country WHERE channel_id = $1 AND zone_id IN ({ids}) \
         ORDER BY country_id"
    );
    let members: Vec<(ZoneId, CountryId)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(rows.into_iter().map(|row| row.with(&members)).collect())
}

pub(in crate::tax) async fn insert_zone(
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

/// Notes that the zone changed, and renames it where a name is given; whether the channel has it.
pub(in crate::tax) async fn touch_zone(
    tx: &mut Tx,
    scope: ChannelScope,
    id: ZoneId,
    name: Option<&str>,
    now: Timestamp,
) -> Result<bool, TaxError> {
    let sql = "UPDATE zone SET name = COALESCE($1, name), updated_at = $2 WHERE id = $3 AND channel_id = $4";
    Ok(tx.execute(sql, (name, now, id, scope.channel_id())).await? == 1)
}

/// Adds countries of the channel to a zone of the channel.
pub(in crate::tax) async fn add_members(
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

pub(in crate::tax) async fn remove_members(
    tx: &mut Tx,
    scope: ChannelScope,
    zone: ZoneId,
    members: &[CountryId],
) -> Result<(), DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0), zone.0.into()];
    let ids = in_list(&mut values, members.iter().copied());
    let sql =
        format!("DELETE FROM zone_country WHERE channel_id = $1 AND zone_id = $2 AND country_id IN ({ids})");
    tx.execute(AssertSqlSafe(sql), values).await.map(|_| ())
}

/// How often a zone of the channel is named.
pub(in crate::tax) struct ZoneUses {
    pub(in crate::tax) id: ZoneId,
    pub(in crate::tax) rates: i64,
    pub(in crate::tax) channels: i64,
}

/// Those of these zones that the channel has, each with the number of rates in it and of channels that default to it.
pub(in crate::tax) async fn zone_uses(
    reader: &mut Reader,
    scope: ChannelScope,
    ids: &[ZoneId],
) -> Result<Vec<ZoneUses>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "SELECT z.id, (SELECT COUNT(*) FROM tax_rate r WHERE r.channel_id = $1 AND r.zone_id = z.id) \
         FROM zone z WHERE z.channel_id = $1 AND z.id IN ({listed})"
    );
    let rows: Vec<(ZoneId, i64)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    let defaults = Channels::default_zones_in(reader, scope).await?;
    let is_default = |id| defaults.tax == Some(id) || defaults.shipping == Some(id);
    let uses = |(id, rates)| ZoneUses { id, rates, channels: i64::from(is_default(id)) };
    Ok(rows.into_iter().map(uses).collect())
}
