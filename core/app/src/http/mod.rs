//! The HTTP surface: both GraphQL endpoints, assets, health and the explorer.
//!
//! Invariants: nothing here decides a right or a rule; the channel comes from a header or the address, never from an
//! operation's argument; whatever goes wrong is answered in the shape of a GraphQL error; no payload is logged.

mod assets;
mod body;
mod explorer;
mod finished;
mod graphql;
mod guard;
mod health;
mod idempotency;
mod refusal;
mod router;
mod serve;
mod session;
mod streams;
mod traffic;
mod webhooks;

pub use graphql::Endpoints;
pub use guard::Guard;
pub use health::Readiness;
pub use refusal::Refusal;
pub use router::{health_router, router};
pub use serve::serve;
pub use streams::Streams;
pub use traffic::{SurfaceTraffic, Traffic};
