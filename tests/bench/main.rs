//! What Soko costs, beside what it is built on, in one run: `cargo xtask bench [PART…]`.
//!
//! Parts: `pricing`, `cart`, `commits`, `server`; all of them without an argument. Figures of different
//! machines or runs do not compare; the ratios within a run do. Each part ends with its targets and whether they are
//! met.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run ends with the reason")]
#![expect(clippy::float_arithmetic, reason = "times and ratios, no money")]

mod cart;
mod commits;
mod measure;
mod platform;
mod pricing;
mod server;

/// A part's name and what runs it.
type Part = (&'static str, fn());

const PARTS: &[Part] =
    &[("pricing", pricing::run), ("cart", cart::run), ("commits", commits::run), ("server", server::run)];

fn main() {
    // Cargo adds `--bench`; what is left names parts.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let names = PARTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let unknown = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != wanted));
    if let Some(unknown) = unknown {
        panic!("there is no part {unknown:?}: {names}");
    }
    for (name, run) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n== {name}");
            run();
        }
    }
}
