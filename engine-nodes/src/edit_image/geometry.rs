//! Sizes after resizing and rotating.

use super::canvas::ImageError;

/// The most pixels an image may have: each takes four bytes.
const MOST_PIXELS: u64 = 64 << 20;
/// The longest side.
const LONGEST: u32 = 65_535;

/// How the wanted width and height are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Exactly,
    /// The image gets the area of width times height.
    Area,
    Cover,
    OnlyShrink,
    OnlyGrow,
    Percent,
}

impl Fit {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "ignoreAspectRatio" => Self::Exactly,
            "minimumArea" => Self::Cover,
            "onlyIfLarger" => Self::OnlyShrink,
            "onlyIfSmaller" => Self::OnlyGrow,
            "percent" => Self::Percent,
            _ => Self::Area,
        }
    }

    /// The new size of an image.
    pub(super) fn size(self, (old_width, old_height): (u32, u32), (width, height): (f64, f64)) -> Result<(u32, u32), ImageError> {
        let old = (f64::from(old_width.max(1)), f64::from(old_height.max(1)));
        let (across, down) = (width / old.0, height / old.1);
        let even = |scale: f64, rounding: f64| ((old.0 * scale + rounding).floor(), (old.1 * scale + rounding).floor());
        let (width, height) = match self {
            Self::Exactly => (width, height),
            Self::Percent => ((old.0 * width / 100.0 + 0.5).floor(), (old.1 * height / 100.0 + 0.5).floor()),
            Self::Area => even((width * height / (old.0 * old.1)).sqrt(), 0.25),
            Self::Cover => even(across.max(down), 0.5),
            Self::OnlyShrink => even(across.min(down).min(1.0), 0.5),
            Self::OnlyGrow => even(across.min(down).max(1.0), 0.5),
        };
        checked(width.max(1.0), height.max(1.0))
    }
}

/// A size as whole numbers, when it is not too large.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
pub(super) fn checked(width: f64, height: f64) -> Result<(u32, u32), ImageError> {
    let fits = |side: f64| (1.0..=f64::from(LONGEST)).contains(&side);
    if !fits(width) || !fits(height) {
        return Err(ImageError::Size { width, height });
    }
    let (across, down) = (width as u32, height as u32);
    if u64::from(across) * u64::from(down) > MOST_PIXELS { Err(ImageError::Size { width, height }) } else { Ok((across, down)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |fit: &str, wanted: (f64, f64), expect: Option<(u32, u32)>| {
            assert_eq!(Fit::named(fit).size((200, 100), wanted).ok(), expect, "{fit} {wanted:?}");
        };
        check("ignoreAspectRatio", (30.0, 70.0), Some((30, 70)));
        check("maximumArea", (50.0, 50.0), Some((70, 35)));
        check("maximumArea", (400.0, 400.0), Some((565, 283)));
        check("minimumArea", (50.0, 50.0), Some((100, 50)));
        check("onlyIfLarger", (50.0, 50.0), Some((50, 25)));
        check("onlyIfLarger", (500.0, 500.0), Some((200, 100)));
        check("onlyIfSmaller", (500.0, 500.0), Some((500, 250)));
        check("onlyIfSmaller", (50.0, 50.0), Some((200, 100)));
        check("percent", (50.0, 200.0), Some((100, 200)));
        check("ignoreAspectRatio", (0.0, 5.0), Some((1, 5)));
        check("ignoreAspectRatio", (1e9, 5.0), None);
        check("ignoreAspectRatio", (60_000.0, 60_000.0), None);
        check("percent", (1e6, 1e6), None);
        check("maximumArea", (f64::NAN, 5.0), Some((1, 1)));
    }
}
