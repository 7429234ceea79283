//! Users and what they may do; customers as they are given.

use async_graphql::{InputObject, SimpleObject};
use soko_domain::auth;
use soko_domain::customers::GuestCustomer;

use super::enums::Permission;
use crate::scalars::{Id, Json};

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

/// Who buys.
#[derive(InputObject)]
#[graphql(name = "CreateCustomerInput")]
#[expect(missing_docs, reason = "the fields are those of Customer")]
pub struct CreateCustomerInput {
    pub title: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub phone_number: Option<String>,
    pub email_address: String,
    pub custom_fields: Option<Json>,
}

impl From<CreateCustomerInput> for GuestCustomer {
    fn from(input: CreateCustomerInput) -> Self {
        Self {
            title: input.title,
            first_name: input.first_name,
            last_name: input.last_name,
            // Forms send a blank for what was not filled in.
            phone_number: input.phone_number.filter(|number| !number.trim().is_empty()),
            email_address: input.email_address,
        }
    }
}
