//! The rules of the sources: who may import whom, where SQL stands, how long files are, where floats may not be.
//!
//! Sources are read as tokens, so that comments and the text of messages do not count. Every rule has a test beside
//! it that shows it catching what it forbids.

mod crates;
mod domains;
mod shape;
pub mod source;
pub mod sql;

/// Fails with one line for each violation.
pub fn assert_none(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}", violations.join("\n  "));
}
