//! One module per command.

pub mod bench;
pub mod demo;
pub mod guests;
pub mod soak;
pub mod test;
