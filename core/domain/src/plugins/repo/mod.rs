//! SQL of plugins: one file per kind of row.

mod binding;
mod breaker;
mod component;
mod kept;
mod plugin;
mod run;
mod version;

use sha2::{Digest as _, Sha256};
use soko_extension::effect::Capabilities;
use soko_extension::{Digest, PluginKind};
use soko_infra::db::{ListSql, Row};
use soko_infra::{DatabaseError, Reader};
use soko_kernel::{ListQuery, Page, PluginVersionId};
use sqlx::AssertSqlSafe;

pub(super) use binding::*;
pub(super) use breaker::*;
pub(super) use component::*;
pub(super) use kept::*;
pub(super) use plugin::*;
pub(super) use run::*;
pub(super) use version::*;

use super::entity::VersionRef;
use super::error::PluginError;

pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

fn digest(text: &str) -> Result<Digest, DatabaseError> {
    Digest::parse(text).ok_or_else(|| DatabaseError::corrupt("digest", text))
}

fn kind(name: &str) -> Result<PluginKind, DatabaseError> {
    PluginKind::parse(name).ok_or_else(|| DatabaseError::corrupt("plugin kind", name))
}

fn list_of_texts(what: &'static str, json: &str) -> Result<Vec<String>, DatabaseError> {
    serde_json::from_str(json).map_err(|error| DatabaseError::corrupt(what, error))
}

fn json_of<T: serde::Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String, DatabaseError> {
    serde_json::to_string(value).map_err(|error| DatabaseError::corrupt(what, error))
}

fn capabilities(json: &str) -> Result<Capabilities, DatabaseError> {
    serde_json::from_str(json).map_err(|error| DatabaseError::corrupt("capabilities", error))
}

fn version_ref(id: PluginVersionId, version: String, hex: &str) -> Result<VersionRef, DatabaseError> {
    Ok(VersionRef { id, version, digest: digest(hex)? })
}

/// A page whose rows become domain types.
async fn page<R, T>(list: ListSql, reader: &mut Reader, query: &ListQuery) -> Result<Page<T>, PluginError>
where
    R: Row,
    T: TryFrom<R, Error = DatabaseError>,
{
    let page = list.fetch::<R>(reader, query).await?;
    let items = page.items.into_iter().map(T::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

/// The first row of what could be a list, in the order of its tie break.
async fn first<R, T>(list: ListSql, reader: &mut Reader) -> Result<Option<T>, DatabaseError>
where
    R: Row,
    T: TryFrom<R, Error = DatabaseError>,
{
    let ListSql { select, from, condition, values, tie_break, .. } = list;
    let sql = format!("SELECT {select} {from} WHERE {condition} ORDER BY {tie_break} LIMIT 1");
    reader.fetch_optional::<R>(AssertSqlSafe(sql), values).await?.map(T::try_from).transpose()
}
