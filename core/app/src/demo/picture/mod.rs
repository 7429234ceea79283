//! Pictures of products, drawn by the program: a package in the brand's colours with the product's initials.
//!
//! The same product gives the same bytes. Coordinates are whole units of a square of [`SIDE`]; only the drawing
//! library sees them as floats. To add a shape: a variant of [`Shape`] and an arm in `shapes`.

mod canvas;
mod lettering;
mod shapes;

use anyhow::Context as _;
use serde::Deserialize;

use canvas::{Canvas, Colour};

/// Width and height of a picture in pixels.
pub const SIDE: u16 = 400;

/// How a product is drawn.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sketch {
    /// What is drawn.
    shape: Shape,
    /// Colour of the package.
    body: Colour,
    /// Colour of the label.
    accent: Colour,
    /// Colour of what closes the package, and of edges.
    lid: Colour,
}

/// What products come in, or are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Bag,
    Bar,
    Basin,
    Battery,
    Book,
    Bottle,
    Box,
    Bulb,
    Carton,
    Chair,
    Jar,
    Lantern,
    Packet,
    Pen,
    Pouch,
    Roll,
    Satchel,
    Table,
    Tin,
    Tub,
    Tube,
}

/// The picture of a product with this name, as a PNG of [`SIDE`] by [`SIDE`] pixels.
///
/// # Errors
/// When the drawing library cannot encode it.
pub fn draw(sketch: &Sketch, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut canvas = Canvas::new(sketch.accent.backdrop(sketch.body)).context("no room for a picture")?;
    let label = shapes::draw(&mut canvas, sketch);
    let ink = sketch.accent.contrasting();
    lettering::write(&mut canvas, &initials(name), label, ink);
    canvas.into_png()
}

/// The first letters of the first two words.
fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;
    use crate::demo::catalogue::Catalogue;

    /// A picture must stay small enough that a page of them loads over a slow network.
    const PICTURE_BYTES_MAX: usize = 15 * 1024;

    #[test]
    fn draws_every_product_small_and_always_the_same() {
        for product in &Catalogue::built_in().unwrap().products {
            let picture = draw(&product.picture, &product.name).unwrap();
            assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{}", product.slug);
            assert!(picture.len() <= PICTURE_BYTES_MAX, "{}: {} bytes", product.slug, picture.len());
            assert_eq!(picture, draw(&product.picture, &product.name).unwrap(), "{}", product.slug);
        }
    }

    #[test]
    fn takes_the_initials_of_two_words() {
        assert_eq!(initials("Maji Safi Drinking Water"), "MS");
        assert_eq!(initials("Soap"), "S");
        assert_eq!(initials(""), "");
    }
}
