//! What the tests of the whole stand on: a server in this process with a small platform in it, and a client that speaks
//! GraphQL over HTTP as a storefront or an administrator does.
#![expect(clippy::expect_used, clippy::panic, reason = "a broken kit is a failed test")]

pub mod browser;
pub mod client;
pub mod cluster;
pub mod collector;
pub mod home;
pub mod invariants;
pub mod listener;
pub mod load;
pub mod mailbox;
pub mod platform;
pub mod plugins;
pub mod process;
pub mod program;
pub mod providers;
pub mod proxy;
pub mod receiver;
pub mod server;
pub mod shopper;
pub mod soak;

pub use client::{Answer, Client};
pub use home::TestHome;
pub use program::{built_program, program};
pub use server::{TestServer, with_server};
pub use shopper::Shopper;
