//! The tests of the whole: one binary, one module per area.
#![expect(clippy::expect_used, clippy::panic, reason = "a failed test")]

mod admin_catalogue;
mod admin_people;
mod admin_products;
mod admin_settings;
mod architecture;
mod cart_merge;
mod arithmetic;
mod auth;
mod checkout;
mod concurrency;
mod crash;
mod hostile;
mod limits;
mod plugins;
mod pricing;
mod search;
mod tenancy;
mod walk;
