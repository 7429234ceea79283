//! Secrets as requests carry them, and comparisons that take the same time whatever is compared.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256, Sha512};
use soko_extension::effect::SecretBytes;

/// How a body is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Sha512,
}

/// The HMAC of a message.
pub(super) fn mac(algorithm: Algorithm, key: &SecretBytes, message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::Sha256 => mac_of::<Hmac<Sha256>>(&key.0, message).map(finish),
        Algorithm::Sha512 => mac_of::<Hmac<Sha512>>(&key.0, message).map(finish),
    }
    .unwrap_or_default()
}

/// Whether this is the HMAC of the message, compared in constant time.
pub(super) fn verify(algorithm: Algorithm, key: &SecretBytes, message: &[u8], given: &[u8]) -> bool {
    match algorithm {
        Algorithm::Sha256 => {
            mac_of::<Hmac<Sha256>>(&key.0, message).is_some_and(|mac| mac.verify_slice(given).is_ok())
        }
        Algorithm::Sha512 => {
            mac_of::<Hmac<Sha512>>(&key.0, message).is_some_and(|mac| mac.verify_slice(given).is_ok())
        }
    }
}

/// Whether the candidate is the secret. Their digests are compared, so that the length tells nothing either.
pub(super) fn matches(secret: &SecretBytes, candidate: &[u8]) -> bool {
    let digest = Sha256::digest(&secret.0);
    let key = SecretBytes(digest.to_vec());
    verify(Algorithm::Sha256, &key, candidate, &mac(Algorithm::Sha256, &key, &secret.0))
}

/// `Basic …` of a user and a password.
pub(super) fn basic(username: &SecretBytes, password: &SecretBytes) -> String {
    let mut pair = username.0.clone();
    pair.push(b':');
    pair.extend_from_slice(&password.0);
    format!("Basic {}", BASE64.encode(&pair))
}

/// Digits of bytes, in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// A key of any length makes an HMAC, so that there is always one.
fn mac_of<M: Mac + hmac::digest::KeyInit>(key: &[u8], message: &[u8]) -> Option<M> {
    let mut mac = <M as Mac>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac)
}

fn finish<M: Mac>(mac: M) -> Vec<u8> {
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signs_as_the_standard_has_it() {
        let key = SecretBytes(b"Jefe".to_vec());
        let message = b"what do ya want for nothing?";
        assert_eq!(
            hex(&mac(Algorithm::Sha256, &key, message)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long = mac(Algorithm::Sha512, &key, message);
        assert!(hex(&long).starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
        assert!(verify(Algorithm::Sha512, &key, message, &long));
        assert!(!verify(Algorithm::Sha512, &key, b"what do ya want", &long));
        assert!(!verify(Algorithm::Sha512, &key, message, &long[..63]));
        assert!(!verify(Algorithm::Sha512, &key, message, b""));
    }

    #[test]
    fn compares_secrets_whole() {
        let secret = SecretBytes(b"token".to_vec());
        assert!(matches(&secret, b"token"));
        for other in [&b""[..], b"toke", b"tokens", b"Token"] {
            assert!(!matches(&secret, other));
        }
        assert_eq!(basic(&SecretBytes(b"a".to_vec()), &secret), "Basic YTp0b2tlbg==");
    }
}
