//! How long randomised tests go on, and where their sequences start: `cargo xtask soak` sets both.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// How many rounds to make: `SOKO_ROUNDS`, else so many.
///
/// # Panics
/// When it is no number.
pub fn rounds(default: u64) -> u64 {
    setting("SOKO_ROUNDS").unwrap_or(default)
}

/// Random numbers that start where `SOKO_SEED` says, else always at the same place. The seed is printed, which shows
/// when the test fails.
///
/// # Panics
/// When it is no number.
pub fn random() -> StdRng {
    let seed = setting("SOKO_SEED").unwrap_or(1);
    println!("SOKO_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
