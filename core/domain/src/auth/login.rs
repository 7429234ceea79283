//! Logging in and out, and the super administrator's first password.

use soko_infra::{DataScope, Tx};
use soko_kernel::{Actor, ChannelId, OrderId, Permission, SessionId, Timestamp, UserId};

use super::entity::CurrentUser;
use super::error::AuthError;
use super::roles::SUPERADMIN_ROLE;
use super::session::{Api, NewSession};
use super::throttle::Guess;
use super::{Auth, SUPERADMIN_IDENTIFIER, SuperadminSetup, repo};
use crate::expiry;

/// Longest identifier that anybody can have: an e-mail address.
const IDENTIFIER_BYTES_MAX: usize = 254;

/// A successful login.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The session's token, for the client alone.
    pub token: String,
    /// Who logged in.
    pub user: CurrentUser,
}

/// Somebody whose password has been checked and whose session has not begun yet.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who it is.
    pub user: UserId,
    /// The channel of the session; none for administrators.
    pub channel: Option<ChannelId>,
    /// The session that is about to begin.
    pub session: NewSession,
}

impl Auth {
    /// Checks a password and begins a session: for customers of the channel on the Shop API, for administrators on
    /// the Admin API. A guest's cart moves along as it is.
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
        let verified = self.verify(actor, api, identifier, password, remember_me).await?;
        let (old, cart, now) = (actor.session, actor.active_order, self.clock.now());
        let token = verified.session.token.clone();
        let user = self
            .database
            .write(DataScope::Platform, async move |tx| {
                Self::begin_verified_session_in_tx(tx, &verified, old, cart, now).await
            })
            .await?;
        Ok(LoggedIn { token, user })
    }

    /// Checks a password, for those who begin the session themselves.
    ///
    /// # Errors
    /// As for [`Self::log_in`].
    pub async fn verify(
        &self,
        actor: &Actor,
        api: Api,
        identifier: &str,
        password: String,
        remember_me: bool,
    ) -> Result<Verified, AuthError> {
        let now = self.clock.now();
        let identifier = identifier.trim().to_lowercase();
        if identifier.len() > IDENTIFIER_BYTES_MAX {
            // Nobody has it. It takes as long as any other, and is not remembered.
            self.hasher.verify(password, None).await?;
            return Err(AuthError::InvalidCredentials);
        }
        let channel = (api == Api::Shop).then_some(actor.channel.id);
        let guess = self.count_guess(Guess::of(channel, &identifier, now)).await?;
        let user = match self.find_by_password(channel, &identifier, password).await {
            Ok(found) => found.ok_or(AuthError::InvalidCredentials)?,
            Err(error) => {
                // Nobody looked at the password.
                self.take_back_guess(guess).await?;
                return Err(error);
            }
        };
        self.forget_guesses(guess).await?;
        let mut session = self.new_session();
        if remember_me {
            session.lifetime_ms = self.config.remembered_lifetime_ms;
        }
        Ok(Verified { user, channel, session })
    }

    /// Who has this password, after the same work whether or not there is anybody.
    async fn find_by_password(
        &self,
        channel: Option<ChannelId>,
        identifier: &str,
        password: String,
    ) -> Result<Option<UserId>, AuthError> {
        let found = self
            .database
            .read(DataScope::Platform, async |reader| repo::find_login(reader, channel, identifier).await);
        let (user, hash) = found.await?.unzip();
        let is_right = self.hasher.verify(password, hash.flatten()).await?;
        Ok(user.filter(|_| is_right))
    }

    /// Counts a guess before anything is known of it, so that guesses at once at many nodes cannot be more than one
    /// after another at one.
    pub(super) async fn count_guess(&self, guess: Guess) -> Result<Guess, AuthError> {
        let work =
            async move |tx: &mut Tx| Ok::<_, AuthError>(repo::count_guess(tx, &guess).await?.map(|()| guess));
        self.database.write_concurrently(DataScope::Platform, work).await?.ok_or(AuthError::TooManyAttempts)
    }

    pub(super) async fn take_back_guess(&self, guess: Guess) -> Result<(), AuthError> {
        let work = async move |tx: &mut Tx| Ok(repo::take_back_guess(tx, &guess).await?);
        self.database.write_concurrently(DataScope::Platform, work).await
    }

    /// A right password makes up for the wrong ones before it.
    async fn forget_guesses(&self, guess: Guess) -> Result<(), AuthError> {
        let work = async move |tx: &mut Tx| Ok(repo::forget_guesses(tx, &guess).await?);
        self.database.write_concurrently(DataScope::Platform, work).await
    }

    /// Removes wrong passwords that count no more, and says of how many accounts. As [`Self::expire_sessions`].
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire_login_failures(&self, now: Timestamp) -> Result<u64, AuthError> {
        Ok(expiry::sweep(&self.database, repo::DELETE_EXPIRED_FAILURES, now).await?)
    }

    /// Begins the session of somebody whose password has been checked, in the place of the one before.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredentials`] for a user who has been deleted meanwhile.
    pub async fn begin_verified_session_in_tx(
        tx: &mut Tx,
        verified: &Verified,
        old: Option<SessionId>,
        active_order: Option<OrderId>,
        now: Timestamp,
    ) -> Result<CurrentUser, AuthError> {
        let Verified { user, channel, session } = verified;
        if let Some(old) = old {
            repo::delete_session(tx, old).await?;
        }
        Self::begin_session_in_tx(tx, *channel, Some(*user), active_order, session, now).await?;
        repo::note_login(tx, *user, now).await?;
        repo::current_user(tx, *user).await?.ok_or(AuthError::InvalidCredentials)
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

    /// Creates the super administrator where there is none, with this password or a random one. A password other than
    /// the present one becomes it, and ends the sessions that began with the old one.
    ///
    /// # Errors
    /// A password that may not be used.
    pub async fn ensure_superadmin(&self, password: Option<String>) -> Result<SuperadminSetup, AuthError> {
        let existing = self.database.read(DataScope::Platform, async |reader| {
            let named = repo::find_login(reader, None, SUPERADMIN_IDENTIFIER).await?;
            Ok::<_, AuthError>((named, repo::superadmin_count(reader).await? > 0))
        });
        let (named, exists) = existing.await?;
        match (named, password) {
            // Somebody may have taken another identifier; they are the super administrator all the same.
            (None, _) if exists => Ok(SuperadminSetup::Existing),
            (Some(_), None) => Ok(SuperadminSetup::Existing),
            (Some((user, hash)), Some(password)) => {
                if !self.hasher.verify(password.clone(), hash).await? {
                    self.replace_password(user, password).await?;
                }
                Ok(SuperadminSetup::Existing)
            }
            (None, password) => {
                let generated_password = password.is_none().then(|| self.random.order_code());
                let password = password.or_else(|| generated_password.clone()).unwrap_or_default();
                let created = self.create_superadmin(password).await?;
                Ok(if created {
                    SuperadminSetup::Created { generated_password }
                } else {
                    SuperadminSetup::Existing
                })
            }
        }
    }

    async fn replace_password(&self, user: UserId, password: String) -> Result<(), AuthError> {
        let hash = self.hash_password(password).await?;
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                repo::set_password(tx, user, &hash, now).await?;
                repo::remove_phone_number(tx, user).await?;
                Ok(repo::delete_sessions_of_user(tx, user, None).await?)
            })
            .await
    }

    /// False when another node was first.
    async fn create_superadmin(&self, password: String) -> Result<bool, AuthError> {
        let hash = self.hash_password(password).await?;
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                if repo::superadmin_count(tx).await? > 0 {
                    return Ok(false);
                }
                let user = repo::insert_user(tx, None, SUPERADMIN_IDENTIFIER, Some(&hash), now).await?;
                repo::insert_administrator(tx, user, ["Super", "Admin", SUPERADMIN_IDENTIFIER], now).await?;
                let permissions = std::iter::once(Permission::SuperAdmin).collect();
                let description = "May do everything everywhere";
                let role = repo::insert_role(tx, SUPERADMIN_ROLE, description, permissions, now).await?;
                repo::set_roles(tx, user, &[role]).await?;
                Ok(true)
            })
            .await
    }
}
