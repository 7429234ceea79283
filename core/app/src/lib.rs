//! The server: configuration, wiring, HTTP and the command line.

pub mod config;
pub mod http;
pub mod shutdown;
pub mod telemetry;
