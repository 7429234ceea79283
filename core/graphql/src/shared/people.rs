//! Users and what they may do.

use async_graphql::SimpleObject;
use soko_domain::auth;

use super::enums::Permission;
use crate::scalars::Id;

/// Who is logged in.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "CurrentUser")]
pub struct CurrentUser {
    /// The user.
    pub id: Id,
    /// What they log in with.
    pub identifier: String,
    /// The channels in which they may do anything.
    pub channels: Vec<CurrentUserChannel>,
}

/// A channel in which a user may do something.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "CurrentUserChannel")]
pub struct CurrentUserChannel {
    /// The channel.
    pub id: Id,
    /// What requests name it by.
    pub token: String,
    /// Its code.
    pub code: String,
    /// What the user may do there.
    pub permissions: Vec<Permission>,
}

impl CurrentUser {
    /// The user, with those of their permissions that the endpoint knows.
    pub(crate) fn new(user: auth::CurrentUser, knows: fn(soko_kernel::Permission) -> bool) -> Self {
        let channel = |channel: auth::CurrentUserChannel| CurrentUserChannel {
            id: channel.id.into(),
            token: channel.token,
            code: channel.code,
            permissions: channel.permissions.iter().filter(|one| knows(*one)).map(Permission).collect(),
        };
        Self {
            id: user.id.into(),
            identifier: user.identifier,
            channels: user.channels.into_iter().map(channel).collect(),
        }
    }
}
