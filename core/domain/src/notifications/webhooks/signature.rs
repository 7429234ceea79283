//! What shows a receiver that a message is the shop's, by the Standard Webhooks specification.

use data_encoding::BASE64;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use soko_kernel::Timestamp;

/// How secrets begin.
const SECRET_PREFIX: &str = "whsec_";

/// A secret as its receiver is given it.
pub(super) fn shown(secret: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", BASE64.encode(secret))
}

/// The headers of a message: its id, when it is sent, and one signature for each secret. A receiver compares with all.
pub(in crate::notifications) fn headers(
    id: &str,
    now: Timestamp,
    body: &[u8],
    secrets: &[Vec<u8>],
) -> Vec<(String, String)> {
    let seconds = now.0.div_euclid(1_000);
    let signatures: Vec<String> = secrets.iter().map(|secret| sign(secret, id, seconds, body)).collect();
    vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), seconds.to_string()),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ]
}

fn sign(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    // An HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use super::*;

    /// The specification's own example.
    #[test]
    fn signs_as_the_specification_does() {
        let secret = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let now = Timestamp(1_614_265_330_000);
        let signed = headers(id, now, body, &[secret.clone(), b"another".to_vec()]);
        let value = |place: usize| signed[place].1.as_str();
        assert_eq!((value(0), value(1)), (id, "1614265330"));
        let (first, second) = value(2).split_once(' ').unwrap();
        assert_eq!(first, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(second.starts_with("v1,") && second != first);
        assert_eq!(shown(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }
}
