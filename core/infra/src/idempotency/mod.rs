//! Operations that take effect once, however often they are sent: whoever sends one again gets the first answer.
//!
//! An operation is claimed by its key before it runs. Each of its transactions notes on the claim's row that there was an
//! effect, and commits nothing where the claim has passed to another run. So a run that ends before it changed anything
//! leaves a claim that lapses, after which the next run does the work; one that ended after a change is never repeated.
//! The answer is kept when there is one.
//!
//! Answers hold what only their receiver may see, such as the token of a new session. They are sealed by the key itself,
//! of which the store has a digest.

mod repo;
mod seal;

use sha2::{Digest as _, Sha256};
use soko_kernel::token::Random;
use soko_kernel::{ChannelScope, Clock, Timestamp};

use crate::db::{Database, DatabaseError, Tx};
use repo::{Found, Row};
use seal::Seal;

/// How long an answer is kept, in milliseconds.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// Largest answer that is kept, in bytes.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;

tokio::task_local! {
    static CURRENT: Claim;
}

/// A SHA-256.
type Sha = [u8; 32];

/// What an operation is known by.
#[derive(Debug, Clone)]
pub struct OperationKey {
    scope: ChannelScope,
    digest: Sha,
    seal: Seal,
    request: Sha,
}

impl OperationKey {
    /// The operation that `sender` calls `key`, in a channel. `request` is the digest of everything that was asked. Only
    /// the same sender comes to the same operation.
    pub fn new(scope: ChannelScope, sender: &str, key: &str, request: Sha) -> Self {
        let digest: Sha = Sha256::new()
            .chain_update(b"operation\0")
            .chain_update(sender)
            .chain_update(b"\0")
            .chain_update(key)
            .finalize()
            .into();
        Self { scope, digest, seal: Seal::new(&digest, key), request }
    }
}

/// A run's right to be the one that takes effect.
#[derive(Debug, Clone)]
pub struct Claim {
    scope: ChannelScope,
    digest: Sha,
    run: i64,
}

impl Claim {
    /// Runs an operation under this claim: the transactions that it asks for itself note their effect on it. Work that it
    /// hands to other tasks does not.
    pub async fn during<T>(&self, operation: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), operation).await
    }

    /// The claim that the running task's operation has, if any.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Notes that the transaction takes effect.
    ///
    /// # Errors
    /// [`DatabaseError::ClaimLost`] when another run has taken over: this one must not commit.
    pub(crate) async fn note_effect_in_tx(&self, tx: &mut Tx) -> Result<(), DatabaseError> {
        if repo::note_effect(tx, self).await? { Ok(()) } else { Err(DatabaseError::ClaimLost) }
    }
}

/// What became of asking for a claim.
#[derive(Debug)]
pub enum Claimed {
    /// The operation is to be run now.
    Run(Claim),
    /// It has run; this was its answer.
    Answered(Vec<u8>),
    /// It is not to be run.
    Refused(ClaimRefusal),
}

/// Why an operation is not run, and has no answer to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimRefusal {
    /// The key stands for another request.
    OtherRequest,
    /// The operation is running.
    Running,
    /// It took effect, and the server ended before it could answer, or the answer was too large to keep.
    AnswerLost,
}

/// Claims and answers of operations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Operations {
    database: Database,
    clock: Clock,
    random: Random,
}

impl Operations {
    /// Over this store.
    pub fn new(database: Database, clock: Clock, random: Random) -> Self {
        Self { database, clock, random }
    }

    /// Claims an operation for a run of at most `run_ms` milliseconds, unless it has been run or is running.
    ///
    /// # Errors
    /// A failing store.
    pub async fn claim(&self, key: &OperationKey, run_ms: i64) -> Result<Claimed, DatabaseError> {
        let now = self.clock.now();
        let (scope, digest, request) = (key.scope, key.digest, key.request);
        let claimed_until = Timestamp(now.0.saturating_add(run_ms));
        let row = Row {
            scope,
            digest,
            request,
            claimed_until,
            expires_at: Timestamp(now.0.saturating_add(KEPT_MS)),
        };
        let claimed: Result<Result<i64, Found>, DatabaseError> =
            self.database.write_concurrently(scope, async move |tx| repo::claim(tx, &row, now).await).await;
        let found = match claimed? {
            Ok(run) => return Ok(Claimed::Run(Claim { scope, digest, run })),
            Err(found) => found,
        };
        Ok(match decide(&found, &request, now) {
            Ok(sealed) => Claimed::Answered(key.seal.open(sealed)?),
            Err(refusal) => Claimed::Refused(refusal),
        })
    }

    /// Keeps the answer of a run, which ends its claim. One that is too large is not kept: the operation is known to have
    /// been done all the same.
    ///
    /// # Errors
    /// [`DatabaseError::ClaimLost`] when another run has taken over; a failing store.
    pub async fn answer(&self, key: &OperationKey, claim: Claim, answer: &[u8]) -> Result<(), DatabaseError> {
        let kept = answer.len() <= ANSWER_BYTES_MAX;
        let sealed = if kept { Some(key.seal.close(self.random.salt(), answer)?) } else { None };
        let ended = move |kept| if kept { Ok(()) } else { Err(DatabaseError::ClaimLost) };
        self.database
            .write_concurrently(key.scope, async move |tx| {
                ended(repo::end(tx, &claim, sealed.as_deref()).await?)
            })
            .await
    }

    /// Gives back the claim of a run that failed without an effect, so that the next one need not wait. False when there
    /// was an effect, or the claim has passed to another run.
    ///
    /// # Errors
    /// A failing store.
    pub async fn give_back(&self, claim: Claim) -> Result<bool, DatabaseError> {
        self.database.write_concurrently(claim.scope, async move |tx| repo::give_back(tx, &claim).await).await
    }

    /// Forgets operations whose time is over, a bounded number of them. Returns how many.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire(&self) -> Result<u64, DatabaseError> {
        repo::expire(&self.database, self.clock.now()).await
    }
}

/// What is said of an operation that has been claimed before: its sealed answer, or why there is none.
fn decide<'f>(found: &'f Found, request: &Sha, now: Timestamp) -> Result<&'f [u8], ClaimRefusal> {
    match &found.answer {
        _ if found.request.as_slice() != request.as_slice() => Err(ClaimRefusal::OtherRequest),
        Some(sealed) => Ok(sealed),
        None if found.claimed_until > now => Err(ClaimRefusal::Running),
        None if found.took_effect => Err(ClaimRefusal::AnswerLost),
        // Its claim lapsed or was given back a moment ago: it can be claimed next time.
        None => Err(ClaimRefusal::Running),
    }
}
