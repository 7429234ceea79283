//! The host against guests of every sort: well behaved, hostile, lying and broken.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod calls;
mod components;
mod effects;
mod hostile;
mod kit;
mod uploads;
