//! Colours as n8n's editor and `GraphicsMagick` write them.

use image::Rgba;

use super::canvas::ImageError;

const NAMES: [(&str, [u8; 4]); 18] = [
    ("transparent", [0, 0, 0, 0]),
    ("none", [0, 0, 0, 0]),
    ("black", [0, 0, 0, 255]),
    ("white", [255, 255, 255, 255]),
    ("red", [255, 0, 0, 255]),
    ("lime", [0, 255, 0, 255]),
    ("green", [0, 128, 0, 255]),
    ("blue", [0, 0, 255, 255]),
    ("yellow", [255, 255, 0, 255]),
    ("cyan", [0, 255, 255, 255]),
    ("magenta", [255, 0, 255, 255]),
    ("gray", [128, 128, 128, 255]),
    ("grey", [128, 128, 128, 255]),
    ("silver", [192, 192, 192, 255]),
    ("maroon", [128, 0, 0, 255]),
    ("navy", [0, 0, 128, 255]),
    ("orange", [255, 165, 0, 255]),
    ("purple", [128, 0, 128, 255]),
];

/// Reads `#rgb`, `#rrggbb`, `#rrggbbtt`, `rgb(r, g, b)`, `rgba(r, g, b, a)` or one of a few names. The fourth byte is how *transparent* the colour
/// is: `GraphicsMagick` has it so, and n8n's defaults rely on it.
pub(super) fn parse(text: &str) -> Result<Rgba<u8>, ImageError> {
    let unknown = || ImageError::Color(text.to_owned());
    let bare = text.trim().to_ascii_lowercase();
    if let Some((_, color)) = NAMES.into_iter().find(|(name, _)| *name == bare) {
        return Ok(Rgba(color));
    }
    let color = match bare.strip_prefix('#') {
        Some(digits) => hexadecimal(digits),
        None => function(&bare),
    };
    color.map(Rgba).ok_or_else(unknown)
}

fn hexadecimal(digits: &str) -> Option<[u8; 4]> {
    let values: Option<Vec<u8>> = digits.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    Some(match *values? {
        [r, g, b] => [r * 17, g * 17, b * 17, 255],
        [r1, r2, g1, g2, b1, b2] => [r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2, 255],
        [r1, r2, g1, g2, b1, b2, t1, t2] => [r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2, 255 - (t1 * 16 + t2)],
        _ => return None,
    })
}

fn function(text: &str) -> Option<[u8; 4]> {
    let arguments = text.strip_prefix("rgba").or_else(|| text.strip_prefix("rgb"))?.trim().strip_prefix('(')?.strip_suffix(')')?;
    let numbers: Option<Vec<f32>> = arguments.split(',').map(|number| number.trim().parse().ok()).collect();
    match *numbers? {
        [r, g, b] => Some([byte(r), byte(g), byte(b), 255]),
        [r, g, b, a] => Some([byte(r), byte(g), byte(b), byte(a * 255.0)]),
        _ => None,
    }
}

/// A number as a byte, the nearest there is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
pub(super) fn byte(number: f32) -> u8 {
    number.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours() {
        let check = |text: &str, expect: Option<[u8; 4]>| assert_eq!(parse(text).ok().map(|color| color.0), expect, "{text}");
        check("#fA0", Some([255, 170, 0, 255]));
        check("#102030", Some([16, 32, 48, 255]));
        check("#ff000000", Some([255, 0, 0, 255]));
        check("#ffffffff", Some([255, 255, 255, 0]));
        check("rgba(1, 2, 3, 0.5)", Some([1, 2, 3, 128]));
        check("rgb(300,-1,3)", Some([255, 0, 3, 255]));
        check(" White ", Some([255; 4]));
        check("#12", None);
        check("#ggg", None);
        check("rgb(1,2", None);
        check("", None);
    }
}
