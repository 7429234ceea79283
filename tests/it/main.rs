//! The tests of the whole: one binary, one module per area.
#![expect(clippy::expect_used, clippy::panic, reason = "a failed test")]

mod architecture;
mod checkout;
mod command_line;
mod explorer;
mod holds;
mod import;
mod limits;
mod lists;
mod tenancy;
