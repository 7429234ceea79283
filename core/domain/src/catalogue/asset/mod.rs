//! Assets: the pictures of products, variants and collections.

mod picture;

pub use picture::{DIMENSION_MAX, FILE_SIZE_MAX_BYTES, PictureError};
