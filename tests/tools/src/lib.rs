//! What the tests and `cargo xtask` share: running other programs, a PostgreSQL server of one's own, and a file system
//! that is small enough to fill.

pub mod disk;
pub mod postgres;
pub mod process;
