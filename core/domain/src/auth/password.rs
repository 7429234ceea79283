//! Password hashes: argon2id, a bounded number at once, off the request threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use soko_kernel::token::Random;
use tokio::sync::Semaphore;

use super::AuthConfig;
use super::error::AuthError;

/// Fewest characters of a password.
pub const PASSWORD_LENGTH_MIN: usize = 8;
/// Most characters of a password: a bound on what hashing reads.
pub const PASSWORD_LENGTH_MAX: usize = 256;

/// What a hash costs: argon2's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
}

impl Default for PasswordCost {
    /// OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, iterations: 2 }
    }
}

pub(super) struct Hasher {
    argon2: Argon2<'static>,
    at_once: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    random: Random,
    /// A hash of nobody's password, to check against when there is no user.
    dummy: String,
}

impl Hasher {
    pub(super) fn try_new(config: &AuthConfig, random: Random) -> Result<Self, AuthError> {
        let unusable = |error: &dyn std::fmt::Display| AuthError::Configuration(error.to_string());
        let cost = config.password_cost;
        let params =
            Params::new(cost.memory_kib, cost.iterations, 1, None).map_err(|error| unusable(&error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash_now(&argon2, &random.salt(), &random.session_token())?;
        Ok(Self {
            argon2,
            at_once: Arc::new(Semaphore::new(config.hashes_at_once_max.max(1))),
            waiting: AtomicUsize::new(0),
            waiting_max: config.hashes_waiting_max,
            random,
            dummy,
        })
    }

    pub(super) async fn hash(&self, password: String) -> Result<String, AuthError> {
        if !(PASSWORD_LENGTH_MIN..=PASSWORD_LENGTH_MAX).contains(&password.chars().count()) {
            return Err(AuthError::InvalidPassword { min: PASSWORD_LENGTH_MIN, max: PASSWORD_LENGTH_MAX });
        }
        let (argon2, salt) = (self.argon2.clone(), self.random.salt());
        self.off_thread(move || hash_now(&argon2, &salt, &password)).await?
    }

    /// Whether the password is the one of this hash. Without a hash the answer is no, after the same work.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AuthError> {
        let known = hash.is_some();
        let (argon2, hash) = (self.argon2.clone(), hash.unwrap_or_else(|| self.dummy.clone()));
        let matches = self.off_thread(move || {
            let bounded: String = password.chars().take(PASSWORD_LENGTH_MAX + 1).collect();
            let parsed = PasswordHash::new(&hash);
            parsed.is_ok_and(|parsed| argon2.verify_password(bounded.as_bytes(), &parsed).is_ok())
        });
        Ok(matches.await? && known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let _waiting = Waiting::try_begin(&self.waiting, self.waiting_max).ok_or(AuthError::Overloaded)?;
        let permit = self.at_once.clone().acquire_owned().await.map_err(|_| AuthError::Overloaded)?;
        let done = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(permit);
            answer
        });
        done.await.map_err(|_| AuthError::Overloaded)
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

/// A place in the bounded queue, given back however the wait ends.
struct Waiting<'c>(&'c AtomicUsize);

impl<'c> Waiting<'c> {
    fn try_begin(count: &'c AtomicUsize, most: usize) -> Option<Self> {
        let place = Self(count);
        (count.fetch_add(1, Ordering::AcqRel) < most).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn hash_now(argon2: &Argon2<'_>, salt: &[u8], password: &str) -> Result<String, AuthError> {
    let unusable = |error: argon2::password_hash::Error| AuthError::Configuration(error.to_string());
    let salt = SaltString::encode_b64(salt).map_err(unusable)?;
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(unusable)?.to_string())
}
