//! How long randomised tests go on, and where their sequences start: `cargo xtask soak` sets both.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// Rounds of a soak, where nothing else is said.
const LONG: u64 = 200;

/// How many rounds to make: `SOKO_ROUNDS`, else in a soak 200 and otherwise so many.
///
/// # Panics
/// When it is no number.
pub fn rounds(short: u64) -> u64 {
    rounds_of(short, LONG)
}

/// How many rounds to make: `SOKO_ROUNDS`, else in a soak (`SOKO_SOAK`) the long number and otherwise the short one.
///
/// # Panics
/// When it is no number.
pub fn rounds_of(short: u64, long: u64) -> u64 {
    let usual = if std::env::var_os("SOKO_SOAK").is_some() { long } else { short };
    setting("SOKO_ROUNDS").unwrap_or(usual)
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
