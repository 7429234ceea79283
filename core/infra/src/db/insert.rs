//! Many rows in one statement.

use sqlx::AssertSqlSafe;

use super::Dialect;
use super::bind::Bound;
use super::error::DatabaseError;
use super::reader::{Row, Tx};

/// Most parameters of one statement. SQLite allows 32,766, but finds each `$1` by looking through all before it: 30,000
/// take it a second.
const PARAMETERS_MAX: usize = 4_000;

/// What stands for a primary key in the tail.
const SAME_ID: &str = "{same_id}";

/// An INSERT of any number of rows, split only where a statement's parameters run out.
///
/// ```ignore
/// MultiRowInsert::new("INSERT INTO facet (channel_id, code)", 2, "RETURNING id").fetch(tx, rows).await?
/// ```
#[derive(Debug, Clone, Copy)]
pub struct MultiRowInsert {
    head: &'static str,
    columns: usize,
    tail: &'static str,
}

impl MultiRowInsert {
    /// `head` up to the column list, the number of columns, and what follows the rows: `ON CONFLICT …`, `RETURNING …`.
    /// There `{same_id}` stands for the primary key of a channel's table: `ON CONFLICT {same_id} DO UPDATE …`.
    pub const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self { head, columns, tail }
    }

    /// Inserts the rows and says how many were changed. No rows: no statement.
    ///
    /// # Errors
    /// A failed statement; also a row with another number of values than there are columns.
    pub async fn execute(self, tx: &mut Tx, rows: Vec<Vec<Bound>>) -> Result<u64, DatabaseError> {
        let mut changed = 0;
        for (sql, values) in self.statements(tx.dialect(), rows)? {
            changed += tx.execute(AssertSqlSafe(sql), values).await?;
        }
        Ok(changed)
    }

    /// Inserts the rows and returns what the tail's `RETURNING` names, in the rows' order.
    ///
    /// # Errors
    /// A failed statement; also a row with another number of values than there are columns.
    pub async fn fetch<R: Row>(self, tx: &mut Tx, rows: Vec<Vec<Bound>>) -> Result<Vec<R>, DatabaseError> {
        let mut returned = Vec::with_capacity(rows.len());
        for (sql, values) in self.statements(tx.dialect(), rows)? {
            returned.extend(tx.fetch_all(AssertSqlSafe(sql), values).await?);
        }
        Ok(returned)
    }

    fn statements(
        self,
        dialect: Dialect,
        rows: Vec<Vec<Bound>>,
    ) -> Result<Vec<(String, Vec<Bound>)>, DatabaseError> {
        if rows.iter().any(|row| row.len() != self.columns) {
            return Err(DatabaseError::corrupt("multi-row insert", "a row has another number of values"));
        }
        let tail = self.tail.replace(SAME_ID, same_id(dialect));
        let rows_per_statement = PARAMETERS_MAX / self.columns.max(1);
        let mut statements = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let chunk: Vec<Vec<Bound>> = rows.by_ref().take(rows_per_statement).collect();
            let tuples = placeholders(chunk.len(), self.columns);
            let sql = format!("{} VALUES {tuples} {tail}", self.head);
            statements.push((sql, chunk.into_iter().flatten().collect()));
        }
        Ok(statements)
    }
}

/// The primary key of a channel's table. On SQLite that is the row's address, the id alone.
fn same_id(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "(id)",
        Dialect::Postgres => "(channel_id, id)",
    }
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
fn placeholders(rows: usize, columns: usize) -> String {
    let tuple = |row: usize| {
        let names: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", names.join(", "))
    };
    (0..rows).map(tuple).collect::<Vec<_>>().join(", ")
}

/// `$3, $4, $5` for three parameters after the second: the inside of an `IN (…)`.
pub(super) fn parameter_list(after: usize, count: usize) -> String {
    (1..=count).map(|offset| format!("${}", after + offset)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn numbers_parameters_and_splits_large_inserts() {
        assert_eq!(placeholders(2, 2), "($1, $2), ($3, $4)");
        let rows = vec![vec![Bound::from(1_i64), Bound::from(2_i64)]; PARAMETERS_MAX / 2 + 1];
        let statements = MultiRowInsert::new("INSERT INTO t (a, b)", 2, "ON CONFLICT {same_id} DO NOTHING");
        let statements = statements.statements(Dialect::Postgres, rows).unwrap();
        assert!(statements.iter().all(|(sql, _)| sql.ends_with(") ON CONFLICT (channel_id, id) DO NOTHING")));
        assert_eq!(
            statements.iter().map(|(_, values)| values.len()).collect::<Vec<_>>(),
            [PARAMETERS_MAX, 2]
        );
        assert!(
            MultiRowInsert::new("", 2, "")
                .statements(Dialect::Sqlite, vec![vec![Bound::from(1_i64)]])
                .is_err()
        );
    }
}
