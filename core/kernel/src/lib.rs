//! The vocabulary that every other crate speaks: money, quantities of time, ids, who acts, how things fail.
//!
//! Nothing here does IO. Invariants: money and rates are integers and every operation on them is checked; a
//! [`ChannelScope`] can only be obtained from an [`Actor`], so that code which holds one has been through
//! authorisation.

pub mod actor;
pub mod clock;
pub mod deletion;
pub mod error;
pub mod id;
pub mod locale;
pub mod measure;
pub mod money;
pub mod operation;
pub mod permission;
pub mod phone;
pub mod query;
pub mod rate;
pub mod token;

pub use actor::{Actor, ActorChannel, ChannelScope, Forbidden, SeenVersion};
pub use clock::{Clock, Timestamp};
pub use deletion::{Deletion, IDS_MAX};
pub use error::ErrorKind;
pub use id::*;
pub use locale::{Currency, Language};
pub use measure::{CacheStats, DurationCounts, Durations};
pub use money::{Money, MoneyError};
pub use operation::ConfigurableOperation;
pub use permission::{Permission, PermissionSet};
pub use query::{ListQuery, Page};
pub use rate::TaxRatePpm;
pub use token::Random;
