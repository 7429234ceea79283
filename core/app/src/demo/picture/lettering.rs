//! Capital letters as strokes, so that no font has to be carried along.

use super::canvas::{Area, Canvas, Colour, Point};

/// Width and height of a letter in grid units.
const GRID: (i16, i16) = (4, 6);
/// Grid units from one letter to the next.
const ADVANCE: i16 = 6;

/// Writes the text as large as fits into the middle of the area. Signs without a shape are left out.
pub fn write(canvas: &mut Canvas, text: &str, (left, top, width, height): Area, ink: Colour) {
    let letters: Vec<&str> = text.chars().filter_map(strokes).collect();
    let Ok(count) = i16::try_from(letters.len()) else { return };
    if count == 0 {
        return;
    }
    let columns = count * ADVANCE - (ADVANCE - GRID.0);
    let unit = (width * 3 / 4 / columns).min(height * 3 / 5 / GRID.1).max(2);
    let origin = (left + (width - columns * unit) / 2, top + (height - GRID.1 * unit) / 2);
    for (letter, index) in letters.iter().zip(0_i16..) {
        for stroke in letter.split(", ") {
            let points: Vec<Point> = stroke
                .split(' ')
                .filter_map(grid_point)
                .map(|(x, y)| (origin.0 + (index * ADVANCE + x) * unit, origin.1 + y * unit))
                .collect();
            canvas.line(&points, unit, ink);
        }
    }
}

/// `23`: two to the right, three down.
fn grid_point(text: &str) -> Option<Point> {
    let mut digits =
        text.chars().filter_map(|digit| digit.to_digit(10)).filter_map(|digit| i16::try_from(digit).ok());
    Some((digits.next()?, digits.next()?))
}

/// The strokes of a letter: points on a grid of 4 by 6, strokes parted by commas.
fn strokes(letter: char) -> Option<&'static str> {
    Some(match letter.to_ascii_uppercase() {
        'A' => "06 20 46, 14 34",
        'B' => "03 33 44 45 36 06 00 30 41 42 33",
        'C' => "41 30 10 01 05 16 36 45",
        'D' => "00 06 26 44 42 20 00",
        'E' => "40 00 06 46, 03 33",
        'F' => "40 00 06, 03 33",
        'G' => "41 30 10 01 05 16 36 45 43 23",
        'H' => "00 06, 40 46, 03 43",
        'I' => "20 26, 10 30, 16 36",
        'J' => "40 45 36 16 05",
        'K' => "00 06, 40 03 46",
        'L' => "00 06 46",
        'M' => "06 00 23 40 46",
        'N' => "06 00 46 40",
        'O' => "10 30 41 45 36 16 05 01 10",
        'P' => "06 00 30 41 42 33 03",
        'Q' => "10 30 41 45 36 16 05 01 10, 34 46",
        'R' => "06 00 30 41 42 33 03, 23 46",
        'S' => "41 30 10 01 02 13 33 44 45 36 16 05",
        'T' => "00 40, 20 26",
        'U' => "00 05 16 36 45 40",
        'V' => "00 26 40",
        'W' => "00 16 23 36 40",
        'X' => "00 46, 40 06",
        'Y' => "00 23 40, 23 26",
        'Z' => "00 40 06 46",
        _ => return None,
    })
}
