//! Logging in by a code that comes as a text message, in place of a password.
//!
//! A code is good once, for a few minutes and a few tries. Whether there is somebody with a telephone number, nobody is told,
//! nor do answers take longer for it.

use std::time::Duration;

use soko_infra::{DataScope, DatabaseError, Tx};
use soko_kernel::phone::{CALLING_CODE_DEFAULT, international};
use soko_kernel::{Actor, ChannelId, Timestamp, UserId};

use super::error::AuthError;
use super::login::{LoggedIn, Verified};
use super::throttle::Guess;
use super::{Auth, repo};

/// How long a code is good.
const GOOD_FOR: Duration = Duration::from_mins(5);
/// Wrong codes after which the right one is good no more.
const TRIES: i64 = 3;

/// A code that was asked for, which is somebody's or nobody's.
pub struct CodeRequest {
    /// Until when it is good.
    pub expires_at: Timestamp,
    phone_number: String,
    code: String,
    hash: String,
}

/// A code for somebody, to be sent to them and shown to nobody else.
pub struct IssuedCode {
    /// Who it is for.
    pub user: UserId,
    /// Their telephone number, in E.164 form.
    pub phone_number: String,
    /// Six digits.
    pub code: String,
    /// Where they work.
    pub channels: Vec<ChannelId>,
}

/// The telephone number of an administrator, as it is stored; none where the text is empty.
///
/// # Errors
/// [`AuthError::InvalidPhoneNumber`].
pub(super) fn phone_number(text: &str) -> Result<Option<String>, AuthError> {
    if text.trim().is_empty() { Ok(None) } else { required(text).map(Some) }
}

fn required(text: &str) -> Result<String, AuthError> {
    international(text, CALLING_CODE_DEFAULT).ok_or(AuthError::InvalidPhoneNumber)
}

/// What is hashed of a code.
fn hashed(code: &str) -> String {
    format!("login code {code}")
}

impl Auth {
    /// Takes a request for a code, with the same work whether or not somebody has the telephone number.
    ///
    /// # Errors
    /// [`AuthError::InvalidPhoneNumber`], [`AuthError::TooManyCodes`].
    pub async fn accept_code_request(&self, phone_number: &str) -> Result<CodeRequest, AuthError> {
        let (phone_number, now) = (required(phone_number)?, self.clock.now());
        let asked = self.count_guess(Guess::of_code_request(&phone_number, now)).await;
        asked.map_err(|error| match error {
            AuthError::TooManyAttempts => AuthError::TooManyCodes,
            other => other,
        })?;
        let code = self.random.login_code();
        let hash = self.hasher.hash(hashed(&code)).await?;
        Ok(CodeRequest { expires_at: now.after(GOOD_FOR), phone_number, code, hash })
    }

    /// Makes the code good that was asked for, in place of an earlier one, if somebody has the telephone number. How long that
    /// takes tells who has one: nobody who asks is to wait for it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn issue_login_code(&self, request: CodeRequest) -> Result<Option<IssuedCode>, DatabaseError> {
        let CodeRequest { expires_at, phone_number, code, hash } = request;
        let find = phone_number.clone();
        let issue = async move |tx: &mut Tx| {
            let Some(user) = repo::find_by_phone(tx, &find).await? else { return Ok(None) };
            repo::put_login_code(tx, user, &hash, (TRIES, expires_at)).await?;
            Ok::<_, DatabaseError>(Some((user, repo::channels_of(tx, user).await?)))
        };
        let issued = self.database.write_concurrently(DataScope::Platform, issue).await?;
        Ok(issued.map(|(user, channels)| IssuedCode { user, phone_number, code, channels }))
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
        let (phone_number, now) = (required(phone_number)?, self.clock.now());
        let guess = Guess::of_code(&phone_number, now);
        let taken = self.take_try(phone_number, guess.clone()).await?;
        let (user, hash) = taken.unzip();
        let is_right = self.hasher.verify(hashed(code.trim()), hash.clone()).await?;
        let (Some(user), Some(hash), true) = (user, hash, is_right) else {
            return Err(AuthError::InvalidCredentials);
        };
        let verified = Verified { user, channel: None, session: self.new_session() };
        let (token, old, cart) = (verified.session.token.clone(), actor.session, actor.active_order);
        let begin = async move |tx: &mut Tx| {
            if !repo::use_login_code(tx, user, &hash).await? {
                // Somebody else was as fast, or asked for another code.
                return Err(AuthError::InvalidCredentials);
            }
            repo::forget_guesses(tx, &guess).await?;
            Self::begin_verified_session_in_tx(tx, &verified, old, cart, now).await
        };
        let user = self.database.write(DataScope::Platform, begin).await?;
        Ok(LoggedIn { token, user })
    }

    /// Takes one of the tries of somebody's code before it is looked at, so that those who try at once have no more of them.
    async fn take_try(
        &self,
        phone_number: String,
        guess: Guess,
    ) -> Result<Option<(UserId, String)>, AuthError> {
        let take = async move |tx: &mut Tx| {
            // Also where nobody has the number, who is then nowhere to be told apart.
            repo::count_guess(tx, &guess).await?.ok_or(AuthError::TooManyAttempts)?;
            let Some(user) = repo::find_by_phone(tx, &phone_number).await? else { return Ok(None) };
            let hash = repo::take_code_try(tx, user, guess.at).await?;
            Ok(hash.map(|hash| (user, hash)))
        };
        self.database.write_concurrently(DataScope::Platform, take).await
    }
}
