//! Who somebody is and what they may do: users, passwords, sessions, roles and administrators.
//!
//! Invariants: passwords are kept as argon2id hashes and session tokens as SHA-256, so that the store gives nobody
//! away; an unknown user costs as much time as a wrong password, gets the same answer and is throttled alike, and so
//! does an unknown telephone number; a code that was sent is good once, for minutes and few tries; a session of one
//! channel is nobody in another; nobody grants what they do not hold, nor changes somebody who holds more; a new
//! password ends the user's other sessions; the platform never loses its last super administrator.

mod administrators;
mod codes;
mod entity;
mod error;
mod event;
mod login;
mod password;
mod powers;
mod repo;
mod roles;
mod session;
#[cfg(test)]
mod tests;
mod throttle;

use std::collections::HashMap;
use std::sync::Arc;

use soko_infra::{Database, Tx};
use soko_kernel::{Actor, ChannelScope, Clock, Permission, Timestamp, UserId, token::Random};

pub use administrators::{Administrator, AdministratorChanges, NewAdministrator};
pub use codes::{CodeRequest, IssuedCode};
pub use entity::{CurrentUser, CurrentUserChannel, UserAccount};
pub use error::AuthError;
pub use event::{AdministratorCreated, AdministratorUpdated, LoginCodeSent, UserCreated, UserUpdated};
pub use login::{LoggedIn, Verified};
pub use password::PasswordCost;
pub use roles::{ChannelAdministrator, NewRole, Role, RoleChanges, SUPERADMIN_ROLE};
pub use session::{Api, NewSession, RequestCredentials};

use password::Hasher;

/// Identifier of the administrator that exists from the first start.
pub const SUPERADMIN_IDENTIFIER: &str = "superadmin";

/// Bounds of authentication.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// How long a session lives after its last use, in milliseconds.
    pub session_lifetime_ms: i64,
    /// The same for sessions that are to be remembered.
    pub remembered_lifetime_ms: i64,
    /// What a password hash costs.
    pub password_cost: PasswordCost,
    /// Password hashes that run at once; each takes its memory.
    pub hashes_at_once_max: usize,
    /// Password hashes that wait; more are refused as overload.
    pub hashes_waiting_max: usize,
}

impl Default for AuthConfig {
    fn default() -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Self {
            session_lifetime_ms: 30 * DAY_MS,
            remembered_lifetime_ms: 365 * DAY_MS,
            password_cost: PasswordCost::default(),
            hashes_at_once_max: 2,
            hashes_waiting_max: 64,
        }
    }
}

/// The use cases of authentication. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Auth {
    database: Database,
    clock: Clock,
    random: Random,
    config: Arc<AuthConfig>,
    hasher: Arc<Hasher>,
}

/// What the first start did about the super administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuperadminSetup {
    /// There is one already.
    Existing,
    /// There is one now.
    Created {
        /// The password, where none was configured: to be shown once.
        generated_password: Option<String>,
    },
}

impl Auth {
    /// The service over this store.
    ///
    /// # Errors
    /// A password cost that argon2 does not accept.
    pub fn try_new(
        database: Database,
        clock: Clock,
        random: Random,
        config: AuthConfig,
    ) -> Result<Self, AuthError> {
        let hasher = Hasher::try_new(&config, random.clone())?;
        Ok(Self { database, clock, random, config: Arc::new(config), hasher: Arc::new(hasher) })
    }

    /// The hash under which a password may be stored.
    ///
    /// # Errors
    /// A password that is too short or too long, or too many hashes waiting.
    pub async fn hash_password(&self, password: String) -> Result<String, AuthError> {
        self.hasher.hash(password).await
    }

    /// Creates the account of a customer of the channel.
    ///
    /// # Errors
    /// [`AuthError::IdentifierInUse`].
    pub async fn create_customer_user_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        identifier: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<UserId, AuthError> {
        let user_id =
            repo::insert_user(tx, Some(scope.channel_id()), identifier, Some(password_hash), now).await?;
        tx.publish(scope, now, &UserCreated { user_id })?;
        Ok(user_id)
    }

    /// Gives the account of a customer of the channel another identifier.
    ///
    /// # Errors
    /// [`AuthError::IdentifierInUse`].
    pub async fn rename_customer_user_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        user: UserId,
        identifier: &str,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        repo::set_identifier(tx, user, identifier, now).await?;
        Ok(tx.publish(scope, now, &UserUpdated { user_id: user })?)
    }

    /// Deletes the account of a customer of the channel and ends its sessions; its identifier is free again.
    ///
    /// # Errors
    /// An account that the channel does not have.
    pub async fn delete_customer_user_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        Ok(repo::delete_user(tx, scope, user, now).await?)
    }

    /// Accounts of the channel's customers, for those who may read customers. One statement.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`].
    pub async fn customer_accounts(
        &self,
        actor: &Actor,
        users: &[UserId],
    ) -> Result<HashMap<UserId, UserAccount>, AuthError> {
        let scope = actor.require_any(&[Permission::ReadCustomer, Permission::ReadOrder])?;
        let found =
            self.database.read(scope, async |reader| repo::accounts(reader, scope, users).await).await?;
        Ok(found.into_iter().map(|account| (account.id, account)).collect())
    }
}
