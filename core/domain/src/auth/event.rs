//! Facts about those who log in.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::{AdministratorId, UserId};

/// Somebody was made one of those who run a shop.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdministratorCreated {
    /// The administrator.
    pub administrator_id: AdministratorId,
    /// As whom they log in.
    pub user_id: UserId,
}

impl Event for AdministratorCreated {
    fn name(&self) -> &'static str {
        "administrator.created"
    }
}

/// Names, address, password or roles of somebody who runs a shop were changed.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdministratorUpdated {
    /// The administrator.
    pub administrator_id: AdministratorId,
    /// As whom they log in.
    pub user_id: UserId,
}

impl Event for AdministratorUpdated {
    fn name(&self) -> &'static str {
        "administrator.updated"
    }
}

/// Somebody who runs a shop was sent a code to log in with.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginCodeSent {
    /// As whom they log in.
    pub user_id: UserId,
}

impl Event for LoginCodeSent {
    fn name(&self) -> &'static str {
        "user.login_code_sent"
    }
}

/// Somebody can log in who could not before.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserCreated {
    /// Who.
    pub user_id: UserId,
}

impl Event for UserCreated {
    fn name(&self) -> &'static str {
        "user.created"
    }
}

/// Somebody logs in by another name from now on.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserUpdated {
    /// Who.
    pub user_id: UserId,
}

impl Event for UserUpdated {
    fn name(&self) -> &'static str {
        "user.updated"
    }
}
