//! What crosses the border between the core and a plugin: one trait and plain data per plugin kind.
//!
//! Domains call plugins through the traits here and never see how they run; the plugin host implements the traits
//! and never sees a domain. Nothing in this crate knows of WebAssembly or SQL.
//!
//! To add a plugin kind: a module with its data and its trait, a WIT package, and a folder in the host that converts
//! between the two.

pub mod action;
pub mod component;
pub mod effect;
pub mod failure;
pub mod mail;
pub mod payment;
pub mod pricing;
pub mod push;
pub mod sms;
pub mod webhook;

pub use component::Digest;
pub use component::{
    ComponentBytes, ComponentInspector, ComponentSource, Inspection, Manifest, PluginKind, Rejection,
};
pub use failure::{FailureKind, PluginFailure};
