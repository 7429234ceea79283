//! What Soko is about: one module per business domain.
//!
//! A domain's `mod.rs` holds its service, whose methods are the use cases: authorise, read, let the entity decide,
//! write in one transaction. Entities are pure; all SQL is in `repo.rs` files. A domain uses domains of lower rank
//! only, through what their `mod.rs` shows; influence upwards travels as events. A test holds both rules.
//!
//! Ranks: 0 `auth`, `channels`; 1 `plugins`, `catalogue`, `customers`, `tax`, `inventory`, `ledger`; 2 `merchandise`, `pricing`,
//! `shipping`, `payments`, `credit`; 3 `orders`; 4 `notifications`.
//!
//! [`Services`] puts the domains together; `import` is a use case of several of them that no domain could hold.
//!
//! To add a domain: its folder, a line here, its service in [`Services`], its tables in `migrations/`.

pub mod auth;
pub mod catalogue;
pub mod channels;
pub mod credit;
pub mod customers;
mod expiry;
pub mod import;
pub mod inventory;
pub mod ledger;
pub mod merchandise;
pub mod moving;
pub mod notifications;
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
pub static MIGRATIONS: soko_infra::Migrations = soko_infra::Migrations {
    sqlite: sqlx::migrate!("./migrations/sqlite"),
    postgres: sqlx::migrate!("./migrations/postgres"),
};

#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod wall_tests;
