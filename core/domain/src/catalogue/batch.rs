//! Statements over any number of ids.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use soko_infra::db::{Bound, Row, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::ChannelScope;
use sqlx::AssertSqlSafe;

use super::error::{CatalogueError, Thing};
use super::translation::Languages;

/// Values of `$1`: the channel.
pub(super) fn of_channel(scope: ChannelScope) -> Vec<Bound> {
    vec![scope.channel_id().0.into()]
}

/// Values of `$1` to `$3`: the channel, the wanted language and the one to fall back to.
pub(super) fn in_languages(scope: ChannelScope, languages: Languages) -> Vec<Bound> {
    vec![scope.channel_id().0.into(), languages.wanted.code().into(), languages.fallback.code().into()]
}

/// Runs a statement whose `{ids}` stands for the list of ids. No ids: no statement and no rows.
pub(super) async fn fetch<R: Row>(
    reader: &mut Reader,
    sql: &'static str,
    leading: Vec<Bound>,
    ids: Vec<i64>,
) -> Result<Vec<R>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (sql, values) = statement(sql, leading, ids);
    reader.fetch_all(AssertSqlSafe(sql), values).await
}

/// Runs a change whose `{ids}` stands for the list of ids, and says how many rows it changed.
pub(super) async fn execute(
    tx: &mut Tx,
    sql: &'static str,
    leading: Vec<Bound>,
    ids: Vec<i64>,
) -> Result<u64, DatabaseError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let (sql, values) = statement(sql, leading, ids);
    tx.execute(AssertSqlSafe(sql), values).await
}

/// Refuses ids that the statement `SELECT id … WHERE channel_id = $1 AND id IN ({ids})` does not find.
pub(super) async fn check_exist(
    reader: &mut Reader,
    scope: ChannelScope,
    sql: &'static str,
    what: Thing,
    ids: Vec<i64>,
) -> Result<(), CatalogueError> {
    let found: Vec<(i64,)> = fetch(reader, sql, of_channel(scope), ids.clone()).await?;
    let found: BTreeSet<i64> = found.into_iter().map(|(id,)| id).collect();
    match ids.iter().find(|id| !found.contains(id)) {
        Some(id) => Err(CatalogueError::not_found(what, *id)),
        None => Ok(()),
    }
}

/// The statement with its list of ids, each of them once.
fn statement(sql: &'static str, leading: Vec<Bound>, ids: Vec<i64>) -> (String, Vec<Bound>) {
    let mut values = leading;
    let list = in_list(&mut values, ids.into_iter().collect::<BTreeSet<i64>>());
    (sql.replace("{ids}", &list), values)
}

/// The ids as the statements take them.
pub(super) fn raw<I: Copy + Into<i64>>(ids: &[I]) -> Vec<i64> {
    ids.iter().map(|id| (*id).into()).collect()
}

/// The items by their key, each key's in their order.
pub(super) fn group<K: Eq + Hash, T>(items: impl IntoIterator<Item = (K, T)>) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for (key, item) in items {
        groups.entry(key).or_default().push(item);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_id_once() {
        let (sql, values) = statement("a = $1 AND id IN ({ids})", vec![Bound::from(9_i64)], vec![3, 1, 2, 3]);
        assert_eq!(sql, "a = $1 AND id IN ($2, $3, $4, $5)");
        assert_eq!(values, [9_i64, 1, 2, 3, 3].map(Bound::from));
    }
}
