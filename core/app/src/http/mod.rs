//! The HTTP surface: both GraphQL endpoints, assets, health and the explorer.
//!
//! Invariants: nothing here decides a right or a rule; the channel comes from a header, never from an operation's
//! argument; whatever goes wrong is answered in the shape of a GraphQL error; no payload is logged.

mod assets;
mod body;
mod explorer;
mod guard;
mod health;
mod refusal;
mod serve;
mod session;

pub use health::Readiness;
pub use refusal::Refusal;
pub use serve::serve;
