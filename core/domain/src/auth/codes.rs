//! Logging in by a code that comes as a text message, in place of a password.
//!
//! A code is good once, for a few minutes and a few tries, and where it was sent. Whether there is somebody with a telephone
//! number, nobody is told, nor do answers take longer for it. A number is somebody's who knows their password and has entered
//! a code that was sent to it; it is forgotten as their password is changed, so that no number outlasts the session or the
//! password by which it came.

use std::time::Duration;

use soko_infra::{DataScope, DatabaseError, Reader, Tx};
use soko_kernel::phone::international_only;
use soko_kernel::{Actor, ChannelId, Forbidden, Timestamp, UserId};

use super::error::AuthError;
use super::event::AdministratorUpdated;
use super::login::{LoggedIn, Verified};
use super::session::Api;
use super::throttle::Guess;
use super::{Auth, repo};

/// How long a code is good.
const GOOD_FOR: Duration = Duration::from_mins(5);
/// Wrong codes after which the right one is good no more.
const TRIES: i64 = 3;

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    LogIn,
    /// To show that a telephone number is theirs.
    Number,
}

impl Purpose {
    /// The name that the database uses.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::Number => "number",
        }
    }
}

/// A code that was asked for, which is somebody's or nobody's.
pub struct CodeRequest {
    /// Until when it is good.
    pub expires_at: Timestamp,
    phone_number: String,
    code: String,
    hash: String,
    /// Whose number it is to become; without, who has it is asked.
    of: Option<UserId>,
}

/// A code for somebody, to be sent to them and shown to nobody else.
pub struct IssuedCode {
    /// Six digits.
    pub code: String,
    /// Where they work.
    pub channels: Vec<ChannelId>,
    kept: KeptCode,
}

impl IssuedCode {
    /// Where it is sent, in E.164 form.
    pub fn phone_number(&self) -> &str {
        &self.kept.phone_number
    }

    /// As whom they log in.
    pub fn user(&self) -> UserId {
        self.kept.user
    }
}

/// A code that is kept.
#[derive(Clone)]
pub(super) struct KeptCode {
    pub(super) user: UserId,
    pub(super) purpose: Purpose,
    pub(super) phone_number: String,
    pub(super) hash: String,
    pub(super) expires_at: Timestamp,
}

/// Whose code is entered.
#[derive(Clone)]
enum Whose {
    /// That of whoever has this number, sent to it.
    TheirNumber(String),
    /// This user's, sent to whichever.
    Theirs(UserId),
}

/// What is hashed of a code.
fn hashed(code: &str) -> String {
    format!("login code {}", code.trim())
}

/// A right code makes up for the wrong ones before it.
async fn forget(tx: &mut Tx, guesses: &[Guess]) -> Result<(), DatabaseError> {
    for guess in guesses {
        repo::forget_guesses(tx, guess).await?;
    }
    Ok(())
}

fn number(text: &str) -> Result<String, AuthError> {
    international_only(text).ok_or(AuthError::InvalidPhoneNumber)
}

impl Auth {
    /// Takes a request for a code to log in with: the same work whether or not somebody has the telephone number.
    ///
    /// # Errors
    /// [`AuthError::InvalidPhoneNumber`], [`AuthError::TooManyCodes`].
    pub async fn accept_code_request(&self, phone_number: &str) -> Result<CodeRequest, AuthError> {
        self.new_code(number(phone_number)?, None).await
    }

    /// Takes a request for a code by which whoever is logged in shows that a telephone number is theirs.
    ///
    /// # Errors
    /// [`AuthError::WrongPassword`]; as for [`Self::accept_code_request`].
    pub async fn accept_number(
        &self,
        actor: &Actor,
        phone_number: &str,
        password: String,
    ) -> Result<CodeRequest, AuthError> {
        let phone_number = number(phone_number)?;
        let own = self.current_user(actor).await?.ok_or(Forbidden::NotAuthenticated)?;
        let verified = self.verify(actor, Api::Admin, &own.identifier, password, false).await;
        let verified = verified.map_err(|error| match error {
            AuthError::InvalidCredentials => AuthError::WrongPassword,
            other => other,
        })?;
        // A right password has made up for the wrong ones; messages cost all the same.
        self.count_request(&format!("user {}", verified.user)).await?;
        self.new_code(phone_number, Some(verified.user)).await
    }

    async fn count_request(&self, whose: &str) -> Result<Guess, AuthError> {
        let asked = self.count_guess(Guess::of_code_request(whose, self.clock.now())).await;
        asked.map_err(|error| match error {
            AuthError::TooManyAttempts => AuthError::TooManyCodes,
            other => other,
        })
    }

    async fn new_code(&self, phone_number: String, of: Option<UserId>) -> Result<CodeRequest, AuthError> {
        let request = self.count_request(&phone_number).await?;
        let code = self.random.login_code();
        let hash = match self.hasher.hash(hashed(&code)).await {
            Ok(hash) => hash,
            Err(error) => {
                // None was made.
                self.take_back_guess(request).await?;
                return Err(error);
            }
        };
        let expires_at = self.clock.now().after(GOOD_FOR);
        Ok(CodeRequest { expires_at, phone_number, code, hash, of })
    }

    /// Makes the code good that was asked for, in place of an earlier one, if it is somebody's and none was sent there just
    /// now. How long that takes tells who has a number: nobody who asks to log in is to wait for it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn issue_login_code(&self, request: CodeRequest) -> Result<Option<IssuedCode>, DatabaseError> {
        let CodeRequest { expires_at, phone_number, code, hash, of } = request;
        let sent = Guess::of_sent(&phone_number, self.clock.now());
        let issue = async move |tx: &mut Tx| {
            let (user, purpose) = match of {
                Some(user) => (Some(user), Purpose::Number),
                None => (repo::find_by_phone(tx, &phone_number).await?, Purpose::LogIn),
            };
            let Some(user) = user else { return Ok(None) };
            if repo::count_guess(tx, &sent).await?.is_none() {
                return Ok(None);
            }
            let (phone_number, hash) = (phone_number.clone(), hash.clone());
            let kept = KeptCode { user, purpose, phone_number, hash, expires_at };
            repo::put_login_code(tx, &kept, TRIES).await?;
            Ok::<_, DatabaseError>(Some((kept, repo::channels_of(tx, user).await?)))
        };
        let issued = self.database.write_concurrently(DataScope::Platform, issue).await?;
        Ok(issued.map(|(kept, channels)| IssuedCode { code, channels, kept }))
    }

    /// Takes a code back that was certainly not sent: another may be sent at once.
    ///
    /// # Errors
    /// A failing store.
    pub async fn withdraw_login_code(&self, issued: &IssuedCode) -> Result<(), DatabaseError> {
        let kept = issued.kept.clone();
        let sent = Guess::of_sent(&kept.phone_number, self.clock.now());
        let withdraw = async move |tx: &mut Tx| {
            repo::use_login_code(tx, &kept).await?;
            repo::forget_guesses(tx, &sent).await
        };
        self.database.write_concurrently(DataScope::Platform, withdraw).await
    }

    /// Begins an administrator's session by the code that they were sent.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredentials`], whatever is wrong; [`AuthError::TooManyAttempts`],
    /// [`AuthError::InvalidPhoneNumber`].
    pub async fn log_in_by_code(
        &self,
        actor: &Actor,
        phone_number: &str,
        code: &str,
    ) -> Result<LoggedIn, AuthError> {
        let (phone_number, now) = (number(phone_number)?, self.clock.now());
        let guesses = Guess::of_code(&phone_number, now);
        let kept = self.check_code(guesses.clone(), Whose::TheirNumber(phone_number), code).await?;
        let verified = Verified { user: kept.user, channel: None, session: self.new_session() };
        let (token, old, cart) = (verified.session.token.clone(), actor.session, actor.active_order);
        let begin = async move |tx: &mut Tx| {
            if !repo::use_login_code(tx, &kept).await? {
                // Somebody else was as fast, or asked for another code.
                return Err(AuthError::InvalidCredentials);
            }
            forget(tx, &guesses).await?;
            Self::begin_verified_session_in_tx(tx, &verified, old, cart, now).await
        };
        let user = self.database.write(DataScope::Platform, begin).await?;
        Ok(LoggedIn { token, user })
    }

    /// Makes the telephone number theirs that whoever is logged in was sent this code to, and nobody else's any more. Their
    /// other sessions end. False where the code is not the one.
    ///
    /// # Errors
    /// Nobody logged in; [`AuthError::TooManyAttempts`].
    pub async fn confirm_number(&self, actor: &Actor, code: &str) -> Result<bool, AuthError> {
        let user = actor.user.ok_or(Forbidden::NotAuthenticated)?;
        let (now, scope, session) = (self.clock.now(), actor.public_scope(), actor.session);
        let guesses = Guess::of_code(&format!("user {user}"), now);
        let kept = match self.check_code(guesses.clone(), Whose::Theirs(user), code).await {
            Err(AuthError::InvalidCredentials) => return Ok(false),
            checked => checked?,
        };
        let put = async move |tx: &mut Tx| {
            if !repo::use_login_code(tx, &kept).await?
                || !repo::put_phone_number(tx, user, &kept.phone_number).await?
            {
                return Ok(false);
            }
            forget(tx, &guesses).await?;
            repo::delete_sessions_of_user(tx, user, session).await?;
            let administrator = repo::find_administrator_of_user(tx, user).await?;
            if let Some(administrator) = administrator {
                let changed = AdministratorUpdated { administrator_id: administrator.id, user_id: user };
                tx.publish(scope, now, &changed)?;
            }
            Ok::<_, AuthError>(true)
        };
        self.database.write(DataScope::Platform, put).await
    }

    /// Where whoever is logged in is sent codes to log in with.
    ///
    /// # Errors
    /// Nobody logged in.
    pub async fn phone_number(&self, actor: &Actor) -> Result<Option<String>, AuthError> {
        let user = actor.user.ok_or(Forbidden::NotAuthenticated)?;
        let read = async |reader: &mut Reader| repo::phone_number_of(reader, user).await;
        Ok(self.database.read(DataScope::Platform, read).await?)
    }

    /// Has whoever is logged in be sent no codes any more, and ends their other sessions. False where they are not.
    ///
    /// # Errors
    /// Nobody logged in.
    pub async fn remove_number(&self, actor: &Actor) -> Result<bool, AuthError> {
        let user = actor.user.ok_or(Forbidden::NotAuthenticated)?;
        let session = actor.session;
        let remove = async move |tx: &mut Tx| {
            let removed = repo::remove_phone_number(tx, user).await?;
            if removed {
                repo::delete_sessions_of_user(tx, user, session).await?;
            }
            Ok(removed)
        };
        self.database.write(DataScope::Platform, remove).await
    }

    /// The code that somebody was sent, if this is it. The try is taken before it is looked at, so that those who try at once
    /// have no more of them; also where nobody is found, who is so nowhere told apart.
    async fn check_code(&self, guesses: [Guess; 2], whose: Whose, code: &str) -> Result<KeptCode, AuthError> {
        let (counted, now) = (guesses.clone(), self.clock.now());
        let take = async move |tx: &mut Tx| {
            for guess in &counted {
                repo::count_guess(tx, guess).await?.ok_or(AuthError::TooManyAttempts)?;
            }
            let (user, purpose, sent_to) = match &whose {
                Whose::TheirNumber(number) => {
                    (repo::find_by_phone(tx, number).await?, Purpose::LogIn, Some(number.as_str()))
                }
                Whose::Theirs(user) => (Some(*user), Purpose::Number, None),
            };
            let Some(user) = user else { return Ok(None) };
            Ok::<_, AuthError>(repo::take_code_try(tx, (user, purpose), sent_to, now).await?)
        };
        let kept = self.database.write_concurrently(DataScope::Platform, take).await?;
        let hash = kept.as_ref().map(|kept| kept.hash.clone());
        let is_right = match self.hasher.verify(hashed(code), hash).await {
            Ok(is_right) => is_right,
            Err(error) => {
                // Nobody looked at the code.
                self.give_back_try(guesses, kept).await?;
                return Err(error);
            }
        };
        kept.filter(|_| is_right).ok_or(AuthError::InvalidCredentials)
    }

    async fn give_back_try(&self, guesses: [Guess; 2], kept: Option<KeptCode>) -> Result<(), AuthError> {
        let give_back = async move |tx: &mut Tx| {
            for guess in &guesses {
                repo::take_back_guess(tx, guess).await?;
            }
            match &kept {
                Some(kept) => Ok(repo::give_back_code_try(tx, kept).await?),
                None => Ok(()),
            }
        };
        self.database.write_concurrently(DataScope::Platform, give_back).await
    }
}
