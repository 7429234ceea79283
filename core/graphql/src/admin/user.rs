//! Accounts: what administrators and customers log in with.

use async_graphql::SimpleObject;
use soko_domain::auth;

use super::role::Role;
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};

/// Somebody who can log in.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "User")]
pub struct User {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// What they log in with.
    pub identifier: String,
    /// Whether the identifier is known to be theirs.
    pub verified: bool,
    /// What they may do, and where; customers have none.
    pub roles: Vec<Role>,
    /// When they last logged in.
    pub last_login: Option<DateTime>,
    /// Their ways to log in.
    pub authentication_methods: Vec<AuthenticationMethod>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// A way to log in that a user has.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "AuthenticationMethod")]
pub struct AuthenticationMethod {
    /// The account's id: it has one way at most.
    pub id: Id,
    /// When the account was created.
    pub created_at: DateTime,
    /// When the account last changed.
    pub updated_at: DateTime,
    /// `native`: by identifier and password.
    pub strategy: &'static str,
}

impl User {
    /// The account, with these roles.
    pub(super) fn new(account: &auth::UserAccount, roles: &[auth::Role]) -> Self {
        let (created_at, updated_at) = (account.created_at.into(), account.updated_at.into());
        let native =
            AuthenticationMethod { id: account.id.into(), created_at, updated_at, strategy: "native" };
        Self {
            id: account.id.into(),
            created_at,
            updated_at,
            identifier: account.identifier.clone(),
            verified: account.verified,
            roles: roles.iter().map(Role::from).collect(),
            last_login: account.last_login_at.map(DateTime),
            authentication_methods: account.has_password.then_some(native).into_iter().collect(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}
