//! What must hold of the schema on every backend.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_infra::db::Dialect;
use soko_infra::{DataScope, Database, DatabaseError, SqliteConfig};

use super::testing::TestStore;

/// References to another table's rows without an index that finds them; rows of channels, variants and components are
/// never deleted.
const UNINDEXED: &str = "WITH f AS (SELECT t.name AS child, f.\"table\" AS parent, COUNT(*) AS width, \
       group_concat(f.\"from\", ', ' ORDER BY f.seq) AS columns FROM sqlite_schema t \
       JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' GROUP BY t.name, f.id) \
     SELECT f.child || ' (' || f.columns || ')' FROM f \
     WHERE f.parent NOT IN ('channel', 'product_variant', 'component') AND NOT EXISTS \
     (SELECT 1 FROM pragma_table_info(f.child) c WHERE c.name = f.columns AND c.pk = 1) AND NOT EXISTS \
     (SELECT 1 FROM pragma_index_list(f.child) l WHERE l.partial = 0 AND f.columns = \
       (SELECT group_concat(i.name, ', ' ORDER BY i.seqno) FROM pragma_index_info(l.name) i WHERE i.seqno < f.width)) \
     ORDER BY 1";
const UNINDEXED_ON_POSTGRES: &str = "SELECT c.conrelid::regclass::TEXT || ' ' || c.conname FROM pg_constraint c \
     WHERE c.contype = 'f' AND c.confrelid::regclass::TEXT NOT IN ('channel', 'product_variant', 'component') \
     AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL \
       AND (string_to_array(i.indkey::TEXT, ' ')::INT2[])[1:cardinality(c.conkey)] = c.conkey) ORDER BY 1";

/// A line for each column, index and reference. The full-text index is each backend's own, and so are the indexes over
/// channel and id: on PostgreSQL every table has one for its primary key, on SQLite those that are referred to, because
/// there the id alone finds a row.
const OUTLINE: &str = "WITH t AS (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search_text%' \
       AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'), \
     i AS (SELECT t.name AS child, l.\"unique\" AS is_unique, l.partial, \
       (SELECT group_concat(i.name, ', ' ORDER BY i.seqno) FROM pragma_index_info(l.name) i) AS columns \
       FROM t JOIN pragma_index_list(t.name) l) \
     SELECT 'column ' || t.name || '.' || c.name || ' ' || \
       CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE LOWER(c.type) END || \
       CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' not null' ELSE '' END AS line FROM t JOIN pragma_table_info(t.name) c \
     UNION ALL SELECT 'index ' || i.child || ' (' || i.columns || ')' || \
       CASE WHEN i.is_unique THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END \
       FROM i WHERE i.columns <> 'channel_id, id' \
     UNION ALL SELECT 'reference ' || t.name || ' (' || group_concat(f.\"from\", ', ' ORDER BY f.seq) || ') ' || \
       f.\"table\" || ' (' || group_concat(f.\"to\", ', ' ORDER BY f.seq) || ') ' || f.on_delete \
       FROM t JOIN pragma_foreign_key_list(t.name) f GROUP BY t.name, f.id ORDER BY line";
const OUTLINE_ON_POSTGRES: &str = "WITH t AS (SELECT oid, relname::TEXT AS name FROM pg_class WHERE relkind = 'r' \
       AND relnamespace = current_schema()::regnamespace AND relname <> 'search_text' AND relname NOT LIKE '\\_sqlx%'), \
     i AS (SELECT t.name AS child, i.indisunique AS is_unique, i.indpred IS NOT NULL AS partial, \
       (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) AS columns \
       FROM t JOIN pg_index i ON i.indrelid = t.oid WHERE NOT (i.indisprimary AND i.indkey[0] = 1 AND i.indnatts = 1 \
         AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = 1 AND a.attidentity <> ''))) \
     SELECT 'column ' || t.name || '.' || a.attname || ' ' || format_type(a.atttypid, NULL) || \
       CASE WHEN a.attnotnull THEN ' not null' ELSE '' END COLLATE \"C\" AS line \
       FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 \
     UNION ALL SELECT 'index ' || i.child || ' (' || i.columns || ')' || \
       CASE WHEN i.is_unique THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END \
       FROM i WHERE i.columns <> 'channel_id, id' \
     UNION ALL SELECT 'reference ' || t.name || ' (' || \
       (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k (number, place) \
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) || ') ' || \
       c.confrelid::regclass::TEXT || ' (' || \
       (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY k (number, place) \
         JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) || ') ' || \
       CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END \
       FROM t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f' ORDER BY line";

pub(crate) async fn lines(database: &Database, sqlite: &'static str, postgres: &'static str) -> Vec<String> {
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
