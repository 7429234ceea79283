//! The columns of unique constraints. PostgreSQL names the constraint that refused a row, and where row-level security
//! holds it says nothing of the columns.

use std::collections::HashMap;

use sqlx::PgConnection;

/// Table and columns of every unique index, by the index's name.
#[derive(Debug, Default)]
pub(in crate::db) struct UniqueConstraints(HashMap<String, (String, Vec<String>)>);

impl UniqueConstraints {
    pub(super) async fn load(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let rows: Vec<(String, String, Vec<String>)> = sqlx::query_as(
            "SELECT c.relname::TEXT, t.relname::TEXT, array_agg(a.attname::TEXT ORDER BY k.place) \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attribute, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attribute \
             WHERE i.indisunique AND t.relnamespace = current_schema()::regnamespace GROUP BY 1, 2",
        )
        .fetch_all(connection)
        .await?;
        Ok(Self(rows.into_iter().map(|(index, table, columns)| (index, (table, columns))).collect()))
    }

    /// The table and columns of the constraint that refused a statement.
    pub(in crate::db) fn find(&self, constraint: &str) -> Option<(String, Vec<String>)> {
        self.0.get(constraint).cloned()
    }
}
