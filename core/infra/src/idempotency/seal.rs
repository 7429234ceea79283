//! Answers that only the holder of their key can read.

use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use sha2::{Digest as _, Sha256};

use super::Sha;
use crate::db::DatabaseError;

/// Bytes of a nonce, which stand before the sealed text.
const NONCE_BYTES: usize = 12;

/// Seals and opens the answers of one operation.
#[derive(Clone)]
pub(super) struct Seal(Sha);

impl Seal {
    /// By the operation's digest, which the store has, and its key, which it has not.
    pub(super) fn new(digest: &Sha, key: &str) -> Self {
        Self(Sha256::new().chain_update(b"answer\0").chain_update(digest).chain_update(key).finalize().into())
    }

    /// `salt` is random.
    pub(super) fn close(&self, salt: [u8; 16], answer: &[u8]) -> Result<Vec<u8>, DatabaseError> {
        let nonce = &salt[..NONCE_BYTES];
        let sealed = self.cipher().encrypt(Nonce::from_slice(nonce), answer);
        let sealed = sealed.map_err(|error| DatabaseError::corrupt("answer", error))?;
        Ok([nonce, sealed.as_slice()].concat())
    }

    /// What was sealed.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, DatabaseError> {
        let corrupt = || DatabaseError::corrupt("answer", "it was not sealed by this key");
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(corrupt)?;
        self.cipher().decrypt(Nonce::from_slice(nonce), text).map_err(|_| corrupt())
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(Key::from_slice(&self.0))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn opens_what_the_same_key_sealed_and_nothing_else() {
        let (seal, salt) = (Seal::new(&[1; 32], "key"), [7; 16]);
        let sealed = seal.close(salt, b"token").unwrap();
        assert_eq!(seal.open(&sealed).unwrap(), b"token");
        assert!(!sealed.windows(5).any(|part| part == b"token"));
        for other in [Seal::new(&[1; 32], "other"), Seal::new(&[2; 32], "key")] {
            assert!(other.open(&sealed).is_err());
        }
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(seal.open(&changed).is_err());
        assert!(seal.open(&sealed[..11]).is_err());
    }
}
