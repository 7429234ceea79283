//! Users as others see them.

use soko_kernel::{ChannelId, PermissionSet, Timestamp, UserId};

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

/// What somebody logs in with.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UserAccount {
    /// The user.
    pub id: UserId,
    /// What they log in with.
    pub identifier: String,
    /// Whether the identifier is known to be theirs.
    pub verified: bool,
    /// Whether they can log in by a password.
    pub has_password: bool,
    /// When they last logged in.
    pub last_login_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
