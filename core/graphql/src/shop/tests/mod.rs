//! The Shop API over a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

mod account;
mod browsing;
mod checkout;
mod kit;
