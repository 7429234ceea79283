//! A square to draw on, in whole coordinates.

use serde::{Deserialize, Deserializer};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use super::SIDE;

/// A point: from the left, from the top.
pub type Point = (i16, i16);

/// A rectangle: left, top, width, height.
pub type Area = (i16, i16, i16, i16);

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(u8, u8, u8);

impl Colour {
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);
    /// Black.
    pub const BLACK: Self = Self(20, 20, 24);

    /// Reads `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = value.to_be_bytes();
        Some(Self(red, green, blue))
    }

    /// This colour with `percent` of another in it, 0 to 100.
    pub fn mixed_with(self, other: Self, percent: u8) -> Self {
        let share = u16::from(percent.min(100));
        let mix = |mine: u8, others: u8| {
            let mixed = (u16::from(mine) * (100 - share) + u16::from(others) * share) / 100;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// A little darker, for edges and the side in the shade.
    pub fn shaded(self) -> Self {
        self.mixed_with(Self::BLACK, 16)
    }

    /// A little lighter, for the side in the light.
    pub fn lit(self) -> Self {
        self.mixed_with(Self::WHITE, 35)
    }

    /// A light background on which this colour stands out.
    pub fn backdrop(self, other: Self) -> Self {
        let tint = if self.luma() > 225_000 { other } else { self };
        tint.mixed_with(Self::WHITE, 84)
    }

    /// White on dark colours, black on light ones.
    pub fn contrasting(self) -> Self {
        if self.luma() < 150_000 { Self::WHITE } else { Self::BLACK }
    }

    /// How light the eye finds it, 0 to 255,000.
    fn luma(self) -> u32 {
        u32::from(self.0) * 299 + u32::from(self.1) * 587 + u32::from(self.2) * 114
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no colour like #1a2b3c")))
    }
}

/// What is drawn on.
pub struct Canvas {
    pixels: Pixmap,
}

impl Canvas {
    /// A square of [`SIDE`] filled with the colour. `None` when there is no memory for it.
    pub fn new(background: Colour) -> Option<Self> {
        let mut pixels = Pixmap::new(u32::from(SIDE), u32::from(SIDE))?;
        pixels.fill(Color::from_rgba8(background.0, background.1, background.2, 255));
        Some(Self { pixels })
    }

    /// Fills a polygon.
    pub fn polygon(&mut self, corners: &[Point], colour: Colour) {
        self.fill(polyline(corners, true), colour);
    }

    /// Fills a rectangle with round corners.
    pub fn block(&mut self, (left, top, width, height): Area, radius: i16, colour: Colour) {
        let (right, bottom) = (left + width, top + height);
        let mut path = PathBuilder::new();
        path.move_to(f32::from(left + radius), f32::from(top));
        for (corner, next) in [
            ((right, top), [(right - radius, top), (right, top + radius)]),
            ((right, bottom), [(right, bottom - radius), (right - radius, bottom)]),
            ((left, bottom), [(left + radius, bottom), (left, bottom - radius)]),
            ((left, top), [(left, top + radius), (left + radius, top)]),
        ] {
            let [before, after] = next;
            path.line_to(f32::from(before.0), f32::from(before.1));
            path.quad_to(f32::from(corner.0), f32::from(corner.1), f32::from(after.0), f32::from(after.1));
        }
        path.close();
        self.fill(path.finish(), colour);
    }

    /// Fills the ellipse in a rectangle.
    pub fn ellipse(&mut self, (left, top, width, height): Area, colour: Colour) {
        let bounds = Rect::from_xywh(f32::from(left), f32::from(top), f32::from(width), f32::from(height));
        self.fill(bounds.and_then(PathBuilder::from_oval), colour);
    }

    /// Draws a line through the points with round ends.
    pub fn line(&mut self, points: &[Point], width: i16, colour: Colour) {
        let stroke = Stroke {
            width: f32::from(width),
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(path) = polyline(points, false) {
            self.pixels.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
        }
    }

    /// The drawing as a PNG.
    pub fn into_png(self) -> anyhow::Result<Vec<u8>> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.pixels.width(), self.pixels.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Default);
        encoder.set_filter(png::FilterType::Up);
        let opaque: Vec<u8> = self
            .pixels
            .pixels()
            .iter()
            .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
            .collect();
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&opaque)?;
        writer.finish()?;
        Ok(file)
    }

    fn fill(&mut self, path: Option<Path>, colour: Colour) {
        if let Some(path) = path {
            self.pixels.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }
}

fn paint(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour.0, colour.1, colour.2, 255);
    paint.anti_alias = true;
    paint
}

fn polyline(points: &[Point], closed: bool) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(f32::from(first.0), f32::from(first.1));
    for point in rest {
        path.line_to(f32::from(point.0), f32::from(point.1));
    }
    if closed {
        path.close();
    }
    path.finish()
}
