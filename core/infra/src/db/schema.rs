//! Whether the store's schema is still the one that this program brought it to: another program may have gone on with
//! it, or an older copy have been put in its place.

use sqlx::migrate::Migrator;

use super::{DataScope, Database, DatabaseError, Reader};

/// The store's schema beside this program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// The same.
    Current,
    /// So many of this program's migrations are missing, or did not end well.
    Behind {
        /// How many.
        pending: usize,
    },
    /// A newer program has migrated it by so many steps.
    Ahead {
        /// How many.
        unknown: usize,
    },
}

/// The numbers of the migrations that lead to this program's schema.
pub(super) fn versions(migrations: &Migrator) -> Vec<i64> {
    let up = migrations.iter().filter(|migration| !migration.migration_type.is_down_migration());
    up.map(|migration| migration.version).collect()
}

impl SchemaState {
    /// Of a store to which these migrations have been applied, for a program that knows those.
    fn of(applied: &[i64], known: &[i64]) -> Self {
        let beyond =
            |of: &[i64], others: &[i64]| of.iter().filter(|version| !others.contains(version)).count();
        match (beyond(known, applied), beyond(applied, known)) {
            (0, 0) => Self::Current,
            (0, unknown) => Self::Ahead { unknown },
            (pending, _) => Self::Behind { pending },
        }
    }
}

impl Database {
    /// How the store's schema stands now. An answer means that the store can be read.
    ///
    /// # Errors
    /// A failing store, or no reader that came free in time.
    pub async fn schema_state(&self) -> Result<SchemaState, DatabaseError> {
        let asked = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        let read = async |reader: &mut Reader| reader.fetch_all::<(i64,)>(asked, ()).await;
        let applied: Result<_, DatabaseError> = self.read(DataScope::Platform, read).await;
        let applied: Vec<i64> = applied?.into_iter().map(|(version,)| version).collect();
        Ok(SchemaState::of(&applied, &self.schema))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_missing_from_what_is_new() {
        assert_eq!(SchemaState::of(&[1, 2], &[1, 2]), SchemaState::Current);
        assert_eq!(SchemaState::of(&[1], &[1, 2, 3]), SchemaState::Behind { pending: 2 });
        assert_eq!(SchemaState::of(&[1, 2, 4], &[1, 2]), SchemaState::Ahead { unknown: 1 });
        assert_eq!(SchemaState::of(&[1, 4], &[1, 2]), SchemaState::Behind { pending: 1 });
    }
}
