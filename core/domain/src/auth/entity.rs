//! Users as others see them.

use soko_kernel::{ChannelId, PermissionSet, UserId};

/// Who is logged in, and where they may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentUser {
    /// The user.
    pub id: UserId,
    /// What they log in with.
    pub identifier: String,
    /// The channels in which they hold any permission, in order of id.
    pub channels: Vec<CurrentUserChannel>,
}

/// A channel in which a user holds permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentUserChannel {
    /// The channel.
    pub id: ChannelId,
    /// What requests name it by.
    pub token: String,
    /// Its code.
    pub code: String,
    /// What the user may do there.
    pub permissions: PermissionSet,
}
