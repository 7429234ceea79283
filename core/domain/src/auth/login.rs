//! Logging in and out, and the super administrator's first password.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use soko_infra::{DataScope, Tx};
use soko_kernel::{Actor, ChannelId, Permission, Timestamp, UserId};

use super::entity::CurrentUser;
use super::error::AuthError;
use super::roles::SUPERADMIN_ROLE;
use super::session::{Api, NewSession};
use super::{Auth, SUPERADMIN_IDENTIFIER, SuperadminSetup, repo};

/// Wrong passwords after which an identifier must wait.
const FAILURES_MAX: u32 = 10;
/// How long failures count, in milliseconds.
const FAILURE_WINDOW_MS: i64 = 15 * 60 * 1000;
/// Identifiers whose failures are remembered; the oldest are forgotten first.
const IDENTIFIERS_REMEMBERED_MAX: usize = 10_000;

/// A successful login.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The session's token, for the client alone.
    pub token: String,
    /// Who logged in.
    pub user: CurrentUser,
}

impl Auth {
    /// Checks a password and begins a session: for customers of the channel on the Shop API, for administrators on
    /// the Admin API. A guest's cart moves along.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredentials`], whatever is wrong; [`AuthError::TooManyAttempts`].
    pub async fn log_in(
        &self,
        actor: &Actor,
        api: Api,
        identifier: &str,
        password: String,
        remember_me: bool,
    ) -> Result<LoggedIn, AuthError> {
        let now = self.clock.now();
        let identifier = identifier.trim().to_lowercase();
        let channel = (api == Api::Shop).then_some(actor.channel.id);
        let key = (channel, identifier.clone());
        self.throttle.check(&key, now)?;
        let found = self
            .database
            .read(DataScope::Platform, async |reader| repo::find_login(reader, channel, &identifier).await)
            .await?;
        let (user, hash) = found.unzip();
        if !self.hasher.verify(password, hash.flatten()).await? {
            self.throttle.failed(key, now);
            return Err(AuthError::InvalidCredentials);
        }
        let user = user.ok_or(AuthError::InvalidCredentials)?;
        self.throttle.succeeded(&key);
        let mut session = self.new_session();
        if remember_me {
            session.lifetime_ms = self.config.remembered_lifetime_ms;
        }
        self.begin_for_user(actor, channel, user, session, now).await
    }

    async fn begin_for_user(
        &self,
        actor: &Actor,
        channel: Option<ChannelId>,
        user: UserId,
        session: NewSession,
        now: Timestamp,
    ) -> Result<LoggedIn, AuthError> {
        let (old, cart) = (actor.session, actor.active_order);
        let token = session.token.clone();
        let user = self
            .database
            .write(DataScope::Platform, async move |tx| {
                if let Some(old) = old {
                    repo::delete_session(tx, old).await?;
                }
                Self::begin_session_in_tx(tx, channel, Some(user), cart, &session, now).await?;
                repo::note_login(tx, user, now).await?;
                repo::current_user(tx, user).await?.ok_or(AuthError::InvalidCredentials)
            })
            .await?;
        Ok(LoggedIn { token, user })
    }

    /// Ends the session; nothing without one.
    ///
    /// # Errors
    /// A failing store.
    pub async fn log_out(&self, actor: &Actor) -> Result<(), AuthError> {
        let Some(session) = actor.session else { return Ok(()) };
        let work = async move |tx: &mut Tx| Ok(repo::delete_session(tx, session).await?);
        self.database.write(DataScope::Platform, work).await
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// A failing store.
    pub async fn current_user(&self, actor: &Actor) -> Result<Option<CurrentUser>, AuthError> {
        let Some(user) = actor.user else { return Ok(None) };
        Ok(self
            .database
            .read(DataScope::Platform, async |reader| repo::current_user(reader, user).await)
            .await?)
    }

    /// Creates the super administrator where there is none, with this password or a random one.
    ///
    /// # Errors
    /// A password that may not be used.
    pub async fn ensure_superadmin(&self, password: Option<String>) -> Result<SuperadminSetup, AuthError> {
        let existing = self.database.read(DataScope::Platform, async |reader| {
            repo::find_login(reader, None, SUPERADMIN_IDENTIFIER).await
        });
        let existing = existing.await?;
        if existing.is_some() && password.is_none() {
            return Ok(SuperadminSetup::Existing);
        }
        let generated = if password.is_none() { Some(self.random.order_code()) } else { None };
        let hash = self.hash_password(password.or_else(|| generated.clone()).unwrap_or_default()).await?;
        let now = self.clock.now();
        let user = existing.map(|(user, _)| user);
        self.database
            .write(DataScope::Platform, async move |tx| {
                if let Some(user) = user {
                    return Ok(repo::set_password(tx, user, &hash, now).await?);
                }
                let user = repo::insert_user(tx, None, SUPERADMIN_IDENTIFIER, Some(&hash), now).await?;
                repo::insert_administrator(tx, user, ["Super", "Admin", SUPERADMIN_IDENTIFIER], now).await?;
                let permissions = std::iter::once(Permission::SuperAdmin).collect();
                let description = "May do everything everywhere";
                let role = repo::insert_role(tx, SUPERADMIN_ROLE, description, permissions, now).await?;
                Ok::<_, AuthError>(repo::set_roles(tx, user, &[role]).await?)
            })
            .await?;
        Ok(match user {
            Some(_) => SuperadminSetup::Existing,
            None => SuperadminSetup::Created { generated_password: generated },
        })
    }
}

type Identity = (Option<ChannelId>, String);

/// Counts wrong passwords per identifier, in this process.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Identity, (u32, Timestamp)>>);

impl Throttle {
    fn check(&self, key: &Identity, now: Timestamp) -> Result<(), AuthError> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(key) {
            Some((count, since)) if *count >= FAILURES_MAX && now.0 - since.0 < FAILURE_WINDOW_MS => {
                Err(AuthError::TooManyAttempts)
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, key: Identity, now: Timestamp) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= IDENTIFIERS_REMEMBERED_MAX && !failures.contains_key(&key) {
            let oldest = failures.iter().min_by_key(|(_, (_, since))| *since).map(|(key, _)| key.clone());
            oldest.map(|key| failures.remove(&key));
        }
        let entry = failures.entry(key).or_insert((0, now));
        let (_, since) = *entry;
        if now.0 - since.0 >= FAILURE_WINDOW_MS {
            *entry = (0, now);
        }
        entry.0 += 1;
    }

    fn succeeded(&self, key: &Identity) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
