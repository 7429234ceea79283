//! Random texts that strangers may see or must not guess.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const CODE_ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const ORDER_CODE_LENGTH: usize = 16;
const SESSION_TOKEN_BYTES: usize = 32;

/// A random source: the machine's, or in tests one with a printed seed.
pub trait RandomSource: rand::RngCore + Send {}
impl<R: rand::RngCore + Send> RandomSource for R {}

/// A random source that services share: a generator fit for secrets, seeded once by the machine, or in tests by a
/// number. Cheap to clone.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// A generator seeded by the machine.
    ///
    /// # Errors
    /// The machine has no randomness to give.
    pub fn try_system() -> io::Result<Self> {
        let generator = StdRng::try_from_os_rng().map_err(io::Error::other)?;
        Ok(Self(Arc::new(Mutex::new(generator))))
    }

    /// A generator that gives the same texts for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A new [`order_code`].
    pub fn order_code(&self) -> String {
        self.with(|random| order_code(random))
    }

    /// A new [`session_token`].
    pub fn session_token(&self) -> String {
        self.with(|random| session_token(random))
    }

    /// A code that somebody types in to log in: six digits.
    pub fn login_code(&self) -> String {
        self.with(|random| format!("{:06}", random.random_range(0..1_000_000)))
    }

    /// Sixteen random bytes: a salt.
    pub fn salt(&self) -> [u8; 16] {
        self.with(Rng::random)
    }

    fn with<T>(&self, make: impl FnOnce(&mut StdRng) -> T) -> T {
        make(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}

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
