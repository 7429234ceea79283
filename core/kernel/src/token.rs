//! Random texts that strangers may see or must not guess.

use rand::Rng;

const CODE_ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const ORDER_CODE_LENGTH: usize = 16;
const SESSION_TOKEN_BYTES: usize = 32;

/// A random source: the machine's, or in tests one with a printed seed.
pub trait RandomSource: rand::RngCore + Send {}
impl<R: rand::RngCore + Send> RandomSource for R {}

/// An order code: 16 letters and digits that are hard to confuse, 80 bits.
pub fn order_code(random: &mut dyn RandomSource) -> String {
    (0..ORDER_CODE_LENGTH)
        .map(|_| char::from(CODE_ALPHABET[random.random_range(0..CODE_ALPHABET.len())]))
        .collect()
}

/// A session token: 256 bits in hexadecimal.
pub fn session_token(random: &mut dyn RandomSource) -> String {
    let mut bytes = [0; SESSION_TOKEN_BYTES];
    random.fill_bytes(&mut bytes);
    bytes.iter().fold(String::with_capacity(SESSION_TOKEN_BYTES * 2), |mut text, byte| {
        text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        text
    })
}
