//! What the planner is told about the store: that a channel has many rows.
//!
//! SQLite plans without knowing the values of a statement, and where nobody has counted takes ten rows for all that an
//! index's first column finds. In a store whose indexes begin with the channel that is the whole trade of a shop: it
//! would walk through all of it to spare itself a sort. These figures are those of a platform that has grown. They are
//! the same in every store, so that a statement is planned in a large one as tests have seen it in a small one.

use sqlx::SqliteConnection;

use crate::db::error::DatabaseError;

/// Makes the table of figures where there is none.
const CREATE: &str = "ANALYZE sqlite_schema";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')";
const CLEAR: &str = "DELETE FROM sqlite_stat1";

/// For each index that begins with the channel: rows of the table, rows of a channel, and rows that each further column
/// leaves, which for all columns of a unique index is one.
macro_rules! figures {
    () => {
        "SELECT i.tbl, i.idx, '100000000' \
           || CASE WHEN i.columns = 1 AND i.is_unique THEN ' 1' ELSE ' 10000' END \
           || substr(' 10 10 10 10 10 10 10 10', 1, 3 * (i.columns - 1 - (i.is_unique AND i.columns > 1))) \
           || CASE WHEN i.is_unique AND i.columns > 1 THEN ' 1' ELSE '' END AS stat \
         FROM (SELECT t.name AS tbl, l.name AS idx, l.\"unique\" AS is_unique, \
             (SELECT COUNT(*) FROM pragma_index_info(l.name)) AS columns \
           FROM sqlite_schema t JOIN pragma_index_list(t.name) l WHERE t.type = 'table' \
           AND (SELECT n.name FROM pragma_index_info(l.name) n WHERE n.seqno = 0) = 'channel_id') i"
    };
}
const MISSING: &str =
    concat!("SELECT EXISTS (", figures!(), " EXCEPT SELECT tbl, idx, stat FROM sqlite_stat1)");
const FILL: &str = concat!("INSERT INTO sqlite_stat1 (tbl, idx, stat) ", figures!());

/// Puts the figures in place where the schema has changed. Connections that are opened afterwards plan by them.
pub(super) async fn put_in_place(connection: &mut SqliteConnection) -> Result<(), DatabaseError> {
    let exists: bool = sqlx::query_scalar(EXISTS).fetch_one(&mut *connection).await?;
    if exists && !sqlx::query_scalar::<_, bool>(MISSING).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    for sql in [CREATE, CLEAR, FILL, "COMMIT"] {
        sqlx::query(sql).execute(&mut *connection).await?;
    }
    Ok(())
}
