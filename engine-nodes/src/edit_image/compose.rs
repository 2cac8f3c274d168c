//! One image on top of another.

use image::{Rgba, RgbaImage};

use super::color::byte;

/// All operators that n8n offers.
pub(super) const OPERATORS: [&str; 22] = [
    "Add",
    "Atop",
    "Bumpmap",
    "Copy",
    "CopyBlack",
    "CopyBlue",
    "CopyCyan",
    "CopyGreen",
    "CopyMagenta",
    "CopyOpacity",
    "CopyRed",
    "CopyYellow",
    "Difference",
    "Divide",
    "In",
    "Minus",
    "Multiply",
    "Out",
    "Over",
    "Plus",
    "Subtract",
    "Xor",
];

/// How the pixels of both images become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Atop,
    Copy,
    CopyChannel(usize),
    CopyOpacity,
    Difference,
    In,
    Minus,
    Multiply,
    Out,
    Over,
    Plus,
    Subtract,
    Xor,
}

impl Operator {
    /// The operator of a name; `None` for one that is not supported.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Add" => Self::Add,
            "Atop" => Self::Atop,
            "Copy" => Self::Copy,
            "CopyRed" => Self::CopyChannel(0),
            "CopyGreen" => Self::CopyChannel(1),
            "CopyBlue" => Self::CopyChannel(2),
            "CopyOpacity" => Self::CopyOpacity,
            "Difference" => Self::Difference,
            "In" => Self::In,
            "Minus" => Self::Minus,
            "Multiply" => Self::Multiply,
            "Out" => Self::Out,
            "Over" => Self::Over,
            "Plus" => Self::Plus,
            "Subtract" => Self::Subtract,
            "Xor" => Self::Xor,
            _ => return None,
        })
    }

    fn apply(self, base: Rgba<u8>, top: Rgba<u8>) -> Rgba<u8> {
        let (below, above) = (f32::from(base[3]) / 255.0, f32::from(top[3]) / 255.0);
        match self {
            Self::Copy => top,
            Self::CopyChannel(channel) => {
                let mut made = base;
                made[channel] = top[channel];
                made
            }
            Self::CopyOpacity => Rgba([base[0], base[1], base[2], top[3]]),
            Self::Add => channels(base, |channel| base[channel].wrapping_add(top[channel])),
            Self::Subtract => channels(base, |channel| top[channel].wrapping_sub(base[channel])),
            Self::Plus => channels(base, |channel| base[channel].saturating_add(top[channel])),
            Self::Minus => channels(base, |channel| top[channel].saturating_sub(base[channel])),
            Self::Difference => channels(base, |channel| base[channel].abs_diff(top[channel])),
            Self::Multiply => channels(base, |channel| byte(f32::from(base[channel]) * f32::from(top[channel]) / 255.0)),
            // The operators of Porter and Duff (SIGGRAPH 1984).
            Self::Over => mixed((base, below * (1.0 - above)), (top, above)),
            Self::Atop => mixed((base, below * (1.0 - above)), (top, above * below)),
            Self::In => mixed((base, 0.0), (top, above * below)),
            Self::Out => mixed((base, 0.0), (top, above * (1.0 - below))),
            Self::Xor => mixed((base, below * (1.0 - above)), (top, above * (1.0 - below))),
        }
    }
}

/// A pixel with the opacity of another.
fn channels(base: Rgba<u8>, channel: impl Fn(usize) -> u8) -> Rgba<u8> {
    Rgba([channel(0), channel(1), channel(2), base[3]])
}

/// Two pixels, each with its share.
fn mixed((base, below): (Rgba<u8>, f32), (top, above): (Rgba<u8>, f32)) -> Rgba<u8> {
    let opacity = below + above;
    if opacity <= 0.0 {
        return Rgba([base[0], base[1], base[2], 0]);
    }
    let channel = |index: usize| byte((f32::from(base[index]) * below + f32::from(top[index]) * above) / opacity);
    Rgba([channel(0), channel(1), channel(2), byte(opacity * 255.0)])
}

/// One pixel painted over another.
pub(super) fn over(base: Rgba<u8>, top: Rgba<u8>) -> Rgba<u8> {
    Operator::Over.apply(base, top)
}

/// Puts an image on another at a place, which may lie outside in part.
pub(super) fn compose(base: &mut RgbaImage, top: &RgbaImage, operator: Operator, (left, up): (i64, i64)) {
    for (x, y, pixel) in top.enumerate_pixels() {
        let place = (u32::try_from(left.saturating_add(i64::from(x))), u32::try_from(up.saturating_add(i64::from(y))));
        let (Ok(x), Ok(y)) = place else { continue };
        if let Some(below) = base.get_pixel_mut_checked(x, y) {
            *below = operator.apply(*below, *pixel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators() {
        let (base, top) = ([200, 100, 0, 255], [100, 200, 50, 128]);
        let check = |name: &str, expect: [u8; 4]| assert_eq!(Operator::named(name).unwrap().apply(Rgba(base), Rgba(top)).0, expect, "{name}");
        check("Over", [150, 150, 25, 255]);
        check("Atop", [150, 150, 25, 255]);
        check("Copy", top);
        check("In", [100, 200, 50, 128]);
        check("Out", [200, 100, 0, 0]);
        check("Xor", [200, 100, 0, 127]);
        check("Plus", [255, 255, 50, 255]);
        check("Add", [44, 44, 50, 255]);
        check("Minus", [0, 100, 50, 255]);
        check("Subtract", [156, 100, 50, 255]);
        check("Difference", [100, 100, 50, 255]);
        check("Multiply", [78, 78, 0, 255]);
        check("CopyGreen", [200, 200, 0, 255]);
        check("CopyOpacity", [200, 100, 0, 128]);
        assert!(Operator::named("Bumpmap").is_none());
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let mut base = RgbaImage::from_pixel(2, 2, Rgba([0, 0, 0, 255]));
        let top = RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 255]));
        compose(&mut base, &top, Operator::Over, (1, -1));
        compose(&mut base, &top, Operator::Over, (i64::MAX, i64::MIN));
        let lit: Vec<bool> = base.pixels().map(|pixel| pixel[0] == 9).collect();
        assert_eq!(lit, [false, true, false, false]);
    }
}
