//! Filled shapes.

use image::{Rgba, RgbaImage};

use super::compose::over;

/// A shape between two points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// Around the first point, through the second.
    Circle,
    Line,
    /// With corners rounded by this radius.
    Rectangle(f64),
}

/// Paints a shape.
pub(super) fn draw(image: &mut RgbaImage, shape: Shape, (from, to): ((f64, f64), (f64, f64)), color: Rgba<u8>) {
    let radius = (to.0 - from.0).hypot(to.1 - from.1);
    let (low, high) = match shape {
        Shape::Circle => ((from.0 - radius, from.1 - radius), (from.0 + radius, from.1 + radius)),
        Shape::Line | Shape::Rectangle(_) => ((from.0.min(to.0) - 1.0, from.1.min(to.1) - 1.0), (from.0.max(to.0) + 1.0, from.1.max(to.1) + 1.0)),
    };
    let (columns, rows) = (range(low.0, high.0, image.width()), range(low.1, high.1, image.height()));
    for y in rows {
        for x in columns.clone() {
            let point = (f64::from(x), f64::from(y));
            let is_inside = match shape {
                Shape::Circle => (point.0 - from.0).hypot(point.1 - from.1) <= radius,
                Shape::Line => distance(point, from, to) <= 0.5,
                Shape::Rectangle(rounding) => in_rectangle(point, (from, to), rounding),
            };
            if is_inside {
                let pixel = image.get_pixel_mut(x, y);
                *pixel = over(*pixel, color);
            }
        }
    }
}

/// The whole numbers between two bounds that lie within an image.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast, which gives 0 for NaN")]
fn range(low: f64, high: f64, size: u32) -> std::ops::Range<u32> {
    let clamp = |bound: f64| bound.clamp(0.0, f64::from(size)) as u32;
    clamp(low.floor())..clamp(high.floor() + 1.0)
}

/// How far a point is from a line between two others.
fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let along = (to.0 - from.0, to.1 - from.1);
    let length = along.0.powi(2) + along.1.powi(2);
    let share = if length > 0.0 { (((point.0 - from.0) * along.0 + (point.1 - from.1) * along.1) / length).clamp(0.0, 1.0) } else { 0.0 };
    (point.0 - from.0 - share * along.0).hypot(point.1 - from.1 - share * along.1)
}

fn in_rectangle(point: (f64, f64), (from, to): ((f64, f64), (f64, f64)), rounding: f64) -> bool {
    let (low, high) = ((from.0.min(to.0), from.1.min(to.1)), (from.0.max(to.0), from.1.max(to.1)));
    let is_within = (low.0..=high.0).contains(&point.0) && (low.1..=high.1).contains(&point.1);
    let radius = rounding.max(0.0).min((high.0 - low.0) / 2.0).min((high.1 - low.1) / 2.0);
    let beyond = |at: f64, low: f64, high: f64| (low + radius - at).max(at - (high - radius)).max(0.0);
    is_within && beyond(point.0, low.0, high.0).hypot(beyond(point.1, low.1, high.1)) <= radius.max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let check = |shape: Shape, from: (f64, f64), to: (f64, f64), expect: &str| {
            let mut image = RgbaImage::new(5, 5);
            draw(&mut image, shape, (from, to), Rgba([1, 1, 1, 255]));
            let rows: Vec<String> = image.rows().map(|row| row.map(|pixel| if pixel[3] > 0 { '#' } else { '.' }).collect()).collect();
            assert_eq!(rows.join(" "), expect, "{shape:?}");
        };
        check(Shape::Rectangle(0.0), (3.0, 2.0), (1.0, 1.0), "..... .###. .###. ..... .....");
        check(Shape::Rectangle(2.0), (0.0, 0.0), (4.0, 4.0), "..#.. .###. ##### .###. ..#..");
        check(Shape::Circle, (2.0, 2.0), (2.0, 3.0), "..... ..#.. .###. ..#.. .....");
        check(Shape::Line, (0.0, 0.0), (4.0, 4.0), "#.... .#... ..#.. ...#. ....#");
        check(Shape::Rectangle(0.0), (-9.0, -9.0), (1e12, 0.0), "##### ..... ..... ..... .....");
        check(Shape::Circle, (f64::NAN, 0.0), (2.0, 2.0), "..... ..... ..... ..... .....");
    }
}
