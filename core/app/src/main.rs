//! Soko.
fn main() {}
