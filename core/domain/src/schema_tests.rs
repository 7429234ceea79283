//! What must hold of the schema on every backend.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_infra::db::Dialect;
use soko_infra::{DataScope, Database, DatabaseError, SqliteConfig};

use super::testing::TestStore;

/// Columns that refer to another table's rows without an index that finds them; rows of channels and variants are never
/// deleted.
const UNINDEXED: &str = "SELECT t.name || '.' || f.\"from\" FROM sqlite_schema t \
     JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.\"table\" NOT IN \
     ('channel', 'product_variant') AND NOT EXISTS \
     (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = f.\"from\" AND c.pk = 1) AND NOT EXISTS \
     (SELECT 1 FROM pragma_index_list(t.name) l JOIN pragma_index_info(l.name) i \
     WHERE l.partial = 0 AND i.seqno = 0 AND i.name = f.\"from\") ORDER BY 1";
const UNINDEXED_ON_POSTGRES: &str = "SELECT c.conrelid::regclass::TEXT || '.' || a.attname FROM pg_constraint c \
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
     WHERE c.contype = 'f' AND c.confrelid::regclass::TEXT NOT IN ('channel', 'product_variant') AND NOT EXISTS \
     (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL) \
     ORDER BY 1";

/// A line for each column, index and reference; the full-text index is each backend's own.
const OUTLINE: &str = "WITH t AS (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search_text%' \
       AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%') \
     SELECT 'column ' || t.name || '.' || c.name || ' ' || \
       CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE LOWER(c.type) END || \
       CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' not null' ELSE '' END AS line FROM t JOIN pragma_table_info(t.name) c \
     UNION ALL SELECT 'index ' || t.name || ' (' || \
       (SELECT group_concat(i.name, ', ') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) || ')' || \
       CASE WHEN l.\"unique\" THEN ' unique' ELSE '' END || CASE WHEN l.partial THEN ' partial' ELSE '' END \
       FROM t JOIN pragma_index_list(t.name) l \
     UNION ALL SELECT 'reference ' || t.name || '.' || f.\"from\" || ' ' || f.\"table\" || ' ' || f.on_delete \
       FROM t JOIN pragma_foreign_key_list(t.name) f ORDER BY line";
const OUTLINE_ON_POSTGRES: &str = "WITH t AS (SELECT oid, relname::TEXT AS name FROM pg_class WHERE relkind = 'r' \
       AND relnamespace = current_schema()::regnamespace AND relname <> 'search_text' AND relname NOT LIKE '\\_sqlx%') \
     SELECT 'column ' || t.name || '.' || a.attname || ' ' || format_type(a.atttypid, NULL) || \
       CASE WHEN a.attnotnull THEN ' not null' ELSE '' END COLLATE \"C\" AS line \
       FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 \
     UNION ALL SELECT 'index ' || t.name || ' (' || \
       (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' || \
       CASE WHEN i.indisunique THEN ' unique' ELSE '' END || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END \
       FROM t JOIN pg_index i ON i.indrelid = t.oid WHERE NOT (i.indisprimary AND i.indkey[0] = 1 AND i.indnatts = 1 \
         AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = 1 AND a.attidentity <> '')) \
     UNION ALL SELECT 'reference ' || t.name || '.' || a.attname || ' ' || c.confrelid::regclass::TEXT || ' ' || \
       CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END \
       FROM t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f' \
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] ORDER BY line";

/// Tables of channels that anybody could read all of.
const UNGUARDED: &str = "SELECT c.relname::TEXT FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'channel_id' AND NOT a.attisdropped \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'role_channel' \
     AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
       AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1";

async fn lines(database: &Database, sqlite: &'static str, postgres: &'static str) -> Vec<String> {
    let sql = match database.dialect() {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
    };
    let read = async |reader: &mut soko_infra::Reader| reader.fetch_all::<(String,)>(sql, ()).await;
    let lines: Result<_, DatabaseError> = database.read(DataScope::Platform, read).await;
    lines.unwrap().into_iter().map(|(line,)| line).collect()
}

#[tokio::test]
async fn finds_what_refers_to_a_row_by_an_index() {
    let store = TestStore::open().await;
    assert_eq!(lines(&store.database, UNINDEXED, UNINDEXED_ON_POSTGRES).await, [] as [&str; 0]);
}

#[tokio::test]
async fn is_the_same_on_every_backend() {
    let store = TestStore::open().await;
    let config = SqliteConfig::at(store.path().join("embedded.db"));
    let embedded = Database::open(config, &super::MIGRATIONS).await.unwrap();
    let (there, here) = (
        lines(&embedded, OUTLINE, OUTLINE_ON_POSTGRES).await,
        lines(&store.database, OUTLINE, OUTLINE_ON_POSTGRES).await,
    );
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).cloned().collect()
    };
    assert!(there.len() > 500, "the outline of the schema has {} lines", there.len());
    assert_eq!((only(&there, &here), only(&here, &there)), (Vec::new(), Vec::new()));
    embedded.close().await;
}

/// The second wall: on PostgreSQL a statement that forgets its channel finds nothing of others. An embedded store has
/// the first wall only, the scope that every statement of the domains asks for.
#[tokio::test]
async fn shows_no_channel_the_rows_of_another() {
    let store = TestStore::open().await;
    let other = store.add_channel("other").await;
    let add = "INSERT INTO facet (channel_id, code, created_at, updated_at) VALUES ($1, 'brand', 0, 0)";
    for scope in [store.scope(), other.public_scope()] {
        let add = async move |tx: &mut soko_infra::Tx| tx.execute_one(add, (scope.channel_id(),)).await;
        let added: Result<(), DatabaseError> = store.database.write(scope, add).await;
        added.unwrap();
    }
    let forgetful = "SELECT COUNT(*) FROM facet";
    let count = async |scope: DataScope| -> i64 {
        let counted: Result<(i64,), DatabaseError> =
            store.database.read(scope, async |reader| reader.fetch_one(forgetful, ()).await).await;
        counted.unwrap().0
    };
    let (own, others, all) = (
        count(store.scope().into()).await,
        count(other.public_scope().into()).await,
        count(DataScope::Platform).await,
    );
    let seen = if store.database.dialect() == Dialect::Postgres { 1 } else { 2 };
    assert_eq!((own, others, all), (seen, seen, 2));
    let written: Result<u64, DatabaseError> = store
        .database
        .write(other.public_scope(), async |tx| tx.execute("UPDATE facet SET is_private = TRUE", ()).await)
        .await;
    assert_eq!(i64::try_from(written.unwrap()).unwrap(), seen);
}

#[tokio::test]
async fn guards_every_table_of_channels() {
    let store = TestStore::open().await;
    let no_policies = "SELECT '' WHERE FALSE";
    assert_eq!(lines(&store.database, no_policies, UNGUARDED).await, [] as [&str; 0]);
}
