//! What both endpoints share: enums, list options, refusals, batched loads, and the types that are the same in both.
//!
//! A type that is the same in both endpoints, with everything that it leads to, stands here; the others stand once
//! per endpoint. What the schema must name although no resolver returns or takes it is written in an endpoint's
//! `.graphql` file and read by [`vocabulary`].

pub mod absent;
pub mod address;
pub mod asset;
pub(crate) mod batch;
pub mod channel;
pub mod deletion;
pub mod enums;
pub mod inbox;
pub mod list_options;
pub mod lists;
pub(crate) mod loads;
pub mod operation;
pub mod people;
pub mod push;
pub mod refusals;
pub mod region;
pub mod search;
pub mod shipping;
pub mod streams;
pub mod tax;
pub mod values;
pub(crate) mod vocabulary;
