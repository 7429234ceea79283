//! Commands that work on the data directory itself, as the platform's own hand, beside a server that may be running:
//! what they change is in force for that server's next request.

use anyhow::{Context as _, bail};
use soko_domain::channels::ChannelError;
use soko_kernel::{Actor, ListQuery};

use crate::config::Settings;
use crate::wiring::{DataDirectory, Options, Platform};

/// Most codes of channels that a message lists.
const CODES_SHOWN_MAX: usize = 20;

/// Opens the platform in an existing data directory.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub async fn open(settings: &Settings) -> anyhow::Result<Platform> {
    open_with(settings, &Options::for_this_program()?).await
}

/// [`open`], with other options than those of every command.
///
/// # Errors
/// As [`open`].
pub async fn open_with(settings: &Settings, options: &Options) -> anyhow::Result<Platform> {
    Platform::open(settings, options, DataDirectory::MustExist).await
}

/// The platform's own hand in the channel with this code.
///
/// # Errors
/// An unknown code.
pub async fn in_channel(platform: &Platform, code: &str) -> anyhow::Result<Actor> {
    match platform.services.channels.get_by_code_for_command(code).await {
        Ok(channel) => Ok(Actor::system(channel.for_actor())),
        Err(ChannelError::UnknownCode(_)) => {
            let known = in_every_channel(platform).await?;
            if known.is_empty() {
                bail!("the platform has no channels yet: the first `soko serve` creates one");
            }
            let mut codes: Vec<&str> = known.iter().map(|actor| actor.channel.code.as_str()).collect();
            let more = if codes.len() > CODES_SHOWN_MAX { ", …" } else { "" };
            codes.truncate(CODES_SHOWN_MAX);
            bail!("there is no channel with the code {code:?}; there are: {}{more}", codes.join(", "))
        }
        Err(error) => Err(error.into()),
    }
}

/// The platform's own hand in each channel, or in the one with this code. None where the platform has no channel yet.
///
/// # Errors
/// An unknown code, or a failing store.
pub async fn in_channels(platform: &Platform, code: Option<&str>) -> anyhow::Result<Vec<Actor>> {
    match code {
        Some(code) => Ok(vec![in_channel(platform, code).await?]),
        None => in_every_channel(platform).await,
    }
}

async fn in_every_channel(platform: &Platform) -> anyhow::Result<Vec<Actor>> {
    let channels = &platform.services.channels;
    if !channels.exist().await? {
        return Ok(Vec::new());
    }
    let first = channels.resolve(None).await.context("the default channel cannot be used")?;
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
