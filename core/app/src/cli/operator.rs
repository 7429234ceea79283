//! Commands that work on the data directory itself, as the platform's own hand, beside a server that may be running:
//! what they change is in force for that server's next request.

use anyhow::Context as _;
use soko_kernel::{Actor, ListQuery};

use crate::config::Settings;
use crate::wiring::{DataDirectory, Options, Platform};

/// Opens the platform in an existing data directory.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub async fn open(settings: &Settings) -> anyhow::Result<Platform> {
    Platform::open(settings, &Options::for_this_program()?, DataDirectory::MustExist).await
}

/// The platform's own hand in the channel with this code.
///
/// # Errors
/// An unknown code.
pub async fn in_channel(platform: &Platform, code: &str) -> anyhow::Result<Actor> {
    let channel = platform.services.channels.get_by_code_for_command(code).await?;
    Ok(Actor::system(channel.for_actor()))
}

/// The platform's own hand in each channel, or in the one with this code.
///
/// # Errors
/// An unknown code, or a failing store.
pub async fn in_channels(platform: &Platform, code: Option<&str>) -> anyhow::Result<Vec<Actor>> {
    if let Some(code) = code {
        return Ok(vec![in_channel(platform, code).await?]);
    }
    let channels = &platform.services.channels;
    let first = channels.resolve(None).await.context("the platform has no default channel yet")?;
    let operator = Actor::system(first);
    let mut actors = Vec::new();
    loop {
        let skip = i64::try_from(actors.len())?;
        let page = channels
            .list_across_platform(&operator, &ListQuery::try_new(Some(skip), None, vec![], None)?)
            .await?;
        if page.items.is_empty() {
            return Ok(actors);
        }
        actors.extend(page.items.iter().map(|channel| Actor::system(channel.for_actor())));
    }
}
