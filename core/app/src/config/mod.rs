//! Configuration: flags over environment over `soko.toml` over defaults, refused as a whole at the first mistake.

mod error;
mod layers;
mod outside;
mod settings;
#[cfg(test)]
mod tests;
mod watching;

pub use error::{ConfigError, Origin};
pub use layers::{Entry, FILE_VARIABLE, Loaded, Sources, load, process_environment, variable_of};
pub use outside::{EmailSettings, PaymentSettings, PushSettings, SecretSettings, SmsSettings};
pub use settings::{
    Argon2, Broken, CookieSecure, DataDir, DatabaseSettings, Http, Listen, Role, Secret, Server, Sessions,
    Settings, Uploads,
};
pub use watching::{Log, LogFormat, MetricsSettings, Node, Telemetry};
