//! The tests of the whole: one binary, one module per area.
#![expect(clippy::expect_used, clippy::panic, reason = "a failed test")]

mod admin_catalogue;
mod admin_people;
mod admin_products;
mod admin_settings;
mod architecture;
mod arithmetic;
mod auth;
mod backup;
mod cart_merge;
mod checkout;
mod clocks;
mod command_line;
mod concurrency;
mod crash;
mod demo;
mod explorer;
mod faults;
mod holds;
mod hostile;
mod idempotency;
mod import;
mod invariants;
mod ledger;
mod limits;
mod lists;
mod metrics;
mod moving;
mod nodes;
mod plugins;
mod pricing;
mod refunds;
mod search;
mod statements;
mod tenancy;
mod walk;
