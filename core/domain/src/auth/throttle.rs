//! How often a password or a code may be guessed, and a code be asked for and sent: so many times in a while for each account
//! or telephone number, at whatever node. An account is what an identifier means in a channel, or among administrators; whether
//! there is one makes no difference.

use sha2::{Digest as _, Sha256};
use soko_kernel::{ChannelId, Timestamp};

/// Wrong passwords after which an account must wait.
const GUESSES_MAX: i64 = 10;
/// How long wrong passwords count, from the first of them on, in milliseconds.
const WINDOW_MS: i64 = 15 * 60 * 1000;
/// The same of codes in the long run: six digits are not many.
const CODES_MAX: (i64, i64) = (20, 24 * 60 * 60 * 1000);
/// Codes that are sent to a number, and in what time.
const SENT_MAX: (i64, i64) = (1, 60 * 1000);

/// A password or code that somebody tries, or a code that is asked for or sent: each counts by itself.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    /// Whose it would be. A hash, since the store need not know for whom strangers take themselves.
    pub(super) account_hash: Vec<u8>,
    /// When it is tried.
    pub(super) at: Timestamp,
    /// When it no longer counts, unless others were tried before it.
    pub(super) expires_at: Timestamp,
    /// Most that may be tried.
    pub(super) most: i64,
}

impl Guess {
    pub(super) fn of(channel: Option<ChannelId>, identifier: &str, at: Timestamp) -> Self {
        // No channel has the id 0; the id has a fixed length, so that no two accounts make the same text.
        let place = channel.map_or(0, |channel| channel.0).to_be_bytes();
        Self::at_place(place, identifier, at, (GUESSES_MAX, WINDOW_MS))
    }

    /// A request for a code by text message, of which there are as many as of guesses. No channel has a negative id either.
    pub(super) fn of_code_request(whose: &str, at: Timestamp) -> Self {
        Self::at_place((-1_i64).to_be_bytes(), whose, at, (GUESSES_MAX, WINDOW_MS))
    }

    /// A code that somebody tries: by what counts for a while, and by what counts in the long run.
    pub(super) fn of_code(whose: &str, at: Timestamp) -> [Self; 2] {
        let place = |place: i64, bound| Self::at_place(place.to_be_bytes(), whose, at, bound);
        [place(-2, (GUESSES_MAX, WINDOW_MS)), place(-3, CODES_MAX)]
    }

    /// A code that is sent to a number.
    pub(super) fn of_sent(phone_number: &str, at: Timestamp) -> Self {
        Self::at_place((-4_i64).to_be_bytes(), phone_number, at, SENT_MAX)
    }

    fn at_place(place: [u8; 8], whose: &str, at: Timestamp, (most, window_ms): (i64, i64)) -> Self {
        let account_hash = Sha256::new().chain_update(place).chain_update(whose).finalize().to_vec();
        Self { account_hash, at, expires_at: Timestamp(at.0.saturating_add(window_ms)), most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_accounts_apart_by_channel_and_identifier() {
        let hash = |channel: Option<i64>, identifier: &str| {
            Guess::of(channel.map(ChannelId), identifier, Timestamp(0)).account_hash
        };
        assert_eq!(hash(Some(1), "asha"), hash(Some(1), "asha"));
        assert_ne!(
            hash(Some(1), "asha"),
            hash(Some(2), "asha"),
            "a customer of one shop is nobody in another"
        );
        assert_ne!(hash(None, "asha"), hash(Some(1), "asha"));
        assert_ne!(hash(None, "asha"), hash(None, "juma"));
    }
}
