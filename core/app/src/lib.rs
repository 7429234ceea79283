//! The server: configuration, wiring, HTTP and the command line.
//!
//! Here the parts that do not know each other meet: `wiring` opens the store, gives it to the plugin host, both to
//! the services, those to the GraphQL endpoints, and them to HTTP. Nothing here is a rule of a shop.
//!
//! To add a setting: `config::settings`. To add a command: a file in `cli`, a line in its `mod.rs`.

pub mod backup;
mod breakers;
pub mod cli;
pub mod config;
pub mod demo;
mod first_start;
pub mod http;
pub mod jobs;
pub mod mail;
pub mod metrics;
pub mod push;
pub mod shutdown;
pub mod sms;
pub mod telemetry;
mod timekeeper;
pub mod trace;
pub mod wiring;
