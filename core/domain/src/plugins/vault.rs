//! The lock on secrets: what is stored can be read only with the key that the platform's configuration holds.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER_PERMISSIVE;
use soko_infra::DatabaseError;
use soko_kernel::token::Random;
use soko_kernel::{ChannelScope, PluginId};

/// How a sealed secret begins: the way in which it is sealed.
const FORMAT: u8 = 1;
/// Bytes of a nonce, which stand before the sealed text.
const NONCE_BYTES: usize = 24;
/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of secrets is 64 hexadecimal digits, such as `openssl rand -hex 32` makes")]
pub struct InvalidVaultKey;

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<[u8; KEY_BYTES]>,
    random: Random,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// By a key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidVaultKey`].
    pub fn try_new(key: &str, random: Random) -> Result<Self, InvalidVaultKey> {
        Ok(Self { key: Arc::new(read_key(key)?), random })
    }

    /// Whether a key is one.
    ///
    /// # Errors
    /// [`InvalidVaultKey`].
    pub fn check_key(key: &str) -> Result<(), InvalidVaultKey> {
        read_key(key).map(|_| ())
    }

    /// Seals a secret for its place: at another, it cannot be opened.
    pub(crate) fn close(&self, place: &Place, secret: &[u8]) -> Result<Vec<u8>, DatabaseError> {
        let nonce = [self.random.salt(), self.random.salt()].concat();
        let nonce = &nonce[..NONCE_BYTES];
        let payload = Payload { msg: secret, aad: place.name_it() };
        let sealed = self.cipher().encrypt(XNonce::from_slice(nonce), payload);
        let sealed = sealed.map_err(|error| DatabaseError::corrupt("secret", error))?;
        Ok([&[FORMAT], nonce, sealed.as_slice()].concat())
    }

    /// What was sealed for this place.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, DatabaseError> {
        let corrupt = || DatabaseError::corrupt("secret", "it was not sealed by this key for this place");
        let rest = sealed.strip_prefix(&[FORMAT]).ok_or_else(corrupt)?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES).ok_or_else(corrupt)?;
        let payload = Payload { msg: text, aad: place.name_it() };
        self.cipher().decrypt(XNonce::from_slice(nonce), payload).map_err(|_| corrupt())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(Key::from_slice(&*self.key))
    }
}

fn read_key(text: &str) -> Result<[u8; KEY_BYTES], InvalidVaultKey> {
    let key = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map_err(|_| InvalidVaultKey)?;
    key.try_into().map_err(|_| InvalidVaultKey)
}

/// Where a secret is kept.
#[derive(Debug, Clone)]
pub(crate) struct Place(String);

impl Place {
    /// Among the secrets of a plugin.
    pub(crate) fn of_plugin(scope: ChannelScope, plugin: PluginId, name: &str) -> Self {
        Self(format!("{}/{plugin}/{name}", scope.channel_id()))
    }

    /// With what signs messages to a webhook endpoint. No plugin has a name for an id.
    pub(crate) fn of_webhooks(scope: ChannelScope) -> Self {
        Self(format!("{}/webhooks", scope.channel_id()))
    }

    /// With the account by which a shop sends text messages.
    pub(crate) fn of_sms(scope: ChannelScope) -> Self {
        Self(format!("{}/sms", scope.channel_id()))
    }

    fn name_it(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;
    use crate::testing::TestStore;

    #[tokio::test]
    async fn opens_what_the_same_key_sealed_for_the_same_place() {
        let store = TestStore::open().await;
        let other = store.add_channel("other").await.public_scope();
        let scope = store.scope();
        let vault = Vault::try_new(&"0a".repeat(32), Random::seeded(1)).unwrap();
        let place = Place::of_plugin(scope, PluginId(1), "key");
        let sealed = vault.close(&place, b"sk_live_1").unwrap();
        assert_eq!(vault.open(&place, &sealed).unwrap(), b"sk_live_1");
        assert!(!sealed.windows(9).any(|part| part == b"sk_live_1"));
        assert_ne!(vault.close(&place, b"sk_live_1").unwrap(), sealed, "each time another");
        let elsewhere = [
            Place::of_plugin(other, PluginId(1), "key"),
            Place::of_plugin(scope, PluginId(2), "key"),
            Place::of_plugin(scope, PluginId(1), "keys"),
            Place::of_webhooks(scope),
            Place::of_sms(scope),
        ];
        for place in elsewhere {
            assert!(vault.open(&place, &sealed).is_err());
        }
        let stranger = Vault::try_new(&"0b".repeat(32), Random::seeded(1)).unwrap();
        assert!(stranger.open(&place, &sealed).is_err());
        for cut in [0, 1, 24, sealed.len() - 1] {
            assert!(vault.open(&place, &sealed[..cut]).is_err());
        }
    }

    #[test]
    fn takes_keys_of_64_digits_only() {
        for odd in ["", "0a", "x".repeat(64).as_str(), "0a".repeat(33).as_str()] {
            assert_eq!(Vault::check_key(odd), Err(InvalidVaultKey));
        }
        assert_eq!(Vault::check_key(&"0A".repeat(32)), Ok(()));
    }
}
