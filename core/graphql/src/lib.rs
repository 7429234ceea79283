//! The two GraphQL endpoints over the domains: the Shop API for storefronts, the Admin API for shops and operators.
//!
//! A resolver parses, calls one service, and maps the answer; it holds no rule and decides no right. Names, types and
//! arguments of the Shop API are those that existing clients speak; the exported schemas in `schema/` show every
//! change of them. Types live per endpoint where the endpoints differ, in `shared` where they do not.
//!
//! To add an operation: the type or field in its domain's file, one call of the service, and the new export of the
//! schema (`SOKO_WRITE_SCHEMA=1 cargo test -p soko-graphql schema`).
#![expect(
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::new_without_default,
    reason = "the names are the API's; unions live for one answer; a refusal is made on purpose, never by default"
)]

pub mod admin;
pub mod context;
pub mod document;
pub mod error;
pub mod execute;
pub mod scalars;
pub mod shared;
pub mod shop;
pub mod traffic;
mod variables;

#[cfg(test)]
mod schema_tests;
