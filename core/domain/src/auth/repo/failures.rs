//! SQL of passwords that were tried in vain.

use soko_infra::{DatabaseError, Tx};

use crate::auth::throttle::Guess;

/// Counts a guess, unless there were too many: one statement looks and counts, so that those who guess at once wait for
/// each other's count. The window begins with its first guess, and anew with the first one after its end.
pub(in crate::auth) async fn count_guess(tx: &mut Tx, guess: &Guess) -> Result<Option<()>, DatabaseError> {
    let sql = "INSERT INTO login_failure AS f (account_hash, guesses, expires_at) VALUES ($1, 1, $3) \
         ON CONFLICT (account_hash) DO UPDATE SET \
         guesses = CASE WHEN f.expires_at <= $2 THEN 1 ELSE f.guesses + 1 END, \
         expires_at = CASE WHEN f.expires_at <= $2 THEN $3 ELSE f.expires_at END \
         WHERE f.guesses < $4 OR f.expires_at <= $2";
    let counted =
        tx.execute(sql, (guess.account_hash.clone(), guess.at, guess.expires_at, guess.most)).await?;
    Ok((counted > 0).then_some(()))
}

/// Counts a guess no more. One that no longer counted stays so.
pub(in crate::auth) async fn take_back_guess(tx: &mut Tx, guess: &Guess) -> Result<(), DatabaseError> {
    // A window that ends later began after the guess.
    let sql = "UPDATE login_failure SET guesses = guesses - 1 \
         WHERE account_hash = $1 AND guesses > 0 AND expires_at <= $2";
    tx.execute(sql, (guess.account_hash.clone(), guess.expires_at)).await.map(|_| ())
}

/// Forgets all guesses at an account.
pub(in crate::auth) async fn forget_guesses(tx: &mut Tx, guess: &Guess) -> Result<(), DatabaseError> {
    tx.execute("DELETE FROM login_failure WHERE account_hash = $1", (guess.account_hash.clone(),))
        .await
        .map(|_| ())
}

pub(in crate::auth) const DELETE_EXPIRED_FAILURES: &str = "DELETE FROM login_failure WHERE account_hash IN \
     (SELECT account_hash FROM login_failure WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
