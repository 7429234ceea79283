//! Facts about channels.

use serde::Serialize;
use soko_infra::outbox::Event;

use super::ChannelStatus;

/// The platform's operator has let a channel serve, or serve no more.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelStatusChanged {
    /// What the channel is called.
    pub code: String,
    /// Its status before.
    pub from: &'static str,
    /// Its status from now on.
    pub to: &'static str,
}

impl Event for ChannelStatusChanged {
    fn name(&self) -> &'static str {
        if self.to == ChannelStatus::Approved.as_str() {
            "channel.approved"
        } else {
            "channel.status_changed"
        }
    }
}
