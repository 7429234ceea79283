//! Soko.
