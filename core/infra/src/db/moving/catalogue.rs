//! What the server's catalogue says of the tables that rows are moved to.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::digest::{Digest, expression};
use super::error::MoveError;
use crate::db::postgres::{PostgresConfig, options};
use crate::db::reader::Tx;

/// Tables of this schema, apart from what says how far it is migrated.
const TABLES: &str = "SELECT c.relname::TEXT FROM pg_class c WHERE c.relkind = 'r' \
     AND c.relnamespace = current_schema()::regnamespace AND c.relname <> '_sqlx_migrations' ORDER BY 1";
/// Table, column, type, and whether ids come from a sequence.
const COLUMNS: &str = "SELECT c.relname::TEXT, a.attname::TEXT, format_type(a.atttypid, NULL), a.attidentity <> '' \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     AND a.attgenerated = '' WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace \
     AND c.relname <> '_sqlx_migrations' ORDER BY c.relname, a.attnum";
/// Child, parent and name of each reference.
const REFERENCES: &str = "SELECT c.relname::TEXT, p.relname::TEXT, f.conname::TEXT FROM pg_constraint f \
     JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid \
     WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace ORDER BY 1, 3";

/// The types of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Boolean,
    Bytes,
}

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        [Self::Integer, Self::Text, Self::Boolean, Self::Bytes].into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Bytes => "bytea",
        }
    }
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

impl Column {
    pub(super) fn quoted(&self) -> String {
        quote(&self.name)
    }
}

pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The column that a sequence fills.
    identity: Option<String>,
}

/// A name in a statement of either backend.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    pub(super) fn quoted(&self) -> String {
        quote(&self.name)
    }

    pub(super) fn column_list(&self) -> String {
        self.columns.iter().map(Column::quoted).collect::<Vec<_>>().join(", ")
    }

    /// The content that has arrived.
    pub(super) async fn digest(&self, tx: &mut Tx) -> Result<Digest, MoveError> {
        let sql = format!("SELECT {} FROM {}", expression(&self.columns), self.quoted());
        let (rows, sum): (i64, String) = tx.fetch_one(AssertSqlSafe(sql), ()).await?;
        let known = u64::try_from(rows).ok().zip(sum.parse().ok());
        let (rows, sum) = known.ok_or_else(|| MoveError::ContentDiffers(self.name.clone()))?;
        Ok(Digest { rows, sum })
    }

    /// Has new ids follow the last one of the source.
    pub(super) async fn continue_ids(&self, tx: &mut Tx, last: Option<i64>) -> Result<(), MoveError> {
        let (Some(column), Some(last)) = (&self.identity, last.filter(|last| *last > 0)) else {
            return Ok(());
        };
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence($1, $2), GREATEST($3, (SELECT COALESCE(MAX({0}), 0) FROM {1})))",
            quote(column),
            self.quoted()
        );
        let values = (self.quoted(), column.as_str(), last);
        tx.fetch_one::<(i64,)>(AssertSqlSafe(sql), values).await?;
        Ok(())
    }
}

/// Every table, each after those that it refers to.
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
    /// References of tables to themselves: table and constraint.
    own_references: Vec<(String, String)>,
}

impl Schema {
    pub(super) async fn load(tx: &mut Tx) -> Result<Self, MoveError> {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for (table, name, kind, is_identity) in
            tx.fetch_all::<(String, String, String, bool)>(COLUMNS, ()).await?
        {
            let kind = Kind::parse(&kind);
            let entry = tables.entry(table.clone());
            let entry =
                entry.or_insert_with(|| Table { name: table.clone(), columns: Vec::new(), identity: None });
            if is_identity {
                entry.identity = Some(name.clone());
            }
            entry.columns.push(Column { name, kind: kind.ok_or(MoveError::Unknown(table))? });
        }
        let references: Vec<(String, String, String)> = tx.fetch_all(REFERENCES, ()).await?;
        let (own, others): (Vec<_>, Vec<_>) =
            references.into_iter().partition(|(child, parent, _)| child == parent);
        let order = in_order(tables.keys().cloned().collect(), &others)?;
        Ok(Self {
            tables: order.into_iter().filter_map(|name| tables.remove(&name)).collect(),
            own_references: own.into_iter().map(|(table, _, name)| (table, name)).collect(),
        })
    }

    /// Keeps all others from writing, and refuses tables with rows.
    pub(super) async fn lock(&self, tx: &mut Tx) -> Result<(), MoveError> {
        let names: Vec<String> = self.tables.iter().map(Table::quoted).collect();
        tx.execute(AssertSqlSafe(format!("LOCK TABLE {} IN EXCLUSIVE MODE", names.join(", "))), ()).await?;
        for table in &self.tables {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.quoted());
            if tx.fetch_one::<(bool,)>(AssertSqlSafe(sql), ()).await?.0 {
                return Err(MoveError::TargetNotEmpty(table.name.clone()));
            }
        }
        Ok(())
    }

    /// Lets a row arrive before the row of the same table that it refers to.
    pub(super) async fn loosen(&self, tx: &mut Tx) -> Result<(), MoveError> {
        self.alter_own_references(tx, "DEFERRABLE INITIALLY DEFERRED").await
    }

    /// Checks those references, and has them checked at once from now on.
    pub(super) async fn tighten(&self, tx: &mut Tx) -> Result<(), MoveError> {
        tx.execute("SET CONSTRAINTS ALL IMMEDIATE", ()).await?;
        self.alter_own_references(tx, "NOT DEFERRABLE").await
    }

    async fn alter_own_references(&self, tx: &mut Tx, how: &str) -> Result<(), MoveError> {
        for (table, name) in &self.own_references {
            let sql = format!("ALTER TABLE {} ALTER CONSTRAINT {} {how}", quote(table), quote(name));
            tx.execute(AssertSqlSafe(sql), ()).await?;
        }
        Ok(())
    }
}

/// The tables, each after those that it refers to.
fn in_order(
    mut waiting: BTreeSet<String>,
    references: &[(String, String, String)],
) -> Result<Vec<String>, MoveError> {
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_ready = |table: &&String| {
            references.iter().all(|(child, parent, _)| child != *table || !waiting.contains(parent))
        };
        let ready: Vec<String> = waiting.iter().filter(is_ready).cloned().collect();
        if ready.is_empty() {
            return Err(MoveError::Unknown(waiting.into_iter().next().unwrap_or_default()));
        }
        waiting.retain(|table| !ready.contains(table));
        order.extend(ready);
    }
    Ok(order)
}

/// Refuses a database in which any table has rows, before anything is done to it.
pub(super) async fn refuse_rows(config: &PostgresConfig) -> Result<(), MoveError> {
    // As the platform, so that row-level security hides nothing.
    let mut connection = options(config)?.options([("soko.channel_id", "0")]).connect().await?;
    let tables: Vec<(String,)> = sqlx::query_as(TABLES).fetch_all(&mut connection).await?;
    for (table,) in tables {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", quote(&table));
        let (has_rows,): (bool,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
        if has_rows {
            return Err(MoveError::TargetNotEmpty(table));
        }
    }
    connection.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn what_is_referred_to_comes_first() {
        let tables = || ["a", "b", "c"].map(str::to_owned).into_iter().collect::<BTreeSet<_>>();
        let refers = |child: &str, parent: &str| (child.to_owned(), parent.to_owned(), String::new());
        assert_eq!(in_order(tables(), &[refers("a", "b"), refers("b", "c")]).unwrap(), ["c", "b", "a"]);
        assert!(in_order(tables(), &[refers("a", "b"), refers("b", "a")]).is_err());
    }
}
