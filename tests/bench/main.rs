//! What Soko costs, beside what it is built on, in one run: `cargo xtask bench [PART…] [--seconds N]`.
//!
//! Parts: `pricing`, `cart`, `commits`, `ledger`, `events`, `server`, `nodes`; all of them without an argument. Figures of different
//! machines or runs do not compare; the ratios within a run do. Each part ends with its targets and whether they are
//! met.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends with the reason")]
#![expect(clippy::float_arithmetic, reason = "times and ratios, no money")]

mod cart;
mod commits;
mod counted;
mod events;
mod ledger;
mod load;
mod measure;
mod nodes;
mod platform;
mod pricing;
mod server;

use std::time::Duration;

/// A part's name and what runs it, given how long each load lasts.
type Part = (&'static str, fn(Duration));

const PARTS: &[Part] = &[
    ("pricing", |_| pricing::run()),
    ("cart", |_| cart::run()),
    ("commits", commits::run),
    ("ledger", ledger::run),
    ("events", events::run),
    ("server", server::run),
    ("nodes", nodes::run),
];
/// How long a load lasts, unless the command line says otherwise.
const LASTS: Duration = Duration::from_secs(5);

fn main() {
    let (mut wanted, mut lasts) = (Vec::new(), LASTS);
    for argument in std::env::args().skip(1) {
        match argument.strip_prefix("--seconds=") {
            Some(seconds) => lasts = Duration::from_secs(seconds.parse().expect("a number of seconds")),
            // Cargo adds `--bench`; what is left names parts.
            None if argument.starts_with("--") => {}
            None => wanted.push(argument),
        }
    }
    let names = PARTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let unknown = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != wanted));
    if let Some(unknown) = unknown {
        panic!("there is no part {unknown:?}: {names}");
    }
    for (name, run) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n== {name}");
            run(lasts);
        }
    }
}
