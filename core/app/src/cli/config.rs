//! `soko config`.

use clap::Args;

use super::FileArg;
use crate::config::{Loaded, Origin, variable_of};

/// Keys whose value is never shown.
const SECRET: &[&str] = &["superadmin_password", "database.url", "secrets.key"];

/// Print every setting: its value, where that came from, and the environment variable for it.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    pub(super) file: FileArg,
}

/// Prints the settings in the form of a configuration file.
pub fn run(loaded: &Loaded) {
    for (key, entry) in &loaded.entries {
        let is_secret =
            SECRET.contains(&key.as_str()) && entry.value.as_str().is_some_and(|text| !text.is_empty());
        let value = if is_secret { "\"(hidden)\"".to_owned() } else { entry.value.to_string() };
        let origin = match &entry.origin {
            Origin::Default => "default".to_owned(),
            origin => origin.to_string(),
        };
        println!("{key} = {value}  # {origin}; {}", variable_of(key));
    }
}
