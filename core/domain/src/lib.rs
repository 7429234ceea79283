//! What Soko is about: one module per business domain.
//!
//! A domain's `mod.rs` holds its service, whose methods are the use cases: authorise, read, let the entity decide,
//! write in one transaction. Entities are pure; all SQL is in `repo.rs` files. A domain uses domains of lower rank
//! only, through what their `mod.rs` shows; influence upwards travels as events. A test holds both rules.
//!
//! Ranks: 0 `auth`, `channels`; 1 `plugins`, `catalogue`, `customers`, `tax`, `inventory`; 2 `merchandise`, `pricing`,
//! `shipping`, `payments`; 3 `orders`.
//!
//! [`Services`] puts the domains together; `import` is a use case of several of them that no domain could hold.
//!
//! To add a domain: its folder, a line here, its service in [`Services`], its tables in `migrations/`.

pub mod auth;
pub mod catalogue;
pub mod channels;
pub mod customers;
mod expiry;
pub mod import;
pub mod inventory;
pub mod merchandise;
pub mod orders;
pub mod payments;
pub mod plugins;
pub mod pricing;
pub mod services;
pub mod shipping;
pub mod tax;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use import::{ProductImport, ProductImportError};
pub use services::{Services, ServicesConfig};

/// The schema of the store.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/sqlite");

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a failed test")]
    use soko_infra::DatabaseError;

    use super::testing::TestStore;

    /// Columns that refer to another table's rows without an index that finds them; rows of channels and
    /// variants are never deleted.
    const UNINDEXED: &str = "SELECT t.name || '.' || f.\"from\" FROM sqlite_schema t \
         JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.\"table\" NOT IN \
         ('channel', 'product_variant') AND NOT EXISTS \
         (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = f.\"from\" AND c.pk = 1) AND NOT EXISTS \
         (SELECT 1 FROM pragma_index_list(t.name) l JOIN pragma_index_info(l.name) i \
         WHERE l.partial = 0 AND i.seqno = 0 AND i.name = f.\"from\") ORDER BY 1";

    #[tokio::test]
    async fn finds_what_refers_to_a_row_by_an_index() {
        let store = TestStore::open().await;
        let unindexed: Vec<(String,)> = store
            .database
            .read(store.scope(), async |reader| reader.fetch_all(UNINDEXED, ()).await)
            .await
            .unwrap_or_else(|error: DatabaseError| panic!("{error}"));
        assert_eq!(unindexed, []);
    }
}
